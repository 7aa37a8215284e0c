//! Server-sent events: from where they are asked for, each once, in order.

use std::time::Duration;

use reqwest::Response;
use test_kit::eventually;

use crate::stage::{Event, PATIENCE, Stage, deep, id_in};

const ACCEPT: (&str, &str) = ("accept", "text/event-stream");

/// A stream that is read event by event.
struct Listener {
    response: Response,
    text: String,
}

/// An event as it came.
#[derive(Debug, PartialEq)]
struct Heard {
    id: i64,
    event: String,
    data: String,
}

impl Listener {
    async fn open(stage: &Stage, path: &str, headers: &[(&str, &str)]) -> Self {
        let headers = [&[ACCEPT], headers].concat();
        let response = stage.open(path, &headers).await;
        let status = response.status();
        assert_eq!(status, 200, "{path}: {}", response.text().await.unwrap());
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
        }
    }

    fn position(&self) -> i64 {
        let header = self.response.headers()["log-position"].to_str().unwrap();
        header.parse().unwrap()
    }

    /// The next block, up to its empty line; nothing if the stream ends.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let mut block: String = self.text.drain(..end + 2).collect();
                block.truncate(end);
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("nothing comes").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event; nothing if the stream ends.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name));
                line.map(str::to_owned)
            };
            if let Some(id) = field("id: ") {
                return Some(Heard {
                    id: id.parse().unwrap(),
                    event: field("event: ").unwrap(),
                    data: field("data: ").unwrap(),
                });
            }
        }
    }

    async fn ids(&mut self, count: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.next().await.expect("the stream goes on").id);
        }
        ids
    }
}

/// Notes to orders in several partitions, at these positions.
fn notes(positions: std::ops::RangeInclusive<i64>) -> Vec<Event> {
    let orders: Vec<String> = (0..4).map(id_in).collect();
    positions
        .map(|position| {
            let order = usize::try_from(position % 4).unwrap();
            Event::note(&orders[order], position / 4 + 1, position)
        })
        .collect()
}

#[tokio::test]
async fn what_happens_from_now_on_is_told() {
    let stage = Stage::new().await;
    stage.record(&notes(1..=10)).await;
    let mut all = Listener::open(&stage, "/v1/stream", &[]).await;
    let order = id_in(1);
    let path = format!("/v1/orders/{order}/stream");
    let mut one = Listener::open(&stage, &path, &[]).await;
    assert_eq!((all.position(), one.position()), (10, 10));
    assert_eq!(all.block().await.unwrap(), "retry: 1000");
    let new = notes(11..=20);
    stage.record(&new).await;
    for event in &new {
        let expected = Heard {
            id: event.position,
            event: "NoteAdded".to_owned(),
            data: event.entry(),
        };
        assert_eq!(all.next().await, Some(expected));
    }
    assert_eq!(one.ids(2).await, [13, 17]);
}

