//! A server that crashes under load and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_store::{
    Append, AppendError, Appender, AppenderSettings, EventStore, NewEvent, Outcome, StoreSettings,
    StoredEvent,
};
use test_kit::eventually;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::log::{PATIENCE, after, assert_continuous, first, key, log_on, settings};

const WRITERS: usize = 64;
/// Commands of each writer.
const COMMANDS: usize = 30;
/// How long a writer goes on with one command: recovery takes its time.
const LONG: Duration = Duration::from_secs(120);

/// What all writers saw.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: AtomicUsize,
    unavailable: AtomicUsize,
    unknown: AtomicUsize,
}

/// An effect that was acknowledged: the position of its event.
type Acknowledged = (String, i64);

/// Sends `command` again and again, as a caller does that has nothing but its key, until it is acknowledged. Each time
/// it is made anew, so its event has another id. Returns what is in the log then, to go on with.
async fn insist(appender: &Appender, mut command: Append, seen: &Seen) -> (Append, i64) {
    let until = Instant::now() + LONG;
    loop {
        assert!(Instant::now() < until, "the log did not come back");
        command.deadline = Instant::now() + PATIENCE;
        match appender.append(command.clone()).await {
            Ok(Outcome::Appended { first_position, .. }) => {
                seen.acknowledged.fetch_add(1, Ordering::Relaxed);
                return (command, first_position);
            }
            Ok(Outcome::Replay(key)) => {
                seen.acknowledged.fetch_add(1, Ordering::Relaxed);
                return (command, key.first_position);
            }
            Ok(other) => panic!("{other:?}"),
            Err(AppendError::Unavailable) => seen.unavailable.fetch_add(1, Ordering::Relaxed),
            Err(AppendError::OutcomeUnknown) => seen.unknown.fetch_add(1, Ordering::Relaxed),
            Err(other) => panic!("{other}"),
        };
        let event_id = Uuid::now_v7();
        command.events = vec![NewEvent {
            event_id,
            ..command.events[0].clone()
        }];
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The order's last event, as soon as the log can be read.
async fn last_event(store: &EventStore, order: &str, seen: &Seen) -> StoredEvent {
    let until = Instant::now() + LONG;
    loop {
        match store.load("order", order).await {
            Ok(mut events) => return events.pop().unwrap(),
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        seen.unavailable.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Writes an order, one event a command, each upon the one before as the log has it.
async fn write(
    store: EventStore,
    appender: Appender,
    order: String,
    seen: Arc<Seen>,
) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    let mut command = first(&order, 1);
    for _ in 0..COMMANDS {
        command.key = Some(key());
        let (sent, position) = insist(&appender, command, &seen).await;
        acknowledged.push((order.clone(), position));
        // A replay is of a sending whose event had another id.
        let last = last_event(&store, &order, &seen).await;
        command = Append {
            expected_sequence: last.sequence,
            expected_last_event: Some(last.event_id),
            ..after(&sent)
        };
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_under_load_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    let mut cluster = test_kit::cluster(&[]).await;
    log_on(&cluster).await.close().await;
    // All writers may be reading when the server crashes: they, too, are told soon.
    let impatient = StoreSettings {
        acquire_timeout: Duration::from_secs(1),
        ..settings(&cluster.url("postgres"))
    };
    let store = EventStore::connect(&impatient).await.unwrap();
    // Given up soon, so that callers meet both kinds of errors.
    let given_up_soon = AppenderSettings {
        undecided_limit: Duration::from_millis(100),
        ..AppenderSettings::default()
    };
    let appenders = [(); 2].map(|()| Appender::start(&store, given_up_soon));
    let seen = Arc::new(Seen::default());
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let appender = appenders[number % 2].clone();
        let (store, seen) = (store.clone(), Arc::clone(&seen));
        writers.spawn(write(store, appender, format!("o-{number}"), seen));
    }
    for crash in 1..=2 {
        eventually("writers at full speed", LONG, async || {
            let acknowledged = seen.acknowledged.load(Ordering::Relaxed);
            (acknowledged > crash * WRITERS * COMMANDS / 4).then_some(())
        })
        .await;
        cluster.crash().await;
        let refused = seen.unavailable.load(Ordering::Relaxed);
        eventually("callers who are told", LONG, async || {
            (seen.unavailable.load(Ordering::Relaxed) > refused + WRITERS).then_some(())
        })
        .await;
        cluster.start().await;
    }
    let mut acknowledged = Vec::new();
    while let Some(written) = writers.join_next().await {
        acknowledged.extend(written.unwrap());
    }
    let events = assert_continuous(&store).await;
    assert_eq!(events.len(), WRITERS * COMMANDS, "one effect a command");
    acknowledged.sort_by_key(|(_, position)| *position);
    for (event, (order, position)) in events.iter().zip(&acknowledged) {
        assert_eq!(
            (event.position, &event.aggregate_id),
            (*position, order),
            "an acknowledged event is not where it was"
        );
    }
    assert_eq!(acknowledged.len(), events.len());
    store.close().await;
}
