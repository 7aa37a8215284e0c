//! Reading whole orders, for whoever folds them.

use std::collections::{BTreeMap, BTreeSet};

use event_store::{PartitionOf, StoredEvent};
use futures::future::join_all;

use crate::log::{Log, after, first};

const ORDERS: usize = 60;
const PARTITIONS: u16 = 4;

/// A log in which the events of all orders are mixed, and something that is no order.
async fn mixed() -> Log {
    let log = Log::new().await;
    let appender = log.appender();
    let mut last: Vec<_> = (0..ORDERS)
        .map(|order| first(&format!("o-{order}"), 1))
        .collect();
    join_all(last.iter().cloned().map(|command| appender.append(command))).await;
    for _ in 0..3 {
        last = last.iter().map(after).collect();
        join_all(last.iter().cloned().map(|command| appender.append(command))).await;
    }
    let mut stranger = first("a-stranger", 1);
    stranger.aggregate_type = "customer".into();
    appender.append(stranger).await.unwrap();
    log
}

/// All that a partition gives, batch after batch.
async fn read(log: &Log, index: u16, up_to: i64) -> Vec<StoredEvent> {
    let place = PartitionOf {
        index,
        count: PARTITIONS,
    };
    let mut orders = log.store.read_orders(place, up_to);
    let mut read = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(batch) = orders.next().await {
        let batch = batch.unwrap();
        assert!(!batch.is_empty());
        let ids: BTreeSet<_> = batch.iter().map(|e| e.aggregate_id.clone()).collect();
        assert!(seen.is_disjoint(&ids), "an order is in one batch");
        seen.extend(ids);
        read.extend(batch);
    }
    read
}

#[tokio::test]
async fn every_order_stands_together_and_is_in_one_partition() {
    let log = mixed().await;
    let all = log.assert_continuous().await;
    for up_to in [0, 1, 100, i64::MAX] {
        let mut expected: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for event in &all {
            if event.position <= up_to && event.aggregate_type == "order" {
                expected
                    .entry(&event.aggregate_id)
                    .or_default()
                    .push(event.sequence);
            }
        }
        let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for index in 0..PARTITIONS {
            let events = read(&log, index, up_to).await;
            for order in events.chunk_by(|one, next| one.aggregate_id == next.aggregate_id) {
                let sequences = order.iter().map(|event| event.sequence).collect();
                let id = order[0].aggregate_id.clone();
                assert_eq!(found.insert(id, sequences), None, "it stands together");
            }
        }
        let found: BTreeMap<&str, Vec<i64>> = found
            .iter()
            .map(|(id, sequences)| (id.as_str(), sequences.clone()))
            .collect();
        assert_eq!(found, expected, "up to {up_to}");
    }
}

#[tokio::test]
async fn a_partition_is_counted_and_an_event_found() {
    let log = mixed().await;
    let all = log.assert_continuous().await;
    let mut counted = 0;
    for index in 0..PARTITIONS {
        let place = PartitionOf {
            index,
            count: PARTITIONS,
        };
        counted += log.store.count(place, 100).await.unwrap();
    }
    assert_eq!(counted, 100);
    let event = &all[41];
    assert_eq!(
        log.store.event_id(event.position).await.unwrap(),
        Some(event.event_id)
    );
    assert_eq!(log.store.event_id(100_000).await.unwrap(), None);
}
