//! Every query, planned and run over many rows: none reads a large table from end to end, or much more than it shows.

mod filled;

use read_model::{OrderId, Timestamp, View};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::audit;
use crate::orders::list::Orders;
use crate::orders::one;
use crate::orders::past::{Events, Until};
use crate::orders::timeline::Timeline;
use crate::request::Parameters;
use crate::stream;
use crate::views::{Generation, KnownGeneration, ViewQuery};
use filled::{add_rows, fill, make_views};

const LIVE: KnownGeneration = KnownGeneration {
    number: 1,
    partitions: 16,
    shape_version: View::Orders.shape_version(),
};

/// Orders, and entries of the history. The plans of larger tables are the same: `TEST_DEEP` looks at 200,000 orders.
const ORDERS: i64 = 20_000;
const DEEP_ORDERS: i64 = 200_000;

/// Rows that a query may touch where it reads a table. Of one of 200,000 a tenth: where two filters meet, the planner may walk one of
/// them in the list's order until enough have passed the other.
const MOST: i32 = 5_000;

/// An orders list each.
const LISTS: &[&str] = &[
    "",
    "limit=200",
    "sort=placed_at",
    "sort=-updated_at",
    "sort=updated_at",
    "sort=-total",
    "sort=total",
    "status=completed",
    "status=placed",
    "status=draft",
    "status=rejected,discarded",
    "status=placed,confirmed",
    "status=placed&sort=-total",
    "status=completed&sort=updated_at",
    "payment_status=failed",
    "payment_status=partially_paid&sort=-updated_at",
    "fulfillment_status=partially_shipped",
    "fulfillment_status=delivered&sort=total",
    "return_status=open",
    "return_status=open,closed",
    "return_status=none",
    "on_hold=true",
    "on_hold=false&sort=total",
    "on_hold=true&sort=-updated_at",
    "customer_id=c-77",
    "customer_id=c-77,c-78&sort=total",
    "currency=KWD",
    "currency=KWD&sort=-total",
    "currency=EUR&sort=total",
    "placed_from=2026-01-02T00:00:00Z&placed_to=2026-01-02T02:00:00Z",
    "placed_to=2026-01-01T02:00:00Z",
    "placed_from=2026-01-02T00:00:00Z&placed_to=2026-01-02T02:00:00Z&sort=-total",
    "min_total=999000",
    "min_total=500000&max_total=500500&sort=placed_at",
    "sku=SKU-77",
    "sku=SKU-77,SKU-78&sort=-total",
    "sku=SKU-COMMON",
    "tag=vip",
    "tag=web&sort=updated_at",
    "tag=vip&status=confirmed",
    "q=lovelace77",
    "q=ada+lovelace778",
    "q=teapot",
    "q=teapot&sort=-updated_at",
    "q=2026-000123",
    "q=colour2",
    "q=nothing",
    "q=nothing+like+it",
    "q=lovelace7777",
    "q=lovelace777&status=completed&sort=total",
    "q=teapot&payment_status=paid&tag=web&sort=total",
];

/// An audit list each.
const AUDIT: &[&str] = &[
    "",
    "after_position=15000",
    "actor=auditor",
    "actor=user-7",
    "type=OrderPlaced",
    "type=OrderPlaced&actor=user-7",
    "order_id=fill-00000777",
    "order_id=fill-00000777,fill-00000778",
    "correlation_id=request-77",
    "from=2026-01-01T12:00:00Z",
    "from=2026-01-01T12:00:00Z&to=2026-01-01T13:00:00Z",
    "to=2026-01-01T00:01:00Z",
    "from=2026-01-01T12:00:00Z&actor=auditor",
    "actor=user-7,user-8",
];

#[tokio::test]
async fn no_query_reads_a_large_table_from_end_to_end() {
    let database = test_kit::database().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let orders = match std::env::var_os("TEST_DEEP") {
        Some(_) => DEEP_ORDERS,
        None => ORDERS,
    };
    fill(&mut connection, orders).await;
    let mut plans = Plans {
        connection,
        most: i64::from(MOST).max(orders / 10),
        wrong: Vec::new(),
    };
    for list in LISTS {
        plans.look_at_pages(list).await;
    }
    for list in AUDIT {
        let parameters = Parameters::parse(list, &audit::list::known()).unwrap();
        let entries = audit::list::entries(&parameters).unwrap();
        plans.look_at(&format!("audit {list}"), &entries).await;
    }
    let id = OrderId::parse("fill-00000777").unwrap();
    plans.look_at("one", &one::ById(id.clone())).await;
    let number = one::ByNumber("2026-000777".to_owned());
    plans.look_at("by number", &number).await;
    let timeline = Timeline {
        generation: Generation::Live,
        order_id: id.clone(),
        behind: 2,
        limit: 50,
    };
    plans.look_at("timeline", &timeline).await;
    for until in [
        Until::Version(3),
        Until::Time(Timestamp::parse("2026-01-01T12:00:00Z").unwrap()),
    ] {
        let events = Events {
            order_id: id.clone(),
            until,
        };
        plans.look_at("as it was", &events).await;
    }
    plans
        .look_at("stream", &stream::Start { order_id: Some(id) })
        .await;
    assert!(plans.wrong.is_empty(), "{}", plans.wrong.join("\n"));
}

