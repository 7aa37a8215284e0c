//! The order as the contract shows it, member for member and in its order. It borrows all it can:
//! one is made for every event.

use domain::order::{
    Amounts, CommandName, Condition, Customer, FulfillmentStatus, Line, LineQuantities,
    OrderStatus, Payment, PaymentState, PaymentStatus, Refund, RefundPart, RefundState, Return,
    ReturnState, ReturnStatus, ReturnedLine, Visibility,
};
use domain::pricing::{AppliedDiscount, AppliedOrderDiscount, PricedShipping};
use domain::{
    Address, Amount, Currency, HoldId, LineId, NoteText, PaymentId, PositiveAmount, Quantity,
    RefundId, ReturnId, Rounding, ShipmentId, Sku, Tag, TaxRate, TaxRules, Text, Timestamp,
};
use serde::Serialize;

/// An order. Amounts are in minor units of its currency.
#[derive(Debug, Clone, Serialize)]
pub struct OrderDocument<'a> {
    /// Names it.
    pub order_id: &'a str,
    /// Its number; null before placing.
    pub order_number: Option<&'a str>,
    /// How many events it has.
    pub version: i64,
    /// The position of its last event.
    pub position: i64,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Where the customer's money is.
    pub payment_status: PaymentStatus,
    /// Where the goods are.
    pub fulfillment_status: FulfillmentStatus,
    /// Whether units are on their way back.
    pub return_status: ReturnStatus,
    /// Whether any hold is open.
    pub on_hold: bool,
    /// The open holds.
    pub holds: Vec<HoldDocument<'a>>,
    /// The currency of every amount.
    pub currency: Currency,
    /// How its roundings fall.
    pub rounding: Rounding,
    /// How its prices stand to tax.
    pub tax: TaxRules,
    /// Who orders.
    pub customer: &'a Customer,
    /// The lines.
    pub lines: Vec<LineDocument<'a>>,
    /// The order-level discounts.
    pub discounts: &'a [AppliedOrderDiscount],
    /// The shipping; null if never set.
    pub shipping: Option<&'a PricedShipping>,
    /// What it amounts to.
    pub amounts: Amounts,
    /// Its payments.
    pub payments: Vec<PaymentDocument<'a>>,
    /// Its shipments.
    pub shipments: Vec<ShipmentDocument<'a>>,
    /// Its returns.
    pub returns: Vec<ReturnDocument<'a>>,
    /// Its refunds.
    pub refunds: Vec<RefundDocument<'a>>,
    /// Its notes.
    pub notes: Vec<NoteDocument<'a>>,
    /// Words by which it is found.
    pub tags: &'a [Tag],
    /// Where it goes.
    pub shipping_address: Option<&'a Address>,
    /// Who gets the bill, if that is another address.
    pub billing_address: Option<&'a Address>,
    /// Why it was rejected or cancelled.
    pub reason: Option<&'a Text>,
    /// When its first event happened.
    pub created_at: Option<Timestamp>,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When its last event happened.
    pub updated_at: Option<Timestamp>,
    /// What could be asked of it now.
    pub allowed_commands: Vec<CommandName>,
}

/// An open hold.
#[derive(Debug, Clone, Serialize)]
pub struct HoldDocument<'a> {
    /// Names it.
    pub hold_id: &'a HoldId,
    /// Why.
    pub reason: &'a Text,
    /// More about why.
    pub note: Option<&'a NoteText>,
    /// Since when.
    pub placed_at: Timestamp,
    /// By whom.
    pub placed_by: &'a str,
}

/// A line.
#[derive(Debug, Clone, Serialize)]
pub struct LineDocument<'a> {
    /// Names it within its order.
    pub line_id: &'a LineId,
    /// The product.
    pub sku: &'a Sku,
    /// The product's name when it was ordered.
    pub name: &'a Text,
    /// Units that were ordered.
    pub quantity: Quantity,
    /// The price of one unit.
    pub unit_price: Amount,
    /// The tax rate.
    pub tax_rate: TaxRate,
    /// The line's own discounts.
    pub discounts: &'a [AppliedDiscount],
    /// Unit price × quantity.
    pub subtotal: Amount,
    /// All that discounts took, with its share of the order's.
    pub discount_total: Amount,
    /// The line's tax.
    pub tax_total: Amount,
    /// What the customer pays for it, tax included.
    pub total: Amount,
    /// Units that were cancelled.
    pub cancelled_quantity: i64,
    /// Units that were shipped.
    pub shipped_quantity: i64,
    /// Units that arrived.
    pub delivered_quantity: i64,
    /// Units that came back.
    pub returned_quantity: i64,
}

/// A payment.
#[derive(Debug, Clone, Serialize)]
pub struct PaymentDocument<'a> {
    /// Names it.
    pub payment_id: &'a PaymentId,
    /// Who moves the money.
    pub provider: Option<&'a Text>,
    /// What the provider calls it.
    pub provider_reference: Option<&'a Text>,
    /// Where it is.
    pub status: PaymentState,
    /// What was reserved.
    pub authorized: i64,
    /// What was taken of it.
    pub captured: i64,
    /// What went back.
    pub refunded: i64,
    /// Until when it can be captured.
    pub expires_at: Option<Timestamp>,
    /// Why it last failed.
    pub failure_reason: Option<&'a Text>,
}

