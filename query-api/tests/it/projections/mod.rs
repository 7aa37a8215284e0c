//! How the projections are, what operators ask of the projectors, and what parked orders and newer shapes mean for readers.

mod asking;
mod parked;
mod progress;
mod shapes;

use read_model::View;
use read_model::operations::Kind;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::stage::{Answer, Order, Stage, partition_of_id};

/// Everything that an operator may ask.
const PATHS: [(Method, &str); 9] = [
    (Method::GET, "/v1/projections"),
    (Method::GET, "/v1/projections/orders"),
    (Method::POST, "/v1/projections/orders/rebuild"),
    (Method::GET, "/v1/projections/orders/rebuilds/{id}"),
    (Method::POST, "/v1/projections/orders/verify"),
    (Method::GET, "/v1/projections/orders/verifications/{id}"),
    (Method::POST, "/v1/projections/orders/revert"),
    (Method::GET, "/v1/projections/orders/reverts/{id}"),
    (Method::POST, "/v1/projections/orders/retry"),
];

/// Parks an order as a projector does that could not take in the event at this position.
async fn park(stage: &Stage, view: View, generation: i32, order_id: &str, position: i64) {
    sqlx::query(
        "insert into parked (projection, generation, partition, order_id, position, event_id, error, unknown)
        values ($1, $2, $3, $4, $5, $6, $7, false)",
    )
    .bind(view.as_str())
    .bind(generation)
    .bind(partition_of_id(order_id))
    .bind(order_id)
    .bind(position)
    .bind(Uuid::new_v4())
    .bind(format!("the event at {position} cannot be taken in"))
    .execute(&stage.pool)
    .await
    .unwrap();
}

/// What stands in the table `operation`, as a projector would write it there.
async fn set(stage: &Stage, id: &str, assignments: &str) {
    let statement = format!("update operation set {assignments} where operation_id = $1");
    let done = sqlx::query(&statement)
        .bind(Uuid::parse_str(id).unwrap())
        .execute(&stage.pool)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
}

/// How many operations of this kind were written down.
async fn count(stage: &Stage, kind: Kind) -> i64 {
    sqlx::query_scalar("select count(*) from operation where kind = $1")
        .bind(kind.as_str())
        .fetch_one(&stage.pool)
        .await
        .unwrap()
}

async fn post(stage: &Stage, path: &str) -> Answer {
    stage.ask(Method::POST, path, &[]).await
}

/// The projection of this name, which must be there.
async fn projection(stage: &Stage, name: &str) -> Value {
    let answer = stage.get(&format!("/v1/projections/{name}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

#[tokio::test]
async fn each_view_is_listed_as_it_is() {
    let stage = Stage::new().await;
    let list = stage.get("/v1/projections").await;
    assert_eq!(list.status, 200, "{}", list.text);
    let body = list.json();
    assert_eq!(body["next_cursor"], Value::Null);
    let items = body["items"].as_array().unwrap();
    let names: Vec<&str> = items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = View::ALL.iter().map(|view| view.as_str()).collect();
    assert_eq!(names, expected);
    for (item, view) in items.iter().zip(View::ALL) {
        assert_eq!(
            item,
            &serde_json::json!({
                "name": view.as_str(), "status": "live", "generation": 1, "shape_version": view.shape_version(),
                "position": 0, "head": 0, "lag_events": 0, "lag_seconds": 0.0, "parked_orders": [], "rebuild": null,
            })
        );
        assert_eq!(&projection(&stage, view.as_str()).await, item);
    }
}

#[tokio::test]
async fn a_view_tells_how_far_it_is_behind_and_for_how_long() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 10)).await;
    stage.caught_up(10).await;
    let here = projection(&stage, "orders").await;
    assert_eq!((&here["position"], &here["head"]), (&10.into(), &10.into()));
    assert_eq!(here["lag_seconds"], 0.0);

    // The log goes on where the view has not followed; the projectors heard of it a minute ago.
    sqlx::query(
        "insert into frontier (position, last, seen_at)
        select 14, array_agg(greatest(position, 14) order by partition), now() - interval '1 minute'
        from checkpoint
        where projection = 'orders'",
    )
    .execute(&stage.pool)
    .await
    .unwrap();
    let behind = projection(&stage, "orders").await;
    assert_eq!(behind["position"], 10);
    assert_eq!(behind["head"], 14);
    assert_eq!(behind["lag_events"], 4);
    assert!(behind["lag_seconds"].as_f64().unwrap() >= 60.0, "{behind}");

    // The history has the first event that the view lacks, and knows when that was recorded: long before.
    let event = crate::stage::Event::note("o-2", 1, 11);
    stage.record_without_frontier(&[event]).await;
    let recorded: f64 = sqlx::query_scalar(
        "select extract(epoch from now() - occurred_at)::double precision from order_history_1 where position = 11",
    )
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    let behind = projection(&stage, "orders").await;
    let seconds = behind["lag_seconds"].as_f64().unwrap();
    assert!(seconds >= recorded.max(60.0) - 0.001, "{behind} {recorded}");
}

