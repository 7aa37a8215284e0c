//! The views by name, and the names of their tables.

use std::fmt;

use crate::orders;

/// A view: what one projection writes and the query API reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One row an order: its document, and the columns that lists are filtered by.
    Orders,
    /// One row an event: its audit entry.
    OrderHistory,
}

impl View {
    /// All views, in the order in which they are listed.
    pub const ALL: &'static [Self] = &[Self::Orders, Self::OrderHistory];

    /// The name in the contract and in the tables `projection` and `checkpoint`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::OrderHistory => "order-history",
        }
    }

    /// The view with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|view| view.as_str() == name)
    }

    /// The name of its table in this generation, safe to stand in SQL as it is.
    pub fn table(self, generation: i32) -> String {
        match self {
            Self::Orders => format!("orders_{generation}"),
            Self::OrderHistory => format!("order_history_{generation}"),
        }
    }

    /// All tables of this generation, to be made and dropped together.
    pub(crate) fn tables(self, generation: i32) -> Vec<String> {
        let mut tables = vec![self.table(generation)];
        if self == Self::Orders {
            tables.push(orders::terms_table(generation));
        }
        tables
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for view in View::ALL {
            assert_eq!(View::parse(view.as_str()), Some(*view));
        }
        assert_eq!(View::parse("order_history"), None);
    }

    #[test]
    fn a_table_carries_its_generation() {
        assert_eq!(View::Orders.table(1), "orders_1");
        assert_eq!(View::OrderHistory.table(12), "order_history_12");
    }
}
