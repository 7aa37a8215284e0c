//! What an order's document says of how it was settled: payments, shipments, returns and refunds.

use domain::order::{Condition, PaymentState, RefundState, ReturnState};
use domain::{
    Amount, LineId, PaymentId, PositiveAmount, Quantity, RefundId, ReturnId, ShipmentId, Text,
    Timestamp,
};
use serde_json::Value;

use super::{Schemas, about, boolean, count, list, nullable, object};

pub(super) fn payment(s: &mut Schemas) -> Value {
    let members = [
        ("payment_id", s.of::<PaymentId>()),
        (
            "provider",
            about(nullable(s.of::<Text>()), "Who moves the money."),
        ),
        (
            "provider_reference",
            about(nullable(s.of::<Text>()), "What the provider calls it."),
        ),
        ("status", s.of::<PaymentState>()),
        ("authorized", about(count(), "What was reserved.")),
        ("captured", about(count(), "What was taken of it.")),
        ("refunded", about(count(), "What went back.")),
        (
            "expires_at",
            about(
                nullable(s.of::<Timestamp>()),
                "Until when it can be captured.",
            ),
        ),
        (
            "failure_reason",
            about(nullable(s.of::<Text>()), "Why it last failed."),
        ),
    ];
    s.add("OrderPayment", object("A payment.", members))
}

pub(super) fn shipment(s: &mut Schemas) -> Value {
    let units = [
        ("line_id", s.of::<LineId>()),
        ("quantity", s.of::<Quantity>()),
    ];
    let units = s.add("ShippedUnits", object("Units of a line.", units));
    let members = [
        ("shipment_id", s.of::<ShipmentId>()),
        ("lines", about(list(units), "Which units are in it.")),
        (
            "carrier",
            about(nullable(s.of::<Text>()), "Who carries them."),
        ),
        (
            "tracking_number",
            about(nullable(s.of::<Text>()), "What the carrier calls it."),
        ),
        ("shipped_at", about(s.of::<Timestamp>(), "When it left.")),
        (
            "delivered_at",
            about(nullable(s.of::<Timestamp>()), "When it arrived."),
        ),
    ];
    s.add("OrderShipment", object("A shipment.", members))
}

pub(super) fn order_return(s: &mut Schemas) -> Value {
    let lines = [
        ("line_id", s.of::<LineId>()),
        (
            "quantity",
            about(
                s.of::<Quantity>(),
                "How many of its units are to come back.",
            ),
        ),
        ("reason", about(nullable(s.of::<Text>()), "Why.")),
        ("received_quantity", about(count(), "How many came.")),
        (
            "condition",
            about(
                nullable(s.of::<Condition>()),
                "In which condition; null unless something came.",
            ),
        ),
        (
            "restock",
            about(
                nullable(boolean()),
                "Whether they go back to stock; null unless something came.",
            ),
        ),
    ];
    let lines = s.add(
        "OrderReturnLine",
        object("A line's units in a return.", lines),
    );
    let members = [
        ("return_id", s.of::<ReturnId>()),
        ("status", s.of::<ReturnState>()),
        (
            "amount",
            about(
                nullable(s.of::<Amount>()),
                "What the units are worth that came; null before receipt.",
            ),
        ),
        (
            "lines",
            about(list(lines), "Which units, and what came of them."),
        ),
    ];
    s.add("OrderReturn", object("A return.", members))
}

pub(super) fn refund(s: &mut Schemas) -> Value {
    let part = [
        ("payment_id", s.of::<PaymentId>()),
        ("amount", about(s.of::<PositiveAmount>(), "How much.")),
        ("status", s.of::<RefundState>()),
        (
            "provider_reference",
            about(nullable(s.of::<Text>()), "What the provider calls it."),
        ),
    ];
    let part = s.add(
        "OrderRefundPart",
        object("What goes back to one payment.", part),
    );
    let members = [
        ("refund_id", s.of::<RefundId>()),
        ("status", s.of::<RefundState>()),
        ("amount", about(s.of::<PositiveAmount>(), "How much.")),
        (
            "credit",
            about(s.of::<Amount>(), "How much of it lowers what is due."),
        ),
        ("reason", about(s.of::<Text>(), "Why.")),
        (
            "return_id",
            about(
                nullable(s.of::<ReturnId>()),
                "The return that is the cause.",
            ),
        ),
        ("parts", about(list(part), "Its parts, one a payment.")),
    ];
    s.add("OrderRefund", object("A refund.", members))
}