/// Whichever way a search goes, it finds what comparing every order finds, and pages go on from there.
#[tokio::test]
async fn a_search_finds_what_comparing_every_order_finds() {
    let database = test_kit::database().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    fill(&mut connection, ORDERS).await;
    // (words, what else the list is restricted to in SQL and as a parameter)
    for (words, sql, parameter) in [
        // All orders have them, or most, so they are found near.
        ("teapot", "true", ""),
        ("2026", "true", ""),
        ("sku ada", "total > 500000", "&min_total=500001"),
        // Few have them, alone or with words that all have.
        ("lovelace777", "true", ""),
        ("lovelace7777 teapot", "true", ""),
        ("ada lovelace77 sku", "on_hold", "&on_hold=true"),
        // One in so many has them that enough are found further on.
        ("colour1", "true", ""),
        ("colour2", "true", ""),
        ("colour1 ada", "status = 'completed'", "&status=completed"),
        // Too many for that have them, and none is near.
        ("early", "true", ""),
        ("early ada", "total > 500000", "&min_total=500001"),
        // Fewer than a page are left to look at.
        ("ada", "customer_id = 'c-77'", "&customer_id=c-77"),
        ("colour1", "customer_id = 'c-77'", "&customer_id=c-77"),
        ("nothing", "true", ""),
    ] {
        let query: Vec<String> = words.split(' ').map(|word| format!("'{word}':*")).collect();
        let expected: Vec<String> = sqlx::query_scalar(&format!(
            "select order_id
            from orders_1
            join order_terms_1 using (order_id)
            where (words @@ $1::tsquery) is true
            and {sql}
            order by orders_1.sorted_at desc, order_id desc"
        ))
        .bind(query.join(" & "))
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let list = format!("q={}{parameter}", words.replace(' ', "+"));
        // Terms did not always have what orders are sorted by.
        for shape_version in [1, LIVE.shape_version] {
            let generation = KnownGeneration {
                shape_version,
                ..LIVE
            };
            read_pages(&mut connection, generation, &list, &expected).await;
        }
    }
}

/// Reads the first pages of a list, which must be these orders.
async fn read_pages(
    connection: &mut PgConnection,
    generation: KnownGeneration,
    list: &str,
    expected: &[String],
) {
    let known = crate::orders::list::known();
    let mut parameters = Parameters::parse(list, &known).unwrap();
    for page in expected.chunks(50).take(3) {
        let orders = Orders::from_parameters(&parameters).unwrap();
        let statement = orders.statement(generation);
        let found = statement.fetch_all(&mut *connection).await.unwrap();
        let ids = found.iter().take(50).map(|row| row.get("order_id"));
        assert_eq!(ids.collect::<Vec<String>>(), page, "{list}");
        let Some(end) = orders.snapshot(&found).unwrap().rows.last else {
            break;
        };
        let next = parameters.with_cursor(&orders.cursor_behind(1, &end));
        parameters = Parameters::parse(&next, &known).unwrap();
    }
}

