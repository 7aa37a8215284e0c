//! A view beside its shadow: which rows differ, and putting the shadow's in their place.
//!
//! The shadow holds what one partition should hold ([`crate::create_shadow`]). Rows are compared whole, as PostgreSQL writes them, so
//! a new column is compared without anybody thinking of it.

use sqlx::{PgConnection, Row as _};

use crate::forgetting::of_partition;
use crate::view::Table;
use crate::{SHADOW, View};

/// A row that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table, without its generation.
    pub relation: &'static str,
    /// The row's key, as a JSON object.
    pub key: String,
    /// The row that is there, as a JSON object; none if there is none.
    pub live: Option<String>,
    /// The row that should be there, as a JSON object; none if there should be none.
    pub expected: Option<String>,
}

/// One of `partitions` partitions of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The view.
    pub view: View,
    /// The generation.
    pub generation: i32,
    /// The partition.
    pub partition: u16,
    /// How many there are.
    pub partitions: u16,
}

/// The rows that differ from the shadow's, at most `limit` of each table.
pub async fn differences(
    connection: &mut PgConnection,
    compared: Compared,
    limit: i64,
) -> Result<Vec<Difference>, sqlx::Error> {
    let mut found = Vec::new();
    for table in compared.view.shape().tables {
        let statement = format!(
            "select json_build_object({named})::text, row_to_json(l.live)::text, row_to_json(s.shadow)::text
            from (select live, {key} from {live} live where {of_partition}) l
            full join (select shadow, {key} from pg_temp.{shadow} shadow) s using ({key})
            where l.live::text is distinct from s.shadow::text
            order by {key}
            limit $3",
            named = named(table),
            key = table.key.join(", "),
            live = table.of(compared.generation),
            shadow = table.of(SHADOW),
            of_partition = of_partition(compared.view),
        );
        let rows = sqlx::query(&statement)
            .bind(i32::from(compared.partition))
            .bind(i32::from(compared.partitions))
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            found.push(Difference {
                relation: table.name,
                key: row.try_get(0)?,
                live: row.try_get(1)?,
                expected: row.try_get(2)?,
            });
        }
    }
    Ok(found)
}

/// Puts the shadow's rows in place of those that differ. Nobody else may write this partition meanwhile.
pub async fn replace_differences(
    connection: &mut PgConnection,
    compared: Compared,
) -> Result<(), sqlx::Error> {
    for table in compared.view.shape().tables {
        let (live, shadow) = (table.of(compared.generation), table.of(SHADOW));
        let same_key: Vec<String> = table
            .key
            .iter()
            .map(|column| format!("shadow.{column} = live.{column}"))
            .collect();
        let same_key = same_key.join(" and ");
        let remove = format!(
            "delete from {live} live
            where {of_partition}
            and not exists (
                select from pg_temp.{shadow} shadow where {same_key} and shadow::text = live::text
            )",
            of_partition = of_partition(compared.view),
        );
        sqlx::query(&remove)
            .bind(i32::from(compared.partition))
            .bind(i32::from(compared.partitions))
            .execute(&mut *connection)
            .await?;
        let columns: String = sqlx::query_scalar(
            "select string_agg(quote_ident(attname), ', ' order by attnum)
            from pg_attribute
            where attrelid = $1::regclass
            and attnum > 0
            and not attisdropped
            and attgenerated = ''",
        )
        .bind(&live)
        .fetch_one(&mut *connection)
        .await?;
        let add = format!(
            "insert into {live} ({columns})
            select {columns}
            from pg_temp.{shadow} shadow
            where not exists (select from {live} live where {same_key})"
        );
        sqlx::query(&add).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The key's names and values, for a JSON object.
fn named(table: &Table) -> String {
    let members = table
        .key
        .iter()
        .map(|column| format!("'{column}', {column}"));
    members.collect::<Vec<_>>().join(", ")
}
