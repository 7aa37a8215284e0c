//! Orders of TPC-H: made, and totalled, by somebody else.

use std::iter::Peekable;

use serde_json::{Value, json};
use tpchgen::generators::{LineItem, LineItemGenerator, Order, OrderGenerator};

/// One order to place, and what it must cost.
#[derive(Debug, Clone)]
pub(super) struct DemoOrder {
    /// The same in every run, so that a run after a broken one finishes that one's work.
    pub(super) id: String,
    /// Its line of a bulk upload, newline included.
    pub(super) upload: String,
    /// `o_totalprice`, in cents.
    pub(super) total: i64,
    /// Number of its lines.
    pub(super) lines: usize,
}

/// All orders of that scale, in the generator's order.
pub(super) fn orders(scale: f64) -> Vec<DemoOrder> {
    let mut items = LineItemGenerator::new(scale, 1, 1).iter().peekable();
    OrderGenerator::new(scale, 1, 1)
        .iter()
        .map(|order| {
            let items = items_of(order.o_orderkey, &mut items);
            demo_order(scale, &order, &items)
        })
        .collect()
}

fn items_of<'a>(
    order_key: i64,
    items: &mut Peekable<impl Iterator<Item = LineItem<'a>>>,
) -> Vec<LineItem<'a>> {
    let mut of_order = Vec::new();
    while let Some(item) = items.next_if(|item| item.l_orderkey == order_key) {
        of_order.push(item);
    }
    of_order
}

fn demo_order(scale: f64, order: &Order<'_>, items: &[LineItem<'_>]) -> DemoOrder {
    // Another scale makes other orders of the same keys.
    let id = format!("tpch-{scale}-{}", order.o_orderkey);
    let command = json!({
        "command": "place",
        "idempotency_key": format!("demo-{id}"),
        "data": {
            "order_id": id,
            "currency": "USD",
            // TPC-H cuts fractions of cents off, in each line.
            "rounding": "down",
            "tax": { "mode": "exclusive", "level": "line" },
            "customer": { "customer_id": format!("tpch-{}", order.o_custkey) },
            "lines": items.iter().map(line).collect::<Vec<_>>(),
            "shipping_address": {
                "name": format!("Customer {}", order.o_custkey),
                "line1": "1 Main Street",
                "city": "Springfield",
                "country": "US"
            },
        }
    });
    DemoOrder {
        id,
        upload: format!("{command}\n"),
        total: order.o_totalprice.into_inner(),
        lines: items.len(),
    }
}

/// Prices, discounts and taxes of the generator are hundredths; a line's price is that of all its units.
fn line(item: &LineItem<'_>) -> Value {
    let discount = item.l_discount.into_inner();
    let discounts = if discount > 0 {
        json!([{ "code": "TPCH", "type": "percentage", "value": discount.to_string() }])
    } else {
        json!([])
    };
    json!({
        "line_id": item.l_linenumber.to_string(),
        "sku": format!("part-{}", item.l_partkey),
        "name": format!("Part {}", item.l_partkey),
        "quantity": item.l_quantity,
        "unit_price": item.l_extendedprice.into_inner() / item.l_quantity,
        "tax_rate": format!("0.{:02}", item.l_tax.into_inner()),
        "discounts": discounts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_one_hundredth_has_the_orders_and_lines_that_tpch_says() {
        let orders = orders(0.01);
        assert_eq!(orders.len(), 15_000);
        assert_eq!(
            orders.iter().map(|order| order.lines).sum::<usize>(),
            60_175
        );
        // The first row of any TPC-H data set: order 1 costs 172,799.49 at this scale.
        assert_eq!((orders[0].id.as_str(), orders[0].lines), ("tpch-0.01-1", 6));
        let ids: std::collections::BTreeSet<_> = orders.iter().map(|order| &order.id).collect();
        assert_eq!(ids.len(), orders.len());
    }

    #[test]
    fn every_run_sends_the_same_bytes() {
        let texts = |orders: Vec<DemoOrder>| -> Vec<_> {
            orders.into_iter().map(|order| order.upload).collect()
        };
        assert_eq!(texts(orders(0.001)), texts(orders(0.001)));
    }
}
