//! The orders of a list that have some words.
//!
//! How many orders have a word is anybody's guess, and the planner's is at times wrong by a factor of thousands. An index on words
//! must gather all that have one before it gives out the first. So there are four ways, in one statement, and which is gone is
//! decided while it runs:
//!
//! 1. **Near.** The first orders of the list are looked at. Do enough of them fit, or are there no others, that is the page.
//! 2. **Further.** If as many fit there that some thousands would be enough, were they all alike, these are looked at.
//! 3. **Few.** Otherwise what was seen near tells which words most orders have. The index is asked for the others, or for all
//!    if there are none, up to a number; those that fit are put in order.
//! 4. **Many.** Do more fit than that, then some that fit soon come in the order of the list.
//!
//! A statement without filters is planned once a connection, maybe when there are no orders yet. So rows that are known by their key
//! are looked up each by itself (`lateral`, which `offset 0` keeps from becoming a join of another kind).

use read_model::{View, orders};

use super::list::Orders;
use crate::views::Statement;

/// How many times as many orders as a page has are looked at first. A word that fewer of them have is not in so many orders that
/// gathering those would take long.
const NEAR: i64 = 2;

/// If a page would be full of so many times as many as those, should all fit as often, it is worth while to look further. Twice as
/// many are looked at then, as what was seen near is little to go by.
const FURTHER: i64 = 30;

/// As many as this are cheaper to put in order than to come upon among some hundred thousand.
const FEW: i64 = 1_500;

/// Selects what [`Orders`] selects: `sort_key`, `order_id` and `document` of one order more than the page has.
pub(super) fn candidates(
    list: &Orders,
    words: &[String],
    generation: i32,
    statement: &mut Statement,
) {
    let search = Search {
        list,
        table: View::Orders.table(generation),
        terms: orders::terms_table(generation),
        column: list.sort.column(),
        rows: list.rows(),
        near: NEAR * list.rows(),
    };
    search.look_near(statement);
    search.look_further(statement);
    search.gather_few(words, statement);
    search.select(statement);
}

/// A page that is searched for.
struct Search<'l> {
    list: &'l Orders,
    table: String,
    terms: String,
    /// What the list is sorted by.
    column: &'static str,
    rows: i64,
    near: i64,
}

impl Search<'_> {
    /// Begins the statement: the first orders of the list, and which of them fit.
    fn look_near(&self, statement: &mut Statement) {
        let Self { column, table, .. } = self;
        statement.push(format!(
            "with near as materialized (
                select o.{column} as sort_key, o.order_id
                from {table} o
                where true"
        ));
        self.list.first_of(self.near, statement);
        statement.push(
            "),
            seen as materialized (
                select near.sort_key, near.order_id, its.words, its.fits
                from near
                cross join lateral (
                    select t.words, true",
        );
        self.list.filter.restrict_terms(statement);
        statement.push(format!(
            " as fits
                    from {terms} t
                    where t.order_id = near.order_id
                    offset 0
                ) its
            ),
            nearby as materialized (
                select fits, (select count(*) from near) < {near} or fits >= {rows} as is_enough
                from (select count(*) from seen where fits) as seen (fits)
            )",
            terms = self.terms,
            near = self.near,
            rows = self.rows,
        ));
    }

    /// Of more orders of the list, those that fit; none if that is not worth while.
    fn look_further(&self, statement: &mut Statement) {
        let Self {
            column,
            table,
            rows,
            ..
        } = self;
        statement.push(format!(
            ", further as materialized (
                select o.sort_key, o.order_id
                from (
                    select o.{column} as sort_key, o.order_id
                    from {table} o
                    where (select not is_enough and {FURTHER} * fits >= {rows} from nearby)"
        ));
        self.list.first_of(2 * FURTHER * self.near, statement);
        statement.push(") o where ");
        self.has_the_words(statement);
        let order = self.list.sort.clause("o.sort_key", "o.order_id");
        statement.push(format!(
            " order by {order}
                limit {rows}
            ),
            enough as materialized (
                select nearby.is_enough as is_near, further.rows >= {rows} as is_further
                from nearby, (select count(*) from further) as further (rows)
            )"
        ));
    }

    /// Those that have the words, up to one more than [`FEW`]; none if enough were found. Then the way is known.
    fn gather_few(&self, words: &[String], statement: &mut Statement) {
        let Self { terms, near, .. } = self;
        statement
            .push(format!(
                ", seldom as materialized (
                    select case when not (select is_near or is_further from enough) then coalesce(
                        string_agg(word, ' & ') filter (
                            where {near} > 2 * (select count(*) from seen where seen.words @@ word::tsquery)
                        ),
                        string_agg(word, ' & ')
                    )::tsquery end as words
                    from unnest("
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
        self.list.filter.restrict_terms(statement);
        statement.push(format!(
            " limit {FEW} + 1
            ),
            way as materialized (
                select case
                    when is_near then 'near'
                    when is_further then 'further'
                    when (select count(*) from few) <= {FEW} then 'few'
                    else 'many'
                end as gone
                from enough
            )"
        ));
    }

    /// Ends the statement: the page, as it was found on the way that was gone.
    fn select(&self, statement: &mut Statement) {
        let Self { column, table, .. } = self;
        statement.push(format!(
            " select found.sort_key, found.order_id, shown.document
            from ((
                select seen.sort_key, seen.order_id
                from seen
                where (select gone = 'near' from way)
                and seen.fits
            ) union all (
                select further.sort_key, further.order_id
                from further
                where (select gone = 'further' from way)
            ) union all (
                select o.{column}, o.order_id
                from few
                cross join lateral (
                    select *
                    from {table} o
                    where o.order_id = few.order_id
                    offset 0
                ) o
                where (select gone = 'few' from way)"
        ));
        self.list.first_of(self.rows, statement);
        statement.push(format!(
            ") union all (
                select o.{column}, o.order_id
                from {table} o
                where (select gone = 'many' from way)
                and "
        ));
        self.has_the_words(statement);
        self.list.first_of(self.rows, statement);
        statement.push(format!(
            ")) found
            cross join lateral (
                select document
                from {table} o
                where o.order_id = found.order_id
                offset 0
            ) shown"
        ));
        self.list.end(statement);
    }

    /// The condition that an order `o` has the words, and whatever else of its terms is asked for. Each order is asked by itself: of
    /// a scalar query the planner makes no join, which it would begin with all that have the words.
    fn has_the_words(&self, statement: &mut Statement) {
        let terms = &self.terms;
        statement.push(format!(
            "(select true from {terms} t where t.order_id = o.order_id"
        ));
        self.list.filter.restrict_terms(statement);
        statement.push(")");
    }
}
