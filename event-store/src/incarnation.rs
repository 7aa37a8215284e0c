//! The log's incarnation: raised when what was published of the log is not its history any more.

use sqlx::PgPool;

use crate::{Cursor, LogIdentity, StoreError};

/// Raises the incarnation of the log `held` above its own and `above`, and writes down that the relay of `stream` goes
/// on after `agreed`; both or neither. Returns the log as it is known from now on.
///
/// `None`, and nothing is changed: somebody else has raised it, or the log has the event `gone` after all.
pub async fn raise(
    pool: &PgPool,
    held: LogIdentity,
    above: i64,
    gone: Option<Cursor>,
    stream: &str,
    agreed: Cursor,
) -> Result<Option<LogIdentity>, StoreError> {
    let gone = gone.unwrap_or_default();
    let raised: Option<i64> =
        sqlx::query_scalar("select raise_incarnation($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(held.log_id)
            .bind(held.incarnation)
            .bind(above)
            .bind(gone.position)
            .bind(gone.event_id)
            .bind(stream)
            .bind(agreed.position)
            .bind(agreed.event_id)
            .fetch_one(pool)
            .await?;
    Ok(raised.map(|incarnation| LogIdentity {
        incarnation,
        ..held
    }))
}
