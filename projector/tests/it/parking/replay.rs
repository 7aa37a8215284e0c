//! Rebuilds and verifications of views that hold orders back.

use read_model::View;
use read_model::operations::{Kind, Phase};

use crate::replay::{ask, differences, done, ended, live};
use crate::setup::{Setup, ids};

#[tokio::test]
async fn what_cannot_be_read_is_parked_in_a_new_generation_and_told_by_a_new_history() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 40, 1).await;
    setup
        .append(&[("o-1", "OrderTeleported", "{}".to_owned())])
        .await;
    setup.note(&ids("o", 40), "after").await;
    setup.caught_up().await;
    let before = setup.parked().await;
    assert_eq!(before.len(), View::ALL.len() - 1);
    assert_eq!(differences(&setup.views).await, []);
    for view in View::ALL {
        done(&setup.views, *view, Kind::Rebuild).await;
        assert_eq!(live(&setup.views, *view).await, 2, "{view}");
    }
    let parked: Vec<(String, String, i64)> = sqlx::query_as(
        "select projection, order_id, position
        from parked n
        where generation = 2
        and exists (
            select
            from parked
            where (projection, generation, order_id, since) = (n.projection, 1, n.order_id, n.since)
        )
        order by 1, 2",
    )
    .fetch_all(&setup.views)
    .await
    .unwrap();
    assert_eq!(parked, before);
    setup.note(&ids("o", 40), "and on").await;
    setup.caught_up().await;
    let shown: i64 = sqlx::query_scalar("select version from orders_2 where order_id = 'o-1'")
        .fetch_one(&setup.views)
        .await
        .unwrap();
    assert_eq!(shown, 2);
    let told = "entry ->> 'error' like '%unknown event type OrderTeleported' and entry ->> 'changes' is null";
    for generation in [1, 2] {
        let told: i64 = sqlx::query_scalar(&format!(
            "select count(*) from order_history_{generation} where {told}"
        ))
        .fetch_one(&setup.views)
        .await
        .unwrap();
        assert_eq!(told, 3, "{generation}");
    }
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn what_is_parked_differs_in_nothing_and_a_rebuild_takes_it_in() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 40, 0).await;
    setup.caught_up().await;
    setup
        .refuse_but("orders_1", "order_id !~ '-1' or version < 3")
        .await;
    for _ in 0..3 {
        setup.note(&ids("o", 40), "poison").await;
    }
    setup.caught_up().await;
    assert_eq!(setup.parked().await.len(), 11);
    assert_eq!(differences(&setup.views).await, []);
    done(&setup.views, View::Orders, Kind::Rebuild).await;
    let behind: i64 = sqlx::query_scalar("select count(*) from orders_2 where version <> 4")
        .fetch_one(&setup.views)
        .await
        .unwrap();
    assert_eq!(behind, 0);
    assert_eq!(differences(&setup.views).await, []);
    projector.stop().await;
}

#[tokio::test]
async fn a_new_generation_that_takes_in_too_little_is_not_switched_to() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    setup.traffic("o", 200, 1).await;
    setup.caught_up().await;
    for statement in [
        "create function refuse() returns event_trigger language plpgsql as $$ begin
            if to_regclass('orders_2') is not null and not exists (select from pg_constraint where conname = 'poison') then
                alter table orders_2 add constraint poison check (version < 2);
            end if;
        end $$",
        "create event trigger refuse on ddl_command_end when tag in ('CREATE TABLE') execute function refuse()",
    ] {
        sqlx::query(statement).execute(&setup.views).await.unwrap();
    }
    let asked = ask(&setup.views, View::Orders, Kind::Rebuild, false).await;
    let ended = ended(&setup.views, asked).await;
    assert_eq!(ended.phase, Phase::Failed);
    let error = ended.error.unwrap();
    assert!(
        error.starts_with("200 orders failed that the live generation has"),
        "{error}"
    );
    assert_eq!(live(&setup.views, View::Orders).await, 1);
    setup.views_equal_the_log().await;
    projector.stop().await;
}