#[tokio::test]
async fn a_client_says_where_it_goes_on() {
    let stage = Stage::new().await;
    // More than are read at a time.
    stage.record(&notes(1..=700)).await;
    let order = id_in(2);
    for (path, headers, first) in [
        ("/v1/stream?after_position=0".to_owned(), &[][..], 1),
        ("/v1/stream?after_position=3".to_owned(), &[], 4),
        ("/v1/stream".to_owned(), &[("last-event-id", "3")], 4),
        // What it heard last says more than where it once began.
        (
            "/v1/stream?after_position=0".to_owned(),
            &[("last-event-id", "600")],
            601,
        ),
        (
            format!("/v1/orders/{order}/stream?after_position=0"),
            &[],
            2,
        ),
    ] {
        let mut listener = Listener::open(&stage, &path, headers).await;
        assert_eq!(listener.position(), 700, "{path}");
        let step = if path.contains("orders") { 4 } else { 1 };
        let expected: Vec<i64> = (first..=700).step_by(step).collect();
        assert_eq!(listener.ids(expected.len()).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_start_that_is_ahead_is_waited_for() {
    let stage = Stage::new().await;
    stage.record(&notes(1..=4)).await;
    let order = id_in(1);
    for path in [
        "/v1/stream".to_owned(),
        format!("/v1/orders/{order}/stream"),
    ] {
        for ahead in [("last-event-id", "5"), ("min-position", "5")] {
            let headers = [ACCEPT, ahead, ("prefer", "wait=0")];
            let answer = stage.get_with(&path, &headers).await;
            answer.problem(503, "view-behind");
        }
        for bad in ["", "x", "-1", "9223372036854775808"] {
            // An empty header would not be sent.
            let bad = if bad.is_empty() { "\"\"" } else { bad };
            let headers = [ACCEPT, ("last-event-id", bad)];
            let answer = stage.get_with(&path, &headers).await;
            answer.problem(400, "malformed");
        }
    }
    let path = "/v1/stream?after_position=6";
    let headers = [("prefer", "wait=20")];
    let opening = Listener::open(&stage, path, &headers);
    let writing = async {
        stage.record(&notes(5..=5)).await;
        stage.record(&notes(6..=8)).await;
    };
    let (mut listener, ()) = tokio::join!(opening, writing);
    assert_eq!(listener.ids(2).await, [7, 8]);
    let unknown = stage.get_with("/v1/orders/unknown/stream", &[ACCEPT]).await;
    unknown.problem(404, "not-found");
}

/// Partitions fill in parallel: who shows 5 before 4 is there skips 4 for ever.
#[tokio::test]
async fn nothing_is_told_before_all_that_precedes_it() {
    let stage = Stage::new().await;
    stage.record(&notes(1..=3)).await;
    let mut listener = Listener::open(&stage, "/v1/stream", &[]).await;
    assert_eq!(listener.position(), 3);
    let [four, five] = [4, 5].map(|position| notes(position..=position));
    // The log is at 5, the view has 5 and not 4.
    stage.record_without_frontier(&five).await;
    let last = [(0, 4), (1, 5), (2, 2), (3, 3)];
    stage.frontier(5, &last.into()).await;
    assert_eq!(stage.get("/v1/audit/events").await.position(), 3);
    stage.record_without_frontier(&four).await;
    assert_eq!(listener.ids(2).await, [4, 5]);
}

#[tokio::test]
async fn every_event_comes_once_however_often_the_stream_is_cut() {
    const CUTS: usize = 100;
    let events: i64 = if deep() { 20_000 } else { 2_000 };
    let stage = Stage::new().await;
    let writing = async {
        let mut position = 1;
        while position <= events {
            let next = events.min(position + position % 7);
            stage.record(&notes(position..=next)).await;
            position = next + 1;
        }
    };
    let listening = async {
        let mut heard: Vec<i64> = Vec::new();
        let between = usize::try_from(events).unwrap() / CUTS;
        let mut cuts = 0;
        while heard.len() < usize::try_from(events).unwrap() {
            let last = heard.last().copied().unwrap_or(0).to_string();
            let path = "/v1/stream?after_position=0";
            let headers = [("last-event-id", last.as_str())];
            let headers = if heard.is_empty() { &[][..] } else { &headers };
            let mut listener = Listener::open(&stage, path, headers).await;
            let most = between.min(usize::try_from(events).unwrap() - heard.len());
            heard.extend(listener.ids(most).await);
            cuts += 1;
        }
        assert!(cuts >= CUTS, "{cuts}");
        heard
    };
    let (heard, ()) = tokio::join!(listening, writing);
    let expected: Vec<i64> = (1..=events).collect();
    assert!(heard == expected, "not each once, in order");
}

#[tokio::test]
async fn a_stream_ends_with_the_service_and_lives_without_news() {
    let stage = Stage::new().await;
    stage.record(&notes(1..=2)).await;
    let mut listener = Listener::open(&stage, "/v1/stream", &[]).await;
    assert_eq!(listener.block().await.unwrap(), "retry: 1000");
    // A comment comes though nothing happens.
    assert_eq!(listener.block().await.unwrap(), ":");
    stage.stop.cancel();
    assert_eq!(listener.next().await, None);
    eventually("the end of the service", PATIENCE, async || {
        stage.running.is_finished().then_some(())
    })
    .await;
}

/// Many clients cost as many statements as one.
#[tokio::test]
async fn who_listens_asks_the_database_nothing() {
    let stage = Stage::with_connections(2).await;
    stage.record(&notes(1..=2)).await;
    let mut listeners = Vec::new();
    for _ in 0..50 {
        listeners.push(Listener::open(&stage, "/v1/stream", &[]).await);
    }
    stage.record(&notes(3..=40)).await;
    let expected: Vec<i64> = (3..=40).collect();
    for listener in &mut listeners {
        assert_eq!(listener.ids(38).await, expected);
    }
    drop(listeners);
    // Nobody listens: nobody looks.
    eventually("silence", PATIENCE, async || {
        let count = "select count(*) from pg_stat_activity
            where application_name = 'query-api' and datname = current_database()
            and state_change > clock_timestamp() - interval '1 second'";
        let busy: i64 = sqlx::query_scalar(count)
            .fetch_one(&stage.pool)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        (busy == 0).then_some(())
    })
    .await;
}
