//! A connection that ends between the commit and its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_store::{Append, Appender, AppenderSettings, EventStore, Outcome};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::log::{Log, after, first, key, position, settings};

/// Stands between a client and the database, and can swallow the next answer and hang up instead.
struct Between {
    url: String,
    swallow: Arc<AtomicBool>,
}

impl Between {
    async fn new(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().unwrap();
        let target = (server.get_host().to_owned(), server.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let swallow = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&swallow);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&target).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, None));
                tokio::spawn(pass(from_server, to_client, Some(Arc::clone(&switch))));
            }
        });
        let url =
            sqlx::ConnectOptions::to_url_lossy(&server.host("127.0.0.1").port(port)).to_string();
        Self { url, swallow }
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallow: Option<Arc<AtomicBool>>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if swallow
            .as_ref()
            .is_some_and(|switch| switch.swap(false, Ordering::SeqCst))
        {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn an_append_whose_answer_was_lost_after_the_commit_takes_effect_once_and_is_answered() {
    for key in [Some(key()), None] {
        let log = Log::new().await;
        let between = Between::new(&log.database.url).await;
        let store = EventStore::connect(&settings(&between.url)).await.unwrap();
        let appender = Appender::start(&store, AppenderSettings::default());
        let begin = first("o", 1);
        // Prepares the statement, so that the next answer is that to a commit.
        appender.append(begin.clone()).await.unwrap();

        between.swallow.store(true, Ordering::SeqCst);
        let command = Append {
            key,
            ..after(&begin)
        };
        let outcome = appender.append(command.clone()).await.unwrap();
        assert!(
            !between.swallow.load(Ordering::SeqCst),
            "the answer was not swallowed"
        );
        assert_eq!(position(&outcome), 2);
        assert_eq!(log.assert_continuous().await.len(), 2);

        let stale = appender
            .append(Append {
                key: None,
                ..after(&begin)
            })
            .await
            .unwrap();
        assert_eq!(stale, Outcome::Conflict);
    }
}
