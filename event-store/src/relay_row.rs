//! Where a relay was in its stream when it last wrote that down.

use sqlx::{PgPool, Row as _};

use crate::{Cursor, StoreError};

/// Where the relay of this stream was; `None` if it never wrote.
pub async fn read(pool: &PgPool, stream: &str) -> Result<Option<Cursor>, StoreError> {
    let row = sqlx::query("select position, event_id from relay where stream = $1")
        .bind(stream)
        .fetch_optional(pool)
        .await?;
    row.map(|row| {
        Ok(Cursor {
            position: row.try_get(0)?,
            event_id: row.try_get(1)?,
        })
    })
    .transpose()
}

/// Writes down where the relay of this stream is. It may go backwards: a log that has taken another turn does.
pub async fn write(pool: &PgPool, stream: &str, at: Cursor) -> Result<(), StoreError> {
    sqlx::query(
        "insert into relay (stream, position, event_id)
        values ($1, $2, $3)
        on conflict (stream) do update
        set position = excluded.position,
            event_id = excluded.event_id,
            written_at = excluded.written_at",
    )
    .bind(stream)
    .bind(at.position)
    .bind(at.event_id)
    .execute(pool)
    .await?;
    Ok(())
}
