//! Our own way: a projector's process, asked to build the view of orders anew.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use event_store::{EventStore, StoreSettings};
use read_model::View;
use read_model::operations::{self, Kind, Operation, Phase};
use sqlx::PgPool;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::Log;
use crate::cell::{Sample, as_float};
use crate::store::Broker;
use crate::{Arguments, database, machine};

/// The database of the views.
const VIEWS: &str = "bench_rebuild_views";

/// As projectors have them by default.
const PARTITIONS: u16 = 16;

/// How often is looked whether the rebuild has ended.
const EVERY: Duration = Duration::from_millis(100);

/// How long a rebuild may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// One rebuild, in a process and a database of views of its own.
pub(super) async fn rebuild(arguments: &Arguments, log: &Log) -> Result<Sample> {
    let server = &arguments.postgres_url;
    let url = database::anew(server, VIEWS).await?;
    let views = database::pool(&url, 2).await?;
    at_the_end(&views, log).await?;
    let broker = Broker::start(&arguments.nats_server)?;
    let mut projector = start(arguments, log, &url, &broker)?;

    let before = Cpu::now(server, &projector, log).await?;
    let operation = ended(&views).await?;
    let used = Cpu::now(server, &projector, log).await?.since(&before);
    let process = projector.id().context("the projector has ended")?;
    let memory = machine::peak_memory(process).context("/proc tells no peak of memory")?;
    projector.kill().await?;

    let seconds = took(&views, &operation).await?;
    let document = check(&views, &operation, log).await?;
    views.close().await;
    database::remove(server, VIEWS).await?;
    let events = u64::try_from(log.events)?;
    let each = 1e6 / as_float(events);
    Ok(Sample::new(events, seconds)
        .with("CPU µs an event: projector", used.projector * each)
        .with("PostgreSQL, reading", used.reading * each)
        .with("PostgreSQL, writing", used.writing * each)
        .with("peak memory, MiB", memory)
        .with("document, bytes", document))
}

/// Makes all views as if they had taken in the whole log, so that nobody folds anything beside the rebuild.
async fn at_the_end(views: &PgPool, log: &Log) -> Result<()> {
    read_model::migrate(views).await?;
    let store = EventStore::connect(&StoreSettings::new(&log.url)).await?;
    let head = store.head(PARTITIONS).await?;
    let mut transaction = views.begin().await?;
    for view in View::ALL {
        read_model::create_view(&mut transaction, *view, PARTITIONS).await?;
    }
    for (partition, position) in (0_i16..).zip(&head.partitions) {
        let event_id = store.event_id(*position).await?;
        sqlx::query("update checkpoint set position = $2, event_id = $3 where partition = $1")
            .bind(partition)
            .bind(position)
            .bind(event_id.context("a partition without orders: the log is too small")?)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    store.close().await;
    Ok(())
}

fn start(arguments: &Arguments, log: &Log, views: &str, broker: &Broker) -> Result<Child> {
    Command::new(&arguments.orders)
        .args(["service", "projector"])
        .env("EVENT_STORE_URL", &log.url)
        .env("READ_MODEL_URL", views)
        .env("NATS_URL", broker.url())
        .env("PROJECTOR_ADDR", "127.0.0.1:0")
        .env("LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("the projector cannot be started")
}

/// Asks for the rebuild and waits for its end.
async fn ended(views: &PgPool) -> Result<Operation> {
    let mut connection = views.acquire().await?;
    let asked =
        operations::request(&mut connection, View::Orders, Kind::Rebuild, false, "bench").await?;
    let began = Instant::now();
    loop {
        let operation = operations::find(views, asked.operation_id).await?;
        let operation = operation.context("the rebuild is not there any more")?;
        match operation.phase {
            Phase::Done => return Ok(operation),
            Phase::Failed => bail!("the rebuild failed: {:?}", operation.error),
            _ if began.elapsed() > PATIENCE => bail!("no rebuild in {PATIENCE:?}"),
            _ => tokio::time::sleep(EVERY).await,
        }
    }
}

/// How long the rebuild took by the database's clock, in seconds.
async fn took(views: &PgPool, operation: &Operation) -> Result<f64> {
    let statement = "select extract(epoch from finished_at - started_at)::float8 from operation where operation_id = $1";
    Ok(sqlx::query_scalar(statement)
        .bind(operation.operation_id)
        .fetch_one(views)
        .await?)
}

/// Makes sure that every order is in the new generation, and says how long a document is on average.
async fn check(views: &PgPool, operation: &Operation, log: &Log) -> Result<f64> {
    let generation = operation.generation.context("no generation was built")?;
    let statement = format!(
        "select count(*), avg(octet_length(document::text))::float8,
            (select live_generation = $1 from projection where name = $2)
        from {}",
        View::Orders.table(generation)
    );
    let (orders, document, live): (i64, f64, bool) = sqlx::query_as(&statement)
        .bind(generation)
        .bind(View::Orders.as_str())
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
