//! What the members of bodies are, where their types do not say it: the readers say the rest.

use serde_json::{Map, Value};

/// Describes the shapes of bodies and their members.
pub(super) fn describe(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas {
        // Kinds are called as their object with the kind's name behind it.
        let shape = SHAPES
            .iter()
            .filter(|(shape, _)| name.starts_with(shape))
            .max_by_key(|(shape, _)| shape.len());
        if let (Some((_, description)), false) = (shape, schema["description"].is_string()) {
            schema["description"] = (*description).into();
        }
        let members = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (member, schema) in members.into_iter().flatten() {
            if let (Some(description), false) =
                (member_of(name, member), schema["description"].is_string())
            {
                schema["description"] = description.into();
            }
        }
    }
}

const SHAPES: [(&str, &str); 46] = [
    ("AddLine", "A line."),
    ("AddNote", "A note."),
    ("Address", "A postal address."),
    ("ApplyDiscount", "An order-level discount."),
    ("ApproveReturn", "Which return."),
    ("AuthorizePayment", "What a provider reserved."),
    ("BulkLine", "A line of an upload: a command."),
    ("Cancel", "Why."),
    ("CancelLines", "Which units, and why."),
    ("CapturePayment", "What was taken of which payment."),
    ("Change", "A change of an order."),
    ("ChangeBillingAddress", "Who gets the bill."),
    ("ChangeLineQuantity", "How many units are wanted."),
    ("ChangeShippingAddress", "Where it goes."),
    ("Confirm", "Nothing."),
    ("Customer", "Who orders."),
    ("DeclineReturn", "Which return, and why not."),
    ("Deliver", "Which shipment."),
    ("Discard", "Nothing."),
    ("DraftOrder", "An order that is to be a draft."),
    ("Hold", "A hold."),
    ("Line", "A line."),
    ("LineDiscount", "A discount on one line."),
    ("LineQuantity", "Units of a line."),
    ("OrderDiscount", "A discount on the whole order."),
    ("PlaceDraft", "Nothing, or the total that it must have."),
    ("PlaceOrder", "An order that is to be placed."),
    ("ReceiveReturn", "What came of a return."),
    ("ReceivedLine", "Units of a line that came back."),
    ("RecordPaymentFailure", "Which payment failed, and why."),
    ("Refund", "Money to give back."),
    ("Reject", "Why."),
    ("ReleaseHold", "Which hold."),
    ("RemoveDiscount", "Which discount."),
    ("RemoveLine", "Which line."),
    ("RequestReturn", "Which units, and why."),
    ("ReturnLine", "Units of a line that are to come back."),
    ("Revise", "Changes, and why."),
    ("SetShipping", "A shipping."),
    ("SettleRefund", "How a part of a refund ended."),
    ("Ship", "What leaves."),
    ("Shipping", "How an order is shipped."),
    ("TagOrder", "A tag."),
    ("Tax", "How an order is taxed."),
    ("UntagOrder", "A tag."),
    ("VoidPayment", "Which payment, and why."),
];

fn member_of(shape: &str, member: &str) -> Option<&'static str> {
    let of_shape = match (shape, member) {
        ("PlaceOrder" | "DraftOrder", "order_id") => "Names the order; without it, a UUID does.",
        ("PlaceOrder", "draft") => "Not true: true asks for a draft.",
        ("DraftOrder", "draft") => "True: this is what asks for a draft.",
        ("PlaceOrder" | "DraftOrder", "lines") => "The lines, no `line_id` twice.",
        ("PlaceOrder" | "DraftOrder", "note") => "A first note, for the back office.",
        ("Line", "line_id") => "Names the line; without it, a UUID does.",
        ("Line", "name") => "What the product is called.",
        ("Hold", "hold_id") => "Names the hold; without it, a UUID does.",
        ("AuthorizePayment", "payment_id") => "Names the payment; without it, a UUID does.",
        ("AuthorizePayment", "amount") => "What was reserved.",
        ("CapturePayment", "amount") => "What was taken.",
        ("Ship", "shipment_id") => "Names the shipment; without it, a UUID does.",
        ("RequestReturn", "return_id") => "Names the return; without it, a UUID does.",
        ("Refund", "refund_id") => "Names the refund; without it, a UUID does.",
        ("Refund", "amount") => "How much.",
        ("Refund", "payment_id") => {
            "The one payment that it is of; without it, it is split over all."
        }
        ("Refund", "return_id") => "The return that is the cause.",
        ("SettleRefund", "payment_id") => "The part; needed if the refund has several.",
        ("ReceiveReturn", "lines") => "What came, no line twice; nothing came without.",
        ("Shipping", "amount") => "The charge, with tax in inclusive mode.",
        ("Customer", "name") => "What they are called.",
        ("Address", "name") => "Who receives there.",
        ("BulkLine", "order_id") => "The order. New orders have theirs, if any, in `data`.",
        ("BulkLine", "command") => {
            "The command's name, as in its path; `place` without `order_id` places a new order, `draft` drafts one."
        }
        _ => return of_any_shape(member),
    };
    Some(of_shape)
}

/// What a member is wherever it is.
fn of_any_shape(member: &str) -> Option<&'static str> {
    Some(match member {
        "rounding" => "How roundings fall; `half_even` by default.",
        "tax" => "How it is taxed.",
        "mode" => "Whether prices are given without tax (by default) or with it.",
        "level" => "What tax is rounded on; `line` by default.",
        "customer" => "Who orders.",
        "email" => "Where they are written to.",
        "lines" => "Which units, no line twice.",
        "discounts" => "Discounts, no code twice; they apply in their order.",
        "shipping" => "How it is shipped.",
        "shipping_address" => "Where it goes.",
        "billing_address" => "Who gets the bill, if that is another address.",
        "address" => "The address.",
        "tags" => "Words by which it is found, none twice.",
        "note" => "More about why.",
        "expected_total" => "What the caller thinks that the total is; refused if it is not.",
        "unit_price" => "The price of a unit, with tax in inclusive mode.",
        "tax_rate" => "The tax rate; 0 by default.",
        "type" => "Whether it takes a percentage or a fixed amount.",
        "value" => "The percentage; a fixed discount has none.",
        "amount" => "The amount; a percentage has none.",
        "applies_to" => "What it lowers; the lines by default.",
        "method" => "How, in your words.",
        "line1" => "Street and number.",
        "line2" => "What the first line could not hold.",
        "city" => "City or town.",
        "region" => "State, province or county.",
        "postal_code" => "Postal code, where the country has them.",
        "reason" => "Why.",
        "provider" => "Who moves the money.",
        "provider_reference" => "What the provider calls it.",
        "expires_at" => "Until when it can be captured.",
        "carrier" => "Who carries them.",
        "tracking_number" => "What the carrier calls it.",
        "restock" => "Whether units go back to stock; true by default, where it is not required.",
        "changes" => "The changes, none of two about one line, and at most one about the shipping.",
        "op" => "What kind of change.",
        "line" => "The line.",
        "text" => "What it says.",
        "visibility" => "Who may see it; `internal` by default.",
        "idempotency_key" => "The key, as `Idempotency-Key` of a single request.",
        "if_match" => "The version of the order that the command is meant for.",
        _ => return None,
    })
}
