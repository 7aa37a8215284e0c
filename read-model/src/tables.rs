//! Making and dropping a generation of a view: its tables and its checkpoints.

use sqlx::{Executor as _, PgConnection};

use crate::View;
use crate::view::Table;

/// Makes a view that does not exist yet, with its first generation, which is live; `false`: it exists. To be called in a
/// transaction: whoever comes second waits for the first.
pub async fn create_view(
    connection: &mut PgConnection,
    view: View,
    partitions: u16,
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query(
        "insert into projection (name, live_generation)
        values ($1, 1)
        on conflict (name) do nothing",
    )
    .bind(view.as_str())
    .execute(&mut *connection)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    create_generation(connection, view, 1, partitions, Keeper::Owners).await?;
    Ok(true)
}

/// Who keeps a new generation up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// The owners of the partitions, from its first event on.
    Owners,
    /// Whoever builds it, until it is as far as the live one.
    Builder,
}

/// Makes the empty tables of this generation, and its checkpoints for `partitions` partitions, all at position 0.
///
/// The view's row in `projection` must exist. To be called in a transaction, so that a generation is there whole or not at all.
pub async fn create_generation(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
    partitions: u16,
    keeper: Keeper,
) -> Result<(), sqlx::Error> {
    let tables = tables(view, generation, has_lz4(connection).await?);
    connection.execute(tables.as_str()).await?;
    if keeper == Keeper::Owners {
        connection
            .execute(indexes(view, generation).as_str())
            .await?;
    }
    sqlx::query(
        "insert into generation (projection, generation, shape_version, followed, indexed)
        values ($1, $2, $3, $4, $4)",
    )
    .bind(view.as_str())
    .bind(generation)
    .bind(view.shape_version())
    .bind(keeper == Keeper::Owners)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "insert into checkpoint (projection, generation, partition)
        select $1, $2, partition::smallint
        from generate_series(0, $3 - 1) as partition",
    )
    .bind(view.as_str())
    .bind(generation)
    .bind(i32::from(partitions))
    .execute(connection)
    .await?;
    Ok(())
}

/// Drops the tables of this generation, its checkpoints and what is parked of it, as far as they exist. To be called in a transaction, with a `lock_timeout`.
pub async fn drop_generation(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
) -> Result<(), sqlx::Error> {
    let tables = view.tables(generation).join(", ");
    let statement = format!("drop table if exists {tables}");
    connection.execute(statement.as_str()).await?;
    for statement in [
        "delete from checkpoint where projection = $1 and generation = $2",
        "delete from generation where projection = $1 and generation = $2",
    ] {
        sqlx::query(statement)
            .bind(view.as_str())
            .bind(generation)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Makes the indexes of a generation that was made for a builder, and lets the planner know what is in its tables; nothing if
/// they are there. To be called in a transaction. Takes as long as the tables are large.
pub async fn create_indexes(
    connection: &mut PgConnection,
    view: View,
    generation: i32,
) -> Result<(), sqlx::Error> {
    let marked = sqlx::query(
        "update generation
        set indexed = true
        where projection = $1
        and generation = $2
        and not indexed",
    )
    .bind(view.as_str())
    .bind(generation)
    .execute(&mut *connection)
    .await?;
    if marked.rows_affected() == 0 {
        return Ok(());
    }
    connection
        .execute(indexes(view, generation).as_str())
        .await?;
    for table in view.tables(generation) {
        connection
            .execute(format!("analyze {table}").as_str())
            .await?;
    }
    Ok(())
}

/// The generation that no view has: its tables are temporary, as [`create_shadow`] makes them.
pub const SHADOW: i32 = 0;

/// Makes empty tables like those of a view, which only this transaction sees, as generation [`SHADOW`].
pub async fn create_shadow(connection: &mut PgConnection, view: View) -> Result<(), sqlx::Error> {
    for table in view.shape().tables {
        let (create, _) = split(table);
        let statement = create
            .replacen("create table {table}", "create temporary table {table}", 1)
            .replace("{table}", &format!("pg_temp.{}", table.of(SHADOW)))
            .replace("{compression}", "");
        connection.execute(statement.as_str()).await?;
    }
    Ok(())
}

/// Drops what [`create_shadow`] made.
pub async fn drop_shadow(connection: &mut PgConnection, view: View) -> Result<(), sqlx::Error> {
    for table in view.tables(SHADOW) {
        let statement = format!("drop table if exists pg_temp.{table}");
        connection.execute(statement.as_str()).await?;
    }
    Ok(())
}

/// The statements that make the tables.
fn tables(view: View, generation: i32, lz4: bool) -> String {
    let compression = if lz4 { "compression lz4" } else { "" };
    let tables = view.shape().tables.iter();
    let statements: Vec<String> = tables
        .map(|table| {
            let (create, _) = split(table);
            let create = create.replace("{table}", &table.of(generation));
            create.replace("{compression}", compression)
        })
        .collect();
    statements.join(";\n")
}

/// The statements that make what can be made when the tables are filled.
fn indexes(view: View, generation: i32) -> String {
    let tables = view.shape().tables.iter();
    let statements: Vec<String> = tables
        .map(|table| split(table).1.replace("{table}", &table.of(generation)))
        .collect();
    statements.join(";\n")
}

/// The statement that makes the table, and the others.
fn split(table: &Table) -> (&'static str, &'static str) {
    table.create.split_once(";\n").unwrap_or((table.create, ""))
}

/// Whether this server was built with lz4, which writes documents at twice the rate of its own method.
async fn has_lz4(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (
            select from pg_settings
            where name = 'default_toast_compression'
            and 'lz4' = any (enumvals)
        )",
    )
    .fetch_one(connection)
    .await
}
