//! Which orders a list shows.

use std::fmt::Write as _;

use read_model::{CustomerId, OrderStatus, Timestamp};
use service_kit::Problem;
use sqlx::{Postgres, QueryBuilder};

use crate::request::Parameters;

const STATUS: &str = "status";
const CUSTOMER_ID: &str = "customer_id";
const PLACED_FROM: &str = "placed_from";
const PLACED_TO: &str = "placed_to";

/// The filters of an orders list. All that are given must fit; of several values of one filter, any.
#[derive(Debug)]
pub(super) struct Filter {
    statuses: Option<Vec<&'static str>>,
    customer_ids: Option<Vec<String>>,
    placed_from: Option<Timestamp>,
    placed_to: Option<Timestamp>,
}

impl Filter {
    /// The names of its parameters.
    pub(super) const PARAMETERS: [&'static str; 4] = [STATUS, CUSTOMER_ID, PLACED_FROM, PLACED_TO];

    /// Reads it from a query.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, Problem> {
        Ok(Self {
            statuses: parameters.several(STATUS, |name| {
                OrderStatus::parse(name)
                    .map(OrderStatus::as_str)
                    .ok_or_else(unknown_status)
            })?,
            customer_ids: parameters.several(CUSTOMER_ID, |id| {
                CustomerId::parse(id).map(|id| id.as_str().to_owned())
            })?,
            placed_from: parameters.parsed(PLACED_FROM, Timestamp::parse)?,
            placed_to: parameters.parsed(PLACED_TO, Timestamp::parse)?,
        })
    }

    /// The filter in words, the same for the same filter: what a cursor is bound to.
    pub(super) fn words(&self) -> String {
        let mut words = "orders -placed_at".to_owned();
        let joined = [
            (
                STATUS,
                self.statuses.as_ref().map(|values| values.join(",")),
            ),
            (
                CUSTOMER_ID,
                self.customer_ids.as_ref().map(|ids| ids.join(",")),
            ),
            (PLACED_FROM, self.placed_from.map(|time| time.to_string())),
            (PLACED_TO, self.placed_to.map(|time| time.to_string())),
        ];
        for (name, value) in joined {
            if let Some(value) = value {
                // Values hold no line break: they are checked ids, names and times.
                let _ = write!(words, "\n{name}={value}");
            }
        }
        words
    }

    /// Adds its conditions to a `where` clause that has one already.
    pub(super) fn restrict(&self, query: &mut QueryBuilder<'_, Postgres>) {
        if let Some(statuses) = &self.statuses {
            any_of(
                query,
                STATUS,
                statuses.iter().map(|status| (*status).to_owned()).collect(),
            );
        }
        if let Some(ids) = &self.customer_ids {
            any_of(query, CUSTOMER_ID, ids.clone());
        }
        if let Some(from) = self.placed_from {
            query
                .push(" and placed_at >= ")
                .push_bind(from.as_datetime());
        }
        if let Some(to) = self.placed_to {
            query.push(" and placed_at < ").push_bind(to.as_datetime());
        }
    }
}

/// One value is compared by itself: then the index on it has its orders in the order of the list.
fn any_of(query: &mut QueryBuilder<'_, Postgres>, column: &str, mut values: Vec<String>) {
    query.push(format!(" and {column} = "));
    match values.pop() {
        Some(only) if values.is_empty() => {
            query.push_bind(only);
        }
        last => {
            values.extend(last);
            query.push("any (").push_bind(values).push(")");
        }
    }
}

fn unknown_status() -> String {
    let names: Vec<&str> = OrderStatus::ALL
        .iter()
        .map(|status| status.as_str())
        .collect();
    format!("takes only: {}", names.join(", "))
}