#[tokio::test]
async fn a_view_tells_that_it_is_faulted_or_built_anew() {
    let stage = Stage::new().await;
    let asked = post(&stage, "/v1/projections/orders/rebuild").await.json();
    let building = projection(&stage, "orders").await;
    assert_eq!(building["status"], "rebuilding");
    assert_eq!(building["rebuild"], asked);
    assert_eq!(projection(&stage, "products").await["status"], "live");
    // A verification is no rebuild.
    post(&stage, "/v1/projections/products/verify").await;
    let products = projection(&stage, "products").await;
    assert_eq!(
        (&products["status"], &products["rebuild"]),
        (&"live".into(), &Value::Null)
    );

    let fault = "update generation set fault = '101 orders were parked within a minute'
        where projection = 'orders' and generation = 1";
    sqlx::query(fault).execute(&stage.pool).await.unwrap();
    let faulted = projection(&stage, "orders").await;
    assert_eq!(faulted["status"], "faulted");
    assert_eq!(faulted["fault"], "101 orders were parked within a minute");
    assert_eq!(faulted["rebuild"], asked);

    // A rebuild that has ended is not shown, and the fault was the old generation's.
    let id = asked["rebuild_id"].as_str().unwrap();
    set(&stage, id, "phase = 'done', finished_at = now()").await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let keeper = read_model::Keeper::Owners;
    read_model::create_generation(&mut transaction, View::Orders, 2, 16, keeper)
        .await
        .unwrap();
    sqlx::query("update projection set live_generation = 2 where name = 'orders'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let live = projection(&stage, "orders").await;
    assert_eq!(live["status"], "live");
    assert!(live.get("fault").is_none());
    assert_eq!(
        (&live["generation"], &live["rebuild"]),
        (&2.into(), &Value::Null)
    );
}

#[tokio::test]
async fn parked_orders_of_the_live_generation_are_listed_up_to_a_number() {
    let stage = Stage::new().await;
    park(&stage, View::Orders, 1, "o-2", 12).await;
    park(&stage, View::Orders, 1, "o-1", 7).await;
    park(&stage, View::Returns, 1, "o-3", 3).await;
    let mut transaction = stage.pool.begin().await.unwrap();
    let keeper = read_model::Keeper::Builder;
    read_model::create_generation(&mut transaction, View::Orders, 2, 16, keeper)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    park(&stage, View::Orders, 2, "o-4", 1).await;

    let orders = projection(&stage, "orders").await;
    let parked = orders["parked_orders"].as_array().unwrap();
    assert_eq!(parked.len(), 2, "{orders}");
    assert_eq!(
        (&parked[0]["order_id"], &parked[0]["position"]),
        (&"o-1".into(), &7.into())
    );
    assert_eq!(parked[0]["error"], "the event at 7 cannot be taken in");
    assert!(parked[0]["since"].as_str().unwrap().ends_with('Z'));
    assert_eq!(parked[1]["order_id"], "o-2");
    assert_eq!(orders["status"], "live");
    assert_eq!(
        projection(&stage, "returns").await["parked_orders"][0]["order_id"],
        "o-3"
    );

    sqlx::query(
        "insert into parked (projection, generation, partition, order_id, position, event_id, error, unknown)
        select 'customers', 1, 0, 'many-' || n, n, gen_random_uuid(), 'no', false
        from generate_series(1, 1001) as n",
    )
    .execute(&stage.pool)
    .await
    .unwrap();
    let many = projection(&stage, "customers").await;
    let many = many["parked_orders"].as_array().unwrap();
    assert_eq!(many.len(), 1_000);
    assert_eq!(
        (&many[0]["position"], &many[999]["position"]),
        (&1.into(), &1_000.into())
    );
}

#[tokio::test]
async fn without_views_there_is_nothing_to_tell_or_to_ask() {
    let stage = Stage::without_views().await;
    for (method, path) in PATHS {
        let path = path.replace("{id}", &Uuid::nil().to_string());
        let answer = stage.ask(method, &path, &[]).await;
        if path.ends_with(&Uuid::nil().to_string()) {
            answer.problem(404, "not-found");
        } else {
            answer.problem(503, "unavailable");
        }
    }
}

/// The history is only asked how old something is: without it the projections are shown all the same.
#[tokio::test]
async fn a_history_that_is_not_there_keeps_nothing_from_view() {
    let stage = Stage::new().await;
    stage
        .get("/v1/orders/o-1/timeline")
        .await
        .problem(404, "not-found");
    sqlx::query("update generation set shape_version = 99 where projection = 'order-history'")
        .execute(&stage.pool)
        .await
        .unwrap();
    assert_eq!(
        projection(&stage, "order-history").await["shape_version"],
        99
    );

    // Switched and dropped under a service that remembers the generation before.
    let stage = Stage::new().await;
    stage
        .get("/v1/orders/o-1/timeline")
        .await
        .problem(404, "not-found");
    let mut transaction = stage.pool.begin().await.unwrap();
    let keeper = read_model::Keeper::Owners;
    read_model::create_generation(&mut transaction, View::OrderHistory, 2, 16, keeper)
        .await
        .unwrap();
    sqlx::query("update projection set live_generation = 2 where name = 'order-history'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    read_model::drop_generation(&mut transaction, View::OrderHistory, 1)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(projection(&stage, "order-history").await["generation"], 2);
}
