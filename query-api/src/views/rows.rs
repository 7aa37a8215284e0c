//! The rows of a list's page.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::Snapshot;

/// The documents of a page, as they are stored.
#[derive(Debug)]
pub(crate) struct Rows<K> {
    /// In the order of the list.
    pub(crate) documents: Vec<String>,
    /// The key of the last one, if more follow.
    pub(crate) last: Option<K>,
}

/// A sum that is selected as text, since it may be larger than any integer of PostgreSQL.
pub(crate) fn sum(row: &PgRow, column: &str) -> Result<i128, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|error: std::num::ParseIntError| sqlx::Error::ColumnDecode {
            index: column.to_owned(),
            source: error.into(),
        })
}

impl<T: Default> Snapshot<T> {
    /// Takes rows apart that all have `live_generation, view_position`, and else what `read` makes of them all.
    pub(crate) fn of_rows(
        rows: &[PgRow],
        read: impl FnOnce(&[PgRow]) -> Result<T, sqlx::Error>,
    ) -> Result<Self, sqlx::Error> {
        let Some(first) = rows.first() else {
            return Ok(Self {
                live_generation: None,
                position: None,
                rows: T::default(),
            });
        };
        Ok(Self {
            live_generation: Some(first.try_get("live_generation")?),
            position: first.try_get("view_position")?,
            rows: read(rows)?,
        })
    }
}

impl<K> Snapshot<Rows<K>> {
    /// Takes a page apart that was asked for with one row more than `limit`, which says whether there are more.
    ///
    /// Each row has `live_generation, view_position, document`; an empty page is one row whose document is null.
    pub(crate) fn of_page(
        rows: &[PgRow],
        limit: u16,
        key: impl FnOnce(&PgRow) -> Result<K, sqlx::Error>,
    ) -> Result<Self, sqlx::Error> {
        let Some(first) = rows.first() else {
            return Ok(Self {
                live_generation: None,
                position: None,
                rows: Rows {
                    documents: Vec::new(),
                    last: None,
                },
            });
        };
        let limit = usize::from(limit);
        let mut documents = Vec::with_capacity(rows.len());
        for row in rows.iter().take(limit) {
            let document: Option<String> = row.try_get("document")?;
            documents.extend(document);
        }
        let last = match rows.get(limit) {
            Some(_) => Some(key(&rows[limit - 1])?),
            None => None,
        };
        Ok(Self {
            live_generation: Some(first.try_get("live_generation")?),
            position: first.try_get("view_position")?,
            rows: Rows { documents, last },
        })
    }
}
