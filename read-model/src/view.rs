//! The views by name, and the names of their tables.

use std::fmt;

/// A view: what one projection writes and the query API reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One row an order: its document, and the columns that lists are filtered by.
    Orders,
    /// One row an event: its audit entry.
    OrderHistory,
    /// What each customer ordered, over all orders once placed.
    Customers,
    /// What became of each product, over all orders once placed.
    Products,
    /// What each day brought, as a ledger.
    Revenue,
    /// One row an order that can ship now.
    FulfillmentQueue,
    /// One row a return.
    Returns,
}

/// How a view is stored, declared once in the view's own file.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The name in the contract and in the tables `projection` and `checkpoint`.
    pub(crate) name: &'static str,
    /// Raised whenever a document or a column changes its meaning, so that the view is built anew.
    pub(crate) version: i32,
    /// Its tables; the first is the one that gives the view its name.
    pub(crate) tables: &'static [Table],
    /// Whether its rows belong to one order each, in a column `order_id`. The rows of the others are sums over many, and
    /// say in a column `partition` whose.
    pub(crate) is_of_orders: bool,
}

/// A table of a view.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name, before the generation.
    pub(crate) name: &'static str,
    /// The columns of its primary key.
    pub(crate) key: &'static [&'static str],
    /// The statement that makes `{table}`, documents stored with `{compression}`, and those that make its indexes, which can wait
    /// until it is filled.
    pub(crate) create: &'static str,
}

impl Table {
    /// Its name in this generation, safe to stand in SQL as it is.
    pub(crate) fn of(&self, generation: i32) -> String {
        format!("{}_{generation}", self.name)
    }
}

impl View {
    /// All views, in the order in which they are listed.
    pub const ALL: &'static [Self] = &[
        Self::Orders,
        Self::OrderHistory,
        Self::Customers,
        Self::Products,
        Self::Revenue,
        Self::FulfillmentQueue,
        Self::Returns,
    ];

    pub(crate) const fn shape(self) -> &'static Shape {
        match self {
            Self::Orders => &crate::orders::SHAPE,
            Self::OrderHistory => &crate::history::SHAPE,
            Self::Customers => &crate::customers::SHAPE,
            Self::Products => &crate::products::SHAPE,
            Self::Revenue => &crate::revenue::SHAPE,
            Self::FulfillmentQueue => &crate::fulfillment_queue::SHAPE,
            Self::Returns => &crate::returns::SHAPE,
        }
    }

    /// The name in the contract and in the tables `projection` and `checkpoint`.
    pub const fn as_str(self) -> &'static str {
        self.shape().name
    }

    /// The version of its shape that this program knows.
    pub const fn shape_version(self) -> i32 {
        self.shape().version
    }

    /// Whether its rows belong to one order each, so that an order can be forgotten and written anew. The rows of the others
    /// are sums over many; of those a partition is forgotten as a whole.
    pub const fn is_of_orders(self) -> bool {
        self.shape().is_of_orders
    }

    /// The view with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|view| view.as_str() == name)
    }

    /// The name of its first table in this generation, safe to stand in SQL as it is.
    pub fn table(self, generation: i32) -> String {
        self.shape().tables[0].of(generation)
    }

    /// The names of all its tables in this generation, to be made and dropped together.
    pub(crate) fn tables(self, generation: i32) -> Vec<String> {
        let tables = self.shape().tables.iter();
        tables.map(|table| table.of(generation)).collect()
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for view in View::ALL {
            assert_eq!(View::parse(view.as_str()), Some(*view));
        }
        assert_eq!(View::parse("order_history"), None);
    }

    #[test]
    fn the_names_are_those_of_the_contract() {
        let names = View::ALL.iter().map(|view| view.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let contract =
            "orders, order-history, customers, products, revenue, fulfillment-queue, returns";
        assert_eq!(names, contract);
    }

    #[test]
    fn a_table_carries_its_generation() {
        assert_eq!(View::Orders.table(1), "orders_1");
        assert_eq!(View::OrderHistory.table(12), "order_history_12");
    }

    #[test]
    fn no_two_views_have_a_table_in_common() {
        let mut tables = BTreeSet::new();
        for view in View::ALL {
            for table in view.tables(1) {
                assert!(tables.insert(table), "{view}");
            }
        }
    }
}
