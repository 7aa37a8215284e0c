//! Views of many orders, and a query API that serves them.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use sqlx::PgPool;
use tokio::process::Child;

use crate::lives::Lives;
use crate::store::Broker;
use crate::{Arguments, database, machine, program, progress};

const LOG: &str = "bench_queries_log";
const VIEWS: &str = "bench_queries_views";

/// What tokens are signed with.
const SECRET: &str = "a secret of the benchmarks, of no use elsewhere";

/// How often is looked whether something is done.
const EVERY: Duration = Duration::from_millis(250);

/// How long views may take to be made, and a service to start.
const PATIENCE: Duration = Duration::from_secs(3_600);
const PATIENCE_AT_START: Duration = Duration::from_secs(60);

/// The databases and all that runs on them.
pub(super) struct Setting {
    pub(super) api: QueryApi,
    pub(super) views: PgPool,
    pub(super) views_url: String,
    /// The orders' table of the generation that is live.
    pub(super) orders_table: String,
    /// Events in the log: as many audit entries.
    pub(super) events: i64,
    projector: Child,
    broker: Broker,
}

/// A query API's process.
pub(super) struct QueryApi {
    pub(super) url: String,
    pub(super) bearer: Arc<str>,
    child: Child,
}

impl Setting {
    /// Fills a log and has a projector make the views of it.
    pub(super) async fn make(arguments: &Arguments) -> Result<Self> {
        let server = &arguments.postgres_url;
        progress(&format!(
            "filling a log of {} orders …",
            arguments.query_orders
        ));
        let log_url = database::anew(server, LOG).await?;
        let views_url = database::anew(server, VIEWS).await?;
        program::migrate(arguments, &log_url, &views_url).await?;
        let log = database::pool(&log_url, 1).await?;
        let events = Lives::varied()?.write(&log, arguments.query_orders).await?;
        log.close().await;

        progress("making the views …");
        let broker = Broker::start(&arguments.nats_server)?;
        let variables = [
            ("EVENT_STORE_URL", log_url.as_str()),
            ("READ_MODEL_URL", views_url.as_str()),
            ("NATS_URL", broker.url()),
            ("PROJECTOR_ADDR", "127.0.0.1:0"),
        ];
        let projector = program::service(arguments, "projector", &variables)?;
        let views = database::pool(&views_url, 1).await?;
        reached(&views, events).await?;
        sqlx::raw_sql("vacuum analyze").execute(&views).await?;
        let generation: i32 =
            sqlx::query_scalar("select live_generation from projection where name = 'orders'")
                .fetch_one(&views)
                .await?;
        Ok(Self {
            api: QueryApi::start(arguments, &views_url).await?,
            views,
            views_url,
            orders_table: format!("orders_{generation}"),
            events,
            projector,
            broker,
        })
    }

    /// Ends all and removes the databases.
    pub(super) async fn remove(mut self, arguments: &Arguments) -> Result<()> {
        self.projector.kill().await?;
        self.api.child.kill().await?;
        drop(self.broker);
        self.views.close().await;
        database::remove(&arguments.postgres_url, VIEWS).await?;
        database::remove(&arguments.postgres_url, LOG).await
    }
}

/// Waits until the history has all events, and the other views of each partition are as far.
async fn reached(views: &PgPool, events: i64) -> Result<()> {
    let began = Instant::now();
    loop {
        let together: bool = sqlx::query_scalar(
            "select count(distinct (partition, position)) = count(distinct partition) from checkpoint",
        )
        .fetch_one(views)
        .await?;
        if together && entries(views).await? == Some(events) {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "no views in {PATIENCE:?}");
        tokio::time::sleep(EVERY).await;
    }
}

/// Rows of the history, which has one an event; nothing as long as there is no such view.
async fn entries(views: &PgPool) -> Result<Option<i64>> {
    let generation: Option<i32> =
        sqlx::query_scalar("select live_generation from projection where name = 'order-history'")
            .fetch_optional(views)
            .await?;
    let Some(generation) = generation else {
        return Ok(None);
    };
    let statement = format!("select count(*) from order_history_{generation}");
    Ok(Some(sqlx::query_scalar(&statement).fetch_one(views).await?))
}

impl QueryApi {
    pub(super) async fn start(arguments: &Arguments, views: &str) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let variables = [
            ("QUERY_API_ADDR", address.as_str()),
            ("READ_MODEL_URL", views),
            ("AUTH_HS256_SECRET", SECRET),
        ];
        let child = program::service(arguments, "query-api", &variables)?;
        let began = Instant::now();
        while tokio::net::TcpStream::connect(&address).await.is_err() {
            ensure!(
                began.elapsed() < PATIENCE_AT_START,
                "the query API does not start"
            );
            tokio::time::sleep(EVERY).await;
        }
        let token = program::token(arguments, SECRET).await?;
        Ok(Self {
            url: format!("http://{address}"),
            bearer: format!("Bearer {token}").into(),
            child,
        })
    }

    pub(super) fn process(&self) -> Result<u32> {
        self.child.id().context("the query API has ended")
    }

    /// In MiB.
    pub(super) fn peak_memory(&self) -> Result<f64> {
        machine::peak_memory(self.process()?).context("/proc tells no peak of memory")
    }
}
