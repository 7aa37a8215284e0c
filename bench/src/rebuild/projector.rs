//! Our own way: a projector's process, asked to build the view of orders anew.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use event_store::{EventStore, StoreSettings};
use sqlx::PgPool;
use tokio::process::Child;
use tokio::time::Instant;

use super::Log;
use crate::cell::{Sample, as_float};
use crate::store::Broker;
use crate::{Arguments, database, machine, program};

/// The database of the views.
const VIEWS: &str = "bench_rebuild_views";

/// As projectors have them by default.
const PARTITIONS: u16 = 16;

/// How often is looked whether the rebuild has ended.
const EVERY: Duration = Duration::from_millis(100);

/// How long a rebuild may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// How long a projector may take to start.
const PATIENCE_AT_START: Duration = Duration::from_secs(120);

/// Makes the views of a log that is empty as yet, in a database of this name.
pub(super) async fn make_views(arguments: &Arguments, log: &str, name: &str) -> Result<()> {
    let views = database::anew(&arguments.postgres_url, name).await?;
    program::migrate(arguments, log, &views).await?;
    let broker = Broker::start(&arguments.nats_server)?;
    let mut projector = start(arguments, log, &views, &broker)?;
    let pool = database::pool(&views, 1).await?;
    let began = Instant::now();
    loop {
        // Partitions are compared with the log when all views are there.
        let compared: i64 = sqlx::query_scalar("select count(*) from followed")
            .fetch_one(&pool)
            .await?;
        if compared == i64::from(PARTITIONS) {
            break;
        }
        ensure!(
            began.elapsed() < PATIENCE_AT_START,
            "the projector does not start"
        );
        tokio::time::sleep(EVERY).await;
    }
    projector.kill().await?;
    pool.close().await;
    Ok(())
}

/// One rebuild, in a process and a database of views of its own.
pub(super) async fn rebuild(arguments: &Arguments, log: &Log) -> Result<Sample> {
    let server = &arguments.postgres_url;
    let url = database::copy(server, &log.views, VIEWS).await?;
    let views = database::pool(&url, 2).await?;
    at_the_end(&views, log).await?;
    let broker = Broker::start(&arguments.nats_server)?;
    let mut projector = start(arguments, &log.url, &url, &broker)?;

    let before = Cpu::now(server, &projector, log).await?;
    let rebuilt = rebuilt(&views).await?;
    let used = Cpu::now(server, &projector, log).await?.since(&before);
    let process = projector.id().context("the projector has ended")?;
    let memory = machine::peak_memory(process).context("/proc tells no peak of memory")?;
    projector.kill().await?;

    let document = check(&views, rebuilt.generation, log).await?;
    views.close().await;
    database::remove(server, VIEWS).await?;
    let events = u64::try_from(log.events)?;
    let each = 1e6 / as_float(events);
    Ok(Sample::new(events, rebuilt.seconds)
        .with("CPU µs an event: projector", used.projector * each)
        .with("PostgreSQL, reading", used.reading * each)
        .with("PostgreSQL, writing", used.writing * each)
        .with("peak memory, MiB", memory)
        .with("document, bytes", document))
}

/// Takes all views to the log's end, so that nobody folds anything beside the rebuild.
async fn at_the_end(views: &PgPool, log: &Log) -> Result<()> {
    let store = EventStore::connect(&StoreSettings::new(&log.url)).await?;
    let head = store.head(PARTITIONS).await?;
    for (partition, position) in (0_i16..).zip(&head.partitions) {
        let event_id = store.event_id(*position).await?;
        sqlx::query("update checkpoint set position = $2, event_id = $3 where partition = $1")
            .bind(partition)
            .bind(position)
            .bind(event_id.context("a partition without orders: the log is too small")?)
            .execute(views)
            .await?;
    }
    store.close().await;
    Ok(())
}

fn start(arguments: &Arguments, log: &str, views: &str, broker: &Broker) -> Result<Child> {
    let variables = [
        ("EVENT_STORE_URL", log),
        ("READ_MODEL_URL", views),
        ("NATS_URL", broker.url()),
        ("PROJECTOR_ADDR", "127.0.0.1:0"),
    ];
    program::service(arguments, "projector", &variables)
}

/// A rebuild that is done.
struct Rebuilt {
    generation: i32,
    /// By the database's clock.
    seconds: f64,
}

/// Asks for the rebuild, as the query API would, and waits for its end.
async fn rebuilt(views: &PgPool) -> Result<Rebuilt> {
    let id = uuid::Uuid::now_v7();
    sqlx::query(
        "insert into operation (operation_id, projection, kind, requested_by, phase)
        values ($1, 'orders', 'rebuild', 'bench', 'requested')",
    )
    .bind(id)
    .execute(views)
    .await?;
    let began = Instant::now();
    loop {
        let (phase, error, generation, seconds): (
            String,
            Option<String>,
            Option<i32>,
            Option<f64>,
        ) = sqlx::query_as(
            "select phase, error, generation, extract(epoch from finished_at - started_at)::float8
            from operation
            where operation_id = $1",
        )
        .bind(id)
        .fetch_one(views)
        .await?;
        match (generation, seconds) {
            (Some(generation), Some(seconds)) if phase == "done" => {
                return Ok(Rebuilt {
                    generation,
                    seconds,
                });
            }
            _ if phase == "failed" => bail!("the rebuild failed: {error:?}"),
            _ if began.elapsed() > PATIENCE => bail!("no rebuild in {PATIENCE:?}"),
            _ => tokio::time::sleep(EVERY).await,
        }
    }
}

/// Makes sure that every order is in the new generation, which is live, and says how long a document is on average.
async fn check(views: &PgPool, generation: i32, log: &Log) -> Result<f64> {
    let statement = format!(
        "select count(*), avg(octet_length(document::text))::float8,
            (select live_generation = $1 from projection where name = 'orders')
        from orders_{generation}"
    );
    let (orders, document, live): (i64, f64, bool) = sqlx::query_as(&statement)
        .bind(generation)
        .fetch_one(views)
        .await?;
    ensure!(live, "generation {generation} is not live");
    ensure!(
        orders == log.orders,
        "{orders} of {} orders are in the view",
        log.orders
    );
    Ok(document)
}

/// Seconds of CPU time so far: of the projector, and of PostgreSQL's processes that it works with.
struct Cpu {
    projector: f64,
    reading: f64,
    writing: f64,
}

impl Cpu {
    async fn now(server: &str, projector: &Child, log: &Log) -> Result<Self> {
        let process = projector.id().context("the projector has ended")?;
        Ok(Self {
            projector: machine::cpu_seconds(&process.to_string())
                .context("the projector has ended")?,
            reading: database::cpu_seconds_of(server, log.name).await?,
            writing: database::cpu_seconds_of(server, VIEWS).await?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            projector: self.projector - before.projector,
            reading: self.reading - before.reading,
            writing: self.writing - before.writing,
        }
    }
}
