//! Worked example 7: orders of TPC-H, made and totalled by somebody else (crate `tpchgen`), at scale
//! 0.01: 15,000 orders with 60,175 lines.

use std::iter::Peekable;

use domain::order::{FulfillmentStatus, NewOrder, Order, OrderCommand, OrderStatus as Lifecycle};
use domain::pricing::NewLine;
use domain::{OrderId, Rounding, TaxRate};
use tpchgen::generators::{LineItem, LineItemGenerator, OrderGenerator, OrderStatus};

use crate::sample::{
    after, authorize, capture, deliver, discount, given, line, order_of, percent, place, ship,
};

const SCALE: f64 = 0.01;

/// A line of theirs as one of ours: the discount and the tax are hundredths.
fn ours(item: &LineItem<'_>) -> NewLine {
    let extended_price = item.l_extendedprice.into_inner();
    assert_eq!(
        extended_price % item.l_quantity,
        0,
        "a whole price of a unit"
    );
    let off = item.l_discount.into_inner();
    let discounts = (off > 0).then(|| discount("L", percent(&off.to_string())));
    NewLine {
        tax_rate: TaxRate::parse(&format!("0.{:02}", item.l_tax.into_inner())).unwrap(),
        discounts: discounts.into_iter().collect(),
        ..line(
            &item.l_linenumber.to_string(),
            item.l_quantity,
            extended_price / item.l_quantity,
        )
    }
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

/// Places the order, pays for it, and ships and delivers the lines that they call fulfilled.
fn live_through(order_key: i64, items: &[LineItem<'_>]) -> Order {
    let placed = given([place(NewOrder {
        order_id: OrderId::parse(order_key.to_string()).unwrap(),
        rounding: Rounding::Down,
        ..order_of(items.iter().map(ours).collect())
    })]);
    let total = placed.amounts().total;
    let paid = [
        OrderCommand::Confirm,
        authorize("p", total),
        capture("p", total),
    ];
    let paid = after(placed, paid);
    let numbers: Vec<_> = items
        .iter()
        .map(|item| item.l_linenumber.to_string())
        .collect();
    let numbered = numbers.iter().zip(items);
    let fulfilled: Vec<_> = numbered
        .filter(|(_, item)| item.l_linestatus == "F")
        .map(|(number, item)| (number.as_str(), item.l_quantity))
        .collect();
    if fulfilled.is_empty() {
        paid
    } else {
        after(paid, [ship("s", &fulfilled), deliver("s")])
    }
}

#[test]
fn every_total_and_status_is_what_the_generator_says() {
    let mut items = LineItemGenerator::new(SCALE, 1, 1).iter().peekable();
    let (mut orders, mut lines) = (0, 0);
    for theirs in OrderGenerator::new(SCALE, 1, 1).iter() {
        let items = items_of(theirs.o_orderkey, &mut items);
        (orders, lines) = (orders + 1, lines + items.len());
        let order = live_through(theirs.o_orderkey, &items);
        let key = theirs.o_orderkey;
        assert_eq!(
            order.amounts().total,
            theirs.o_totalprice.into_inner(),
            "total of {key}"
        );
        let expected = match theirs.o_orderstatus {
            OrderStatus::Fulfilled => (FulfillmentStatus::Delivered, Lifecycle::Completed),
            OrderStatus::Open => (FulfillmentStatus::Unfulfilled, Lifecycle::Confirmed),
            OrderStatus::Pending => (FulfillmentStatus::PartiallyDelivered, Lifecycle::Confirmed),
        };
        let found = (order.fulfillment_status().unwrap(), order.status().unwrap());
        assert_eq!(found, expected, "status of {key}");
    }
    assert_eq!((orders, lines), (15_000, 60_175));
}
