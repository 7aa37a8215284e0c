//! Measures what each view costs: a log of whole lives is folded with all views, with all but one, and with none but the
//! orders and their history.
//!
//! `TEST_POSTGRES_URL=postgres://… TEST_NATS_SERVER=/…/nats-server cargo run --release -p projector --example folding_rate`.
//! The projector reads the log alone, in batches as large as they get; the databases are made anew and dropped. The figures of
//! one run compare with one another, not with those of another day.
#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a report for a person"
)]

use std::time::{Duration, Instant};

use anyhow::Context as _;
use projector::{Config, Service};
use read_model::{View, partition_of};
use serde_json::{Value, json};
use service_kit::Vars;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PARTITIONS: u16 = 16;
const ORDERS: i64 = 5_000;
const ROUNDS: usize = 3;

/// What an order goes through after it was placed.
const LIFE: [(&str, &str); 5] = [
    (
        "OrderConfirmed",
        include_str!("../../domain/tests/golden/OrderConfirmed.v1.json"),
    ),
    (
        "PaymentAuthorized",
        include_str!("../../domain/tests/golden/PaymentAuthorized.v1.json"),
    ),
    (
        "PaymentCaptured",
        include_str!("../../domain/tests/golden/PaymentCaptured.v1.json"),
    ),
    (
        "ShipmentCreated",
        include_str!("../../domain/tests/golden/ShipmentCreated.v1.json"),
    ),
    (
        "ShipmentDelivered",
        include_str!("../../domain/tests/golden/ShipmentDelivered.v1.json"),
    ),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let log_database = test_kit::database().await;
    let log = log_database.pool(2).await;
    event_store::migrate(&log).await?;
    let events = write_log(&log).await?;

    let mut sets: Vec<(String, Vec<View>)> = vec![
        ("all views".to_owned(), View::ALL.to_vec()),
        (
            "orders, order-history".to_owned(),
            vec![View::Orders, View::OrderHistory],
        ),
    ];
    for left_out in &View::ALL[2..] {
        let views = View::ALL.iter().copied().filter(|view| view != left_out);
        sets.push((format!("all but {left_out}"), views.collect()));
    }
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); sets.len()];
    for _ in 0..ROUNDS {
        for ((_, views), rates) in sets.iter().zip(&mut rates) {
            let took = fold(&log_database.url, &log, views).await?;
            rates.push(events as f64 / took.as_secs_f64());
        }
    }
    println!("{events} events of {ORDERS} orders, events/s, median of {ROUNDS}");
    for ((name, _), mut rates) in sets.into_iter().zip(rates) {
        rates.sort_by(f64::total_cmp);
        println!("{name:<30}{:>9.0}", rates[rates.len() / 2]);
    }
    Ok(())
}

/// A placed order of four products among two thousand, of one of a thousand customers.
fn placed(number: i64) -> Value {
    let placed = include_str!("../../domain/tests/golden/OrderPlaced.v1.json");
    let mut content: Value = serde_json::from_str(placed).unwrap_or_default();
    content["order_id"] = order_id(number).into();
    content["customer"]["customer_id"] = format!("c-{}", number * 7 % 1_000).into();
    let line = content["lines"][0].clone();
    let lines = (1..=4).map(|index| {
        let mut line = line.clone();
        line["line_id"] = index.to_string().into();
        line["sku"] = format!("SKU-{}", number * index * 31 % 2_000).into();
        line
    });
    content["lines"] = lines.collect();
    content
}

fn order_id(number: i64) -> String {
    format!("o-{number}")
}

