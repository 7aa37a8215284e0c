//! Which entries an audit list shows.

use std::fmt::{Display, Write as _};

use read_model::{OrderEvent, OrderId, Timestamp};
use service_kit::Problem;

use crate::request::Parameters;
use crate::views::Statement;

const ACTOR: &str = "actor";
const TYPE: &str = "type";
const ORDER_ID: &str = "order_id";
const CORRELATION_ID: &str = "correlation_id";
const TIME: [&str; 2] = ["from", "to"];
const AFTER_POSITION: &str = "after_position";

/// The longest actor or correlation id that is looked for, in bytes; none that is stored is longer.
const MAX_TEXT: usize = 255;

/// The filters of an audit list. All that are given must fit; of several values of one filter, any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Columns, and the values they may have.
    columns: Vec<(&'static str, Vec<String>)>,
    time: (Option<Timestamp>, Option<Timestamp>),
    after_position: i64,
}

impl Filter {
    /// The names of its parameters.
    pub(super) const PARAMETERS: [&'static str; 7] = [
        ACTOR,
        TYPE,
        ORDER_ID,
        CORRELATION_ID,
        TIME[0],
        TIME[1],
        AFTER_POSITION,
    ];

    /// Reads it from a query.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, Problem> {
        let columns = [
            ("actor", parameters.several(ACTOR, text)?),
            ("event_type", parameters.several(TYPE, event_type)?),
            (
                "order_id",
                parameters.several(ORDER_ID, |id| {
                    OrderId::parse(id).map(|id| id.as_str().to_owned())
                })?,
            ),
            ("correlation_id", parameters.several(CORRELATION_ID, text)?),
        ];
        Ok(Self {
            columns: columns
                .into_iter()
                .filter_map(|(column, values)| Some((column, values?)))
                .collect(),
            time: parameters.range(TIME, Timestamp::parse)?,
            after_position: parameters
                .parsed(AFTER_POSITION, position)?
                .unwrap_or_default(),
        })
    }

    /// Of one order alone.
    pub(crate) fn of_order(order_id: &OrderId) -> Self {
        Self {
            columns: vec![("order_id", vec![order_id.as_str().to_owned()])],
            ..Self::default()
        }
    }

    /// The position behind which entries begin.
    pub(super) fn after_position(&self) -> i64 {
        self.after_position
    }

    /// The filter in words, the same for the same filter: what a cursor is bound to.
    pub(super) fn words(&self) -> String {
        let mut words = "audit".to_owned();
        // Values hold no line break: they were checked.
        let mut add = |name: &str, value: &dyn Display| {
            // Writing into a string cannot fail.
            let _ = write!(words, "\n{name}={value}");
        };
        for (column, values) in &self.columns {
            add(column, &values.join(","));
        }
        for (name, time) in TIME.into_iter().zip([&self.time.0, &self.time.1]) {
            if let Some(time) = time {
                add(name, time);
            }
        }
        add(AFTER_POSITION, &self.after_position);
        words
    }

    /// Adds its conditions on an entry `h` of this table to a `where` clause that has one already; the position is not one
    /// of them.
    pub(super) fn restrict(&self, table: &str, statement: &mut Statement) {
        for (column, values) in &self.columns {
            statement.push(format!(" and h.{column} = "));
            // One value is compared by itself: then the index on it has its entries in the order of the list.
            match values.as_slice() {
                [only] => statement.push_bind(only.clone()),
                several => statement
                    .push("any (")
                    .push_bind(several.to_vec())
                    .push(")"),
            };
        }
        // Times never fall as positions rise: the first entry of a time bounds the positions too, by which entries come. The
        // time itself is compared so that no index on it fits, since all entries of a span would be put in order for a page.
        for (time, comparison) in [(self.time.0, ">="), (self.time.1, "<")] {
            let Some(time) = time else { continue };
            let time = time.as_datetime();
            statement
                .push(format!(" and (h.occurred_at {comparison} "))
                .push_bind(time)
                .push(format!(
                    ") is true and h.position {comparison} coalesce((
                        select first.position
                        from {table} first
                        where first.occurred_at >= "
                ))
                .push_bind(time)
                .push(format!(
                    " order by first.occurred_at, first.position limit 1
                    ), {beyond_all})",
                    beyond_all = i64::MAX
                ));
        }
    }
}

/// A position: 0 is before the first event.
pub(crate) fn position(text: &str) -> Result<i64, &'static str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or("must be a position: digits, at most 2^63 - 1")
}

fn text(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(format!("must have 1 to {MAX_TEXT} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text.to_owned())
}

fn event_type(name: &str) -> Result<String, String> {
    if OrderEvent::TYPES.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(format!("takes only: {}", OrderEvent::TYPES.join(", ")))
    }
}
