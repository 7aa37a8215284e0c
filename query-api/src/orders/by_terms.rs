//! The orders of a list that are found by their terms: SKUs, tags and words.
//!
//! How many orders have a word is anybody's guess, and the planner's is at times wrong by a factor of thousands. An index on words
//! must gather all that have one before it gives out the first. So there are four ways to search, in one statement, and which is gone
//! is decided while it runs:
//!
//! 1. **Near.** The first orders of the list are looked at. Do enough of them fit, or are there no others, that is the page.
//! 2. **Further.** If as many fit there that some thousands would be enough, were they all alike, these are looked at.
//! 3. **Few.** Otherwise what was seen near tells which words most orders have. The index is asked for the others, or for all
//!    if there are none, up to a number; those that fit are put in order.
//! 4. **Many.** Do more fit than that, then some that fit soon come in the order of the list.
//!
//! A search without filters is planned once a connection, maybe when there are no orders yet. So rows that are known by their key are
//! looked up each by itself (`lateral`, which `offset 0` keeps from becoming a join of another kind).

use super::list::Orders;
use crate::views::Statement;

/// How many times as many orders as a page has are looked at first. A word that fewer of them have is not in so many orders that
/// gathering those would take long.
const NEAR: i64 = 2;

/// How many times as many as those are looked at next, if a page would be full of them, should all fit as often. Where the terms are
/// enough, twice as many: two tables need not be read.
const FURTHER: i64 = 30;

/// As many as this are cheaper to put in order than to come upon among some hundred thousand.
const FEW: i64 = 1_500;

/// A page of orders that are found by their terms. Each way selects `sort_key`, `order_id` and `document` of one order more than the
/// page has.
pub(super) struct ByTerms<'l> {
    pub(super) list: &'l Orders,
    /// The table of orders.
    pub(super) table: String,
    /// The table of their terms.
    pub(super) terms: String,
    /// Whether the list can be made of terms alone: they have all that it is restricted and sorted by.
    pub(super) terms_are_enough: bool,
}

impl ByTerms<'_> {
    /// The orders that have certain SKUs and tags. How many these are is known to the planner.
    pub(super) fn look_up(&self, statement: &mut Statement) {
        let (column, table) = (self.list.sort.column(), &self.table);
        statement.push(format!(
            "select found.sort_key, found.order_id, shown.document
            from (
                select o.{column} as sort_key, o.order_id
                from {source} o",
            source = self.source()
        ));
        if !self.terms_are_enough {
            statement.push(format!(
                " join {terms} t on t.order_id = o.order_id",
                terms = self.terms
            ));
        }
        statement.push(" where true");
        let terms = if self.terms_are_enough { "o" } else { "t" };
        self.list.filter.restrict_terms(terms, statement);
        self.list.first_of(self.list.rows(), statement);
        statement.push(format!(
            ") found
            join {table} shown on shown.order_id = found.order_id"
        ));
        self.list.end(statement);
    }

    /// The orders that have these words, and whatever else is asked for.
    pub(super) fn search(&self, words: &[String], statement: &mut Statement) {
        self.look_near(statement);
        self.look_further(statement);
        self.gather_few(words, statement);
        self.select(statement);
    }

    /// Begins the statement: the first orders of the list, and which of them fit.
    fn look_near(&self, statement: &mut Statement) {
        let (near, rows) = (self.near(), self.list.rows());
        statement.push(format!(
            "with near as materialized (
                select o.order_id, o.{column} as sort_key{words}
                from {source} o
                where true",
            column = self.list.sort.column(),
            words = if self.terms_are_enough {
                ", o.words"
            } else {
                ""
            },
            source = self.source()
        ));
        self.list.first_of(near, statement);
        let terms = &self.terms;
        let its_terms = if self.terms_are_enough {
            "near t".to_owned()
        } else {
            format!(
                "near cross join lateral (select * from {terms} where order_id = near.order_id offset 0) t"
            )
        };
        statement.push(
            "),
            seen as materialized (
                select sort_key, t.order_id, t.words, true",
        );
        self.list.filter.restrict_terms("t", statement);
        statement.push(format!(
            " as fits
                from {its_terms}
            ),
            nearby as materialized (
                select fits, (select count(*) from near) < {near} or fits >= {rows} as is_enough
                from (select count(*) from seen where fits) as seen (fits)
            )",
        ));
    }

    /// Of more orders of the list, those that fit; none if that is not worth while.
    fn look_further(&self, statement: &mut Statement) {
        let rows = self.list.rows();
        let further = if self.terms_are_enough {
            2 * FURTHER
        } else {
            FURTHER
        };
        statement.push(format!(
            ", further as materialized (
                select o.sort_key, o.order_id
                from (
                    select o.*, o.{column} as sort_key
                    from {source} o
                    where (select not is_enough and {further} * fits >= {rows} from nearby)",
            column = self.list.sort.column(),
            source = self.source(),
        ));
        self.list.first_of(further * self.near(), statement);
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
        let near = self.near();
        let columns = if self.terms_are_enough {
            "t.order_id, t.sorted_at"
        } else {
            "t.order_id"
        };
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
                    select {columns}
                    from {terms} t
                    where t.words @@ (select words from seldom)",
                terms = self.terms,
            ));
        self.list.filter.restrict_terms("t", statement);
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
        let (column, table) = (self.list.sort.column(), &self.table);
        let few = if self.terms_are_enough {
            "few o".to_owned()
        } else {
            format!(
                "few cross join lateral (select * from {table} o where o.order_id = few.order_id offset 0) o"
            )
        };
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
                from {few}
                where (select gone = 'few' from way)"
        ));
        self.list.first_of(self.list.rows(), statement);
        statement.push(format!(
            ") union all (
                select o.{column}, o.order_id
                from {source} o
                where (select gone = 'many' from way)
                and ",
            source = self.source(),
        ));
        self.has_the_words(statement);
        self.list.first_of(self.list.rows(), statement);
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

    /// The condition that an order `o` has the words, and whatever else of its terms is asked for. Where these are of another table,
    /// each order is asked by itself: of a scalar query the planner makes no join, which it would begin with all that have the words.
    fn has_the_words(&self, statement: &mut Statement) {
        if self.terms_are_enough {
            statement.push("true");
            return self.list.filter.restrict_terms("o", statement);
        }
        let terms = &self.terms;
        statement.push(format!(
            "(select true from {terms} t where t.order_id = o.order_id"
        ));
        self.list.filter.restrict_terms("t", statement);
        statement.push(")");
    }

    /// The table that is read in the order of the list.
    fn source(&self) -> &str {
        if self.terms_are_enough {
            &self.terms
        } else {
            &self.table
        }
    }

    /// How many orders are looked at first.
    fn near(&self) -> i64 {
        NEAR * self.list.rows()
    }
}
