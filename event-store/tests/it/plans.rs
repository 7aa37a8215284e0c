//! Plans that are made once and kept.

use event_store::{Append, Cursor, PartitionOf};
use futures::future::join_all;
use sqlx::Row as _;
use test_kit::eventually;
use uuid::Uuid;

use crate::log::{Log, PATIENCE, first, key};

#[tokio::test]
async fn statements_walk_indexes_though_their_plans_were_made_on_empty_tables() {
    let log = Log::new().await;
    // Makes and keeps the plans of both connections while there is nothing to be seen.
    let one = event_store::StoreSettings {
        max_connections: 1,
        ..crate::log::settings(&log.database.url)
    };
    let store = event_store::EventStore::connect(&one).await.unwrap();
    let appender = event_store::Appender::start(&store, event_store::AppenderSettings::default());
    log.run("analyze event, idempotency_key").await;
    let partition = PartitionOf {
        index: 0,
        count: 16,
    };
    let read_all = async || {
        store
            .load_from(
                "order",
                "o-1",
                event_store::Shortcuts::default(),
                Some(Uuid::nil()),
            )
            .await
            .unwrap();
        store.load("order", "o-1").await.unwrap();
        store
            .load_many("order", &["o-1".to_owned()], i64::MAX)
            .await
            .unwrap();
        store.find_key(Uuid::nil()).await.unwrap();
        store.read_forward(Cursor::START, 10).await.unwrap();
        store
            .read_partition(partition, Cursor::START, 10)
            .await
            .unwrap();
        store.head(16).await.unwrap();
    };
    for _ in 0..10 {
        read_all().await;
    }
    for number in 0..20 {
        let commands = (0..100).map(|order| {
            let command = first(&format!("o-{number}-{order}"), 1);
            appender.append(Append {
                key: Some(key()),
                ..command
            })
        });
        join_all(commands).await;
    }
    read_all().await;
    appender.append(first("last", 1)).await.unwrap();
    appender.close().await;
    store.pool().close().await;
    // A connection that was just being returned stays in a closed pool.
    drop((appender, store));
    // A backend reports what it scanned at its end.
    let idle = "select count(*) from pg_stat_activity
        where datname = current_database()
        and application_name = 'event-store'";
    log.store.pool().close().await;
    eventually("the end of the store's connections", PATIENCE, async || {
        (log.row(idle).await.get::<i64, _>(0) == 0).then_some(())
    })
    .await;
    let scans = log
        .row(
            "select sum(seq_tup_read)::bigint, sum(idx_scan)::bigint
            from pg_stat_user_tables
            where relname in ('event', 'idempotency_key')",
        )
        .await;
    assert_eq!(
        scans.get::<i64, _>(0),
        0,
        "a statement went through a whole table"
    );
    assert!(scans.get::<i64, _>(1) > 2_000);
    // Not by way of another index, either, for which 2,000 keys are many.
    let walked = log
        .row(
            "select idx_tup_read
            from pg_stat_user_indexes
            where indexrelname = 'idempotency_key_position_idx'",
        )
        .await;
    assert_eq!(walked.get::<i64, _>(0), 0, "a key was looked for among all");
}
