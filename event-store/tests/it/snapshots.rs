//! Shortcuts to an aggregate's state: a snapshot, or what a reader holds.

use event_store::{Append, Base, LastEvent, Shortcuts, Snapshot};
use uuid::Uuid;

use crate::log::{Log, after, first, key};

/// A log with one order of five events.
async fn five() -> (Log, Append) {
    let log = Log::new().await;
    let five = first("o", 5);
    log.appender().append(five.clone()).await.unwrap();
    (log, five)
}

fn event_at(command: &Append, sequence: i64) -> LastEvent {
    let index = usize::try_from(sequence - 1).unwrap();
    LastEvent {
        sequence,
        event_id: command.events[index].event_id,
    }
}

fn snapshot_at(command: &Append, sequence: i64, shape_version: i32) -> Snapshot {
    Snapshot {
        last_event: event_at(command, sequence),
        shape_version,
        state: format!("{{ \"after\":  {sequence}, \"shape\": {shape_version} }}"),
    }
}

async fn save(log: &Log, snapshot: &Snapshot) -> bool {
    log.store
        .save_snapshot("order", "o", snapshot)
        .await
        .unwrap()
}

/// The base that is found, and the sequences of the events after it.
async fn load(log: &Log, held: Option<LastEvent>, shape_version: Option<i32>) -> (Base, Vec<i64>) {
    let shortcuts = Shortcuts {
        held,
        shape_version,
    };
    let loaded = log
        .store
        .load_from("order", "o", shortcuts, None)
        .await
        .unwrap();
    let sequences = loaded.events.iter().map(|event| event.sequence);
    (loaded.base, sequences.collect())
}

#[tokio::test]
async fn an_order_is_loaded_from_its_snapshot_on() {
    let (log, five) = five().await;
    for sequence in [3, 5] {
        let snapshot = snapshot_at(&five, sequence, 1);
        assert!(save(&log, &snapshot).await);
        let later: Vec<i64> = (sequence + 1..=5).collect();
        assert_eq!(
            load(&log, None, Some(1)).await,
            (Base::Snapshot(snapshot), later)
        );
    }
    let all = (Base::Nothing, vec![1, 2, 3, 4, 5]);
    assert_eq!(load(&log, None, None).await, all);
}

#[tokio::test]
async fn a_snapshot_of_another_shape_is_passed_by() {
    let (log, five) = five().await;
    assert!(save(&log, &snapshot_at(&five, 3, 2)).await);
    for shape_version in [1, 3] {
        let (base, events) = load(&log, None, Some(shape_version)).await;
        assert_eq!((base, events.len()), (Base::Nothing, 5));
    }
}

#[tokio::test]
async fn a_snapshot_whose_last_event_was_lost_is_passed_by_and_gives_way_to_any() {
    let (log, five) = five().await;
    let lost = Snapshot {
        last_event: LastEvent {
            event_id: Uuid::now_v7(),
            ..event_at(&five, 4)
        },
        ..snapshot_at(&five, 4, 1)
    };
    assert!(save(&log, &lost).await);
    let (base, events) = load(&log, None, Some(1)).await;
    assert_eq!((base, events.len()), (Base::Nothing, 5));

    let beyond_the_end = Snapshot {
        last_event: LastEvent {
            sequence: 9,
            event_id: Uuid::now_v7(),
        },
        ..lost
    };
    assert!(save(&log, &beyond_the_end).await);
    assert_eq!(load(&log, None, Some(1)).await.0, Base::Nothing);

    let good = snapshot_at(&five, 2, 1);
    assert!(save(&log, &good).await);
    assert_eq!(
        load(&log, None, Some(1)).await,
        (Base::Snapshot(good), vec![3, 4, 5])
    );
}

#[tokio::test]
async fn a_snapshot_is_written_only_forward() {
    let (log, five) = five().await;
    let third = snapshot_at(&five, 3, 2);
    assert!(save(&log, &third).await);
    for behind in [
        snapshot_at(&five, 2, 2),
        snapshot_at(&five, 2, 3),
        snapshot_at(&five, 3, 2),
        snapshot_at(&five, 3, 1),
    ] {
        assert!(!save(&log, &behind).await, "{behind:?}");
    }
    assert_eq!(load(&log, None, Some(2)).await.0, Base::Snapshot(third));
    assert!(save(&log, &snapshot_at(&five, 3, 3)).await, "a newer shape");
    assert!(save(&log, &snapshot_at(&five, 4, 1)).await);
}

#[tokio::test]
async fn what_a_reader_holds_is_gone_on_from_if_the_log_bears_it_out() {
    let (log, five) = five().await;
    for sequence in [1, 4, 5] {
        let held = Some(event_at(&five, sequence));
        let later: Vec<i64> = (sequence + 1..=5).collect();
        assert_eq!(load(&log, held, Some(1)).await, (Base::Held, later));
    }
    let another_history = LastEvent {
        event_id: Uuid::now_v7(),
        ..event_at(&five, 4)
    };
    let beyond_the_end = LastEvent {
        sequence: 6,
        ..event_at(&five, 5)
    };
    for held in [another_history, beyond_the_end] {
        let (base, events) = load(&log, Some(held), Some(1)).await;
        assert_eq!((base, events.len()), (Base::Nothing, 5));
    }
}

#[tokio::test]
async fn of_both_shortcuts_the_one_that_is_further_is_taken() {
    let (log, five) = five().await;
    let third = snapshot_at(&five, 3, 1);
    assert!(save(&log, &third).await);
    let held = |sequence| Some(event_at(&five, sequence));
    assert_eq!(
        load(&log, held(2), Some(1)).await,
        (Base::Snapshot(third.clone()), vec![4, 5])
    );
    assert_eq!(
        load(&log, held(3), Some(1)).await,
        (Base::Held, vec![4, 5]),
        "no state is sent to who has it"
    );
    assert_eq!(load(&log, held(4), Some(1)).await, (Base::Held, vec![5]));
    let another_history = LastEvent {
        event_id: Uuid::now_v7(),
        ..event_at(&five, 4)
    };
    assert_eq!(
        load(&log, Some(another_history), Some(1)).await,
        (Base::Snapshot(third), vec![4, 5])
    );
}

#[tokio::test]
async fn the_key_comes_with_a_shortcut_though_no_event_follows() {
    let (log, five) = five().await;
    let keyed = Append {
        key: Some(key()),
        ..after(&five)
    };
    log.appender().append(keyed.clone()).await.unwrap();
    let shortcuts = Shortcuts {
        held: Some(LastEvent {
            sequence: 6,
            event_id: keyed.events[0].event_id,
        }),
        shape_version: Some(1),
    };
    let key = keyed.key.map(|key| key.id);
    let loaded = log
        .store
        .load_from("order", "o", shortcuts, key)
        .await
        .unwrap();
    assert_eq!((loaded.base, loaded.events.len()), (Base::Held, 0));
    assert_eq!(loaded.key.unwrap().first_sequence, 6);
}
