//! The views' database, read only: snapshots of a generation, and waiting for newer ones.

mod borrowed;
mod failure;
mod freshness;
mod generations;
mod progress_watch;
mod rows;
pub(crate) mod single_orders;
mod statement;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use read_model::{OrderId, View};
use service_kit::kept::{Kept, TRUSTED_IDLE};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use borrowed::Borrowed;
pub(crate) use failure::ReadError;
pub(crate) use freshness::{Freshness, Place};
use generations::Generations;
pub(crate) use generations::KnownGeneration;
use progress_watch::ProgressWatch;
pub(crate) use progress_watch::Waiting;
pub(crate) use rows::{Items, PageOf, Rows, sum};
use single_orders::SingleOrders;
pub(crate) use statement::Statement;

/// How long any statement may take on the server: whoever asked has gone or will not wait longer.
const STATEMENT_TIMEOUT: &str = "5s";
/// How soon the server notices that nobody waits for a statement's answer any more.
const GONE_CHECK: &str = "200ms";
/// How statements are planned.
pub(crate) const PLANNING: [(&str, &str); 3] = [
    // Every statement here has its index. A plan that was made while the tables were empty and stays cached must use it too.
    ("enable_seqscan", "off"),
    // What is read often is in memory: an index in the order of a filter must not lose to one that merely lies in the order
    // of the table, since a filter's orders are often the old ones.
    ("random_page_cost", "1.1"),
    // Compiling such short statements costs more than running them.
    ("jit", "off"),
];
/// How long a query waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a read is begun again because a generation was switched under it or a connection broke.
const ATTEMPTS: usize = 4;

/// The views. Cheap to clone: all clones share connections and what is known of generations.
#[derive(Debug, Clone)]
pub(crate) struct Views {
    pool: PgPool,
    generations: Arc<Generations>,
    progress: ProgressWatch,
    single_orders: SingleOrders,
    stopping: CancellationToken,
}

/// Which generation of a view to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// The live one.
    Live,
    /// The one that a cursor names, as long as it is there.
    Of(i32),
}

/// A question to one view, answered by one statement so that position and rows are of one snapshot.
pub(crate) trait ViewQuery: Sync {
    /// The view.
    const VIEW: View;
    /// What its rows say.
    type Rows: Send + Sync;

    /// Which generation to read.
    fn generation(&self) -> Generation;

    /// What must be newer for what was found to be newer.
    fn place(&self, rows: &Self::Rows) -> Place;

    /// The statement on this generation's tables.
    fn statement(&self, generation: KnownGeneration) -> Statement;

    /// What the statement's rows say.
    fn snapshot(&self, rows: &[PgRow]) -> Result<Snapshot<Self::Rows>, sqlx::Error>;

    /// The order, if its row is all that is asked for.
    fn single_order(&self) -> Option<&OrderId> {
        None
    }

    /// If one order was asked for: the position of its first event that the view could not take in, if there is one.
    fn parked(&self, _: &[PgRow]) -> Result<Option<i64>, sqlx::Error> {
        Ok(None)
    }
}

/// What one statement saw.
#[derive(Debug)]
pub(crate) struct Snapshot<T> {
    /// Which generation was live; none if the view is not known.
    pub(crate) live_generation: Option<i32>,
    /// Up to where the rows are complete; none if the generation has no checkpoints.
    pub(crate) position: Option<i64>,
    /// What the rows say.
    pub(crate) rows: T,
}

/// What a query found.
#[derive(Debug)]
pub(crate) struct Found<T> {
    /// The generation that it was read from.
    pub(crate) generation: i32,
    /// Up to where it is complete.
    pub(crate) position: i64,
    /// The first event of the order that was asked for that is not in it, for as long as nobody has it tried again.
    parked: Option<i64>,
    /// What the rows say.
    pub(crate) rows: T,
}

