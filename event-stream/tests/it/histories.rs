//! A log that has lost events and used their positions again.

use async_nats::HeaderMap;
use event_store::{Cursor, relay_row};
use event_stream::RelayState;

use crate::setup::Setup;

/// A log of 100 events, all of them in the stream, and no relay.
async fn published() -> Setup {
    let setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    setup
}

#[tokio::test]
async fn a_relay_under_which_the_log_turns_goes_on_from_the_last_event_that_agrees() {
    let setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    setup.lose_after(60).await;
    setup.append("p-", 30, 2).await;
    setup.holds(2, 61..=120).await;
    setup.is_continuous().await;
    relay
        .is("a relay that is well", |status| {
            status.state == RelayState::Leading
                && status.problem.is_none()
                && status.position == 120
        })
        .await;
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_starts_finds_that_the_log_has_turned() {
    let setup = published().await;
    setup.lose_after(99).await;
    setup.append("p-", 1, 1).await;
    let relay = setup.relay();
    setup.holds(2, 100..=100).await;
    // Once is enough: the next finds a stream that agrees.
    relay.stop().await;
    let relay = setup.relay();
    setup.append("p-", 1, 1).await;
    setup.holds(2, 100..=101).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_log_that_only_lost_events_takes_them_out_of_the_stream() {
    let setup = published().await;
    setup.lose_after(37).await;
    let relay = setup.relay();
    test_kit::eventually("a higher incarnation", crate::setup::PATIENCE, async || {
        (setup.incarnation().await == 2 && setup.stored().await.is_empty()).then_some(())
    })
    .await;
    setup.append("p-", 5, 1).await;
    setup.holds(2, 38..=42).await;
    relay.stop().await;
}

#[tokio::test]
async fn deleted_messages_and_those_of_others_do_not_hide_where_the_histories_part() {
    let setup = Setup::new().await;
    setup.append("o-", 10, 5).await;
    let relay = setup.relay();
    setup.relayed().await;
    for _ in 0..20 {
        let subject = "orders.v1.0.order.Foreign";
        let published = setup
            .jetstream
            .publish_with_headers(subject, HeaderMap::new(), "?".into())
            .await
            .unwrap();
        published.await.unwrap();
    }
    // It finds the foreign messages by their sequences, and goes on behind them.
    setup.append("o-", 10, 5).await;
    setup.relayed().await;
    relay.stop().await;
    let stream = setup.jetstream.get_stream("ORDERS").await.unwrap();
    for sequence in (30..=45).chain([120, 119, 60]) {
        let _ = stream.delete_message(sequence).await;
    }
    setup.lose_after(28).await;
    setup.append("p-", 5, 8).await;
    let relay = setup.relay();
    setup.holds(2, 29..=68).await;
    relay.stop().await;
}

#[tokio::test]
async fn where_the_stream_agrees_on_nothing_the_relay_goes_on_after_its_row() {
    let setup = published().await;
    let stream = setup.jetstream.get_stream("ORDERS").await.unwrap();
    stream.purge().sequence(91).await.unwrap();
    let row = setup.log_events().await[29].clone();
    setup.lose_after(40).await;
    setup.append("p-", 10, 3).await;
    let row = Cursor::at(row.position, row.event_id);
    relay_row::write(&setup.pool, "ORDERS", row).await.unwrap();
    let relay = setup.relay();
    setup.holds(2, 31..=70).await;
    relay.stop().await;
}

#[tokio::test]
async fn without_any_event_that_agrees_the_whole_log_goes_out_again() {
    let setup = published().await;
    setup.lose_after(0).await;
    setup.append("p-", 10, 3).await;
    let relay = setup.relay();
    setup.holds(2, 1..=30).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_backup_from_before_an_earlier_turn_gets_an_incarnation_of_its_own() {
    let setup = published().await;
    setup.lose_after(80).await;
    setup.append("p-", 10, 1).await;
    let relay = setup.relay();
    setup.holds(2, 81..=90).await;
    relay.stop().await;
    // The backup knows nothing of the second incarnation.
    setup.lose_after(70).await;
    sqlx::query("update log set incarnation = 1")
        .execute(&setup.pool)
        .await
        .unwrap();
    setup.append("q-", 15, 1).await;
    let relay = setup.relay();
    setup.holds(3, 1..=85).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_turn_of_which_only_the_first_half_was_written_down_is_finished() {
    let setup = published().await;
    let place = setup.log_events().await[49].clone();
    setup.lose_after(50).await;
    setup.append("p-", 20, 1).await;
    // As if the relay had been killed before the purge.
    let log = setup.store.identity().await.unwrap();
    let after = Cursor::at(place.position, place.event_id);
    let raised = event_store::incarnation::raise(&setup.pool, log, 1, None, "ORDERS", after).await;
    assert_eq!(raised.unwrap().unwrap().incarnation, 2);
    let relay = setup.relay();
    setup.holds(2, 51..=70).await;
    relay.stop().await;
}
