//! Tables by generation, and what is written into them.

use std::collections::BTreeSet;

use read_model::history::{self, HistoryRow};
use read_model::orders::{self, OrderRow, TermsRow};
use read_model::words::{prefixes, words};
use read_model::{
    Currency, FulfillmentStatus, Keeper, OrderStatus, PaymentStatus, ReturnStatus, Timestamp, View,
    create_generation, drop_generation,
};
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use crate::views;

fn row(id: &str, version: i64) -> OrderRow {
    let at = Timestamp::parse("2026-11-20T10:00:00.123456Z").unwrap();
    OrderRow {
        order_id: id.to_owned(),
        order_number: None,
        status: OrderStatus::Draft,
        payment_status: PaymentStatus::Unpaid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        return_status: ReturnStatus::None,
        on_hold: false,
        customer_id: "c-1".to_owned(),
        currency: Currency::parse("EUR").unwrap(),
        total: 100 * version,
        placed_at: None,
        created_at: at,
        updated_at: at,
        version,
        position: version,
        document: format!("{{ \"version\":{version} }}"),
    }
}

async fn documents(pool: &PgPool, table: &str) -> Vec<String> {
    let statement = format!("select document::text from {table} order by order_id");
    sqlx::query_scalar(&statement)
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_written_order_replaces_the_one_before() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let first = [row("a", 1), row("b", 1)];
    orders::write(&mut connection, 1, &first, &[])
        .await
        .unwrap();
    let placed_at = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
    let second = OrderRow {
        order_number: Some("2026-000002".to_owned()),
        status: OrderStatus::Placed,
        placed_at: Some(placed_at),
        ..row("b", 2)
    };
    orders::write(&mut connection, 1, &[second, row("c", 1)], &[])
        .await
        .unwrap();
    assert_eq!(
        documents(&pool, "orders_1").await,
        [
            "{ \"version\":1 }",
            "{ \"version\":2 }",
            "{ \"version\":1 }"
        ]
    );
    let statement = "select order_id, sorted_at = coalesce(placed_at, created_at), status, version
        from orders_1 where order_number = '2026-000002'";
    let found = sqlx::query(statement).fetch_one(&pool).await.unwrap();
    assert_eq!(found.get::<String, _>(0), "b");
    assert!(found.get::<bool, _>(1));
    assert_eq!(found.get::<String, _>(2), "placed");
    assert_eq!(found.get::<i64, _>(3), 2);
    orders::write(&mut connection, 1, &[], &[]).await.unwrap();
}

fn terms(id: &str, sku: &str, text: &str) -> TermsRow {
    TermsRow {
        order_id: id.to_owned(),
        skus: BTreeSet::from([sku.to_owned(), "Ä \"quoted\" \\ {sku}".to_owned()]),
        tags: BTreeSet::new(),
        words: words(text).collect(),
        sorted_at: Timestamp::parse("2026-11-20T10:00:00Z").unwrap(),
    }
}

/// The orders whose terms fit a condition on `$1`.
async fn found(pool: &PgPool, condition: &str, value: &str) -> Vec<String> {
    let statement =
        format!("select order_id from order_terms_1 where {condition} order by order_id");
    sqlx::query_scalar(&statement)
        .bind(value)
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_order_is_found_by_what_its_terms_were_last() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let rows = [
        terms("a", "S-1", "Straße 2026-000123"),
        terms("b", "S-2", "ΟΔΟΣ ada@example.org"),
        terms("c", "S-3", ""),
    ];
    orders::write(&mut connection, 1, &[], &rows).await.unwrap();
    let has_sku = "skus @> array[$1]";
    assert_eq!(found(&pool, has_sku, "S-2").await, ["b"]);
    let odd = "Ä \"quoted\" \\ {sku}";
    assert_eq!(found(&pool, has_sku, odd).await, ["a", "b", "c"]);
    for (text, orders) in [
        ("STRASSE", &["a"][..]),
        ("0001 str", &["a"]),
        ("οδο", &["b"]),
        ("ADA@Ex", &["b"]),
        ("000124", &[]),
        ("tra", &[]),
    ] {
        let query = prefixes(text).join(" & ");
        assert_eq!(
            found(&pool, "words @@ $1::tsquery", &query).await,
            orders,
            "{text}"
        );
    }
    let changed = [terms("a", "S-9", "Avenue")];
    orders::write(&mut connection, 1, &[], &changed)
        .await
        .unwrap();
    assert!(found(&pool, has_sku, "S-1").await.is_empty());
    assert_eq!(
        found(&pool, "words @@ $1::tsquery", "'aven':*").await,
        ["a"]
    );
    orders::write(&mut connection, 1, &[], &[]).await.unwrap();
}

#[tokio::test]
async fn the_terms_of_the_largest_order_fit() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    // 255 letters of four bytes each, no two texts alike: what 500 lines and a customer can hold at most.
    let text = |number: u32| {
        let number: String = format!("{number:04}")
            .chars()
            .filter_map(|digit| char::from_u32(0x20000 + digit.to_digit(10)?))
            .collect();
        number + &"𠀀".repeat(251)
    };
    let email = format!("{}@{}", "𠀁".repeat(159), "𠀂".repeat(160));
    let mut all: BTreeSet<String> = (0..1001)
        .flat_map(|number| words(&text(number)).collect::<Vec<_>>())
        .collect();
    all.extend(words(&email));
    assert_eq!(all.len(), 1003);
    let row = TermsRow {
        order_id: "o".to_owned(),
        skus: (0..500).map(text).collect(),
        tags: (0..50)
            .map(|number| text(number).chars().take(50).collect())
            .collect(),
        words: all,
        sorted_at: Timestamp::parse("2026-11-20T10:00:00Z").unwrap(),
    };
    orders::write(&mut connection, 1, &[], &[row])
        .await
        .unwrap();
    let last = prefixes(&text(999)).join(" & ");
    assert_eq!(found(&pool, "words @@ $1::tsquery", &last).await, ["o"]);
}

