//! The list of orders: its order, its filters, its pages.

use read_model::{FulfillmentStatus, Keeper, OrderStatus, PaymentStatus, ReturnStatus, View};

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
async fn every_filter_asks_for_what_it_says() {
    let stage = Stage::new().await;
    for order in [
        Order {
            payment_status: PaymentStatus::Paid,
            fulfillment_status: FulfillmentStatus::Shipped,
            total: 500,
            skus: &["A", "B b"],
            ..Order::placed("a", 1)
        },
        Order {
            payment_status: PaymentStatus::Failed,
            return_status: ReturnStatus::Open,
            on_hold: true,
            total: 1_500,
            currency: "USD",
            tags: &["vip", "web"],
            ..Order::placed("b", 2)
        },
        Order {
            fulfillment_status: FulfillmentStatus::PartiallyShipped,
            return_status: ReturnStatus::Closed,
            total: 1_000,
            skus: &["B b", "ä'\"\\{}"],
            tags: &["web"],
            ..Order::placed("c", 3)
        },
    ] {
        stage.apply(&order).await;
    }
    for (query, ids) in [
        ("payment_status=paid", &["a"][..]),
        ("payment_status=paid,failed", &["b", "a"]),
        ("fulfillment_status=shipped,partially_shipped", &["c", "a"]),
        ("return_status=open", &["b"]),
        ("return_status=none", &["a"]),
        ("return_status=closed,open", &["c", "b"]),
        ("on_hold=true", &["b"]),
        ("on_hold=false", &["c", "a"]),
        ("on_hold=true,false", &["c", "b", "a"]),
        ("currency=USD", &["b"]),
        ("currency=EUR,KWD", &["c", "a"]),
        ("sku=B%20b", &["c", "a"]),
        ("sku=A,SKU-1", &["b", "a"]),
        ("sku=%C3%A4%27%22%5C%7B%7D", &["c"]),
        ("sku=b", &[]),
        ("tag=web", &["c", "b"]),
        ("tag=vip,other", &["b"]),
        ("tag=web&sku=B%20b", &["c"]),
        ("min_total=1000", &["c", "b"]),
        ("max_total=1000", &["c", "a"]),
        ("min_total=1000&max_total=1000", &["c"]),
        (
            "min_total=0&max_total=9007199254740991&currency=EUR&tag=web",
            &["c"],
        ),
    ] {
        let list = stage.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(list.ids(), ids, "{query}");
    }
}

#[tokio::test]
async fn each_word_looked_for_begins_a_word_of_the_order() {
    let stage = Stage::new().await;
    for (id, position, text) in [
        (
            "a",
            1,
            "2026-000101 Ada Lovelace ada@example.org Teapot, blue SKU-77",
        ),
        (
            "b",
            2,
            "2026-000102 Bob Straße bob@example.org Tea-Kettle X/9",
        ),
        ("c", 3, "2026-001010 ΟΔΥΣΣΕΎΣ İzmir o'brien@пример.рф"),
    ] {
        let order = Order {
            text: text.to_owned(),
            ..Order::placed(id, position)
        };
        stage.apply(&order).await;
    }
    for (q, ids) in [
        ("tea", &["b", "a"][..]),
        ("TEA blu", &["a"]),
        ("2026-000101", &["a"]),
        ("00010", &["b", "a"]),
        ("ada@example.org", &["a"]),
        ("exam org", &["b", "a"]),
        ("strasse", &["b"]),
        ("STRASS", &["b"]),
        ("οδυσσεύς", &["c"]),
        ("Οδυσ", &["c"]),
        ("izm", &["c"]),
        ("o'br", &["c"]),
        ("ПРИМ", &["c"]),
        ("x9", &[]),
        ("x 9", &["b"]),
        ("pot", &[]),
        ("tea nothing", &[]),
        ("tea | ada:*", &["a"]),
        ("!tea", &["b", "a"]),
    ] {
        let query = form_urlencoded::byte_serialize(q.as_bytes()).collect::<String>();
        let list = stage.get(&format!("/v1/orders?q={query}")).await;
        assert_eq!(list.ids(), ids, "{q}");
    }
}

#[tokio::test]
async fn a_list_comes_in_the_order_that_is_asked_for() {
    let stage = Stage::new().await;
    for (id, position, placed, total) in [
        ("a", 1, 30, 500),
        ("b", 4, 10, 500),
        ("c", 2, 10, 900),
        ("d", 3, 20, 100),
    ] {
        let order = Order {
            // Those that were created first were changed last.
            created_at: minute(100 - position),
            placed_at: Some(minute(placed)),
            total,
            ..Order::placed(id, position)
        };
        stage.apply(&order).await;
    }
    // A draft, that was created between the others.
    let draft = Order {
        created_at: minute(15),
        total: 1_000,
        ..Order::draft("e", 9)
    };
    stage.apply(&draft).await;
    for (sort, ids) in [
        ("-placed_at", "a d e c b"),
        ("placed_at", "b c e d a"),
        ("-updated_at", "e b d c a"),
        ("updated_at", "a c d b e"),
        ("-total", "e c b a d"),
        ("total", "d a b c e"),
    ] {
        let ids: Vec<&str> = ids.split(' ').collect();
        let whole = stage.get(&format!("/v1/orders?sort={sort}")).await;
        assert_eq!(whole.ids(), ids, "{sort}");
        let mut paged = Vec::new();
        let mut path = format!("/v1/orders?sort={sort}&limit=1");
        loop {
            let page = stage.get(&path).await;
            paged.extend(page.ids());
            let Some(cursor) = page.next_cursor() else {
                break;
            };
            path = format!("/v1/orders?sort={sort}&limit=1&cursor={cursor}");
            for other in ["total", "-total", "placed_at", "updated_at"] {
                if other != sort {
                    let path = format!("/v1/orders?sort={other}&cursor={cursor}");
                    stage.get(&path).await.problem(400, "bad-cursor");
                }
            }
        }
        assert_eq!(paged, ids, "{sort}");
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
    read_model::create_generation(
        &mut transaction,
        View::Orders,
        2,
        PARTITIONS,
        Keeper::Owners,
    )
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
async fn a_page_of_huge_orders_ends_sooner() {
    let stage = Stage::new().await;
    for position in 1..=5 {
        // Nothing that could be compressed.
        let noise: String = (0..45_000)
            .map(|_| uuid::Uuid::new_v4().to_string())
            .collect();
        let id = format!("o-{position}");
        let order = Order {
            document: Some(format!("{{\"order_id\":\"{id}\",\"noise\":\"{noise}\"}}")),
            ..Order::placed(&id, position)
        };
        stage.apply(&order).await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/orders".to_owned();
    let mut pages = 0;
    loop {
        let page = stage.get(&path).await;
        seen.extend(page.ids());
        pages += 1;
        let Some(cursor) = page.next_cursor() else {
            break;
        };
        path = format!("/v1/orders?cursor={cursor}");
    }
    assert_eq!(seen, ["o-5", "o-4", "o-3", "o-2", "o-1"]);
    assert!(pages > 1, "6 MB in one page");
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
