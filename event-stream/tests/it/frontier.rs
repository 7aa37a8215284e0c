//! What the relay tells about the log's end.

use event_stream::{Frontier, FrontierSubscription};
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup};

#[tokio::test]
async fn the_relay_tells_where_the_log_and_each_partition_ends() {
    let setup = Setup::new().await;
    let mut frontiers = FrontierSubscription::open(&setup.client, &setup.settings)
        .await
        .unwrap();
    setup.append("o-", 5, 3).await;
    let relay = setup.relay();
    tells_the_head(&setup, &mut frontiers).await;

    // A relay that begins in the middle of the log knows the partitions that got nothing since.
    relay.stop().await;
    setup.append("p-", 1, 2).await;
    let relay = setup.relay();
    tells_the_head(&setup, &mut frontiers).await;
    relay.stop().await;
}

async fn tells_the_head(setup: &Setup, frontiers: &mut FrontierSubscription) {
    let head = setup.store.head(setup.settings.partitions).await.unwrap();
    let expected = Frontier {
        log: setup.log,
        incarnation: 1,
        position: head.position,
        last: head.partitions,
    };
    let told = eventually("a frontier at the log's end", PATIENCE, async || {
        frontiers
            .next()
            .await
            .filter(|frontier| frontier.position == head.position)
    })
    .await;
    assert_eq!(told, expected);
}
