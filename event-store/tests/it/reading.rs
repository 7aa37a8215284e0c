//! Loading aggregates, reading the feed, and noticing another history.

use domain::envelope::Metadata;
use domain::order::{HoldReleased, OrderEvent};
use event_store::{Append, Cursor, NewEvent, PartitionOf, ReadError, StoredEvent};
use futures::future::join_all;
use uuid::Uuid;

use crate::log::{Log, after, event, first, key};

/// A log with `orders` orders of two events each, the second ones after all the first ones.
async fn filled(orders: usize) -> (Log, Vec<StoredEvent>) {
    let log = Log::new().await;
    let appender = log.appender();
    let begun: Vec<_> = (0..orders)
        .map(|order| first(&format!("o-{order}"), 1))
        .collect();
    join_all(
        begun
            .iter()
            .cloned()
            .map(|command| appender.append(command)),
    )
    .await;
    join_all(begun.iter().map(|command| appender.append(after(command)))).await;
    let all = log.assert_continuous().await;
    assert_eq!(all.len(), orders * 2);
    (log, all)
}

fn at(event: &StoredEvent) -> Cursor {
    Cursor::at(event.position, event.event_id)
}

#[tokio::test]
async fn an_aggregate_is_loaded_whole_and_in_order() {
    let (log, all) = filled(3).await;
    let expected: Vec<_> = all
        .into_iter()
        .filter(|event| event.aggregate_id == "o-1")
        .collect();
    assert_eq!(log.store.load("order", "o-1").await.unwrap(), expected);
    assert_eq!(
        log.store
            .load_from("order", "o-1", event_store::Shortcuts::default(), None)
            .await
            .unwrap()
            .events,
        expected
    );
    assert!(log.store.load("order", "o").await.unwrap().is_empty());
    assert!(log.store.load("customer", "o-1").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_found_though_the_aggregate_has_no_event() {
    let log = Log::new().await;
    let key = key();
    let command = Append {
        key: Some(key),
        ..first("o", 1)
    };
    log.appender().append(command).await.unwrap();
    let loaded = log
        .store
        .load_from(
            "order",
            "other",
            event_store::Shortcuts::default(),
            Some(key.id),
        )
        .await
        .unwrap();
    assert!(loaded.events.is_empty());
    assert_eq!(loaded.key.unwrap().aggregate_id, "o");
    let nothing = log
        .store
        .load_from(
            "order",
            "other",
            event_store::Shortcuts::default(),
            Some(Uuid::new_v4()),
        )
        .await
        .unwrap();
    assert_eq!(nothing, event_store::Loaded::default());
}

#[tokio::test]
async fn several_aggregates_are_loaded_up_to_a_position_in_order() {
    let (log, all) = filled(10).await;
    let wanted = ["o-7", "o-2", "unknown", "o-2"].map(String::from);
    let up_to = 15;
    let mut expected: Vec<_> = all
        .into_iter()
        .filter(|event| event.position <= up_to && wanted.contains(&event.aggregate_id))
        .collect();
    expected.sort_by_key(|event| (event.aggregate_id.clone(), event.sequence));
    assert_eq!(
        log.store.load_many("order", &wanted, up_to).await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn pages_of_the_log_join_without_gap_or_overlap() {
    let (log, all) = filled(20).await;
    let mut read = Vec::new();
    let mut held = Cursor::START;
    loop {
        let page = log.store.read_forward(held, 7).await.unwrap();
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        held = at(last);
        read.extend(page);
    }
    assert_eq!(read, all);
}

#[tokio::test]
async fn partitions_share_the_log_out_whatever_their_number() {
    let (log, all) = filled(50).await;
    for count in [1, 2, 16, 256] {
        let mut read = Vec::new();
        for index in 0..count {
            let mut held = Cursor::START;
            loop {
                let partition = PartitionOf { index, count };
                let page = log.store.read_partition(partition, held, 3).await.unwrap();
                assert!(page.len() <= 3);
                assert!(page.is_sorted_by_key(|event| event.position));
                for event in &page {
                    assert_eq!(u16::try_from(event.slot).unwrap() * count / 256, index);
                }
                let Some(last) = page.last() else { break };
                held = at(last);
                read.extend(page);
            }
        }
        read.sort_by_key(|event| event.position);
        assert_eq!(read, all, "{count} partitions");
    }
}

#[tokio::test]
async fn the_head_names_the_last_event_of_the_log_and_of_each_partition() {
    let empty = Log::new().await.store.head(4).await.unwrap();
    assert_eq!(
        (empty.position, empty.event_id, empty.partitions),
        (0, None, vec![0; 4])
    );

    let (log, all) = filled(20).await;
    for count in [1, 16, 256] {
        let head = log.store.head(count).await.unwrap();
        let last = all.last().unwrap();
        assert_eq!(
            (head.position, head.event_id),
            (last.position, Some(last.event_id))
        );
        let mut expected = vec![0; usize::from(count)];
        for event in &all {
            expected[usize::try_from(event.slot).unwrap() * usize::from(count) / 256] =
                event.position;
        }
        assert_eq!(head.partitions, expected);
    }
}

#[tokio::test]
async fn the_partitions_of_an_earlier_moment_end_where_they_ended_then() {
    let (log, all) = filled(20).await;
    for (up_to, seen) in (0..).zip(0..=all.len()) {
        let mut expected = vec![0; 16];
        for event in &all[..seen] {
            expected[usize::try_from(event.slot).unwrap() / 16] = event.position;
        }
        let told = log.store.last_positions(16, up_to).await.unwrap();
        assert_eq!(told, expected, "up to {up_to}");
    }
}

#[tokio::test]
async fn a_page_after_an_event_that_is_another_now_tells_of_another_history() {
    let (log, all) = filled(10).await;
    let whole = PartitionOf { index: 0, count: 1 };
    log.run("alter table event disable trigger event_is_immutable")
        .await;
    let found = Uuid::now_v7();
    log.run(&format!(
        "update event set event_id = '{found}' where position = 7"
    ))
    .await;
    let (held, before) = (&all[6], &all[5]);
    for page in [
        log.store.read_forward(at(held), 100).await,
        log.store.read_partition(whole, at(held), 100).await,
    ] {
        match page.unwrap_err() {
            ReadError::AnotherHistory {
                position: 7,
                held: told,
                found: there,
            } => {
                assert_eq!((told, there), (held.event_id, found));
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(
        log.store.read_forward(at(before), 100).await.unwrap().len(),
        14
    );
    assert_eq!(
        log.store
            .read_partition(whole, at(before), 100)
            .await
            .unwrap()
            .len(),
        14
    );
    let only_position = Cursor {
        event_id: None,
        ..at(held)
    };
    assert_eq!(
        log.store
            .read_forward(only_position, 100)
            .await
            .unwrap()
            .len(),
        13
    );
}

#[tokio::test]
async fn a_page_after_an_event_that_the_log_does_not_have_says_that_the_log_ends_before() {
    let (log, _) = filled(2).await;
    let held = Cursor::at(5, Uuid::now_v7());
    for page in [
        log.store.read_forward(held, 10).await,
        log.store
            .read_partition(
                PartitionOf {
                    index: 3,
                    count: 16,
                },
                held,
                10,
            )
            .await,
    ] {
        assert!(
            matches!(page, Err(ReadError::EndsBefore { position: 5 })),
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn a_log_has_an_identity_of_its_own() {
    let (one, other) = (Log::new().await, Log::new().await);
    let identity = one.store.identity().await.unwrap();
    assert_eq!(identity.incarnation, 1);
    assert_ne!(
        identity.log_id,
        other.store.identity().await.unwrap().log_id
    );
    event_store::migrate(&one.admin).await.unwrap();
    assert_eq!(one.store.identity().await.unwrap(), identity);
}

#[tokio::test]
async fn an_event_is_decoded_to_what_the_domain_knows_and_anything_else_is_an_error() {
    let log = Log::new().await;
    let odd = NewEvent {
        metadata: "[]".into(),
        ..event()
    };
    let commands = [
        Append {
            aggregate_type: "basket".into(),
            ..first("o", 1)
        },
        Append {
            events: vec![odd],
            ..first("p", 1)
        },
    ];
    for command in commands {
        log.appender().append(command).await.unwrap();
    }
    let all = log.all().await;
    assert!(matches!(
        all[0].decode(),
        Err(event_store::DecodeError::NotAnOrder { position: 1, .. })
    ));
    assert!(matches!(
        all[1].decode(),
        Err(event_store::DecodeError::Metadata { position: 2, .. })
    ));
}

#[tokio::test]
async fn an_orders_event_is_decoded_with_all_that_surrounds_it() {
    let log = Log::new().await;
    let happened = OrderEvent::HoldReleased(HoldReleased {
        hold_id: domain::HoldId::parse("h-1").unwrap(),
    });
    let metadata = Metadata {
        actor: "alice".into(),
        command: "release-hold".into(),
        ..Metadata::default()
    };
    let mut command = first("o", 1);
    command.events[0].event_type = happened.event_type().into();
    command.events[0].event_version = happened.event_version().into();
    command.events[0].payload = happened.to_payload().unwrap();
    command.events[0].metadata = serde_json::to_string(&metadata).unwrap();
    log.appender().append(command.clone()).await.unwrap();
    let stored = &log.all().await[0];
    let recorded = stored.decode().unwrap();
    assert_eq!((recorded.position, recorded.sequence), (1, 1));
    assert_eq!(recorded.event_id, command.events[0].event_id);
    assert_eq!(recorded.order_id, "o");
    assert_eq!(recorded.occurred_at.as_datetime(), stored.recorded_at);
    assert_eq!((recorded.metadata, recorded.event), (metadata, happened));
}
