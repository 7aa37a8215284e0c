//! The end of generations that nobody needs: those that were live before, after a while, and those whose rebuild was given up.

use std::convert::Infallible;
use std::time::Duration;

use read_model::View;
use service_kit::problem::chain;
use sqlx::{PgPool, Row as _};
use tokio_util::sync::CancellationToken;

use super::OfView;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);

/// Drops generations until `shutdown`, those that were live before after `kept`.
pub(crate) async fn clean(views: PgPool, kept: Duration, shutdown: CancellationToken) {
    let cleaning = async {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = clean_once(&views, kept).await {
                tracing::debug!(
                    error = chain(&error),
                    "old generations could not be looked for"
                );
            }
        }
    };
    let _: Option<Infallible> = shutdown.run_until_cancelled(cleaning).await;
}

async fn clean_once(views: &PgPool, kept: Duration) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "select g.projection, g.generation
        from generation g
        join projection p on p.name = g.projection
        where g.generation <> p.live_generation
        and not exists (
            select from operation o
            where o.projection = g.projection
            and o.generation = g.generation
            and o.finished_at is null
        )
        and (g.retired_at is null or g.retired_at < clock_timestamp() - make_interval(secs => $1))",
    )
    .bind(kept.as_secs_f64())
    .fetch_all(views)
    .await?;
    for row in rows {
        let Some(view) = View::parse(row.try_get("projection")?) else {
            continue;
        };
        let generation = row.try_get("generation")?;
        match drop_now(views, &OfView { view, generation }).await {
            Ok(()) => tracing::info!(
                view = view.as_str(),
                generation,
                "the generation is dropped"
            ),
            // Somebody reads it: everybody who comes after would wait behind us, so we come again.
            Err(error) => tracing::debug!(error = chain(&error), "the generation is in use"),
        }
    }
    Ok(())
}

/// Drops a generation, unless it is live or somebody has it in use.
pub(super) async fn drop_now(views: &PgPool, of: &OfView) -> Result<(), sqlx::Error> {
    let mut transaction = views.begin().await?;
    sqlx::query("set local lock_timeout = '100ms'")
        .execute(&mut *transaction)
        .await?;
    // Nobody switches to it meanwhile.
    let live: i32 =
        sqlx::query_scalar("select live_generation from projection where name = $1 for update")
            .bind(of.view.as_str())
            .fetch_one(&mut *transaction)
            .await?;
    if live != of.generation {
        read_model::drop_generation(&mut transaction, of.view, of.generation).await?;
    }
    transaction.commit().await
}
