//! The order's document.

use domain::order::{
    CommandName, FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus, Visibility,
};
use domain::{
    Amount, AppliesTo, CountryCode, Currency, CustomerId, DiscountCode, Email, HoldId, LineId,
    NoteText, OrderId, Percentage, PositiveAmount, Quantity, Rounding, Sku, Tag, TaxLevel, TaxMode,
    TaxRate, Text, Timestamp,
};
use serde_json::{Value, json};

use super::settling::{order_return, payment, refund, shipment};
use super::{Schemas, about, boolean, count, integer, list, nullable, object, string};

/// An order as it may be.
pub const ORDER_EXAMPLE: &str = include_str!("../order/golden/completed.json");

/// An order, whole.
pub fn order(s: &mut Schemas) -> Value {
    let order = object(
        "An order. Amounts are in minor units of its currency.",
        [
            ("order_id", s.of::<OrderId>()),
            ("order_number", order_number()),
            ("version", about(count(), "How many events it has.")),
            (
                "position",
                about(count(), "The position of its last event in the log."),
            ),
            ("status", s.of::<OrderStatus>()),
            ("payment_status", s.of::<PaymentStatus>()),
            ("fulfillment_status", s.of::<FulfillmentStatus>()),
            ("return_status", s.of::<ReturnStatus>()),
            ("on_hold", about(boolean(), "Whether any hold is open.")),
            ("holds", about(list(hold(s)), "The open holds.")),
            ("currency", s.of::<Currency>()),
            ("rounding", s.of::<Rounding>()),
            ("tax", tax(s)),
            ("customer", customer(s)),
            (
                "lines",
                about(list(line(s)), "The lines, in the order in which they came."),
            ),
            (
                "discounts",
                about(list(order_discount(s)), "The order-level discounts."),
            ),
            (
                "shipping",
                about(nullable(shipping(s)), "The shipping; null if never set."),
            ),
            ("amounts", amounts(s)),
            ("payments", about(list(payment(s)), "Its payments.")),
            ("shipments", about(list(shipment(s)), "Its shipments.")),
            ("returns", about(list(order_return(s)), "Its returns.")),
            ("refunds", about(list(refund(s)), "Its refunds.")),
            ("notes", about(list(note(s)), "Its notes.")),
            (
                "tags",
                about(list(s.of::<Tag>()), "Words by which it is found."),
            ),
            (
                "shipping_address",
                about(nullable(address(s)), "Where it goes."),
            ),
            (
                "billing_address",
                about(
                    nullable(address(s)),
                    "Who gets the bill, if that is another address.",
                ),
            ),
            (
                "reason",
                about(
                    nullable(s.of::<Text>()),
                    "Why it was rejected or cancelled.",
                ),
            ),
            (
                "created_at",
                about(s.of::<Timestamp>(), "When its first event happened."),
            ),
            (
                "placed_at",
                about(nullable(s.of::<Timestamp>()), "When it was placed."),
            ),
            (
                "updated_at",
                about(s.of::<Timestamp>(), "When its last event happened."),
            ),
            (
                "allowed_commands",
                about(
                    list(s.of::<CommandName>()),
                    "What could be asked of it now.",
                ),
            ),
        ],
    );
    s.add("Order", order)
}

/// The number that people read out on the telephone.
fn order_number() -> Value {
    json!({
        "type": ["string", "null"],
        "description": "Its number; null before placing.",
        "pattern": "^[0-9]{4}-[0-9]{6,}$",
    })
}

fn tax(s: &mut Schemas) -> Value {
    let members = [("mode", s.of::<TaxMode>()), ("level", s.of::<TaxLevel>())];
    s.add("OrderTax", object("How it is taxed.", members))
}

/// Who ordered.
pub(super) fn customer(s: &mut Schemas) -> Value {
    let members = [
        ("customer_id", s.of::<CustomerId>()),
        (
            "name",
            about(nullable(s.of::<Text>()), "What they are called."),
        ),
        (
            "email",
            about(nullable(s.of::<Email>()), "Where they are written to."),
        ),
    ];
    s.add("OrderCustomer", object("Who ordered.", members))
}

/// A postal address.
pub(super) fn address(s: &mut Schemas) -> Value {
    let members = [
        ("name", about(s.of::<Text>(), "Who receives there.")),
        ("line1", about(s.of::<Text>(), "Street and number.")),
        (
            "line2",
            about(
                nullable(s.of::<Text>()),
                "What the first line could not hold.",
            ),
        ),
        ("city", about(s.of::<Text>(), "City or town.")),
        (
            "region",
            about(nullable(s.of::<Text>()), "State, province or county."),
        ),
        (
            "postal_code",
            about(nullable(s.of::<Text>()), "Postal code."),
        ),
        ("country", s.of::<CountryCode>()),
    ];
    s.add("OrderAddress", object("A postal address.", members))
}

fn hold(s: &mut Schemas) -> Value {
    let members = [
        ("hold_id", s.of::<HoldId>()),
        ("reason", about(s.of::<Text>(), "Why.")),
        (
            "note",
            about(nullable(s.of::<NoteText>()), "More about why."),
        ),
        ("placed_at", about(s.of::<Timestamp>(), "Since when.")),
        (
            "placed_by",
            about(string(), "By whom: the subject of their token."),
        ),
    ];
    s.add("OrderHold", object("An open hold.", members))
}

