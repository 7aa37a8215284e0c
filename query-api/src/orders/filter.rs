//! Which orders a list shows.

use std::fmt::{Display, Write as _};

use read_model::{
    Amount, Currency, CustomerId, FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus, Sku,
    Tag, Timestamp, words,
};
use service_kit::Problem;

use crate::request::Parameters;
use crate::views::Statement;

const STATUS: &str = "status";
const PAYMENT_STATUS: &str = "payment_status";
const FULFILLMENT_STATUS: &str = "fulfillment_status";
const RETURN_STATUS: &str = "return_status";
pub(super) const CUSTOMER_ID: &str = "customer_id";
const SKU: &str = "sku";
const TAG: &str = "tag";
const ON_HOLD: &str = "on_hold";
const CURRENCY: &str = "currency";
const PLACED: [&str; 2] = ["placed_from", "placed_to"];
const TOTAL: [&str; 2] = ["min_total", "max_total"];
const Q: &str = "q";

/// The longest text to look for, in characters.
const MAX_Q: usize = 255;

/// The filters of an orders list. All that are given must fit; of several values of one filter, any.
#[derive(Debug)]
pub(super) struct Filter {
    /// Columns of the order, and the values they may have.
    columns: Vec<(&'static str, Vec<String>)>,
    /// Lists of the order's terms, and the values one of which they must hold.
    terms: Vec<(&'static str, Vec<String>)>,
    on_hold: Option<Vec<bool>>,
    placed: (Option<Timestamp>, Option<Timestamp>),
    total: (Option<i64>, Option<i64>),
    /// A `tsquery` a word; an order is found by all of them.
    found_by: Option<Vec<String>>,
}

impl Filter {
    /// The names of its parameters.
    pub(super) const PARAMETERS: [&'static str; 14] = [
        STATUS,
        PAYMENT_STATUS,
        FULFILLMENT_STATUS,
        RETURN_STATUS,
        CUSTOMER_ID,
        SKU,
        TAG,
        ON_HOLD,
        CURRENCY,
        PLACED[0],
        PLACED[1],
        TOTAL[0],
        TOTAL[1],
        Q,
    ];

    /// Reads it from a query.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, Problem> {
        let text = |parsed: Result<CustomerId, _>| parsed.map(|id| id.as_str().to_owned());
        let columns = [
            (
                STATUS,
                parameters.several(STATUS, one_of(OrderStatus::ALL, OrderStatus::as_str))?,
            ),
            (
                PAYMENT_STATUS,
                parameters.several(
                    PAYMENT_STATUS,
                    one_of(PaymentStatus::ALL, PaymentStatus::as_str),
                )?,
            ),
            (
                FULFILLMENT_STATUS,
                parameters.several(
                    FULFILLMENT_STATUS,
                    one_of(FulfillmentStatus::ALL, FulfillmentStatus::as_str),
                )?,
            ),
            (
                RETURN_STATUS,
                parameters.several(
                    RETURN_STATUS,
                    one_of(ReturnStatus::ALL, ReturnStatus::as_str),
                )?,
            ),
            (
                CUSTOMER_ID,
                parameters.several(CUSTOMER_ID, |id| text(CustomerId::parse(id)))?,
            ),
            (
                CURRENCY,
                parameters.several(CURRENCY, |code| {
                    Currency::parse(code).map(|known| known.code().to_owned())
                })?,
            ),
        ];
        let terms = [
            (
                "skus",
                parameters.several(SKU, |sku| {
                    Sku::parse(sku).map(|sku| sku.as_str().to_owned())
                })?,
            ),
            (
                "tags",
                parameters.several(TAG, |tag| {
                    Tag::parse(tag).map(|tag| tag.as_str().to_owned())
                })?,
            ),
        ];
        Ok(Self {
            columns: given(columns),
            terms: given(terms),
            on_hold: parameters.several(ON_HOLD, |text| {
                text.parse().map_err(|_| "takes only: true, false")
            })?,
            placed: parameters.range(PLACED, Timestamp::parse)?,
            total: parameters.range(TOTAL, amount)?,
            found_by: parameters.parsed(Q, words_of)?,
        })
    }

    /// The filter in words, the same for the same filter: what a cursor is bound to.
    pub(super) fn words(&self) -> String {
        let mut words = "orders".to_owned();
        // Values hold no line break: they are checked ids, names, numbers and times.
        let mut add = |name: &str, value: &dyn Display| {
            // Writing into a string cannot fail.
            let _ = write!(words, "\n{name}={value}");
        };
        for (column, values) in self.columns.iter().chain(&self.terms) {
            add(column, &values.join(","));
        }
        for value in self.on_hold.iter().flatten() {
            add(ON_HOLD, value);
        }
        let (from, to) = &self.placed;
        for (name, time) in PLACED.into_iter().zip([from, to]) {
            if let Some(time) = time {
                add(name, time);
            }
        }
        let (min, max) = &self.total;
        for (name, total) in TOTAL.into_iter().zip([min, max]) {
            if let Some(total) = total {
                add(name, total);
            }
        }
        if let Some(words) = &self.found_by {
            add(Q, &words.join(" & "));
        }
        words
    }

    /// Whether it asks for terms: then they are needed beside the orders.
    pub(super) fn needs_terms(&self) -> bool {
        !self.terms.is_empty() || self.found_by.is_some()
    }

    /// The words that it looks for, each as a `tsquery`: nobody can tell how many orders have them before they are looked up.
    pub(super) fn looks_for(&self) -> Option<&[String]> {
        self.found_by.as_deref()
    }

    /// Adds its conditions on an order's terms, which are called `terms`, to a `where` clause that has one already. No index is used
    /// for the words.
    pub(super) fn restrict_terms(&self, terms: &str, statement: &mut Statement) {
        for (column, values) in &self.terms {
            statement
                .push(format!(" and {terms}.{column} && "))
                .push_bind(values.clone());
        }
        if let Some(words) = &self.found_by {
            // In a scalar query, it is read from its text once, not for each order.
            statement
                .push(format!(" and ({terms}.words @@ (select "))
                .push_bind(words.join(" & "))
                .push("::tsquery)) is true");
        }
    }

    /// Whether it asks for what only the orders' rows tell.
    pub(super) fn needs_orders(&self) -> bool {
        let ranges = self.placed != (None, None) || self.total != (None, None);
        ranges || self.on_hold.is_some() || !self.columns.is_empty()
    }

    /// Whether it has values that may be those of every order or of few.
    pub(super) fn has_values(&self) -> bool {
        self.needs_orders() || !self.terms.is_empty()
    }

    /// Adds its conditions on an order `o` to a `where` clause that has one already.
    pub(super) fn restrict(&self, statement: &mut Statement) {
        for (column, values) in &self.columns {
            statement.push(format!(" and o.{column} = "));
            // One value is compared by itself: then the index on it has its orders in the order of the list.
            match values.as_slice() {
                [only] => statement.push_bind(only.clone()),
                several => statement
                    .push("any (")
                    .push_bind(several.to_vec())
                    .push(")"),
            };
        }
        match self.on_hold.as_deref() {
            Some([first, further @ ..]) if further.iter().all(|other| other == first) => {
                // Written out, so that the index on orders that are on hold is seen to fit.
                statement.push(if *first {
                    " and o.on_hold"
                } else {
                    " and not o.on_hold"
                });
            }
            _ => {}
        }
        self.restrict_ranges(statement);
    }

    fn restrict_ranges(&self, statement: &mut Statement) {
        if self.placed != (None, None) {
            // What was placed is sorted by that time, on which there is an index.
            statement.push(" and o.placed_at is not null");
        }
        for (time, condition) in [
            (self.placed.0, " and o.sorted_at >= "),
            (self.placed.1, " and o.sorted_at < "),
        ] {
            if let Some(time) = time {
                statement.push(condition).push_bind(time.as_datetime());
            }
        }
        for (total, condition) in [
            (self.total.0, " and o.total >= "),
            (self.total.1, " and o.total <= "),
        ] {
            if let Some(total) = total {
                statement.push(condition).push_bind(total);
            }
        }
    }
}

/// The filters that were given.
fn given<const N: usize>(
    filters: [(&'static str, Option<Vec<String>>); N],
) -> Vec<(&'static str, Vec<String>)> {
    filters
        .into_iter()
        .filter_map(|(name, values)| Some((name, values?)))
        .collect()
}

/// Takes a name of one of these.
fn one_of<T: Copy>(
    all: &'static [T],
    name_of: fn(T) -> &'static str,
) -> impl Fn(&str) -> Result<String, String> {
    move |name| {
        let names: Vec<&str> = all.iter().map(|value| name_of(*value)).collect();
        if names.contains(&name) {
            Ok(name.to_owned())
        } else {
            Err(format!("takes only: {}", names.join(", ")))
        }
    }
}

fn amount(text: &str) -> Result<i64, String> {
    let number = text
        .parse()
        .map_err(|_| "must be an amount in minor units")?;
    let amount = Amount::parse(number).map_err(|error| error.to_string())?;
    Ok(amount.get())
}

fn words_of(text: &str) -> Result<Vec<String>, String> {
    if text.chars().count() > MAX_Q {
        return Err(format!("must have at most {MAX_Q} characters"));
    }
    let words = words::prefixes(text);
    if words.is_empty() {
        return Err("must hold a letter or a digit".to_owned());
    }
    Ok(words)
}
