//! A log that has lost events and used their positions again.

use read_model::View;
use read_model::position::progress;
use sqlx::Row as _;
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup, ids};

/// Orders of which all is lost, of which something is lost, and of which nothing is.
async fn filled(setup: &mut Setup) -> i64 {
    setup.traffic("kept", 40, 2).await;
    let kept = setup.head().await;
    setup.traffic("lost", 40, 2).await;
    setup.note(&ids("kept", 20), "lost").await;
    kept
}

/// Other events at the positions of those that were lost, some of them of orders with the same ids.
async fn other_events(setup: &mut Setup) {
    setup.traffic("other", 60, 1).await;
    setup.traffic("lost", 10, 0).await;
    setup.note(&ids("kept", 30), "instead").await;
}

#[tokio::test]
async fn views_go_back_to_where_the_histories_part_and_on_from_there() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let kept = filled(&mut setup).await;
    setup.views_equal_the_log().await;
    setup.lose_after(kept).await;
    other_events(&mut setup).await;
    setup.views_equal_the_log().await;
    setup.position_is_the_head().await;
    setup.note(&ids("kept", 40), "and on").await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn what_was_lost_disappears_though_nothing_takes_its_place() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let kept = filled(&mut setup).await;
    setup.views_equal_the_log().await;
    setup.relayed().await;
    setup.lose_after(kept).await;
    setup.views_equal_the_log().await;
    setup.position_is_the_head().await;
    projector.stop().await;
}

#[tokio::test]
async fn a_turn_that_no_projector_saw_is_found_at_the_next_start() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let kept = filled(&mut setup).await;
    setup.views_equal_the_log().await;
    projector.stop().await;
    setup.lose_after(kept).await;
    other_events(&mut setup).await;
    let projectors = [setup.projector(), setup.projector()];
    setup.views_equal_the_log().await;
    setup.position_is_the_head().await;
    for projector in projectors {
        projector.stop().await;
    }
}

#[tokio::test]
async fn without_relay_and_broker_the_ids_of_events_tell() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let kept = filled(&mut setup).await;
    setup.views_equal_the_log().await;
    setup.stop_relay().await;
    setup.nats.kill().await;
    setup.lose_after(kept).await;
    // Beyond where the views are, so that every partition meets another event than the one that it holds.
    other_events(&mut setup).await;
    setup.traffic("more", 100, 2).await;
    setup.views_equal_the_log().await;
    setup.position_is_the_head().await;
    projector.stop().await;
}

#[tokio::test]
async fn views_of_another_log_are_made_anew() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    filled(&mut setup).await;
    setup.views_equal_the_log().await;
    projector.stop().await;
    setup.stop_relay().await;
    setup.nats.kill().await;
    setup.lose_after(0).await;
    sqlx::query("update log set log_id = gen_random_uuid()")
        .execute(&setup.log)
        .await
        .unwrap();
    other_events_of_a_new_log(&mut setup).await;
    let projector = setup.projector();
    setup.views_equal_the_log().await;
    projector.stop().await;
}

async fn other_events_of_a_new_log(setup: &mut Setup) {
    setup.traffic("lost", 20, 3).await;
    setup.traffic("new", 20, 1).await;
}

#[tokio::test]
async fn nobody_is_told_that_a_position_is_there_before_the_views_went_back() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let kept = filled(&mut setup).await;
    setup.views_equal_the_log().await;
    setup.position_is_the_head().await;
    let before = setup.head().await;

    // No view can go back for now, and so no partition is compared to its end.
    let mut lock = setup.views.begin().await.unwrap();
    sqlx::query("lock table orders_1, order_history_1 in share mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    setup.lose_after(kept).await;
    other_events(&mut setup).await;
    setup.traffic("more", 100, 2).await;
    assert!(setup.head().await > before);
    eventually("an empty frontier", PATIENCE, async || {
        let rows: i64 = sqlx::query("select count(*) from frontier")
            .fetch_one(&setup.views)
            .await
            .unwrap()
            .get(0);
        (rows == 0).then_some(())
    })
    .await;
    // The relay tells of the new history all the time; none of it may be believed.
    for round in 0..20 {
        setup
            .note(&ids("other", 5), &format!("round {round}"))
            .await;
        let progress = progress(&setup.views, View::Orders).await.unwrap().unwrap();
        assert_eq!(progress.view, 0);
        let told: i64 = sqlx::query("select count(*) from frontier")
            .fetch_one(&setup.views)
            .await
            .unwrap()
            .get(0);
        assert_eq!(told, 0);
    }
    lock.rollback().await.unwrap();
    setup.views_equal_the_log().await;
    setup.position_is_the_head().await;
    projector.stop().await;
}