/// A shipment.
#[derive(Debug, Clone, Serialize)]
pub struct ShipmentDocument<'a> {
    /// Names it.
    pub shipment_id: &'a ShipmentId,
    /// Which units are in it.
    pub lines: &'a LineQuantities,
    /// Who carries them.
    pub carrier: Option<&'a Text>,
    /// What the carrier calls it.
    pub tracking_number: Option<&'a Text>,
    /// When it left.
    pub shipped_at: Timestamp,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
}

/// A return.
#[derive(Debug, Clone, Serialize)]
pub struct ReturnDocument<'a> {
    /// Names it.
    pub return_id: &'a ReturnId,
    /// Where it is.
    pub status: ReturnState,
    /// What the units are worth that came; null before receipt.
    pub amount: Option<Amount>,
    /// Which units, and what came of them.
    pub lines: Vec<ReturnLineDocument<'a>>,
}

/// A line's units in a return.
#[derive(Debug, Clone, Serialize)]
pub struct ReturnLineDocument<'a> {
    /// The line.
    pub line_id: &'a LineId,
    /// How many of its units are to come back.
    pub quantity: Quantity,
    /// Why.
    pub reason: Option<&'a Text>,
    /// How many came.
    pub received_quantity: i64,
    /// In which condition; null unless something came.
    pub condition: Option<Condition>,
    /// Whether they go back to stock; null unless something came.
    pub restock: Option<bool>,
}

/// A refund.
#[derive(Debug, Clone, Serialize)]
pub struct RefundDocument<'a> {
    /// Names it.
    pub refund_id: &'a RefundId,
    /// Where it is.
    pub status: RefundState,
    /// How much.
    pub amount: PositiveAmount,
    /// How much of it lowers what is due.
    pub credit: Amount,
    /// Why.
    pub reason: &'a Text,
    /// The return that is the cause.
    pub return_id: Option<&'a ReturnId>,
    /// Its parts, one a payment.
    pub parts: Vec<RefundPartDocument<'a>>,
}

/// What goes back to one payment.
#[derive(Debug, Clone, Serialize)]
pub struct RefundPartDocument<'a> {
    /// The payment.
    pub payment_id: &'a PaymentId,
    /// How much.
    pub amount: PositiveAmount,
    /// Where it is.
    pub status: RefundState,
    /// What the provider calls it.
    pub provider_reference: Option<&'a Text>,
}

/// A note.
#[derive(Debug, Clone, Serialize)]
pub struct NoteDocument<'a> {
    /// What it says.
    pub text: &'a NoteText,
    /// Who may see it.
    pub visibility: Visibility,
    /// When it was written.
    pub at: Timestamp,
    /// By whom.
    pub by: &'a str,
}

impl<'a> From<&'a Line> for LineDocument<'a> {
    fn from(line: &'a Line) -> Self {
        let priced = &line.priced;
        Self {
            line_id: &priced.line_id,
            sku: &priced.sku,
            name: &priced.name,
            quantity: priced.quantity,
            unit_price: priced.unit_price,
            tax_rate: priced.tax_rate,
            discounts: &priced.discounts,
            subtotal: priced.subtotal,
            discount_total: priced.discount_total,
            tax_total: priced.tax_total,
            total: priced.total,
            cancelled_quantity: line.cancelled,
            shipped_quantity: line.shipped,
            delivered_quantity: line.delivered,
            returned_quantity: line.returned,
        }
    }
}

impl<'a> From<&'a Payment> for PaymentDocument<'a> {
    fn from(payment: &'a Payment) -> Self {
        Self {
            payment_id: &payment.payment_id,
            provider: payment.provider.as_ref(),
            provider_reference: payment.provider_reference.as_ref(),
            status: payment.state(),
            authorized: payment.authorized,
            captured: payment.captured,
            refunded: payment.refunded,
            expires_at: payment.expires_at,
            failure_reason: payment.failure_reason.as_ref(),
        }
    }
}

impl<'a> From<&'a Return> for ReturnDocument<'a> {
    fn from(known: &'a Return) -> Self {
        Self {
            return_id: &known.return_id,
            status: known.state,
            amount: known.amount,
            lines: known.lines.iter().map(ReturnLineDocument::from).collect(),
        }
    }
}

impl<'a> From<&'a ReturnedLine> for ReturnLineDocument<'a> {
    fn from(line: &'a ReturnedLine) -> Self {
        let received = line.received.as_ref();
        Self {
            line_id: &line.line_id,
            quantity: line.quantity,
            reason: line.reason.as_ref(),
            received_quantity: received.map_or(0, |received| received.quantity.get()),
            condition: received.map(|received| received.condition),
            restock: received.map(|received| received.restock),
        }
    }
}

impl<'a> From<&'a Refund> for RefundDocument<'a> {
    fn from(refund: &'a Refund) -> Self {
        Self {
            refund_id: &refund.refund_id,
            status: refund.state(),
            amount: refund.amount,
            credit: refund.credit,
            reason: &refund.reason,
            return_id: refund.return_id.as_ref(),
            parts: refund.parts.iter().map(RefundPartDocument::from).collect(),
        }
    }
}

impl<'a> From<&'a RefundPart> for RefundPartDocument<'a> {
    fn from(part: &'a RefundPart) -> Self {
        Self {
            payment_id: &part.payment_id,
            amount: part.amount,
            status: part.state,
            provider_reference: part.provider_reference.as_ref(),
        }
    }
}
