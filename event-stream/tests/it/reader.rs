//! Reading one partition.

use std::time::Duration;

use async_nats::HeaderMap;
use event_stream::{PartitionReader, ReaderError, ensure_stream};
use futures::TryStreamExt as _;
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup};

const SHORT: Duration = Duration::from_millis(200);

async fn open(setup: &Setup, partition: u16, after: Option<u64>) -> PartitionReader {
    PartitionReader::open(&setup.client, &setup.settings, setup.log, partition, after)
        .await
        .unwrap()
}

async fn read_all(reader: &mut PartitionReader, limit: usize) -> Vec<i64> {
    let mut positions = Vec::new();
    loop {
        let received = reader.next(limit, SHORT).await.unwrap();
        assert!(received.len() <= limit);
        if received.is_empty() {
            return positions;
        }
        positions.extend(received.iter().map(|r| r.message.position));
    }
}

#[tokio::test]
async fn the_partitions_together_give_the_whole_log_in_order() {
    let setup = Setup::new().await;
    setup.append("o-", 40, 60).await;
    let relay = setup.relay();
    setup.relayed().await;
    let mut all = Vec::new();
    for partition in 0..setup.settings.partitions {
        let mut reader = open(&setup, partition, Some(0)).await;
        let positions = read_all(&mut reader, 100).await;
        assert!(positions.is_sorted());
        all.extend(positions);
        reader.close().await;
    }
    all.sort_unstable();
    assert_eq!(all, (1..=2_400).collect::<Vec<i64>>());
    relay.stop().await;
}

/// The broker may end a pull without a word, and what arrives then would wait until somebody notices.
#[tokio::test]
async fn the_next_pull_is_open_before_the_last_one_ends() {
    let setup = Setup::new().await;
    ensure_stream(&setup.jetstream, &setup.settings, setup.log)
        .await
        .unwrap();
    let mut reader = open(&setup, 3, None).await;
    let stream = setup.jetstream.get_stream(&setup.settings.name).await;
    let stream = stream.unwrap();
    let two_open = eventually("two pulls at a time", PATIENCE, async || {
        let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
        (consumers[0].num_waiting == 2).then_some(())
    });
    tokio::select! {
        () = two_open => {}
        received = reader.next(1, PATIENCE * 2) => panic!("{received:?}"),
    }
    reader.close().await;
}

#[tokio::test]
async fn a_reader_begins_where_it_was_or_at_the_end() {
    let setup = Setup::new().await;
    setup.append("o-", 1, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    let partition = 16 * setup.log_events().await[0].slot.unsigned_abs() / 256;
    let mut from_four = open(&setup, partition, Some(4)).await;
    let mut from_now = open(&setup, partition, None).await;
    // A sequence of a stream that is gone: waiting for it would last until the new stream is as long.
    let mut beyond = open(&setup, partition, Some(1_000)).await;
    assert_eq!(read_all(&mut from_four, 100).await, [5, 6, 7, 8, 9, 10]);
    assert_eq!(from_four.last_sequence(), 10);
    setup.append("o-", 1, 1).await;
    setup.relayed().await;
    assert_eq!(read_all(&mut from_now, 100).await, [11]);
    assert_eq!(read_all(&mut beyond, 100).await, [11]);
    assert_eq!(read_all(&mut from_four, 100).await, [11]);
    relay.stop().await;
}

#[tokio::test]
async fn foreign_messages_are_stepped_over() {
    let setup = Setup::new().await;
    ensure_stream(&setup.jetstream, &setup.settings, setup.log)
        .await
        .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(
        "ce-source",
        format!("/order-platform/logs/{}", setup.log).as_str(),
    );
    let publish = async |headers: HeaderMap| {
        let subject = "orders.v1.10.order.Foreign";
        setup
            .jetstream
            .publish_with_headers(subject, headers, "{}".into())
            .await
            .unwrap()
            .await
            .unwrap();
    };
    publish(HeaderMap::new()).await;
    setup.append("o-", 1, 2).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    // Ours by its source, and nothing else of ours in it.
    publish(headers).await;
    let mut reader = open(&setup, 10, Some(0)).await;
    assert_eq!(read_all(&mut reader, 1).await, [1, 2]);
    assert_eq!(reader.last_sequence(), 4);
}

#[tokio::test]
async fn a_reader_says_when_its_consumer_is_gone() {
    let setup = Setup::new().await;
    let missing = PartitionReader::open(&setup.client, &setup.settings, setup.log, 0, None).await;
    assert!(matches!(missing, Err(ReaderError::NoStream(_))));
    ensure_stream(&setup.jetstream, &setup.settings, setup.log)
        .await
        .unwrap();
    let mut reader = open(&setup, 0, None).await;
    assert!(reader.next(1, SHORT).await.unwrap().is_empty());
    setup
        .jetstream
        .delete_stream(&setup.settings.name)
        .await
        .unwrap();
    let ended = test_kit::eventually("the consumer's end", Duration::from_secs(20), async || {
        reader.next(1, SHORT).await.err()
    })
    .await;
    assert!(matches!(ended, ReaderError::Ended(_)), "{ended}");
}

#[tokio::test]
async fn messages_of_a_relay_that_counts_partitions_otherwise_are_stepped_over() {
    let mut setup = Setup::new().await;
    setup.append("o-", 50, 1).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    setup.settings.partitions = 8;
    let mut received = 0;
    for partition in 0..8 {
        let mut reader = open(&setup, partition, Some(0)).await;
        while let [first, ..] = reader.next(1, SHORT).await.unwrap().as_slice() {
            assert_eq!(
                u16::try_from(first.message.slot).unwrap() * 8 / 256,
                partition
            );
            received += 1;
        }
    }
    assert!(received < 50);
}

#[tokio::test]
async fn what_has_arrived_is_taken_without_a_wait() {
    let setup = Setup::new().await;
    setup.append("o-", 1, 5).await;
    let relay = setup.relay();
    setup.relayed().await;
    let partition = 16 * setup.log_events().await[0].slot.unsigned_abs() / 256;
    let mut reader = open(&setup, partition, Some(0)).await;
    let mut received = reader.next(1, Duration::from_secs(10)).await.unwrap();
    assert_eq!(received.len(), 1);
    // The pull that brought the first brings the others.
    let arriving = async {
        while received.len() < 4 {
            reader.arrived(4, &mut received).unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arriving)
        .await
        .expect("all that the pull brought");
    let positions: Vec<i64> = received.iter().map(|r| r.message.position).collect();
    assert_eq!(positions, [1, 2, 3, 4], "no more than asked for");
    assert_eq!(read_all(&mut reader, 100).await, [5]);
    relay.stop().await;
}
