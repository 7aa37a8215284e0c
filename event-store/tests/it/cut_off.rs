//! A connection that ends between the commit and its answer, or while the append still waits for the lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_store::{Append, AppendError, Appender, AppenderSettings, EventStore, Outcome};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::log::{Log, after, first, key, position, settings};

/// Stands between a client and the database. Can swallow the next answer and hang up instead, and can hang up on the
/// client so that the database does not notice.
struct Between {
    url: String,
    swallow: Arc<AtomicBool>,
    hang_up: Arc<Notify>,
}

/// The database's ends of connections that the client has lost.
type Kept = Arc<Mutex<Vec<Box<dyn Send>>>>;

impl Between {
    async fn new(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().unwrap();
        let target = (server.get_host().to_owned(), server.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (swallow, hang_up) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (switch, hanging_up) = (Arc::clone(&swallow), Arc::clone(&hang_up));
        tokio::spawn(async move {
            let kept = Kept::default();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&target).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let (switch, kept) = (Arc::clone(&switch), Arc::clone(&kept));
                let (asked, answered) = (Arc::clone(&hanging_up), Arc::clone(&hanging_up));
                let keeping = Arc::clone(&kept);
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass(&mut from_client, &mut to_server, None) => {}
                        () = asked.notified() => keeping.lock().unwrap().push(Box::new(to_server)),
                    }
                });
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass(&mut from_server, &mut to_client, Some(switch)) => {}
                        () = answered.notified() => kept.lock().unwrap().push(Box::new(from_server)),
                    }
                });
            }
        });
        let url =
            sqlx::ConnectOptions::to_url_lossy(&server.host("127.0.0.1").port(port)).to_string();
        Self {
            url,
            swallow,
            hang_up,
        }
    }
}

async fn pass(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, swallow: Option<Arc<AtomicBool>>) {
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

/// A lost client's append waits for the lock, with a key, and its appender has done what `undecided_limit` lets it do.
async fn orphan(
    log: &Log,
    undecided_limit: Duration,
) -> (
    Append,
    tokio::task::JoinHandle<Result<Outcome, AppendError>>,
    sqlx::Transaction<'static, sqlx::Postgres>,
) {
    let between = Between::new(&log.database.url).await;
    let store = EventStore::connect(&settings(&between.url)).await.unwrap();
    let settings = AppenderSettings {
        undecided_limit,
        ..AppenderSettings::default()
    };
    let appender = Appender::start(&store, settings);
    let lock = log.hold_lock().await;
    let command = Append {
        key: Some(key()),
        ..first("o", 2)
    };
    let sent = command.clone();
    let waiting = tokio::spawn(async move { appender.append(sent).await });
    log.waiting_for_lock(1).await;
    between.hang_up.notify_waiters();
    (command, waiting, lock)
}

#[tokio::test]
async fn an_append_whose_client_was_lost_while_it_waited_commits_all_the_same_and_once() {
    let log = Log::new().await;
    let (_, waiting, lock) = orphan(&log, Duration::from_secs(60)).await;
    // The lost one, and the one that was sent again.
    log.waiting_for_lock(2).await;
    lock.rollback().await.unwrap();
    assert_eq!(position(&waiting.await.unwrap().unwrap()), 1);
    assert_eq!(log.assert_continuous().await.len(), 2);
}

#[tokio::test]
async fn a_caller_who_was_told_that_the_outcome_is_unknown_gets_the_one_effect_with_the_same_key() {
    let log = Log::new().await;
    let (command, waiting, lock) = orphan(&log, Duration::ZERO).await;
    let told = waiting.await.unwrap();
    assert!(matches!(told, Err(AppendError::OutcomeUnknown)), "{told:?}");
    let id = command.key.unwrap().id;
    assert_eq!(
        log.store.find_key(id).await.unwrap(),
        None,
        "a look-up that finds nothing proves nothing"
    );

    let other = log.appender();
    // Made anew, as a caller's retry is: its events have other ids.
    let retry = Append {
        key: command.key,
        ..first("o", 2)
    };
    let retried = tokio::spawn(async move { other.append(retry).await });
    log.waiting_for_lock(2).await;
    lock.rollback().await.unwrap();
    let replay = retried.await.unwrap().unwrap();
    assert!(
        matches!(&replay, Outcome::Replay(key) if key.events == 2 && key.first_position == 1),
        "{replay:?}"
    );
    assert_eq!(log.assert_continuous().await.len(), 2);
}
