//! What the broker loses, repeats or cannot do.

use test_kit::eventually;

use crate::setup::{PATIENCE, Setup, ids};

#[tokio::test]
async fn without_a_broker_the_views_follow_the_log_alone() {
    let mut setup = Setup::new().await;
    setup.nats.kill().await;
    setup.traffic("o", 50, 3).await;
    let projector = setup.projector();
    setup.views_equal_the_log().await;
    setup.traffic("p", 50, 3).await;
    setup.views_equal_the_log().await;
    assert_eq!(
        projector.ready().await.0,
        200,
        "the views are complete, if later"
    );
    projector.stop().await;
}

#[tokio::test]
async fn what_is_appended_while_the_broker_is_away_is_seen_and_the_stream_stays_continuous() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 50, 3).await;
    setup.views_equal_the_log().await;
    setup.nats.stop().await;
    setup.traffic("p", 100, 10).await;
    setup.nats.start().await;
    setup.traffic("q", 50, 3).await;
    setup.views_equal_the_log().await;
    setup.relayed().await;
    setup.stream_is_continuous().await;
    projector.stop().await;
}

#[tokio::test]
async fn a_broker_killed_again_and_again_under_load_changes_nothing() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    for round in 0..4 {
        setup.traffic(&format!("r{round}"), 100, 5).await;
        setup.nats.kill().await;
        setup.note(&ids(&format!("r{round}"), 100), "away").await;
        setup.nats.start().await;
    }
    setup.views_equal_the_log().await;
    setup.relayed().await;
    setup.stream_is_continuous().await;
    projector.stop().await;
}

#[tokio::test]
async fn messages_lost_from_the_stream_are_read_from_the_log() {
    let mut setup = Setup::new().await;
    setup.traffic("o", 50, 3).await;
    setup.relayed().await;
    let jetstream = async_nats::jetstream::new(setup.client.clone());
    let stream = jetstream.get_stream(&setup.stream.name).await.unwrap();
    let projector = setup.projector();

    // From the middle and from the end, as likely as not before they are read.
    for _ in 0..5 {
        let mut begun = setup.note_and_count().await;
        begun += 1;
        for sequence in begun..begun + 40 {
            let _ = stream.delete_message(sequence).await;
        }
    }
    setup.views_equal_the_log().await;

    setup.note(&ids("o", 50), "purged").await;
    stream.purge().await.unwrap();
    setup.note(&ids("o", 50), "and on").await;
    setup.views_equal_the_log().await;

    jetstream.delete_stream(&setup.stream.name).await.unwrap();
    setup.note(&ids("o", 50), "deleted").await;
    setup.views_equal_the_log().await;
    setup.note(&ids("o", 50), "and on").await;
    setup.relayed().await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn an_order_whose_only_message_is_lost_is_missed_and_read_from_the_log() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let ids: Vec<String> = (0..)
        .map(|number| format!("o-{number}"))
        .filter(|id| read_model::partition_of(id, 16) == 0)
        .take(3_000)
        .collect();
    setup.place(&ids[..1]).await;
    setup.caught_up().await;

    // The worker stands still, and has asked for no more than the next thousand.
    let mut lock = setup.views.begin().await.unwrap();
    sqlx::query("lock table orders_1 in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    setup.place(&ids[1..]).await;
    setup.relayed().await;
    let jetstream = async_nats::jetstream::new(setup.client.clone());
    let stream = jetstream.get_stream(&setup.stream.name).await.unwrap();
    for sequence in [2_000, 2_001, 2_500, 3_000] {
        assert!(stream.delete_message(sequence).await.unwrap());
    }
    lock.rollback().await.unwrap();
    setup.views_equal_the_log().await;
    projector.stop().await;
}

impl Setup {
    /// Adds notes, and says what the stream's last sequence was before.
    async fn note_and_count(&mut self) -> u64 {
        let jetstream = async_nats::jetstream::new(self.client.clone());
        let stream = jetstream.get_stream(&self.stream.name).await.unwrap();
        let before = stream.cached_info().state.last_sequence;
        self.note(&ids("o", 50), "lost").await;
        eventually("the first of them in the stream", PATIENCE, async || {
            let info = stream.get_info().await.ok()?;
            (info.state.last_sequence > before).then_some(())
        })
        .await;
        before
    }
}

#[tokio::test]
async fn a_relay_that_stands_still_delays_and_nothing_else() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 50, 1).await;
    setup.views_equal_the_log().await;
    setup.stop_relay().await;
    setup.traffic("p", 50, 3).await;
    setup.views_equal_the_log().await;
    // What the relay then sends is known already.
    setup.start_relay();
    setup.relayed().await;
    setup.traffic("q", 50, 3).await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}
