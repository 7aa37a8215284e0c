//! The relay, on good days and bad.

use async_nats::HeaderMap;
use event_stream::{RelayState, RelayStatus};
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup};

#[tokio::test]
async fn the_log_goes_out_once_in_order_and_continuous() {
    let setup = Setup::new().await;
    setup.append("o-", 50, 50).await;
    let relay = setup.relay();
    setup.relayed().await;
    setup.append("o-", 50, 2).await;
    setup.relayed().await;
    setup.holds_the_whole_log().await;
    assert_eq!(relay.status.borrow().state, RelayState::Leading);
    let head = setup.head().await;
    relay
        .is("all acknowledged", |status| status.position == head)
        .await;
    relay.stop().await;
}

#[tokio::test]
async fn a_restarted_relay_goes_on_after_the_last_of_ours() {
    let setup = Setup::new().await;
    setup.append("o-", 20, 20).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.kill().await;
    // The row is older than the stream, or not there at all.
    sqlx::query("delete from relay")
        .execute(&setup.pool)
        .await
        .unwrap();
    sqlx::query("delete from lease")
        .execute(&setup.pool)
        .await
        .unwrap();
    let publish = async |headers: HeaderMap| {
        let subject = "orders.v1.0.order.Foreign";
        setup
            .jetstream
            .publish_with_headers(subject, headers, "?".into())
            .await
            .unwrap()
            .await
            .unwrap();
    };
    for _ in 0..5 {
        publish(HeaderMap::new()).await;
    }
    setup.append("p-", 20, 20).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    assert_eq!(setup.stored().await.len(), 805);
    setup.holds_the_whole_log().await;
}

#[tokio::test]
async fn two_relays_at_once_store_every_event_once() {
    let setup = Setup::new().await;
    let first = setup.relay();
    first
        .is("the first relay to lead", RelayStatus::is_leader)
        .await;
    for round in 0..10 {
        // Whoever leads loses its lease without knowing, and goes on for up to a second while the other begins.
        sqlx::query("delete from lease")
            .execute(&setup.pool)
            .await
            .unwrap();
        let second = setup.relay();
        setup.append(&format!("r{round}-"), 20, 20).await;
        setup.relayed().await;
        second.stop().await;
    }
    first.stop().await;
    setup.holds_the_whole_log().await;
}

#[tokio::test]
async fn one_relay_leads_and_another_takes_over() {
    let setup = Setup::new().await;
    let first = setup.relay();
    first
        .is("the first relay to lead", RelayStatus::is_leader)
        .await;
    let second = setup.relay();
    setup.append("o-", 3, 3).await;
    setup.relayed().await;
    assert!(!second.status.borrow().is_leader());
    first.stop().await;
    second
        .is("the second relay to lead", RelayStatus::is_leader)
        .await;
    setup.append("o-", 3, 3).await;
    setup.relayed().await;
    setup.holds_the_whole_log().await;
    second.stop().await;
}

#[tokio::test]
async fn a_late_publish_is_refused_by_the_broker() {
    let setup = Setup::new().await;
    setup.append("o-", 3, 3).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    let late = setup.stored().await.swap_remove(4);
    let again = setup
        .jetstream
        .publish_with_headers(late.subject.clone(), late.headers, late.payload)
        .await
        .unwrap();
    let refused = again.await.unwrap_err();
    assert_eq!(
        refused.kind(),
        async_nats::jetstream::context::PublishErrorKind::WrongLastSequence
    );
}

#[tokio::test]
async fn after_a_purge_and_a_deleted_tail_the_stream_goes_on() {
    let setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    let stream = setup
        .jetstream
        .get_stream(&setup.settings.name)
        .await
        .unwrap();
    stream.delete_message(100).await.unwrap();
    stream.delete_message(99).await.unwrap();
    let relay = setup.relay();
    eventually(
        "what was deleted in the stream again",
        PATIENCE,
        async || (setup.stored_ours().await.len() == 100).then_some(()),
    )
    .await;
    setup.holds_the_whole_log().await;
    relay.stop().await;

    // Of an empty stream only the row knows where it was.
    let row = setup.log_events().await.swap_remove(59);
    sqlx::query("delete from relay")
        .execute(&setup.pool)
        .await
        .unwrap();
    event_store::relay_row::write(
        &setup.pool,
        "ORDERS",
        event_store::Cursor::at(60, row.event_id),
    )
    .await
    .unwrap();
    stream.purge().await.unwrap();
    let relay = setup.relay();
    setup.relayed().await;
    relay.stop().await;
    let positions: Vec<i64> = setup
        .stored_ours()
        .await
        .iter()
        .map(|m| m.position)
        .collect();
    assert_eq!(positions, (61..=100).collect::<Vec<i64>>());
    setup.is_continuous().await;
}

#[tokio::test]
async fn a_stream_deleted_under_a_running_relay_is_made_again() {
    let setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    setup
        .jetstream
        .delete_stream(&setup.settings.name)
        .await
        .unwrap();
    setup.append("o-", 10, 1).await;
    setup.relayed().await;
    setup.is_continuous().await;
    relay.stop().await;
}

#[tokio::test]
async fn what_is_appended_while_the_broker_is_away_follows_when_it_is_back() {
    let mut setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    setup.nats.kill().await;
    setup.append("o-", 10, 50).await;
    relay
        .is("a failing relay", |status| {
            status.state == RelayState::Retrying && status.problem.is_some()
        })
        .await;
    setup.nats.start().await;
    setup.relayed().await;
    setup.holds_the_whole_log().await;
    relay
        .is("a relay that is well", |status| {
            status.state == RelayState::Leading && status.failing_since.is_none()
        })
        .await;
    relay.stop().await;
}

#[tokio::test]
async fn a_broker_with_an_older_copy_of_its_data_is_filled_up_again() {
    let mut setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    setup.nats.stop().await;
    let (store, copy) = (
        setup.nats.store_dir(),
        setup.nats.store_dir().with_extension("copy"),
    );
    copy_directory(&store, &copy);
    setup.nats.start().await;
    setup.append("o-", 10, 10).await;
    setup.relayed().await;
    setup.nats.stop().await;
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::rename(&copy, &store).unwrap();
    setup.nats.start().await;
    setup.append("o-", 10, 1).await;
    setup.relayed().await;
    setup.holds_the_whole_log().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_broker_that_answers_nothing_is_an_error_and_no_message_is_doubled() {
    let setup = Setup::new().await;
    setup.append("o-", 10, 10).await;
    let relay = setup.relay();
    setup.relayed().await;
    setup.nats.pause();
    setup.append("o-", 10, 10).await;
    relay
        .is("a failing relay", |status| {
            status.state == RelayState::Retrying
        })
        .await;
    setup.nats.resume();
    setup.relayed().await;
    setup.holds_the_whole_log().await;
    relay.stop().await;
}

#[tokio::test]
async fn a_stream_of_another_log_halts_the_relay() {
    let (theirs, mut ours) = (Setup::new().await, Setup::new().await);
    theirs.append("o-", 1, 1).await;
    let relay = theirs.relay();
    theirs.relayed().await;
    relay.stop().await;
    ours.client = theirs.client.clone();
    ours.append("o-", 1, 1).await;
    let relay = ours.relay();
    relay
        .is("a halted relay", |status| {
            status.state == RelayState::Halted
        })
        .await;
    relay.stop().await;
    assert_eq!(theirs.stored().await.len(), 1);
}

fn copy_directory(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
