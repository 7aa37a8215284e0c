//! What is known of an order. Only the lifecycle is a status; all else are facts, and every other
//! status and amount is derived from them.

use serde::{Deserialize, Serialize};

use super::{Condition, LineQuantities, OrderStatus, RefundState, ReturnState};
use crate::named::named_enum;
use crate::pricing::{
    AppliedOrderDiscount, PricedLine, PricedShipping, Rounding, TaxRules, Totals, share,
};
use crate::{
    Address, Amount, Currency, CustomerId, Email, HoldId, LineId, NoteText, OrderId, PaymentId,
    PositiveAmount, Quantity, RefundId, ReturnId, ShipmentId, Tag, Text, Timestamp,
};

/// Who orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Names the customer.
    pub customer_id: CustomerId,
    /// As they are called.
    pub name: Option<Text>,
    /// Where they are written to.
    pub email: Option<Email>,
}

named_enum! {
    /// Who may see a note.
    #[derive(Default)]
    pub enum Visibility {
        /// Only us.
        #[default]
        Internal = "internal",
        /// The customer too.
        Customer = "customer",
    }
}

/// What is known of an order. Lists are in the order of their events; amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Names the order.
    pub order_id: OrderId,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Whether it ever was placed, whatever became of it.
    pub ever_placed: bool,
    /// The currency of every amount.
    pub currency: Currency,
    /// How its roundings fall.
    pub rounding: Rounding,
    /// How its prices stand to tax.
    pub tax: TaxRules,
    /// Who orders.
    pub customer: Customer,
    /// The lines and what became of their units.
    pub lines: Vec<Line>,
    /// Ids of lines that were removed from the draft: they stay taken.
    pub removed_lines: Vec<LineId>,
    /// The order-level discounts.
    pub discounts: Vec<AppliedOrderDiscount>,
    /// The shipping, if it was ever set.
    pub shipping: Option<PricedShipping>,
    /// What lines and shipping sum to, units that were cancelled or came back among them.
    pub totals: Totals,
    /// Where it goes.
    pub shipping_address: Option<Address>,
    /// Who gets the bill, if that is another address.
    pub billing_address: Option<Address>,
    /// Words by which it is found.
    pub tags: Vec<Tag>,
    /// All notes.
    pub notes: Vec<Note>,
    /// The open holds.
    pub holds: Vec<Hold>,
    /// Ids of holds that were released: they stay taken.
    pub released_holds: Vec<HoldId>,
    /// All payments.
    pub payments: Vec<Payment>,
    /// Whether the last of all authorizations, captures and failures was a failure.
    pub last_payment_failed: bool,
    /// All shipments.
    pub shipments: Vec<Shipment>,
    /// All returns.
    pub returns: Vec<Return>,
    /// All refunds.
    pub refunds: Vec<Refund>,
    /// Why it was rejected or cancelled, if it was.
    pub reason: Option<Text>,
}

/// A line and what became of its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The line as it was priced, for good.
    pub priced: PricedLine,
    /// Units that were cancelled.
    pub cancelled: i64,
    /// Units that were shipped.
    pub shipped: i64,
    /// Units that arrived.
    pub delivered: i64,
    /// Units that came back.
    pub returned: i64,
    /// What the cancelled units were worth.
    pub cancelled_amount: i64,
    /// What the units were worth that came back.
    pub returned_amount: i64,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What it says.
    pub text: NoteText,
    /// Who may see it.
    pub visibility: Visibility,
}

/// An open hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Names it.
    pub hold_id: HoldId,
    /// Why.
    pub reason: Text,
    /// More about why.
    pub note: Option<NoteText>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Names it.
    pub payment_id: PaymentId,
    /// Who moves the money.
    pub provider: Option<Text>,
    /// What the provider calls it.
    pub provider_reference: Option<Text>,
    /// What was reserved.
    pub authorized: i64,
    /// What was taken of it.
    pub captured: i64,
    /// What is on its way back: granted, and not settled yet.
    pub refunding: i64,
    /// What has gone back.
    pub refunded: i64,
    /// Until when it can be captured.
    pub expires_at: Option<Timestamp>,
    /// Whether it was given up.
    pub voided: bool,
    /// Why it last failed.
    pub failure_reason: Option<Text>,
}

/// A shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Names it.
    pub shipment_id: ShipmentId,
    /// Which units are in it.
    pub lines: LineQuantities,
    /// Who carries them.
    pub carrier: Option<Text>,
    /// What the carrier calls it.
    pub tracking_number: Option<Text>,
    /// Whether it arrived.
    pub delivered: bool,
}

/// Units that are to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Names it.
    pub return_id: ReturnId,
    /// Where it is.
    pub state: ReturnState,
    /// Which units, and what came of them.
    pub lines: Vec<ReturnedLine>,
    /// What the units are worth that came; nothing before receipt.
    pub amount: Option<Amount>,
}

/// A line's units in a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnedLine {
    /// The line.
    pub line_id: LineId,
    /// How many of its units are to come back.
    pub quantity: Quantity,
    /// Why.
    pub reason: Option<Text>,
    /// What came of them, if anything did.
    pub received: Option<Received>,
}

/// Units of a line that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// How many.
    pub quantity: Quantity,
    /// In which condition.
    pub condition: Condition,
    /// Whether they go back to stock.
    pub restock: bool,
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Names it.
    pub refund_id: RefundId,
    /// How much.
    pub amount: PositiveAmount,
    /// How much of it is beyond what was owed back, and so lowers what is due.
    pub credit: Amount,
    /// Why.
    pub reason: Text,
    /// The return that is the cause.
    pub return_id: Option<ReturnId>,
    /// Its parts, one a payment.
    pub parts: Vec<RefundPart>,
}

/// A refund's part: what goes back to one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPart {
    /// The payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: PositiveAmount,
    /// Where it is.
    pub state: RefundState,
    /// What the provider calls it.
    pub provider_reference: Option<Text>,
}

impl Line {
    /// A line of which nothing has happened yet.
    pub(super) fn new(priced: PricedLine) -> Self {
        Self {
            priced,
            cancelled: 0,
            shipped: 0,
            delivered: 0,
            returned: 0,
            cancelled_amount: 0,
            returned_amount: 0,
        }
    }

    /// Names the line.
    pub fn line_id(&self) -> &LineId {
        &self.priced.line_id
    }

    /// Units that were ordered.
    pub fn quantity(&self) -> i64 {
        self.priced.quantity.get()
    }

    /// What the next units are worth that are taken back, after those that were before: cancelled,
    /// or returned at receipt. All of them together are worth the line's total, however they are
    /// taken back.
    pub(super) fn worth_of_next(&self, rounding: Rounding, units: i64) -> Amount {
        let (total, taken) = (self.priced.total, self.cancelled + self.returned);
        let worth = share(rounding, total.get(), self.quantity(), taken, taken + units);
        // A share of an amount is one, too.
        Amount::parse(worth).unwrap_or(total)
    }

    /// Units that can still ship.
    pub fn open(&self) -> i64 {
        self.quantity() - self.cancelled - self.shipped
    }
}

impl Payment {
    /// What can still be captured.
    pub fn left(&self) -> i64 {
        self.authorized - self.captured
    }

    /// What can still be given back.
    pub fn refundable(&self) -> i64 {
        self.captured - self.refunding - self.refunded
    }
}
