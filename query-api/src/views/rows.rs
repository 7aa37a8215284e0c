//! A page of a list: its statement and its rows.

use read_model::View;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{Snapshot, Statement};

/// A page ends with the document that exceeds this, in bytes as they are stored: documents are a kilobyte or so, but may
/// be a thousand times as large.
const MAX_BYTES: u32 = 4 << 20;

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

/// The items of a page.
#[derive(Debug)]
pub(crate) struct Items<T> {
    /// In the order of the list.
    pub(crate) items: Vec<T>,
    /// Whether more follow.
    pub(crate) more: bool,
}

/// What a page is cut from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageOf<'a> {
    /// The view.
    pub(crate) view: View,
    /// Its position, as an SQL expression.
    pub(crate) position: &'a str,
    /// What is selected of a `page`, beside its document.
    pub(crate) columns: &'a str,
    /// The order of its rows.
    pub(crate) order: &'a str,
}

impl PageOf<'_> {
    /// The statement of a page, from which `candidates` selects: one row more than are wanted, in order, with a `json` column
    /// `document`. It may use `here.view_position`.
    ///
    /// Position and rows are of one snapshot. An empty page is one row, of nulls.
    pub(crate) fn statement(self, candidates: impl FnOnce(&mut Statement)) -> Statement {
        let Self {
            view,
            position,
            columns,
            order,
        } = self;
        let mut statement = Statement::planned_anew(format!(
            "with here as materialized (
                select p.live_generation, {position} as view_position
                from projection p
                where p.name = '{view}'
            )
            select here.live_generation, here.view_position, page.found, page.document::text, {columns}
            from here
            left join lateral (
                select candidate.*,
                    count(*) over () as found,
                    coalesce(sum(pg_column_size(candidate.document)) over (
                        order by {order}
                        rows between unbounded preceding and 1 preceding
                    ), 0) as bytes_before
                from ("
        ));
        candidates(&mut statement);
        statement.push(format!(
            ") candidate
            ) page on page.bytes_before < {MAX_BYTES}
            order by {order}"
        ));
        statement
    }
}

impl<K> Snapshot<Rows<K>> {
    /// Takes a page apart that was asked for with one row more than `limit`; `key` is that of a row.
    pub(crate) fn of_page(
        rows: &[PgRow],
        limit: u16,
        key: impl Fn(&PgRow) -> Result<K, sqlx::Error>,
    ) -> Result<Self, sqlx::Error> {
        let page = Snapshot::of_items(rows, limit, |row| row.try_get("document"))?;
        let Items { items, more } = page.rows;
        let last = match rows.get(items.len().wrapping_sub(1)) {
            Some(last) if more => Some(key(last)?),
            _ => None,
        };
        Ok(Self {
            live_generation: page.live_generation,
            position: page.position,
            rows: Rows {
                documents: items,
                last,
            },
        })
    }
}

impl<T> Snapshot<Items<T>> {
    /// Takes a page apart that was asked for with one row more than `limit`; `item` reads a row.
    pub(crate) fn of_items(
        rows: &[PgRow],
        limit: u16,
        item: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
    ) -> Result<Self, sqlx::Error> {
        let Some(first) = rows.first() else {
            return Ok(Self {
                live_generation: None,
                position: None,
                rows: Items {
                    items: Vec::new(),
                    more: false,
                },
            });
        };
        let found: Option<i64> = first.try_get("found")?;
        let found = usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX);
        let taken = found.min(usize::from(limit));
        let items = rows.iter().take(taken).map(item);
        let items = items.collect::<Result<Vec<T>, _>>()?;
        Ok(Self {
            live_generation: Some(first.try_get("live_generation")?),
            position: first.try_get("view_position")?,
            rows: Items {
                more: items.len() < found,
                items,
            },
        })
    }
}
