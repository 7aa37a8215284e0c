//! What the other views show: customers, products, revenue, the fulfillment queue and returns.

use domain::order::ReturnState;
use domain::{Currency, CustomerId, Email, LineId, OrderId, Sku, Text, Timestamp};
use serde_json::{Value, json};

use super::order::{address, customer};
use super::settling::order_return;
use super::{Schemas, about, count, list, nullable, object, string};

/// A customer, over all their orders.
pub fn customer_document(s: &mut Schemas) -> Value {
    let money = sums(
        s,
        "CustomerMoney",
        "Sums over a customer's orders in one currency.",
        &[
            ("ordered", "What the orders came to."),
            ("due", "What is owed for them in the end."),
            ("captured", "What was captured for them."),
            ("refunded", "What of that has gone back."),
        ],
    );
    let members = [
        ("customer_id", s.of::<CustomerId>()),
        (
            "name",
            about(
                nullable(s.of::<Text>()),
                "What they are called in the order placed last.",
            ),
        ),
        (
            "email",
            about(
                nullable(s.of::<Email>()),
                "Where they are written to, in the same order.",
            ),
        ),
        (
            "orders",
            about(
                count(),
                "How many orders they placed, whatever became of them.",
            ),
        ),
        (
            "first_order_at",
            about(s.of::<Timestamp>(), "When they placed the first."),
        ),
        (
            "last_order_at",
            about(s.of::<Timestamp>(), "When they placed the last."),
        ),
        ("money", about(list(money), "Their money, by currency.")),
    ];
    s.add(
        "Customer",
        object("A customer, over all orders that they placed.", members),
    )
}

/// A product, over all orders.
pub fn product(s: &mut Schemas) -> Value {
    let units = [
        ("ordered", "All that were ordered."),
        ("cancelled", "Of these, the cancelled ones."),
        ("shipped", "The shipped ones."),
        ("delivered", "The ones that arrived."),
        ("returned", "The ones that came back."),
    ]
    .map(|(name, description)| (name, about(count(), description)));
    let units = s.add(
        "ProductUnits",
        object("Units of a product, over all currencies.", units),
    );
    let money = sums(
        s,
        "ProductMoney",
        "What units of a product are worth in one currency.",
        &[
            ("ordered", "What was ordered."),
            ("cancelled", "What of it was cancelled."),
            ("returned", "What of it came back."),
        ],
    );
    let members = [
        ("sku", s.of::<Sku>()),
        (
            "name",
            about(
                s.of::<Text>(),
                "What it is called in the order placed last.",
            ),
        ),
        ("units", units),
        (
            "money",
            about(list(money), "What they are worth, by currency."),
        ),
    ];
    s.add(
        "Product",
        object("A product, over all orders once placed.", members),
    )
}

/// The ledger of some days.
pub fn revenue(s: &mut Schemas) -> Value {
    let date =
        |description| json!({ "type": "string", "format": "date", "description": description });
    let total = revenue_sums(s);
    let mut interval = total.clone();
    if let Some(members) = interval["properties"].as_object_mut() {
        members.shift_insert(0, "from".to_owned(), date("Its first day (UTC)."));
        members.shift_insert(1, "to".to_owned(), date("The day after its last."));
    }
    if let Some(required) = interval["required"].as_array_mut() {
        required.extend(["from".into(), "to".into()]);
    }
    let interval = s.add(
        "RevenueInterval",
        about(interval, "What moved in one interval in one currency."),
    );
    let total = s.add(
        "RevenueTotal",
        about(total, "What moved in all intervals in one currency."),
    );
    let members = [
        (
            "items",
            about(
                list(interval),
                "The intervals in which anything moved, by their beginning and currency.",
            ),
        ),
        (
            "totals",
            about(list(total), "What they sum to, by currency."),
        ),
    ];
    s.add(
        "Revenue",
        object(
            "A ledger: each amount belongs to the day on which it happened.",
            members,
        ),
    )
}

fn revenue_sums(s: &mut Schemas) -> Value {
    let amounts = [
        (
            "gross",
            "What these came to, and what revisions changed that day.",
        ),
        ("discount", "The discounts in it."),
        ("shipping", "The shipping charges in it, before discounts."),
        ("tax", "The tax in it."),
        ("cancelled", "Value of cancelled units."),
        ("returned", "Value of units received back."),
        ("credited", "Credits of refunds."),
        ("net", "`gross − cancelled − returned − credited`."),
        ("captured", "What was captured."),
        ("refunded", "What has gone back."),
    ];
    let mut members = vec![
        ("currency", s.of::<Currency>()),
        ("orders", about(count(), "How many orders were placed.")),
    ];
    members.extend(amounts.map(|(name, description)| (name, about(sum(), description))));
    object("", members)
}

/// An order that can ship.
pub fn queue_entry(s: &mut Schemas) -> Value {
    let line = [
        ("line_id", s.of::<LineId>()),
        ("sku", s.of::<Sku>()),
        (
            "name",
            about(s.of::<Text>(), "The product's name when it was ordered."),
        ),
        ("open_quantity", about(count(), "How many units can ship.")),
    ];
    let line = s.add("OpenLine", object("A line with units that can ship.", line));
    let members = [
        ("order_id", s.of::<OrderId>()),
        ("order_number", about(string(), "Its number.")),
        ("customer", customer(s)),
        (
            "placed_at",
            about(s.of::<Timestamp>(), "When it was placed."),
        ),
        (
            "confirmed_at",
            about(s.of::<Timestamp>(), "When it was confirmed."),
        ),
        ("age_seconds", about(count(), "How long ago that was.")),
        (
            "lines",
            about(list(line), "Its lines with units that can ship."),
        ),
        ("shipping_address", address(s)),
    ];
    s.add("QueueEntry", object("An order that can ship now.", members))
}

/// A return with its order.
pub fn return_of_order(s: &mut Schemas) -> Value {
    order_return(s);
    s.of::<ReturnState>();
    let of_order = [
        ("order_id", s.of::<OrderId>()),
        ("order_number", about(string(), "The order's number.")),
        ("customer", customer(s)),
    ];
    let mut schema = object("A return, and the order that it is of.", of_order);
    let of_return = s.get("OrderReturn");
    for (name, member) in of_return["properties"].as_object().into_iter().flatten() {
        schema["properties"][name] = member.clone();
        if let Some(required) = schema["required"].as_array_mut() {
            required.push(name.as_str().into());
        }
    }
    s.add("Return", schema)
}

/// Sums by currency.
fn sums(s: &mut Schemas, name: &str, description: &str, amounts: &[(&'static str, &str)]) -> Value {
    let mut members = vec![("currency", s.of::<Currency>())];
    members.extend(
        amounts
            .iter()
            .map(|(name, description)| (*name, about(sum(), description))),
    );
    s.add(name, object(description, members))
}

/// A sum of amounts in minor units, which can be larger than one amount may be.
fn sum() -> Value {
    json!({ "type": "integer" })
}
