//! The list of orders: its order, its filters, its pages.

use read_model::{OrderStatus, View};

use crate::stage::{Order, PARTITIONS, Stage, minute};

#[tokio::test]
async fn the_newest_come_first_and_ids_break_ties() {
    let stage = Stage::new().await;
    let at = minute(50);
    for order in [
        Order::placed("a-old", 1),
        Order {
            placed_at: Some(at),
            ..Order::placed("b-tied", 2)
        },
        Order {
            placed_at: Some(at),
            ..Order::placed("c-tied", 3)
        },
        // A draft stands where it was created.
        Order {
            created_at: minute(20),
            ..Order::draft("d-draft", 4)
        },
        // A draft that was placed later stands where it was placed.
        Order {
            created_at: minute(0),
            placed_at: Some(minute(60)),
            ..Order::placed("e-late", 5)
        },
    ] {
        stage.apply(&order).await;
    }
    let list = stage.get("/v1/orders").await;
    assert_eq!(
        list.ids(),
        ["e-late", "c-tied", "b-tied", "d-draft", "a-old"]
    );
    assert_eq!(list.next_cursor(), None);
    assert_eq!(list.header("link"), "");
}

#[tokio::test]
async fn filters_take_several_values_and_all_must_fit() {
    let stage = Stage::new().await;
    for (id, position, status, customer) in [
        ("a", 1, OrderStatus::Placed, "c-1"),
        ("b", 2, OrderStatus::Confirmed, "c-2"),
        ("c", 3, OrderStatus::Cancelled, "c-1"),
        ("d", 4, OrderStatus::Placed, "c 3 & more"),
    ] {
        let order = Order {
            status,
            customer: customer.to_owned(),
            ..Order::placed(id, position)
        };
        stage.apply(&order).await;
    }
    stage.apply(&Order::draft("e", 5)).await;
    for (query, ids) in [
        ("status=placed", &["d", "a"][..]),
        ("status=placed,cancelled", &["d", "c", "a"]),
        ("status=placed%2Cdraft", &["e", "d", "a"]),
        ("customer_id=c-1", &["e", "c", "a"]),
        ("customer_id=c%203%20%26%20more,c-2", &["d", "b"]),
        ("customer_id=c-1&status=placed", &["a"]),
        ("customer_id=nobody", &[]),
        ("status=completed", &[]),
    ] {
        let list = stage.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(list.ids(), ids, "{query}");
    }
}

