//! Carrying out what operators ask for: each operation by one projector at a time, by lease, from wherever it is.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use event_store::{StoreError, lease};
use read_model::operations::{self, Kind, Operation, Phase};
use service_kit::problem::chain;
use tokio_util::sync::CancellationToken;

use super::report::Report;
use super::{Replay, ReplayError, rebuild, retry, switching, verify};

/// How often new operations are looked for.
const EVERY: Duration = Duration::from_millis(200);

/// How long an operation stays with a projector that says nothing.
const LEASE: Duration = Duration::from_secs(5);

/// How often a projector says that it is still at it.
const RENEW: Duration = Duration::from_secs(1);

/// Carries out operations until `shutdown`. What takes long does not hold up what is done at once.
pub(crate) async fn serve(replay: Replay, shutdown: CancellationToken) {
    let long = Box::pin(serve_kinds(&replay, &[Kind::Rebuild, Kind::Verify]));
    let short = Box::pin(serve_kinds(&replay, &[Kind::Revert, Kind::Retry]));
    let serving = async { tokio::join!(long, short) };
    let _: Option<(Infallible, Infallible)> = shutdown.run_until_cancelled(serving).await;
}

async fn serve_kinds(replay: &Replay, kinds: &[Kind]) -> Infallible {
    loop {
        match operations::all_under_way(&replay.sources.control).await {
            Ok(waiting) => {
                for operation in waiting {
                    if kinds.contains(&operation.kind) {
                        carry_out_alone(replay, &operation).await;
                    }
                }
            }
            Err(error) => tracing::debug!(error = chain(&error), "operations could not be read"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Carries an operation out, unless another projector is at it.
async fn carry_out_alone(replay: &Replay, operation: &Operation) {
    let name = format!("operation:{}:{}", operation.kind, operation.view);
    let (control, owner) = (&replay.sources.control, replay.owner);
    match lease::acquire(control, &name, owner, LEASE).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::debug!(
                error = chain(&error),
                "the lease of an operation could not be taken"
            );
            return;
        }
    }
    let keeping = async {
        loop {
            tokio::time::sleep(RENEW).await;
            if !lease::renew(control, &name, owner, LEASE).await? {
                return Ok::<(), StoreError>(());
            }
        }
    };
    tokio::select! {
        () = carry_out(replay, operation) => {}
        kept = keeping => {
            tracing::warn!(?kept, operation = %operation.operation_id, "the operation is another projector's now");
        }
    }
    // What cannot be given back runs out.
    let _ = lease::release(control, &name, owner).await;
}

async fn carry_out(replay: &Replay, operation: &Operation) {
    let (kind, view) = (operation.kind.as_str(), operation.view.as_str());
    let report = Arc::new(Report::new(operation.operation_id));
    tracing::info!(kind, view, operation = %operation.operation_id, "an operation begins");
    let done = tokio::select! {
        done = attempt(replay, operation, &report) => done,
        never = report.keep(&replay.sources.control) => match never {},
    };
    let ended = match done {
        Ok(()) => {
            tracing::info!(kind, view, "the operation is done");
            report.end(&replay.sources.views, None).await
        }
        Err(error) if error.is_passing() => {
            tracing::warn!(
                kind,
                view,
                error = chain(&error),
                "the operation begins anew"
            );
            tokio::time::sleep(RENEW).await;
            return;
        }
        Err(error) => {
            tracing::error!(kind, view, error = chain(&error), "the operation failed");
            fail(replay, operation, &report, &chain(&error)).await
        }
    };
    if let Err(error) = ended {
        tracing::warn!(
            kind,
            view,
            error = chain(&error),
            "the operation's end could not be told"
        );
    }
}

async fn attempt(
    replay: &Replay,
    operation: &Operation,
    report: &Arc<Report>,
) -> Result<(), ReplayError> {
    match operation.kind {
        Kind::Rebuild => rebuild::rebuild(replay, operation, report).await,
        Kind::Verify => verify::verify(replay, operation, report).await,
        Kind::Revert => {
            let views = &replay.sources.views;
            report.enter(views, Phase::Switching).await?;
            let before = switching::before(views, operation.view).await?;
            let before = before.ok_or_else(|| {
                ReplayError::Refused("there is no generation to go back to".to_owned())
            })?;
            switching::switch(views, &before).await
        }
        Kind::Retry => retry::retry(replay, operation.view, report).await,
    }
}

async fn fail(
    replay: &Replay,
    operation: &Operation,
    report: &Report,
    error: &str,
) -> Result<(), sqlx::Error> {
    if operation.kind == Kind::Rebuild {
        // What is left of it is dropped later.
        let _ = rebuild::give_up(&replay.sources.views, operation).await;
    }
    report.end(&replay.sources.views, Some(error)).await
}
