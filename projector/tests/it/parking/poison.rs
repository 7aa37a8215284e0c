//! Rows that the database refuses.

use std::collections::BTreeSet;

use read_model::{View, partition_of};

use super::At;
use crate::setup::{Setup, ids};

#[tokio::test]
async fn a_row_that_is_refused_parks_its_order_at_the_event_and_nothing_else() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 40, 0).await;
    setup.views_equal_the_log().await;
    projector.stop().await;
    setup
        .refuse_but("orders_1", "order_id <> 'o-7' or version < 3")
        .await;
    // In one batch a partition: good events of that order, the bad one, and more.
    for round in 0..4 {
        setup.note(&ids("o", 40), &format!("round {round}")).await;
    }
    let projector = setup.projector();
    setup.caught_up().await;
    let bad: At = (
        "orders",
        "o-7".to_owned(),
        setup.position_of("o-7", 3).await,
    );
    setup.parked_are(std::slice::from_ref(&bad)).await;
    setup.versions_are(5, &[("o-7", 2)]).await;
    let error: String = sqlx::query_scalar("select error from parked")
        .fetch_one(&setup.views)
        .await
        .unwrap();
    assert!(
        error.contains(r#"violates check constraint "poison""#),
        "{error}"
    );

    // What comes later is held back, and the history has it.
    setup.note(&ids("o", 40), "later").await;
    setup.caught_up().await;
    setup.parked_are(&[bad]).await;
    setup.versions_are(6, &[("o-7", 2)]).await;
    assert_eq!(setup.history("o-7").await.len(), 6);
    // Of all projectors of this process.
    let (_, metrics) = projector.get("/metrics").await;
    let told = metrics
        .lines()
        .find_map(|line| line.strip_prefix(r#"projector_parkings_total{view="orders"} "#));
    assert!(told.is_some_and(|count| count != "0"), "{metrics}");

    setup.accept("orders_1").await;
    setup.retry(View::Orders).await;
    setup.nothing_is_parked().await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn a_sum_that_is_refused_parks_the_orders_that_bring_it_there() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 1, 0).await;
    setup.caught_up().await;
    // All orders are one customer's: each partition can take in one.
    setup.refuse_but("customers_1", "orders <= 1").await;
    setup.traffic("p", 60, 2).await;
    setup.caught_up().await;
    let parked = setup.parked().await;
    let all = [ids("o", 1), ids("p", 60)].concat();
    let partitions: BTreeSet<u16> = all.iter().map(|id| partition_of(id, 16)).collect();
    assert_eq!(parked.len(), all.len() - partitions.len());
    for (view, order, position) in &parked {
        assert_eq!(view, "customers");
        assert_eq!(*position, setup.position_of(order, 1).await);
    }
    let taken: i64 = sqlx::query_scalar("select sum(orders)::bigint from customers_1")
        .fetch_one(&setup.views)
        .await
        .unwrap();
    assert_eq!(taken, 61 - i64::try_from(parked.len()).unwrap());
    setup.accept("customers_1").await;
    setup.retry(View::Customers).await;
    setup.nothing_is_parked().await;
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn a_constraint_that_speaks_at_the_end_is_heard_all_the_same() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 0).await;
    setup.caught_up().await;
    for statement in [
        "create function refuse() returns trigger language plpgsql as $$ begin
            if new.order_id = 'o-3' and new.version > 1 then raise exception 'late' using errcode = '23514'; end if;
            return null;
        end $$",
        "create constraint trigger late after insert or update on orders_1
            deferrable initially deferred for each row execute function refuse()",
    ] {
        sqlx::query(statement).execute(&setup.views).await.unwrap();
    }
    setup.note(&ids("o", 20), "refused").await;
    setup.caught_up().await;
    let bad = (
        "orders",
        "o-3".to_owned(),
        setup.position_of("o-3", 2).await,
    );
    setup.parked_are(&[bad]).await;
    setup.versions_are(2, &[("o-3", 1)]).await;
    projector.stop().await;
}

#[tokio::test]
async fn a_database_in_trouble_repeats_the_batch_and_parks_nobody() {
    for state in ["08006", "40001", "53200", "57014", "42501"] {
        let mut setup = Setup::new().await;
        let projector = setup.projector();
        setup.traffic("o", 20, 0).await;
        setup.caught_up().await;
        let function = format!(
            "create function refuse() returns trigger language plpgsql as $$ begin
                if nextval('attempts') <= 40 then raise exception 'a bad moment' using errcode = '{state}'; end if;
                return new;
            end $$"
        );
        for statement in [
            "create sequence attempts",
            &function,
            "create trigger refuse before insert or update on orders_1 for each row execute function refuse()",
        ] {
            sqlx::query(statement).execute(&setup.views).await.unwrap();
        }
        setup.note(&ids("o", 20), "refused at first").await;
        setup.views_equal_the_log().await;
        let attempts: i64 = sqlx::query_scalar("select last_value from attempts")
            .fetch_one(&setup.views)
            .await
            .unwrap();
        assert!(attempts > 40, "{state}: {attempts}");
        setup.parked_are(&[]).await;
        projector.stop().await;
    }
}

#[tokio::test]
async fn a_history_that_is_refused_says_so_in_its_place() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 20, 0).await;
    setup.caught_up().await;
    // As a document that is beyond what the database can hold would be.
    setup
        .refuse_but(
            "order_history_1",
            "order_id <> 'o-3' or sequence <> 3 or entry ->> 'changes' is null",
        )
        .await;
    for round in 0..3 {
        setup.note(&ids("o", 20), &format!("round {round}")).await;
    }
    setup.caught_up().await;
    setup.parked_are(&[]).await;
    setup.versions_are(4, &[]).await;
    let history = setup.history("o-3").await;
    assert_eq!(history.len(), 4);
    let error = history[2]["error"].as_str().unwrap();
    assert!(error.contains(r#"check constraint "poison""#), "{error}");
    assert!(history[2]["changes"].is_null());
    assert_eq!(history[2]["data"]["text"], "round 1");
    assert!(history[3]["changes"].is_array(), "{}", history[3]);
    assert!(history[3].get("error").is_none());
    projector.stop().await;
}