/// What a page of orders is found by is prepared once a connection, maybe when there are no orders yet.
#[tokio::test]
async fn plans_that_were_made_on_empty_tables_read_no_more() {
    const KEPT: &[&str] = &[
        "",
        "sort=-total",
        "sort=placed_at",
        "sort=updated_at",
        "q=teapot",
        "q=teapot&sort=placed_at",
        "q=teapot&sort=updated_at",
        "q=ada+lovelace778",
        "q=lovelace777&sort=total",
        "q=colour2",
        "q=nothing",
    ];
    let database = test_kit::database().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    make_views(&mut connection).await;
    // Enough for a second page, and then none.
    add_rows(&mut connection, 120).await;
    let known = crate::orders::list::known();
    let mut lists: Vec<(String, Orders)> = Vec::new();
    for list in KEPT {
        let mut parameters = Parameters::parse(list, &known).unwrap();
        let first = Orders::from_parameters(&parameters).unwrap();
        let rows = first.statement(LIVE).fetch_all(&mut connection).await;
        if let Some(end) = first.snapshot(&rows.unwrap()).unwrap().rows.last {
            let next = parameters.with_cursor(&first.cursor_behind(1, &end));
            parameters = Parameters::parse(&next, &known).unwrap();
            let second = Orders::from_parameters(&parameters).unwrap();
            lists.push((format!("second page of {list}"), second));
        }
        lists.push(((*list).to_owned(), first));
    }
    // Other than to truncate, this leaves plans alone.
    connection
        .execute("delete from orders_1; delete from order_terms_1; delete from order_history_1")
        .await
        .unwrap();
    // More often than a statement is planned with its values, whatever they are.
    for (_, list) in std::iter::repeat_n(&lists, 8).flatten() {
        let rows = list.statement(LIVE).fetch_all(&mut connection).await;
        assert!(rows.unwrap().len() <= 1);
    }
    add_rows(&mut connection, ORDERS).await;
    for (name, list) in &lists {
        // In one transaction, as what a session has counted is otherwise reported, and begins anew, at any time.
        let mut transaction = connection.begin().await.unwrap();
        let (whole_before, by_index_before) = rows_read(&mut transaction).await;
        let rows = list.statement(LIVE).fetch_all(&mut transaction).await;
        assert_eq!(rows.unwrap().len() > 1, !name.contains("nothing"), "{name}");
        let (whole, by_index) = rows_read(&mut transaction).await;
        assert_eq!(
            whole, whole_before,
            "`{name}` reads a table from end to end"
        );
        let touched = by_index - by_index_before;
        assert!(touched < i64::from(MOST), "`{name}` touches {touched} rows");
    }
}

/// Rows that this session has read of the orders and their terms: in the order of a table, and by an index.
async fn rows_read(connection: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as(
        "select sum(seq_tup_read)::bigint, sum(idx_tup_fetch)::bigint
        from pg_stat_xact_user_tables
        where relname in ('orders_1', 'order_terms_1')",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

struct Plans {
    connection: PgConnection,
    /// Rows that a query may touch where it reads a table.
    most: i64,
    wrong: Vec<String>,
}

impl Plans {
    /// The first page of an orders list, and the second.
    async fn look_at_pages(&mut self, list: &str) {
        let known = crate::orders::list::known();
        let parameters = Parameters::parse(list, &known).unwrap();
        let first = Orders::from_parameters(&parameters).unwrap();
        self.look_at(list, &first).await;
        let rows = first
            .statement(LIVE)
            .fetch_all(&mut self.connection)
            .await
            .unwrap();
        let page = first.snapshot(&rows).unwrap().rows;
        assert_eq!(
            page.documents.is_empty(),
            list.contains("nothing"),
            "{list}"
        );
        if let Some(last) = page.last {
            let next = parameters.with_cursor(&first.cursor_behind(1, &last));
            let parameters = Parameters::parse(&next, &known).unwrap();
            let second = Orders::from_parameters(&parameters).unwrap();
            self.look_at(&format!("second page of {list}"), &second)
                .await;
        }
    }

    async fn look_at<Q: ViewQuery>(&mut self, name: &str, query: &Q) {
        let explained = query.statement(LIVE).explained();
        let rows = explained.fetch_all(&mut self.connection).await.unwrap();
        let plan: Value = rows[0].try_get(0).unwrap();
        self.walk(name, &plan[0]["Plan"]);
    }

    fn walk(&mut self, name: &str, node: &Value) {
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let most = self.most as f64;
        let table = node["Relation Name"].as_str().unwrap_or_default();
        if ["orders_1", "order_terms_1", "order_history_1"].contains(&table) {
            let count = |member: &str| node[member].as_f64().unwrap_or(0.0);
            let touched = count("Actual Loops")
                * (count("Actual Rows")
                    + count("Rows Removed by Filter")
                    + count("Rows Removed by Index Recheck"));
            let kind = node["Node Type"].as_str().unwrap_or_default();
            if kind == "Seq Scan" || touched > most {
                let index = node["Index Name"].as_str().unwrap_or_default();
                self.wrong.push(format!(
                    "`{name}`: {kind} {index} of {table} touches {touched} rows"
                ));
            }
        }
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.walk(name, child);
        }
    }
}
