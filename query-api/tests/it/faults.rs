//! Bad requests and bad days.

use read_model::View;
use reqwest::Method;
use service_kit::Vars;
use test_kit::eventually;

use crate::stage::{Order, PATIENCE, Stage};

#[tokio::test]
async fn every_query_needs_a_token_that_may_read_orders() {
    let stage = Stage::new().await;
    let other = format!(
        "Bearer {}",
        stage.token("orders:write audit:read ops").await
    );
    for path in [
        "/v1/orders",
        "/v1/orders/o-1",
        "/v1/orders/o-1/timeline",
        "/v1/orders/by-number/2026-000001",
        "/v1/orders/o-1?version=1",
        "/v1/orders/o-1/stream",
        "/v1/stream",
    ] {
        for bad in ["", "Bearer x", "Basic YTpi"] {
            let answer = stage.get_with(path, &[("authorization", bad)]).await;
            answer.problem(401, "unauthenticated");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
        let answer = stage.get_with(path, &[("authorization", &other)]).await;
        answer.problem(403, "forbidden");
        assert!(answer.header("www-authenticate").contains("orders:read"));
    }
    let reader = format!("Bearer {}", stage.token("orders:read ops").await);
    for accept in ["application/json", "text/csv", "application/x-ndjson"] {
        let headers = [("authorization", reader.as_str()), ("accept", accept)];
        let answer = stage.get_with("/v1/audit/events", &headers).await;
        answer.problem(403, "forbidden");
        assert!(answer.header("www-authenticate").contains("audit:read"));
    }
}

#[tokio::test]
async fn what_the_service_does_not_know_is_refused() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    stage.get("/v2/orders").await.problem(404, "not-found");
    stage
        .get("/v1/orders/o-1/unknown")
        .await
        .problem(404, "not-found");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = stage
            .ask(method, "/v1/orders", &[("authorization", "")])
            .await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
    for (path, accept) in [
        ("/v1/orders/o-1", "text/html"),
        ("/v1/orders/o-1", "application/json;q=0"),
        ("/v1/orders", "text/csv"),
        ("/v1/audit/events", "text/html"),
        ("/v1/audit/events", "text/event-stream"),
        ("/v1/stream", "application/json"),
        ("/v1/orders/o-1/stream", "text/csv"),
    ] {
        let answer = stage.get_with(path, &[("accept", accept)]).await;
        answer.problem(406, "not-acceptable");
    }
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    for (path, name) in [
        ("/v1/orders?stauts=placed", "stauts"),
        ("/v1/orders?status=placed&status=draft", "status"),
        ("/v1/orders?status=plaecd", "status"),
        ("/v1/orders?status=", "status"),
        ("/v1/orders?status=placed,", "status"),
        ("/v1/orders?customer_id=", "customer_id"),
        ("/v1/orders?customer_id=a%00b", "customer_id"),
        ("/v1/orders?placed_from=yesterday", "placed_from"),
        ("/v1/orders?placed_from=2026-11-20T10:00:00", "placed_from"),
        ("/v1/orders?placed_to=2026-11-20", "placed_to"),
        (
            "/v1/orders?placed_from=2026-11-20T10:00:00Z&placed_to=2026-11-20T09:59:59Z",
            "placed_from",
        ),
        ("/v1/orders?payment_status=payed", "payment_status"),
        ("/v1/orders?fulfillment_status=placed", "fulfillment_status"),
        ("/v1/orders?return_status=open,,closed", "return_status"),
        ("/v1/orders?on_hold=yes", "on_hold"),
        ("/v1/orders?currency=eur", "currency"),
        ("/v1/orders?currency=EUR,XYZ", "currency"),
        ("/v1/orders?currency=XAU", "currency"),
        ("/v1/orders?sku=", "sku"),
        ("/v1/orders?tag=%20vip", "tag"),
        ("/v1/orders?min_total=-1", "min_total"),
        ("/v1/orders?min_total=1.5", "min_total"),
        ("/v1/orders?max_total=9007199254740992", "max_total"),
        ("/v1/orders?min_total=2&max_total=1", "min_total"),
        ("/v1/orders?q=", "q"),
        ("/v1/orders?q=%20-%20", "q"),
        ("/v1/orders?sort=", "sort"),
        ("/v1/orders?sort=-", "sort"),
        ("/v1/orders?sort=--total", "sort"),
        ("/v1/orders?sort=Total", "sort"),
        ("/v1/orders/o-1?version=0", "version"),
        ("/v1/orders/o-1?version=-1", "version"),
        ("/v1/orders/o-1?version=%2B1", "version"),
        ("/v1/orders/o-1?version=1.0", "version"),
        ("/v1/orders/o-1?version=", "version"),
        ("/v1/orders/o-1?at=2026-11-20T10:00:00", "at"),
        ("/v1/orders/o-1?at=2026-11-20T10:00:00Z&version=1", "at"),
        ("/v1/orders/by-number/2026-000001?version=1", "version"),
        ("/v1/audit/events?actor=", "actor"),
        ("/v1/audit/events?type=OrderEaten", "type"),
        ("/v1/audit/events?order_id=o%201", "order_id"),
        ("/v1/audit/events?from=2026-11-20", "from"),
        (
            "/v1/audit/events?from=2026-11-20T10:00:00Z&to=2026-11-20T09:00:00Z",
            "from",
        ),
        ("/v1/audit/events?after_position=-1", "after_position"),
        ("/v1/audit/events?after_position=%2B1", "after_position"),
        ("/v1/audit/events?after=1", "after"),
        ("/v1/audit/events?limit=201", "limit"),
        ("/v1/stream?after_position=x", "after_position"),
        ("/v1/stream?limit=1", "limit"),
        ("/v1/orders/o-1/stream?after_position=", "after_position"),
        ("/v1/orders?limit=0", "limit"),
        ("/v1/orders?limit=201", "limit"),
        ("/v1/orders/o-1?verbose=1", "verbose"),
        ("/v1/orders/by-number/2026-000001?limit=1", "limit"),
        ("/v1/orders/o-1/timeline?status=placed", "status"),
        ("/v1/orders/o-1/timeline?limit=x", "limit"),
    ] {
        let headers = [(
            "accept",
            if path.contains("stream") {
                "text/event-stream"
            } else {
                ""
            },
        )];
        let answer = stage.get_with(path, &headers).await;
        let body = answer.problem(400, "bad-parameter");
        let detail = body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with(&format!("`{name}` ")),
            "{path}: {detail}"
        );
        assert!(body.get("errors").is_none());
    }
}

