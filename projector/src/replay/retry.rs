//! Trying parked orders again, and going on with a view that is faulted.

use read_model::View;
use read_model::operations::Phase;
use sqlx::{PgPool, Row as _};

use super::report::Report;
use super::{OfView, Replay, ReplayError, rebuild};

/// Asks the owners of the partitions to try the parked orders of the live generation again. If that is faulted, it is caught up
/// first: it may be far behind.
pub(super) async fn retry(replay: &Replay, view: View, report: &Report) -> Result<(), ReplayError> {
    let views = &replay.sources.views;
    let Some(behind) = mark(views, view).await? else {
        return Ok(());
    };
    report.enter(views, Phase::CatchingUp).await?;
    rebuild::catch_up(replay, &behind, report).await?;
    rebuild::follow(views, &behind).await?;
    Ok(())
}

/// Marks the parked orders of the live generation and clears its fault; returns the generation if nobody follows it then.
async fn mark(views: &PgPool, view: View) -> Result<Option<OfView>, ReplayError> {
    let mut transaction = views.begin().await?;
    let row = sqlx::query(
        "select g.generation, g.shape_version
        from projection p
        join generation g on g.projection = p.name and g.generation = p.live_generation
        where p.name = $1
        for share of p",
    )
    .bind(view.as_str())
    .fetch_one(&mut *transaction)
    .await?;
    let generation: i32 = row.try_get("generation")?;
    let shape: i32 = row.try_get("shape_version")?;
    if shape != view.shape_version() {
        let ours = view.shape_version();
        return Err(ReplayError::Refused(format!(
            "the view is of shape {shape}, and this program keeps shape {ours}"
        )));
    }
    sqlx::query("update parked set retry = true where projection = $1 and generation = $2")
        .bind(view.as_str())
        .bind(generation)
        .execute(&mut *transaction)
        .await?;
    let followed: bool = sqlx::query_scalar(
        "update generation
        set followed = followed and fault is null,
            fault = null
        where projection = $1
        and generation = $2
        returning followed",
    )
    .bind(view.as_str())
    .bind(generation)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok((!followed).then_some(OfView { view, generation }))
}