#[tokio::test]
async fn an_entry_is_added_once() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let entry = HistoryRow {
        position: 7,
        event_id: Uuid::new_v4(),
        order_id: "a".to_owned(),
        sequence: 1,
        event_type: "NoteAdded".to_owned(),
        actor: "ada".to_owned(),
        correlation_id: "c-1".to_owned(),
        occurred_at: Timestamp::parse("2026-11-20T10:00:00Z").unwrap(),
        entry: "{ \"sequence\":1 }".to_owned(),
    };
    let rows = std::slice::from_ref(&entry);
    history::write(&mut connection, 1, rows).await.unwrap();
    assert!(history::write(&mut connection, 1, rows).await.is_err());
    let stored: String = sqlx::query_scalar("select entry::text from order_history_1")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored, entry.entry);
}

#[tokio::test]
async fn generations_stand_side_by_side_and_go_alone() {
    let (_database, pool) = views(4).await;
    let mut transaction = pool.begin().await.unwrap();
    create_generation(&mut transaction, View::Orders, 2, 8, Keeper::Builder)
        .await
        .unwrap();
    orders::write(&mut transaction, 2, &[row("new", 1)], &[])
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert!(documents(&pool, "orders_1").await.is_empty());
    assert_eq!(documents(&pool, "orders_2").await.len(), 1);

    for _ in 0..2 {
        let mut transaction = pool.begin().await.unwrap();
        drop_generation(&mut transaction, View::Orders, 1)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
    for (table, exists) in [
        ("orders_1", false),
        ("order_terms_1", false),
        ("order_terms_2", true),
    ] {
        let there: bool = sqlx::query_scalar("select to_regclass($1) is not null")
            .bind(table)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(there, exists, "{table}");
    }
    let left: Vec<(String, i32, i64)> = sqlx::query_as(
        "select projection, generation, count(*)
        from checkpoint
        where projection in ('orders', 'order-history')
        group by 1, 2
        order by 1, 2",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = [("order-history", 1, 4), ("orders", 2, 8)];
    let expected = expected.map(|(name, generation, count)| (name.to_owned(), generation, count));
    assert_eq!(left, expected);
}

#[tokio::test]
async fn migrating_twice_and_at_once_changes_nothing() {
    let database = test_kit::database().await;
    let pool = database.pool(4).await;
    let (first, second) = tokio::join!(read_model::migrate(&pool), read_model::migrate(&pool));
    first.unwrap();
    second.unwrap();
    read_model::migrate(&pool).await.unwrap();
}

/// Texts with all that `COPY` takes for something else.
const AWKWARD: &str =
    "back\\slash \\N tab\t line\n return\r quote\" apostrophe' {brace} ünïcode \u{1f600}";

#[tokio::test]
async fn what_is_copied_is_what_would_be_written() {
    let (_database, pool) = views(4).await;
    let mut connection = pool.acquire().await.unwrap();
    let document = serde_json::json!({ "name": AWKWARD }).to_string();
    let awkward = OrderRow {
        order_number: Some(AWKWARD.to_owned()),
        customer_id: AWKWARD.to_owned(),
        placed_at: Some(Timestamp::parse("2026-11-21T10:00:00.000001Z").unwrap()),
        on_hold: true,
        document: document.clone(),
        ..row("a", 2)
    };
    let rows = [awkward, row("b", 1)];
    let found_by = [terms("a", "S-1", "Straße O'Neil 42"), terms("b", "S-2", "")];
    let entry = HistoryRow {
        position: 7,
        event_id: Uuid::now_v7(),
        order_id: "a".to_owned(),
        sequence: 1,
        event_type: "NoteAdded".to_owned(),
        actor: AWKWARD.to_owned(),
        correlation_id: AWKWARD.to_owned(),
        occurred_at: Timestamp::parse("2026-11-20T10:00:00.123456Z").unwrap(),
        entry: document,
    };
    let entries = [entry];
    for view in [View::Orders, View::OrderHistory] {
        create_generation(&mut connection, view, 2, 4, Keeper::Builder)
            .await
            .unwrap();
    }
    orders::write(&mut connection, 1, &rows, &found_by)
        .await
        .unwrap();
    history::write(&mut connection, 1, &entries).await.unwrap();
    orders::fill(&mut connection, 2, &rows, &found_by)
        .await
        .unwrap();
    history::fill(&mut connection, 2, &entries).await.unwrap();
    for table in ["orders", "order_terms", "order_history"] {
        let of = async |generation: i32| -> Vec<String> {
            let statement = format!("select t::text from {table}_{generation} t order by 1");
            sqlx::query_scalar(&statement)
                .fetch_all(&pool)
                .await
                .unwrap()
        };
        let written = of(1).await;
        assert!(!written.is_empty());
        assert_eq!(of(2).await, written, "{table}");
    }
}
