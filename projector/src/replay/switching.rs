//! Which generation of a view is live: one row, changed in one short transaction.

use std::time::Duration;

use read_model::View;
use sqlx::{PgPool, Row as _};

use super::{OfView, ReplayError, is_passing};

/// Pause before it is looked again whether the generations are even.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes this generation the live one as soon as it has all that the live one has. The one that was live goes on being kept, so that
/// it can become live again.
pub(super) async fn switch(views: &PgPool, to: &OfView) -> Result<(), ReplayError> {
    loop {
        match try_switch(views, to).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            // A writer has what we want to lock.
            Err(error) if is_passing(&error) => tracing::debug!(%error, "the switch waits"),
            Err(error) => return Err(error.into()),
        }
        if let Some(fault) = fault_of(views, to).await? {
            return Err(ReplayError::Refused(fault));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// `false`: it lacks something that the live one has.
async fn try_switch(views: &PgPool, to: &OfView) -> Result<bool, sqlx::Error> {
    let view = to.view.as_str();
    let mut transaction = views.begin().await?;
    // Shorter than the time after which the database takes two who wait for each other apart, at the expense of either.
    sqlx::query("set local lock_timeout = '100ms'")
        .execute(&mut *transaction)
        .await?;
    let live: i32 =
        sqlx::query_scalar("select live_generation from projection where name = $1 for update")
            .bind(view)
            .fetch_one(&mut *transaction)
            .await?;
    if live == to.generation {
        return Ok(true);
    }
    let rows = sqlx::query(
        "select old.position as old, new.position as new
        from checkpoint old
        left join checkpoint new
            on new.projection = old.projection
            and new.generation = $3
            and new.partition = old.partition
        where old.projection = $1
        and old.generation = $2
        order by old.partition
        for update of old",
    )
    .bind(view)
    .bind(live)
    .bind(to.generation)
    .fetch_all(&mut *transaction)
    .await?;
    for row in rows {
        let (old, new): (i64, Option<i64>) = (row.try_get("old")?, row.try_get("new")?);
        if new.is_none_or(|new| new < old) {
            return Ok(false);
        }
    }
    sqlx::query("update projection set live_generation = $2 where name = $1")
        .bind(view)
        .bind(to.generation)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "update generation
        set retired_at = case generation when $2 then clock_timestamp() end
        where projection = $1
        and generation in ($2, $3)",
    )
    .bind(view)
    .bind(live)
    .bind(to.generation)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    tracing::info!(
        view,
        from = live,
        to = to.generation,
        "another generation is live"
    );
    Ok(true)
}

/// Why nobody goes on with a generation.
async fn fault_of(views: &PgPool, of: &OfView) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select fault from generation where projection = $1 and generation = $2")
        .bind(of.view.as_str())
        .bind(of.generation)
        .fetch_one(views)
        .await
}

/// The generation that was live before, if it is still kept.
pub(super) async fn before(views: &PgPool, view: View) -> Result<Option<OfView>, sqlx::Error> {
    let generation: Option<i32> = sqlx::query_scalar(
        "select generation
        from generation
        where projection = $1
        and shape_version = $2
        and followed
        and fault is null
        and retired_at is not null
        order by retired_at desc
        limit 1",
    )
    .bind(view.as_str())
    .bind(view.shape_version())
    .fetch_optional(views)
    .await?;
    Ok(generation.map(|generation| OfView { view, generation }))
}
