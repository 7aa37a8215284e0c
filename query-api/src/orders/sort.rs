//! The order of an orders list.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::request::Parameters;
use crate::views::Statement;
use service_kit::Problem;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

const SORT: &str = "sort";

/// What a list is sorted by; order ids break ties, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sort {
    by: By,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// When it was placed; of a draft, when it was created.
    PlacedAt,
    UpdatedAt,
    Total,
}

/// Where an order stands in a list.
#[derive(Debug)]
pub(crate) struct Key {
    value: KeyValue,
    order_id: String,
}

#[derive(Debug, Clone, Copy)]
enum KeyValue {
    Time(DateTime<Utc>),
    Amount(i64),
}

impl Sort {
    /// The name of its parameter.
    pub(super) const PARAMETER: &'static str = SORT;

    /// The newest first, unless the query says otherwise.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, Problem> {
        let newest_first = Self {
            by: By::PlacedAt,
            descending: true,
        };
        let sort = parameters.parsed(SORT, |text| {
            let (name, descending) = match text.strip_prefix('-') {
                Some(name) => (name, true),
                None => (text, false),
            };
            let by = By::ALL.into_iter().find(|by| by.name() == name);
            by.map(|by| Self { by, descending }).ok_or_else(|| {
                let names = By::ALL.map(By::name).join(", ");
                format!("takes only: {names}, each with `-` for descending")
            })
        })?;
        Ok(sort.unwrap_or(newest_first))
    }

    /// The order in words, the same for the same order.
    pub(super) fn words(self) -> String {
        let sign = if self.descending { "-" } else { "" };
        format!("{sign}{}", self.by.name())
    }

    /// The column of an order that it sorts by.
    pub(super) fn column(self) -> &'static str {
        match self.by {
            By::PlacedAt => "sorted_at",
            By::UpdatedAt => "updated_at",
            By::Total => "total",
        }
    }

    /// Whether orders are sorted by what their terms have, too.
    pub(super) fn is_of_terms(self) -> bool {
        matches!(self.by, By::PlacedAt)
    }

    /// What stands behind `order by`, with this column.
    pub(super) fn clause(self, column: &str, order_id: &str) -> String {
        let direction = if self.descending { "desc" } else { "asc" };
        format!("{column} {direction}, {order_id} {direction}")
    }

    /// Adds the condition that an order `o` stands behind this key.
    pub(super) fn behind(self, key: &Key, statement: &mut Statement) {
        let (column, comparison) = (self.column(), if self.descending { "<" } else { ">" });
        statement.push(format!(" and (o.{column}, o.order_id) {comparison} ("));
        match key.value {
            KeyValue::Time(time) => statement.push_bind(time),
            KeyValue::Amount(amount) => statement.push_bind(amount),
        };
        statement
            .push(", ")
            .push_bind(key.order_id.clone())
            .push(")");
    }

    /// The key of a row, from its columns `sort_key` and `order_id`.
    pub(super) fn key_of(self, row: &PgRow) -> Result<Key, sqlx::Error> {
        Ok(Key {
            value: match self.by {
                By::PlacedAt | By::UpdatedAt => KeyValue::Time(row.try_get("sort_key")?),
                By::Total => KeyValue::Amount(row.try_get("sort_key")?),
            },
            order_id: row.try_get("order_id")?,
        })
    }

    /// The key that a cursor holds.
    pub(super) fn read(self, value: &Value) -> Option<Key> {
        let number = value.get(0)?.as_i64()?;
        Some(Key {
            value: match self.by {
                By::PlacedAt | By::UpdatedAt => {
                    KeyValue::Time(DateTime::from_timestamp_micros(number)?)
                }
                By::Total => KeyValue::Amount(number),
            },
            order_id: value.get(1)?.as_str()?.to_owned(),
        })
    }
}

impl By {
    const ALL: [Self; 3] = [Self::PlacedAt, Self::UpdatedAt, Self::Total];

    const fn name(self) -> &'static str {
        match self {
            Self::PlacedAt => "placed_at",
            Self::UpdatedAt => "updated_at",
            Self::Total => "total",
        }
    }
}

impl Key {
    /// As a cursor holds it.
    pub(super) fn write(&self) -> Value {
        let number = match self.value {
            KeyValue::Time(time) => time.timestamp_micros(),
            KeyValue::Amount(amount) => amount,
        };
        json!([number, self.order_id])
    }
}