/// Lives of orders that happen at the same time, a thousand at a time.
async fn write_log(log: &PgPool) -> anyhow::Result<usize> {
    let mut events = Vec::new();
    for thousand in 0..ORDERS / 1_000 {
        let orders = thousand * 1_000..(thousand + 1) * 1_000;
        for number in orders.clone() {
            events.push((number, 1, "OrderPlaced", placed(number).to_string()));
        }
        for (sequence, (event_type, payload)) in (2_i64..).zip(LIFE) {
            for number in orders.clone() {
                events.push((number, sequence, event_type, payload.to_owned()));
            }
        }
    }
    let metadata = json!({
        "actor": "alice", "command": "place", "command_id": Uuid::nil(), "correlation_id": "c-1",
        "client": { "address": "127.0.0.1", "user_agent": "example" },
    });
    for (page, chunk) in (0_i64..).zip(events.chunks(1_000)) {
        let positions: Vec<i64> = (1..)
            .map(|at| page * 1_000 + at)
            .take(chunk.len())
            .collect();
        sqlx::query(
            "insert into event (
                aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, event_id,
                recorded_at
            )
            select 'order', e.id, e.sequence, e.type, '1', e.payload::json, $6::json, e.position, gen_random_uuid(), now()
            from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
                as e (id, sequence, type, payload, position)",
        )
        .bind(chunk.iter().map(|event| order_id(event.0)).collect::<Vec<_>>())
        .bind(chunk.iter().map(|event| event.1).collect::<Vec<_>>())
        .bind(chunk.iter().map(|event| event.2).collect::<Vec<_>>())
        .bind(chunk.iter().map(|event| event.3.as_str()).collect::<Vec<_>>())
        .bind(positions)
        .bind(metadata.to_string())
        .execute(log)
        .await?;
    }
    sqlx::query("vacuum analyze event").execute(log).await?;
    Ok(events.len())
}

/// How long a projector takes from an empty database to the end of the log, in these views.
async fn fold(log_url: &str, log: &PgPool, views: &[View]) -> anyhow::Result<Duration> {
    let database = test_kit::database().await;
    let pool = database.pool(2).await;
    read_model::migrate(&pool).await?;
    let head = head(log).await?;
    let mut transaction = pool.begin().await?;
    for view in View::ALL {
        read_model::create_view(&mut transaction, *view, PARTITIONS).await?;
        if views.contains(view) {
            continue;
        }
        // A view that is at the log's end already has nothing done to it.
        for (partition, position, event_id) in &head {
            sqlx::query(
                "update checkpoint set position = $3, event_id = $4 where projection = $1 and partition = $2",
            )
            .bind(view.as_str())
            .bind(partition)
            .bind(position)
            .bind(event_id)
            .execute(&mut *transaction)
            .await?;
        }
    }
    transaction.commit().await?;

    let vars = Vars::from_map([
        ("PROJECTOR_ADDR", "127.0.0.1:0"),
        ("EVENT_STORE_URL", log_url),
        ("READ_MODEL_URL", &database.url),
        // Nobody is there: the log is all that is read.
        ("NATS_URL", "nats://127.0.0.1:1"),
    ]);
    let service = Service::build(Config::from_vars(&vars)?).await?;
    let shutdown = CancellationToken::new();
    let began = Instant::now();
    let running = tokio::spawn(service.run(shutdown.clone()));
    let end: i64 = head.iter().map(|(_, position, _)| position).sum();
    let all: i64 = end * i64::try_from(View::ALL.len())?;
    loop {
        let reached: i64 = sqlx::query_scalar("select sum(position)::bigint from checkpoint")
            .fetch_one(&pool)
            .await?;
        if reached == all {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = began.elapsed();
    shutdown.cancel();
    running.await?.context("the projector failed")?;
    Ok(took)
}

/// The last event of each partition.
async fn head(log: &PgPool) -> anyhow::Result<Vec<(i16, i64, Uuid)>> {
    let events: Vec<(String, i64, Uuid)> =
        sqlx::query_as("select aggregate_id, position, event_id from event order by position")
            .fetch_all(log)
            .await?;
    let mut head: Vec<Option<(i16, i64, Uuid)>> = vec![None; usize::from(PARTITIONS)];
    for (order_id, position, event_id) in events {
        let partition = partition_of(&order_id, PARTITIONS);
        head[usize::from(partition)] = Some((i16::try_from(partition)?, position, event_id));
    }
    head.into_iter()
        .collect::<Option<Vec<_>>>()
        .context("a partition without events")
}
