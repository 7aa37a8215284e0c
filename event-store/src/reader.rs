//! Reading the log forward.

use std::sync::LazyLock;

use futures::TryStreamExt as _;
use futures::stream::{self, BoxStream, Stream};
use sqlx::FromRow as _;
use sqlx::postgres::{PgConnection, PgRow};

use crate::feed::check_held;
use crate::{Cursor, EventStore, ReadError, StoreError, StoredEvent};

/// The log from a position on.
static FORWARD: LazyLock<String> = LazyLock::new(|| {
    let columns = StoredEvent::COLUMNS;
    format!(
        "select {columns}
        from event e
        where e.position >= $1
        order by e.position
        limit $2"
    )
});

/// Reads the log page by page, on a connection of its own, beside those of the pool. A pool asks the server before and after each use
/// whether it still answers, which takes as long as a short page.
#[derive(Debug)]
pub struct Reader {
    connection: PgConnection,
}

impl EventStore {
    /// A reader of the log, as the pool would connect it.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        let connection = self.pool().acquire().await?.detach();
        Ok(Reader { connection })
    }

    /// The next events of the log, at most `limit`; none at its end.
    pub async fn read_forward(
        &self,
        after: Cursor,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        let mut connection = self.pool().acquire().await.map_err(StoreError::from)?;
        forward(&mut connection, after, limit).try_collect().await
    }
}

impl Reader {
    /// The next events of the log, at most `limit`; none at its end. Each comes as it arrives: the server sends the next ones while
    /// these are used.
    pub fn forward(
        &mut self,
        after: Cursor,
        limit: u32,
    ) -> impl Stream<Item = Result<StoredEvent, ReadError>> + Send + use<'_> {
        forward(&mut self.connection, after, limit)
    }
}

fn forward(
    connection: &mut PgConnection,
    after: Cursor,
    limit: u32,
) -> impl Stream<Item = Result<StoredEvent, ReadError>> + Send + use<'_> {
    let held = (after.position > 0).then_some(after);
    let rows = sqlx::query(&FORWARD)
        .bind(after.position)
        .bind(i64::from(limit) + i64::from(held.is_some()))
        .fetch(connection);
    stream::try_unfold((rows, held), async |(mut rows, held)| {
        let mut next = next_event(&mut rows).await?;
        if let Some(held) = held {
            check_held(next.as_ref(), held)?;
            next = next_event(&mut rows).await?;
        }
        Ok(next.map(|event| (event, (rows, None))))
    })
}

async fn next_event(
    rows: &mut BoxStream<'_, Result<PgRow, sqlx::Error>>,
) -> Result<Option<StoredEvent>, StoreError> {
    let row = rows.try_next().await?;
    Ok(row.as_ref().map(StoredEvent::from_row).transpose()?)
}
