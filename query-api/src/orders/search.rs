//! The orders of a list that have some words.
//!
//! How many orders have a word is anybody's guess, and the planner's is at times wrong by a factor of thousands. An index on words
//! must gather all that have one before it gives out the first. So there are three ways, in one statement, and which is gone is
//! decided while it runs:
//!
//! 1. **Near.** The first orders of the list are looked at. Do enough of them fit, or are there no others, that is the page.
//! 2. **Few.** Otherwise what was seen there tells which words most orders have. The index is asked for the others, or for all
//!    if there are none, up to a number; those that fit are put in order.
//! 3. **Many.** Do more fit than that, then some that fit soon come in the order of the list.

use read_model::{View, orders};

use super::list::Orders;
use crate::views::Statement;

/// How many times as many orders as a page has are looked at first. A word that fewer of them have is not in so many orders that
/// gathering those would take long.
const NEAR: i64 = 2;

/// As many as this are cheaper to put in order than to come upon among some hundred thousand.
const FEW: i64 = 2_000;

/// Selects what [`Orders`] selects: `sort_key`, `order_id` and `document` of one order more than the page has.
pub(super) fn candidates(
    list: &Orders,
    words: &[String],
    generation: i32,
    statement: &mut Statement,
) {
    let table = View::Orders.table(generation);
    let terms = orders::terms_table(generation);
    let column = list.sort.column();
    let near = NEAR * list.rows();

    statement.push(format!(
        "with near as materialized (
            select o.{column} as sort_key, o.order_id
            from {table} o
            where true"
    ));
    list.first_of(near, statement);
    statement.push(
        "),
        seen as materialized (
            select near.sort_key, near.order_id, t.words, true",
    );
    list.filter.restrict_terms(statement);
    statement
        .push(format!(
            " as fits
            from near
            join {terms} t on t.order_id = near.order_id
        ),
        nearby as materialized (
            select (select count(*) from near) < {near}
                or (select count(*) from seen where fits) >= {rows} as is_enough
        ),
        seldom as materialized (
            select case when not (select is_enough from nearby) then coalesce(
                string_agg(word, ' & ') filter (
                    where {near} > 2 * (select count(*) from seen where seen.words @@ word::tsquery)
                ),
                string_agg(word, ' & ')
            )::tsquery end as words
            from unnest(",
            rows = list.rows(),
        ))
        .push_bind(words.to_vec())
        .push(format!(
            "::text[]) as asked (word)
        ),
        few as materialized (
            select t.order_id
            from {terms} t
            where t.words @@ (select words from seldom)"
        ));
    list.filter.restrict_terms(statement);
    statement.push(format!(
        " limit {FEW} + 1
        ),
        known as materialized (
            select is_enough, (select count(*) from few) > {FEW} as are_many
            from nearby
        )
        select found.sort_key, found.order_id, shown.document
        from ((
            select seen.sort_key, seen.order_id
            from seen
            where (select is_enough from known)
            and seen.fits
        ) union all (
            select o.{column}, o.order_id
            from few
            join {table} o on o.order_id = few.order_id
            where (select not is_enough and not are_many from known)"
    ));
    list.first_of(list.rows(), statement);
    // A scalar query is not turned into a join, which the planner would begin with all that have the words.
    statement.push(format!(
        ") union all (
            select o.{column}, o.order_id
            from {table} o
            where (select not is_enough and are_many from known)
            and (select true from {terms} t where t.order_id = o.order_id"
    ));
    list.filter.restrict_terms(statement);
    statement.push(")");
    list.first_of(list.rows(), statement);
    statement.push(format!(
        ")) found
        join {table} shown on shown.order_id = found.order_id"
    ));
    list.end(statement);
}
