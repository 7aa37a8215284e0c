//! The domain's values. Limits are the domain's own constants; what a pattern says, the domain's `parse` says, and
//! the command API's tests compare the two.

use domain::order::{
    CommandName, Condition, FulfillmentStatus, OrderStatus, PaymentState, PaymentStatus,
    RefundOutcome, RefundState, ReturnState, ReturnStatus, Visibility,
};
use domain::{
    Amount, AppliesTo, CountryCode, Currency, CustomerId, DiscountCode, Email, HoldId, LineId,
    MAX_AMOUNT, NoteText, OrderId, PaymentId, Percentage, PositiveAmount, Quantity, RefundId,
    ReturnId, Rounding, ShipmentId, Sku, Tag, TaxLevel, TaxMode, TaxRate, Text, Timestamp,
};
use serde_json::{Value, json};

use super::Described;

macro_rules! described {
    ($($value:ident: $schema:expr;)*) => {$(
        impl Described for $value {
            const NAME: Option<&'static str> = Some(stringify!($value));

            fn schema() -> Value {
                $schema
            }
        }
    )*};
}

macro_rules! words {
    ($($value:ident: $description:literal;)*) => {$(
        impl Described for $value {
            const NAME: Option<&'static str> = Some(stringify!($value));

            fn schema() -> Value {
                let words: Vec<&str> = Self::ALL.iter().map(|word| word.as_str()).collect();
                json!({ "type": "string", "description": $description, "enum": words })
            }
        }
    )*};
}

described! {
    OrderId: json!({
        "type": "string",
        "description": "Names an order: ASCII letters, digits and `. _ ~ : -`, but not `by-number`.",
        "minLength": 1,
        "maxLength": OrderId::MAX_CHARS,
        "pattern": "^[A-Za-z0-9._~:-]+$",
        "not": { "const": "by-number" },
    });
    LineId: id("Names a line within its order.", LineId::MAX_CHARS);
    Sku: id("Names a product.", Sku::MAX_CHARS);
    DiscountCode: id("Names a discount within its line or order.", DiscountCode::MAX_CHARS);
    HoldId: id("Names a hold within its order.", HoldId::MAX_CHARS);
    PaymentId: id("Names a payment within its order.", PaymentId::MAX_CHARS);
    ShipmentId: id("Names a shipment within its order.", ShipmentId::MAX_CHARS);
    ReturnId: id("Names a return within its order.", ReturnId::MAX_CHARS);
    RefundId: id("Names a refund within its order.", RefundId::MAX_CHARS);
    CustomerId: id("Names a customer, by the caller's own id.", CustomerId::MAX_CHARS);
    Tag: id("A word by which orders are found.", Tag::MAX_CHARS);
    Text: text("A text without U+0000.", Text::MAX_CHARS);
    NoteText: text("A longer text without U+0000.", NoteText::MAX_CHARS);
    Email: json!({
        "type": "string",
        "description": "An e-mail address; only its form is checked.",
        "maxLength": Email::MAX_CHARS,
        "pattern": "^[^\\s\\u0000-\\u001F\\u007F-\\u009F]+@[^@\\s\\u0000-\\u001F\\u007F-\\u009F]+$",
    });
    Quantity: json!({
        "type": "integer", "description": "Units.", "minimum": 1, "maximum": Quantity::MAX,
    });
    Amount: json!({
        "type": "integer",
        "format": "int64",
        "description": "Money in minor units of the order's currency: 1999 is 19.99 EUR.",
        "minimum": 0,
        "maximum": MAX_AMOUNT,
    });
    PositiveAmount: json!({
        "type": "integer",
        "format": "int64",
        "description": "Money above 0, in minor units of the order's currency.",
        "minimum": 1,
        "maximum": MAX_AMOUNT,
    });
    Currency: json!({
        "type": "string",
        "description": "A currency of ISO 4217 that has a minor unit.",
        "pattern": "^[A-Z]{3}$",
    });
    CountryCode: json!({
        "type": "string",
        "description": "A country of ISO 3166-1, in two letters.",
        "pattern": "^[A-Z]{2}$",
    });
    TaxRate: json!({
        "type": "string",
        "description": "A tax rate from 0 to 10 (1000 %) with at most 6 decimals: \"0.19\" is 19 %.",
        "pattern": "^(10(\\.0{1,6})?|[0-9](\\.[0-9]{1,6})?)$",
    });
    Percentage: json!({
        "type": "string",
        "description": "A percentage above 0 and up to 100 with at most 4 decimals: \"12.5\".",
        "pattern": "^(100(\\.0{1,4})?|[1-9][0-9]?(\\.[0-9]{1,4})?\
            |0\\.([1-9][0-9]{0,3}|0[1-9][0-9]{0,2}|00[1-9][0-9]?|000[1-9]))$",
    });
    Timestamp: json!({
        "type": "string",
        "format": "date-time",
        "description": "A time (RFC 3339). Taken in any zone, shown in UTC with six digits of a second.",
    });
}

words! {
    CommandName: "A command, as in its path.";
    OrderStatus: "Where an order is in its life.";
    PaymentStatus: "Where the customer's money is.";
    FulfillmentStatus: "Where the goods are.";
    ReturnStatus: "Whether units are on their way back.";
    PaymentState: "Where a payment is.";
    ReturnState: "Where a return is.";
    RefundState: "Where a refund, or a part of one, is.";
    RefundOutcome: "How a part of a refund ended.";
    Condition: "What units that came back are like.";
    Visibility: "Who may see a note.";
    Rounding: "How roundings fall.";
    AppliesTo: "What an order-level discount lowers.";
    TaxMode: "Whether prices are given without tax or with it.";
    TaxLevel: "What tax is rounded on.";
}

impl Described for String {
    const NAME: Option<&'static str> = None;

    fn schema() -> Value {
        super::string()
    }
}

/// What JSON readers that use doubles keep exactly.
impl Described for i64 {
    const NAME: Option<&'static str> = None;

    fn schema() -> Value {
        json!({ "type": "integer", "format": "int64", "minimum": -MAX_AMOUNT, "maximum": MAX_AMOUNT })
    }
}

/// Ids, SKUs, codes and tags keep the same rules.
fn id(description: &str, most: usize) -> Value {
    json!({
        "type": "string",
        "description": format!(
            "{description} Without commas, control characters, and spaces at its ends."
        ),
        "minLength": 1,
        "maxLength": most,
        "pattern": "^[^,\\s\\u0000-\\u001F\\u007F-\\u009F]\
            ([^,\\u0000-\\u001F\\u007F-\\u009F]*[^,\\s\\u0000-\\u001F\\u007F-\\u009F])?$",
    })
}

fn text(description: &str, most: usize) -> Value {
    json!({
        "type": "string",
        "description": description,
        "maxLength": most,
        "pattern": "^[^\\u0000]*$",
    })
}
