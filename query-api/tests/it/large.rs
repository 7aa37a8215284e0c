//! Large views: a query reads what it shows and little else, by what the database itself counts.

use std::collections::BTreeMap;

use test_kit::eventually;

use crate::stage::{PATIENCE, Stage};

/// 200,000 rows a view, or nearly.
const ROWS: [&str; 6] = [
    "insert into customers_1
    select 'c-' || c, 'EUR', p, 1, now(), now(), c, 'Name', null, 100, 100, 0, 0
    from generate_series(1, 12500) c, generate_series(0, 15) p",
    "insert into products_1
    select 'SKU-' || s, 'EUR', p, 1, s, 'Thing', 1, 0, 0, 0, 0, 100, 0, 0
    from generate_series(1, 12500) s, generate_series(0, 15) p",
    "insert into revenue_1
    select date '2016-01-01' + d, c, p, 1, 100, 0, 0, 0, 0, 0, 0, 0, 0
    from generate_series(0, 4165) d, unnest(array['CLF', 'EUR', 'JPY']) c, generate_series(0, 15) p",
    "insert into fulfillment_queue_1
    select 'o-' || o, now() - o * interval '1 second', '{\"order_id\":\"x\"}'
    from generate_series(1, 200000) o",
    // One in a thousand is still open, and those are old.
    "insert into returns_1
    select 'o-' || o, 'r-1', case when o <= 200 then 'requested' else 'received' end,
        timestamptz '2026-01-01 00:00:00Z' + o * interval '1 second', o, '{\"order_id\":\"x\"}'
    from generate_series(1, 200000) o",
    "analyze",
];

/// Queries, and the view that each is of.
const PATHS: [(&str, &str); 8] = [
    ("customers_1", "/v1/customers/c-777"),
    ("products_1", "/v1/products/SKU-777"),
    ("products_1", "/v1/products?limit=50"),
    (
        "revenue_1",
        "/v1/reports/revenue?from=2026-11-01&to=2026-12-01&currency=EUR",
    ),
    ("fulfillment_queue_1", "/v1/fulfillment/queue?limit=50"),
    ("returns_1", "/v1/returns?limit=50"),
    ("returns_1", "/v1/returns?limit=50&status=requested"),
    (
        "returns_1",
        "/v1/returns?limit=50&status=requested,approved",
    ),
];

/// Rows read so far: in order of the table, and by an index.
async fn read(stage: &Stage) -> BTreeMap<String, (i64, i64)> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select t.relname::text, t.seq_tup_read, sum(i.idx_tup_read)::bigint
        from pg_stat_user_tables t
        join pg_stat_user_indexes i using (relid)
        group by t.relname, t.seq_tup_read",
    )
    .fetch_all(&stage.pool)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, sequential, indexed)| (table, (sequential, indexed)))
        .collect()
}

#[tokio::test]
async fn a_query_of_a_large_view_reads_little_more_than_it_shows() {
    let stage = Stage::new().await;
    // What was planned while nothing was there must do for what comes.
    for (_, path) in PATHS.iter().cycle().take(PATHS.len() * 6) {
        stage.get(path).await;
    }
    for statement in ROWS {
        sqlx::query(statement).execute(&stage.pool).await.unwrap();
    }
    // Pages that are not the first, too.
    let mut later = Vec::new();
    for (table, path) in PATHS {
        let page = stage.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        if let Some(cursor) = page.json()["next_cursor"].as_str() {
            later.push((table, format!("{path}&cursor={cursor}")));
        }
    }
    assert_eq!(later.len(), 5, "{later:?}");
    for (_, path) in &later {
        assert_eq!(stage.get(path).await.status, 200, "{path}");
    }
    // A session that ends tells at once what it has read.
    stage.stop.cancel();
    eventually("the end of the service", PATIENCE, async || {
        stage.running.is_finished().then_some(())
    })
    .await;
    let counted = eventually("counts of every view", PATIENCE, async || {
        let read = read(&stage).await;
        let all = PATHS.iter().all(|(table, _)| read[*table].1 > 0);
        all.then_some(read)
    })
    .await;
    for (table, _) in PATHS {
        let (sequential, indexed) = counted[table];
        assert_eq!(sequential, 0, "{table} was read from one end to the other");
        assert!(indexed < 10_000, "{table}: {indexed} rows read of 200,000");
    }
}
