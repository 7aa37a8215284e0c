//! Up to where a view is complete.
//!
//! A checkpoint is an event's own position, so a partition without new events stays at an old one although it misses
//! nothing. A frontier row tells the two apart: all of a partition's events up to the frontier's position are applied if
//! its checkpoint has reached the partition's last position there. So
//!
//! - **a partition's position** is the larger of its checkpoint and the position of the highest frontier row that its checkpoint reaches;
//! - **a view's position** is the larger of its smallest checkpoint and the position of the highest frontier row that all its checkpoints reach.
//!
//! While a partition's rows are to be compared with a log that has taken another turn (`followed`), what they contain may never
//! have happened: then the position of that partition, and of every view, is 0.
//!
//! The expressions here are parts of larger statements, so that a position and the rows that it speaks of are of one snapshot.

use sqlx::{PgExecutor, Row as _};

use crate::View;

/// The partition of the order `o.order_id` among so many, as an SQL expression for [`of_partition`]: what
/// [`crate::partition_of`] computes. Its operand is SQL.
pub fn partition_of_order_id(partitions: &str) -> String {
    format!(
        "(get_byte(decode(md5(o.order_id), 'hex'), 0) * {partitions} / {slots})",
        slots = crate::SLOTS
    )
}

/// The position of a generation of a view, as an SQL expression; its operands are themselves SQL, such as `$1`.
pub fn of_view(view: &str, generation: &str) -> String {
    format!(
        "case when exists (select from followed where incarnation = 0) then 0 else greatest(
            (select min(c.position) from checkpoint c where c.projection = {view} and c.generation = {generation}),
            (select f.position
            from frontier f
            where cardinality(f.last) = (
                select count(*) from checkpoint c where c.projection = {view} and c.generation = {generation}
            )
            and not exists (
                select from checkpoint c
                where c.projection = {view}
                and c.generation = {generation}
                and c.position < f.last[c.partition + 1]
            )
            order by f.position desc
            limit 1)
        ) end"
    )
}

/// The position of one of a generation's partitions, as an SQL expression; its operands are SQL too. `partitions` is how many
/// the generation has, which never changes; `partition_of_order_id` names the one of an order.
///
/// Null if the generation has no such partition.
pub fn of_partition(view: &str, generation: &str, partition: &str, partitions: &str) -> String {
    format!(
        "(select case when exists (
                select from followed where followed.partition = {partition} and incarnation = 0
            ) then 0 else greatest(c.position, (
                select f.position
                from frontier f
                where cardinality(f.last) = {partitions}
                and f.last[{partition} + 1] <= c.position
                order by f.position desc
                limit 1
            )) end
        from checkpoint c
        where c.projection = {view}
        and c.generation = {generation}
        and c.partition = {partition})"
    )
}

/// How far the live generation of a view is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which generation is live.
    pub generation: i32,
    /// The view's position.
    pub view: i64,
    /// Each partition's position; never below the view's.
    pub partitions: Vec<i64>,
}

impl Progress {
    /// The position of the partition that this order belongs to.
    pub fn of_order(&self, order_id: &str) -> i64 {
        let count = u16::try_from(self.partitions.len()).unwrap_or(u16::MAX);
        let partition = crate::partition_of(order_id, count);
        self.partitions
            .get(usize::from(partition))
            .copied()
            .unwrap_or(self.view)
    }
}

/// How far a view is, in one snapshot. `None`: the view does not exist yet.
pub async fn progress(
    executor: impl PgExecutor<'_>,
    view: View,
) -> Result<Option<Progress>, sqlx::Error> {
    let statement = format!(
        "select
            array(
                select case when exists (
                    select from followed where followed.partition = c.partition and incarnation = 0
                ) then 0 else greatest(c.position, (
                    select f.position
                    from frontier f
                    where cardinality(f.last) = all_of.partitions
                    and f.last[c.partition + 1] <= c.position
                    order by f.position desc
                    limit 1
                )) end
                from checkpoint c
                where c.projection = p.name
                and c.generation = p.live_generation
                order by c.partition
            ) as partitions,
            {view_position} as view_position,
            p.live_generation
        from projection p
        cross join lateral (
            select count(*) as partitions
            from checkpoint c
            where c.projection = p.name
            and c.generation = p.live_generation
        ) all_of
        where p.name = $1
        and all_of.partitions > 0",
        view_position = of_view("p.name", "p.live_generation")
    );
    let row = sqlx::query(&statement)
        .bind(view.as_str())
        .fetch_optional(executor)
        .await?;
    row.map(|row| {
        Ok(Progress {
            generation: row.try_get("live_generation")?,
            view: row.try_get("view_position")?,
            partitions: row.try_get("partitions")?,
        })
    })
    .transpose()
}