#[tokio::test]
async fn it_is_ready_when_the_views_exist() {
    let stage = Stage::without_views().await;
    let ready = stage
        .get_with("/health/ready", &[("authorization", "")])
        .await;
    assert_eq!(ready.status, 503);
    assert_eq!(
        ready.text,
        r#"{"status":"not-ready","checks":{"views":"the view orders does not exist yet"}}"#
    );
    let live = stage
        .get_with("/health/live", &[("authorization", "")])
        .await;
    assert_eq!(live.status, 200);
    let answer = stage.get("/v1/orders").await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");

    let mut transaction = stage.pool.begin().await.unwrap();
    for view in View::ALL {
        read_model::create_view(&mut transaction, *view, 16)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    let ready = stage
        .get_with("/health/ready", &[("authorization", "")])
        .await;
    assert_eq!(ready.text, r#"{"status":"ready","checks":{"views":"ok"}}"#);
    assert_eq!(stage.get("/v1/orders").await.status, 200);
}

/// Orders that are asked for at once are read together; nobody gets another's, or another's failure.
#[tokio::test]
async fn many_orders_at_once_come_each_to_its_caller() {
    let stage = Stage::new().await;
    let orders: Vec<Order> = (1..=150)
        .map(|position| Order::placed(&format!("o-{position}"), position))
        .collect();
    for order in &orders {
        stage.apply(order).await;
    }
    let asked = orders.iter().chain(&orders[..50]).map(async |order| {
        let there = stage.get(&format!("/v1/orders/{}", order.id)).await;
        let nowhere = stage.get(&format!("/v1/orders/not-{}", order.id)).await;
        nowhere.problem(404, "not-found");
        assert_eq!(
            (there.status.as_u16(), there.text.clone()),
            (200, order.document())
        );
        assert!(there.position() >= order.position);
    });
    futures::future::join_all(asked).await;
}

#[tokio::test]
async fn broken_connections_are_replaced() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    for _ in 0..3 {
        assert_eq!(stage.get("/v1/orders/o-1").await.status, 200);
        let killed: i64 = sqlx::query_scalar(
            "select count(*) filter (where pg_terminate_backend(pid))
            from pg_stat_activity
            where application_name = 'query-api' and datname = current_database()",
        )
        .fetch_one(&stage.pool)
        .await
        .unwrap();
        assert!(killed > 0);
    }
    assert_eq!(stage.get("/v1/orders/o-1").await.status, 200);
}

#[tokio::test]
async fn a_database_that_is_away_is_told_without_its_name() {
    let vars = Vars::from_map([
        ("QUERY_API_ADDR", "127.0.0.1:0"),
        (
            "READ_MODEL_URL",
            "postgres://reader:hunter2@127.0.0.1:1/views",
        ),
        ("AUTH_HS256_SECRET", "a secret of the tests, long enough"),
    ]);
    let stage = Stage::on(vars).await;
    let answer = stage.get("/v1/orders").await;
    answer.problem(503, "unavailable");
    assert!(!answer.text.contains("hunter2") && !answer.text.contains("reader"));
    let ready = stage.get("/health/ready").await;
    assert_eq!(ready.status, 503);
}

#[tokio::test]
async fn who_waits_is_told_when_the_service_stops() {
    let stage = Stage::new().await;
    let headers = [("min-position", "9"), ("prefer", "wait=30")];
    let waiting = stage.get_with("/v1/orders", &headers);
    let stopping = async {
        // The poller runs only while somebody waits.
        eventually("the question to wait", PATIENCE, async || {
            let polled: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity
                where application_name = 'query-api' and datname = current_database()
                and query like 'select%array(%'",
            )
            .fetch_one(&stage.pool)
            .await
            .unwrap();
            (polled > 0).then_some(())
        })
        .await;
        stage.stop.cancel();
    };
    let (answer, ()) = tokio::join!(waiting, stopping);
    answer.problem(503, "unavailable");
    eventually("the end of the service", PATIENCE, async || {
        stage.running.is_finished().then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_goes_away_stops_its_query() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    // A query that would not end by itself.
    let mut lock = stage.pool.begin().await.unwrap();
    sqlx::query("lock table orders_1 in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let asking = stage.get("/v1/orders");
    let waiting = async {
        eventually("the query to wait", PATIENCE, async || {
            let statement = "select pid from pg_stat_activity
                where application_name = 'query-api' and datname = current_database() and wait_event_type = 'Lock'";
            let pid: Option<i32> = sqlx::query_scalar(statement)
                .fetch_optional(&stage.pool)
                .await
                .unwrap();
            pid
        })
        .await
    };
    let pid: i32 = tokio::select! {
        _ = asking => panic!("an answer in spite of the lock"),
        pid = waiting => pid,
    };
    // Its time on the server is not over: a statement that times out leaves its session there.
    eventually("the end of its session", PATIENCE, async || {
        let there: bool =
            sqlx::query_scalar("select exists (select from pg_stat_activity where pid = $1)")
                .bind(pid)
                .fetch_one(&stage.pool)
                .await
                .unwrap();
        (!there).then_some(())
    })
    .await;
    // The server gave it up: a statement whose time was over would have been an error to a client that is there.
    eventually("a session that the server ended", PATIENCE, async || {
        let ended: i64 = sqlx::query_scalar(
            "select sessions_fatal from pg_stat_database where datname = current_database()",
        )
        .fetch_one(&stage.pool)
        .await
        .unwrap();
        (ended > 0).then_some(())
    })
    .await;
    lock.rollback().await.unwrap();
    assert_eq!(stage.get("/v1/orders").await.ids(), ["o-1"]);
}

#[tokio::test]
async fn its_sessions_can_change_nothing() {
    let stage = Stage::new().await;
    stage.apply(&Order::placed("o-1", 1)).await;
    // A rule that writes when the service reads: only a read-only session stops it.
    let mut transaction = stage.pool.begin().await.unwrap();
    for statement in [
        "create table written (at timestamptz)",
        "create function write() returns bigint language plpgsql as
        $$ begin insert into written values (now()); return 1; end $$",
        "alter table orders_1 rename to orders_0",
        "create view orders_1 as select order_id, order_number, status, customer_id, placed_at, created_at, updated_at,
        write() as version, position, sorted_at, document from orders_0",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let answer = stage.get("/v1/orders/o-1").await;
    answer.problem(500, "internal");
    let written: i64 = sqlx::query_scalar("select count(*) from written")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(written, 0);
}
