//! When too many orders fail at once it is not the orders.

use read_model::View;
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup, ids};

async fn fault(setup: &Setup, view: View) -> Option<String> {
    sqlx::query_scalar("select fault from generation where projection = $1")
        .bind(view.as_str())
        .fetch_one(&setup.views)
        .await
        .unwrap()
}

/// Waits until all other views are as far as the log.
async fn all_others_caught_up(setup: &Setup, but: View) {
    let head = setup.store.head(16).await.unwrap();
    eventually("all other views at the log's end", PATIENCE, async || {
        let mut all = true;
        for view in View::ALL {
            all &= *view == but || setup.checkpoints(*view).await == head.partitions;
        }
        all.then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_thousand_poison_events_fault_the_view_and_all_others_go_on() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 1_000, 0).await;
    setup.views_equal_the_log().await;
    setup.refuse_but("orders_1", "version < 2").await;
    setup.note(&ids("o", 1_000), "poison").await;
    let told = eventually("a fault", PATIENCE, async || {
        fault(&setup, View::Orders).await
    })
    .await;
    assert!(
        told.starts_with("more than 100 orders failed within a minute"),
        "{told}"
    );
    assert!(told.contains("poison"), "{told}");
    all_others_caught_up(&setup, View::Orders).await;

    // Everything else goes on; that view does not as soon as all owners know.
    let mut stands = false;
    for _ in 0..20 {
        setup.note(&ids("o", 1_000), "more").await;
        all_others_caught_up(&setup, View::Orders).await;
        let head = setup.store.head(16).await.unwrap();
        let orders = setup.checkpoints(View::Orders).await;
        stands = orders
            .iter()
            .zip(&head.partitions)
            .all(|(orders, head)| orders < head);
        if stands {
            break;
        }
    }
    assert!(stands);
    for view in View::ALL {
        let is_faulted = fault(&setup, *view).await.is_some();
        assert_eq!(is_faulted, *view == View::Orders, "{view}");
    }
    // Other projectors of this process may tell of theirs in between.
    eventually("metrics and health that tell it", PATIENCE, async || {
        let (_, metrics) = projector.get("/metrics").await;
        let value = |name: &str| {
            metrics
                .lines()
                .find_map(|line| line.strip_prefix(name)?.trim().parse::<i64>().ok())
        };
        let told = value(r#"projector_faulted{view="orders"}"#) == Some(1)
            && value(r#"projector_faulted{view="customers"}"#) == Some(0)
            && value(r#"projector_parked_orders{view="orders"}"#) > Some(100);
        let (status, ready) = projector.ready().await;
        (told && status == 200 && ready.contains("faulted: orders")).then_some(())
    })
    .await;

    setup.accept("orders_1").await;
    setup.retry(View::Orders).await;
    setup.nothing_is_parked().await;
    setup.views_equal_the_log().await;
    assert_eq!(fault(&setup, View::Orders).await, None);
    projector.stop().await;
}

#[tokio::test]
async fn a_hundred_are_parked_and_the_view_goes_on() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 200, 0).await;
    setup.caught_up().await;
    // Their numbers from 100 on.
    setup
        .refuse_but("orders_1", "version < 2 or order_id !~ '-1..$'")
        .await;
    for round in 0..5 {
        setup.note(&ids("o", 200), &format!("round {round}")).await;
        setup.caught_up().await;
    }
    assert_eq!(setup.parked().await.len(), 100);
    assert_eq!(fault(&setup, View::Orders).await, None);
    setup.accept("orders_1").await;
    setup.retry(View::Orders).await;
    setup.nothing_is_parked().await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}