fn line(s: &mut Schemas) -> Value {
    let members = [
        ("line_id", s.of::<LineId>()),
        ("sku", s.of::<Sku>()),
        (
            "name",
            about(s.of::<Text>(), "The product's name when it was ordered."),
        ),
        (
            "quantity",
            about(s.of::<Quantity>(), "Units that were ordered."),
        ),
        (
            "unit_price",
            about(s.of::<Amount>(), "The price of one unit."),
        ),
        ("tax_rate", s.of::<TaxRate>()),
        (
            "discounts",
            about(list(line_discount(s)), "The line's own discounts."),
        ),
        (
            "subtotal",
            about(s.of::<Amount>(), "Unit price × quantity."),
        ),
        (
            "discount_total",
            about(
                s.of::<Amount>(),
                "All that discounts took, its share of the order's included.",
            ),
        ),
        ("tax_total", about(s.of::<Amount>(), "Its tax.")),
        (
            "total",
            about(
                s.of::<Amount>(),
                "What the customer pays for it, tax included in both modes.",
            ),
        ),
        (
            "cancelled_quantity",
            about(count(), "Units that were cancelled."),
        ),
        (
            "shipped_quantity",
            about(count(), "Units that were shipped."),
        ),
        ("delivered_quantity", about(count(), "Units that arrived.")),
        ("returned_quantity", about(count(), "Units that came back.")),
    ];
    s.add("OrderLine", object("A line.", members))
}

fn line_discount(s: &mut Schemas) -> Value {
    let schema = discount(s, "A line's discount, with what it took.");
    s.add("AppliedDiscount", schema)
}

fn order_discount(s: &mut Schemas) -> Value {
    let mut schema = discount(s, "An order-level discount, with what it took.");
    schema["properties"]["applies_to"] = s.of::<AppliesTo>();
    schema["required"] = json!(["code", "type", "applies_to", "applied"]);
    s.add("AppliedOrderDiscount", schema)
}

/// `value` or `amount`, as `type` says.
fn discount(s: &mut Schemas, description: &str) -> Value {
    json!({
        "type": "object",
        "description": description,
        "required": ["code", "type", "applied"],
        "properties": {
            "code": s.of::<DiscountCode>(),
            "type": {
                "type": "string",
                "description": "Whether it takes a percentage or a fixed amount.",
                "enum": ["percentage", "fixed"],
            },
            "value": about(s.of::<Percentage>(), "What a percentage discount asks for; fixed ones have no such member."),
            "amount": about(s.of::<PositiveAmount>(), "What a fixed discount asks for; percentages have no such member."),
            "applied": about(s.of::<Amount>(), "What it took."),
        },
    })
}

fn shipping(s: &mut Schemas) -> Value {
    let members = [
        (
            "method",
            about(s.of::<Text>(), "How it is shipped, in the caller's words."),
        ),
        (
            "amount",
            about(s.of::<Amount>(), "The charge before discounts."),
        ),
        (
            "discount_total",
            about(s.of::<Amount>(), "What shipping discounts took."),
        ),
        ("tax_rate", s.of::<TaxRate>()),
        ("tax_total", about(s.of::<Amount>(), "Its tax.")),
        (
            "total",
            about(
                s.of::<Amount>(),
                "What the customer pays for it, tax included.",
            ),
        ),
    ];
    s.add("OrderShipping", object("The shipping.", members))
}

/// What an order amounts to.
pub fn amounts(s: &mut Schemas) -> Value {
    let members = [
        ("subtotal", "Unit prices × quantities, before discounts."),
        ("discount_total", "Line, order and shipping discounts."),
        ("shipping_total", "The shipping charge before discounts."),
        ("tax_total", "All tax, shipping's too."),
        ("total", "What the customer pays."),
        (
            "cancelled_total",
            "Value of cancelled units; all of the total once cancelled, rejected or discarded.",
        ),
        ("returned_total", "Value of units received back."),
        ("credited_total", "Credits of refunds."),
        ("due", "What is owed in the end, never below 0."),
        (
            "authorized",
            "Authorized amounts of payments that were not voided.",
        ),
        ("captured", "What was captured."),
        ("refunded", "What has gone back."),
        (
            "balance",
            "Positive: the customer owes; negative: we owe back.",
        ),
    ]
    .map(|(name, description)| (name, about(integer(), description)));
    s.add(
        "Amounts",
        object(
            "What an order amounts to, in minor units of its currency.",
            members,
        ),
    )
}

fn note(s: &mut Schemas) -> Value {
    let members = [
        ("text", about(s.of::<NoteText>(), "What it says.")),
        ("visibility", s.of::<Visibility>()),
        ("at", about(s.of::<Timestamp>(), "When it was written.")),
        (
            "by",
            about(string(), "By whom: the subject of their token."),
        ),
    ];
    s.add("OrderNote", object("A note.", members))
}
