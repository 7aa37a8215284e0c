//! The way of `cqrs-es`: its replay, through its generic query, into a view that `postgres-es` stores.
//!
//! The events are taken as any JSON, which costs less than telling them apart, and the view keeps all of them, so that its
//! document is about as large as ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ::cqrs_es::event_sink::EventSink;
use ::cqrs_es::persist::{GenericQuery, QueryReplay};
use ::cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use anyhow::{Context as _, Result, anyhow, ensure};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Log, PEER_ORDERS};
use crate::cell::{Sample, as_float};
use crate::lives::Lives;
use crate::{Arguments, database};

/// The database of its view.
const VIEWS: &str = "bench_rebuild_cqrs_es";

/// As many connections as its replay can use at once, and more.
const CONNECTIONS: u32 = 4;

/// The view's table as the crate's own `db/init.sql` makes it.
const SCHEMA: &str = "
create table order_view (
    view_id text not null primary key,
    version bigint not null check (version >= 0),
    payload json not null
)";

/// An order's event, whatever it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Happened(Value);

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        "Happened".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// An aggregate that nobody commands.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Order;

impl Aggregate for Order {
    const TYPE: &'static str = event_store::ORDER;
    type Command = ();
    type Event = Happened;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, _: Happened) {}
}

/// An order's document: what was placed, and what has happened since.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct OrderView {
    order_id: String,
    version: usize,
    order: Value,
    happened: Vec<Value>,
}

impl View<Order> for OrderView {
    fn update(&mut self, event: &EventEnvelope<Order>) {
        self.version = event.sequence;
        if event.sequence == 1 {
            self.order_id.clone_from(&event.aggregate_id);
            self.order = event.payload.0.clone();
        } else {
            self.happened.push(event.payload.0.clone());
        }
    }
}

type Views = PostgresViewRepository<OrderView, Order>;

/// One replay of the log's first orders into an empty view.
pub(super) async fn replay(arguments: &Arguments, log: &Log) -> Result<Sample> {
    let server = &arguments.postgres_url;
    let (orders, events) = first_orders(arguments, log).await?;
    let url = database::anew(server, VIEWS).await?;
    let views = database::pool(&url, CONNECTIONS).await?;
    sqlx::raw_sql(SCHEMA).execute(&views).await?;
    let reading = database::pool(&log.url, CONNECTIONS).await?;

    let errors = Arc::new(AtomicU64::new(0));
    let repository = Arc::new(Views::new("order_view", views.clone()));
    let mut query: GenericQuery<Views, OrderView, Order> = GenericQuery::new(repository);
    query.use_error_handler(counting(&errors));
    let events_of = PostgresEventRepository::new(reading.clone());
    let events_of = events_of.with_tables("replayed", "replayed");
    let mut replay = QueryReplay::new(events_of, query);
    replay.use_error_handler(counting(&errors));

    let before = database::cpu_seconds(server).await?;
    let began = Instant::now();
    let replayed = replay.replay_all().await;
    let seconds = began.elapsed().as_secs_f64();
    replayed.map_err(|error| anyhow!("cqrs-es: {error}"))?;
    let used = database::cpu_seconds(server).await? - before;

    ensure!(errors.load(Ordering::Relaxed) == 0, "the replay had errors");
    let statement = "select count(*), sum(version)::bigint, avg(octet_length(payload::text))::float8 from order_view";
    let (written, versions, document): (i64, i64, f64) =
        sqlx::query_as(statement).fetch_one(&views).await?;
    ensure!(
        (written, versions) == (orders, events),
        "{written} of {orders} orders and {versions} of {events} events are in the view"
    );
    views.close().await;
    reading.close().await;
    database::remove(server, VIEWS).await?;
    let events = u64::try_from(events)?;
    Ok(Sample::new(events, seconds)
        .with("orders replayed", as_float(u64::try_from(orders)?))
        .with("CPU µs an event: PostgreSQL", used * 1e6 / as_float(events))
        .with("document, bytes", document))
}

/// Puts the log's first orders into a table of their own, once; says how many they are, and how many events they have.
async fn first_orders(arguments: &Arguments, log: &Log) -> Result<(i64, i64)> {
    #[expect(clippy::cast_possible_truncation, reason = "some hundred")]
    let orders = ((arguments.seconds * PEER_ORDERS).ceil() as i64).min(log.orders);
    let ids: Vec<String> = (1..=orders).map(Lives::order_id).collect();
    let there: bool = sqlx::query_scalar("select to_regclass('replayed') is not null")
        .fetch_one(&log.pool)
        .await?;
    if !there {
        sqlx::query(
            "create table replayed as
            select aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata
            from event
            with no data",
        )
        .execute(&log.pool)
        .await?;
        sqlx::query(
            "insert into replayed
            select aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata
            from event
            where aggregate_type = $1
            and aggregate_id = any($2)",
        )
        .bind(event_store::ORDER)
        .bind(ids)
        .execute(&log.pool)
        .await?;
        sqlx::raw_sql(
            "alter table replayed add primary key (aggregate_type, aggregate_id, sequence); analyze replayed",
        )
        .execute(&log.pool)
        .await?;
    }
    let events = sqlx::query_scalar("select count(*) from replayed")
        .fetch_one(&log.pool)
        .await
        .context("the peer's events cannot be counted")?;
    Ok((orders, events))
}

fn counting<E>(errors: &Arc<AtomicU64>) -> Box<dyn Fn(E) + Send + Sync> {
    let errors = Arc::clone(errors);
    Box::new(move |_| {
        errors.fetch_add(1, Ordering::Relaxed);
    })
}
