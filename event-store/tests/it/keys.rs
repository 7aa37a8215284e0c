//! A key names one effect.

use event_store::{Append, KeyToRecord, Outcome, RecordedKey};
use futures::future::join_all;
use uuid::Uuid;

use crate::log::{Log, after, first, key, position};

#[tokio::test]
async fn a_key_is_recorded_with_the_events_and_tells_the_whole_answer() {
    let log = Log::new().await;
    let appender = log.appender();
    let begin = first("o", 2);
    appender.append(begin.clone()).await.unwrap();
    let key = KeyToRecord {
        status: 200,
        represented: false,
        ..key()
    };
    let command = Append {
        key: Some(key),
        ..after(&begin)
    };
    appender.append(command).await.unwrap();
    let recorded = RecordedKey {
        request: key.request,
        aggregate_type: "order".into(),
        aggregate_id: "o".into(),
        first_sequence: 3,
        first_position: 3,
        events: 1,
        status: 200,
        represented: false,
    };
    assert_eq!(recorded.version(), 3);
    assert_eq!(
        log.store.find_key(key.id).await.unwrap(),
        Some(recorded.clone())
    );
    let loaded = log
        .store
        .load_from(
            "order",
            "o",
            event_store::Shortcuts::default(),
            Some(key.id),
        )
        .await
        .unwrap();
    assert_eq!(loaded.key, Some(recorded));
    assert_eq!(loaded.events.len(), 3);
}

#[tokio::test]
async fn a_replay_is_found_before_sequences_are_looked_at() {
    let log = Log::new().await;
    let appender = log.appender();
    let command = Append {
        key: Some(key()),
        ..first("o", 1)
    };
    appender.append(command.clone()).await.unwrap();
    appender.append(after(&command)).await.unwrap();
    // The retry is generated anew: other event ids, and it was decided upon what is now the order's state.
    let retries = [
        Append {
            key: command.key,
            ..first("o", 1)
        },
        Append {
            key: command.key,
            ..after(&after(&command))
        },
        Append {
            key: command.key,
            ..first("another order", 1)
        },
    ];
    for retry in retries {
        let outcome = appender.append(retry).await.unwrap();
        assert!(
            matches!(&outcome, Outcome::Replay(key) if key.aggregate_id == "o" && key.first_position == 1),
            "{outcome:?}"
        );
    }
    assert_eq!(log.all().await.len(), 2);
}

#[tokio::test]
async fn a_key_with_another_request_is_told_from_a_replay() {
    let log = Log::new().await;
    let appender = log.appender();
    let command = Append {
        key: Some(key()),
        ..first("o", 1)
    };
    appender.append(command.clone()).await.unwrap();
    let other = command.key.map(|key| KeyToRecord {
        request: Uuid::new_v4(),
        ..key
    });
    let reused = Append {
        key: other,
        ..first("p", 1)
    };
    assert_eq!(appender.append(reused).await.unwrap(), Outcome::KeyReused);
    assert_eq!(log.all().await.len(), 1);
}

#[tokio::test]
async fn a_conflict_records_no_key() {
    let log = Log::new().await;
    let appender = log.appender();
    appender.append(first("o", 1)).await.unwrap();
    let refused = Append {
        key: Some(key()),
        ..first("o", 1)
    };
    assert_eq!(
        appender.append(refused.clone()).await.unwrap(),
        Outcome::Conflict
    );
    assert_eq!(
        log.store.find_key(refused.key.unwrap().id).await.unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_sent_at_once_to_several_processes_has_one_effect() {
    let log = Log::new().await;
    let key = Some(key());
    let appenders: Vec<_> = (0..8).map(|_| log.appender()).collect();
    let sent = appenders.iter().enumerate().map(|(number, appender)| {
        appender.append(Append {
            key,
            ..first(&format!("o-{number}"), 1)
        })
    });
    let outcomes: Vec<_> = join_all(sent)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let effects = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Appended { .. }))
        .count();
    let replays = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Replay(_)))
        .count();
    assert_eq!((effects, replays), (1, 7));
    assert_eq!(log.all().await.len(), 1);
}

#[tokio::test]
async fn the_same_command_sent_again_is_the_same_append_with_and_without_a_key() {
    let log = Log::new().await;
    let appender = log.appender();
    for (order, key) in [("with", Some(key())), ("without", None)] {
        let command = Append {
            key,
            ..first(order, 2)
        };
        let once = appender.append(command.clone()).await.unwrap();
        appender.append(after(&command)).await.unwrap();
        let again = appender.append(command).await.unwrap();
        assert_eq!(once, again);
        assert!(position(&again) > 0);
    }
    assert_eq!(log.all().await.len(), 6);
}
