//! The shape of what is read: a view that a newer program has built is not this program's to show.

use read_model::View;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::ReadError;

/// The column `shape_version` of a statement that reads this generation of the view `p`: the newest shape of that
/// generation and of the live one. The operand is SQL, such as `$2`.
pub(crate) fn shape_version(generation: &str) -> String {
    format!(
        "(select max(g.shape_version)
        from generation g
        where g.projection = p.name
        and g.generation in (p.live_generation, {generation})) as shape_version"
    )
}

/// Nothing if this program knows the shape of what these rows were read from. No row: there is no such view.
pub(super) fn check_rows(view: View, rows: &[PgRow]) -> Result<(), ReadError> {
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let shape: Option<i32> = row.try_get("shape_version")?;
    check(view, shape.ok_or(ReadError::NoView(view))?)
}

/// Nothing if this program knows this shape of a view.
pub(super) fn check(view: View, shape: i32) -> Result<(), ReadError> {
    if shape > view.shape_version() {
        return Err(ReadError::NewerShape { view, shape });
    }
    Ok(())
}