#[tokio::test]
async fn placed_from_is_inclusive_and_placed_to_exclusive() {
    let stage = Stage::new().await;
    for position in 1..=4 {
        stage
            .apply(&Order::placed(&format!("o-{position}"), position))
            .await;
    }
    stage.apply(&Order::draft("draft", 5)).await;
    for (query, ids) in [
        (
            "placed_from=2026-11-20T10:02:00Z",
            &["o-4", "o-3", "o-2"][..],
        ),
        ("placed_to=2026-11-20T10:02:00.000000Z", &["o-1"]),
        (
            "placed_from=2026-11-20T11:02:00%2B01:00&placed_to=2026-11-20T10:04:00Z",
            &["o-3", "o-2"],
        ),
        // Whatever the time, a draft was never placed.
        ("placed_from=2000-01-01T00:00:00Z&status=draft", &[]),
        ("placed_to=2100-01-01T00:00:00Z&status=draft", &[]),
    ] {
        let list = stage.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(list.ids(), ids, "{query}");
    }
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_orders_are_added() {
    let stage = Stage::new().await;
    let mut position = 0;
    let mut before = Vec::new();
    for number in 0..25 {
        position += 1;
        // Many stand at the same time, so that pages end between ties.
        let order = Order {
            placed_at: Some(minute(number / 5)),
            ..Order::placed(&format!("old-{number:02}"), position)
        };
        before.push(order.id.clone());
        stage.apply(&order).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/orders?status=placed&limit=4".to_owned();
    loop {
        let page = stage.get(&path).await;
        assert!(page.ids().len() <= 4);
        seen.extend(page.ids());
        position += 1;
        let newer = Order {
            placed_at: Some(minute(1_000 + position)),
            ..Order::placed(&format!("new-{position}"), position)
        };
        stage.apply(&newer).await;
        let Some(cursor) = page.next_cursor() else {
            assert_eq!(page.header("link"), "");
            break;
        };
        // The link is the whole way to the next page.
        let link = page.header("link");
        let target = link.strip_prefix('<').unwrap();
        let target = target.strip_suffix(">; rel=\"next\"").unwrap();
        assert!(target.ends_with(&format!("cursor={cursor}")), "{target}");
        path = target.to_owned();
    }
    seen.retain(|id| id.starts_with("old-"));
    before.reverse();
    assert_eq!(seen, before);
}

#[tokio::test]
async fn a_cursor_is_only_good_for_its_own_list() {
    let stage = Stage::new().await;
    for position in 1..=3 {
        stage
            .apply(&Order::placed(&format!("o-{position}"), position))
            .await;
    }
    let page = stage.get("/v1/orders?status=placed,draft&limit=1").await;
    let cursor = page.next_cursor().unwrap();
    let ask = async |query: String| stage.get(&format!("/v1/orders?{query}")).await;

    let next = ask(format!("status=placed,draft&limit=2&cursor={cursor}")).await;
    assert_eq!(next.ids(), ["o-2", "o-1"]);
    for query in [
        format!("cursor={cursor}"),
        format!("status=placed&cursor={cursor}"),
        format!("status=placed,draft&customer_id=c-1&cursor={cursor}"),
        format!("status=placed,draft&cursor={}", &cursor[1..]),
        format!("status=placed,draft&cursor={cursor}A"),
        format!("status=placed,draft&cursor=A{}", &cursor[1..]),
        "status=placed,draft&cursor=".to_owned(),
        "status=placed,draft&cursor=x".to_owned(),
    ] {
        ask(query).await.problem(400, "bad-cursor");
    }
    let timeline = format!("/v1/orders/o-1/timeline?cursor={cursor}");
    stage.get(&timeline).await.problem(400, "bad-cursor");
}

#[tokio::test]
async fn a_cursor_keeps_its_generation_until_that_is_dropped() {
    let stage = Stage::new().await;
    for position in 1..=3 {
        stage
            .apply(&Order::placed(&format!("o-{position}"), position))
            .await;
    }
    let page = stage.get("/v1/orders?limit=1").await;
    let path = format!("/v1/orders?cursor={}", page.next_cursor().unwrap());

    let mut transaction = stage.pool.begin().await.unwrap();
    read_model::create_generation(&mut transaction, View::Orders, 2, PARTITIONS)
        .await
        .unwrap();
    sqlx::query("update projection set live_generation = 2 where name = 'orders'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert!(stage.get("/v1/orders").await.ids().is_empty());
    assert_eq!(stage.get(&path).await.ids(), ["o-2", "o-1"]);

    let mut transaction = stage.pool.begin().await.unwrap();
    read_model::drop_generation(&mut transaction, View::Orders, 1)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    stage.get(&path).await.problem(400, "bad-cursor");
    assert!(stage.get("/v1/orders").await.ids().is_empty());
}

#[tokio::test]
async fn a_page_has_50_orders_unless_told_otherwise() {
    let stage = Stage::new().await;
    let mut transaction = stage.pool.begin().await.unwrap();
    for position in 1..=201 {
        let order = Order::placed(&format!("o-{position}"), position);
        order.write(&mut transaction, 1).await;
    }
    transaction.commit().await.unwrap();
    assert_eq!(stage.get("/v1/orders").await.ids().len(), 50);
    let most = stage.get("/v1/orders?limit=200").await;
    assert_eq!(most.ids().len(), 200);
    assert!(most.next_cursor().is_some());
    let one = stage.get("/v1/orders?limit=1").await;
    assert_eq!(one.ids(), ["o-201"]);
}