/// Connections that are made when they are needed.
fn pool_of(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

impl Views {
    /// Prepares connections without making one, so that the service can start before its database.
    pub(crate) fn connect_lazy(
        options: PgConnectOptions,
        connections: u32,
        stopping: CancellationToken,
    ) -> Self {
        let options = options
            .application_name("query-api")
            .options([
                ("default_transaction_read_only", "on"),
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("client_connection_check_interval", GONE_CHECK),
            ])
            .options(PLANNING)
            .disable_statement_logging();
        let pool = pool_of(options.clone(), connections);
        Self {
            progress: ProgressWatch::start(Kept::of(pool.clone()), stopping.clone()),
            single_orders: SingleOrders::connect_lazy(options),
            pool,
            generations: Arc::default(),
            stopping,
        }
    }

    /// Gives the connections back.
    pub(crate) async fn close(&self) {
        // A connection that is still in a query must not hold up the end of the process.
        let all = async { tokio::join!(self.pool.close(), self.single_orders.close()) };
        let _ = tokio::time::timeout(ACQUIRE_TIMEOUT, all).await;
    }

    /// Whether every view can be read, in words that may be public.
    pub(crate) async fn check(&self) -> Result<(), String> {
        service_kit::database::check(&self.pool, &read_model::MIGRATOR).await?;
        for view in View::ALL {
            match self.look_up(*view, None).await {
                Ok(_) => {}
                Err(ReadError::NoView(view)) => {
                    return Err(format!("the view {view} does not exist yet"));
                }
                Err(error @ ReadError::NewerShape { .. }) => return Err(error.to_string()),
                Err(error) => {
                    tracing::warn!(error = %service_kit::problem::chain(&error), "the views cannot be read");
                    return Err("the database does not answer as it should".to_owned());
                }
            }
        }
        Ok(())
    }

    /// Looks, as long as this is kept, how far the view is.
    pub(crate) fn watch(&self, view: View) -> Waiting {
        self.progress.wait(view)
    }

    /// Answers a query from what is there now.
    pub(crate) async fn read<Q: ViewQuery>(&self, query: &Q) -> Result<Found<Q::Rows>, ReadError> {
        let view = Q::VIEW;
        let mut last = ReadError::Switching;
        for _ in 0..ATTEMPTS {
            let (generation, bound) = match query.generation() {
                Generation::Live => (self.live_generation(view).await?, false),
                Generation::Of(number) => (self.numbered(view, number).await?, true),
            };
            let rows = match self.ask(query, generation).await {
                Ok(rows) => rows,
                Err(error) if failure::is_no_table(&error) => {
                    self.forget(view);
                    if bound {
                        return Err(ReadError::GenerationGone);
                    }
                    continue;
                }
                Err(error) if failure::is_connection_lost(&error) => {
                    last = ReadError::Database(error);
                    continue;
                }
                Err(error) => return Err(ReadError::Database(error)),
            };
            let snapshot = query.snapshot(&rows)?;
            let live = snapshot.live_generation.ok_or(ReadError::NoView(view))?;
            if live != generation.number {
                if !bound {
                    self.look_up(view, Some(live)).await?;
                    continue;
                }
                // A newer program may have built it, and a cursor of an older one is no way around that.
                self.numbered(view, live).await?;
            }
            let parked = query.parked(&rows)?;
            return match snapshot.position {
                Some(position) => Ok(Found {
                    generation: generation.number,
                    // What is not in the rows is not promised.
                    position: parked.map_or(position, |parked| position.min(parked - 1)),
                    parked,
                    rows: snapshot.rows,
                }),
                None if bound => Err(ReadError::GenerationGone),
                None => Err(ReadError::NoView(view)),
            };
        }
        Err(last)
    }

    /// One statement on one connection, which ends with whoever no longer waits for it, unless others wait for it, too.
    async fn ask<Q: ViewQuery>(
        &self,
        query: &Q,
        generation: KnownGeneration,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        if let Some(order_id) = query.single_order() {
            let row = self.single_orders.read(order_id, generation).await?;
            return Ok(row.into_iter().collect());
        }
        let mut borrowed = Borrowed::from(&self.pool).await?;
        let statement = query.statement(generation);
        let rows = statement.fetch_all(borrowed.connection()?).await;
        borrowed.give_back();
        rows
    }

    /// Reads what belongs to no generation, once more if the connection breaks.
    pub(crate) async fn read_beside<T: Send>(
        &self,
        read: impl for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
    ) -> Result<T, ReadError> {
        let mut attempts = 1..ATTEMPTS;
        loop {
            let mut borrowed = Borrowed::from(&self.pool).await?;
            let found = read(borrowed.connection()?).await;
            borrowed.give_back();
            match found {
                Err(error) if failure::is_connection_lost(&error) && attempts.next().is_some() => {}
                found => return Ok(found?),
            }
        }
    }

    /// The live generation of a view when it was last seen.
    pub(crate) async fn live_generation(&self, view: View) -> Result<KnownGeneration, ReadError> {
        self.generations.live(&self.pool, view).await
    }

    async fn numbered(&self, view: View, number: i32) -> Result<KnownGeneration, ReadError> {
        self.generations.numbered(&self.pool, view, number).await
    }

    /// Looks at a generation, or at the live one, as it is now.
    async fn look_up(&self, view: View, number: Option<i32>) -> Result<KnownGeneration, ReadError> {
        self.generations.look_up(&self.pool, view, number).await
    }

    /// Forgets what is known of a view's generations: one of them is gone.
    pub(crate) fn forget(&self, view: View) {
        self.generations.forget(view);
    }
}
