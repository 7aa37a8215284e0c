//! What can be asked of an order. Every value in a command is valid by itself, and every id is
//! there: who makes a command also makes the ids that its caller did not give.

use super::{
    CommandName, Customer, LineQuantities, ReceivedLines, RefundOutcome, ReturnLines, Revision,
    Visibility,
};
use crate::pricing::{NewLine, OrderDiscount, Rounding, Shipping, TaxRules};
use crate::{
    Address, Amount, Currency, DiscountCode, HoldId, LineId, NoteText, OrderId, PaymentId,
    PositiveAmount, Quantity, RefundId, ReturnId, ShipmentId, Tag, Text, Timestamp,
};

/// What can be asked of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderCommand {
    /// Place a new order.
    Place(Box<NewOrder>),
    /// Draft a new order: lines and addresses may be missing.
    Draft(Box<NewOrder>),
    /// Place a draft as it is.
    PlaceDraft {
        /// Refuse if the total is another.
        expected_total: Option<Amount>,
    },
    /// Give up a draft.
    Discard,
    /// Add a line to a draft.
    AddLine(Box<NewLine>),
    /// Change how many units of a draft's line are wanted.
    ChangeLineQuantity {
        /// The line.
        line_id: LineId,
        /// How many units from now on.
        quantity: Quantity,
    },
    /// Remove a line from a draft.
    RemoveLine {
        /// The line.
        line_id: LineId,
    },
    /// Apply an order-level discount to a draft, after those that it has.
    ApplyDiscount(OrderDiscount),
    /// Remove an order-level discount from a draft.
    RemoveDiscount {
        /// The discount.
        code: DiscountCode,
    },
    /// Say how a draft is shipped and what that costs.
    SetShipping(Shipping),
    /// Change a placed or confirmed order in several ways at once, without pricing it anew.
    Revise {
        /// What changes: all of it or nothing.
        revision: Revision,
        /// Why.
        reason: Text,
    },
    /// Change where an order goes, while nothing has shipped.
    ChangeShippingAddress(Box<Address>),
    /// Change who gets the bill.
    ChangeBillingAddress(Box<Address>),
    /// Put a hold on an order: it blocks confirming, shipping and capturing.
    Hold {
        /// Names the hold.
        hold_id: HoldId,
        /// Why, as a word for programs or people.
        reason: Text,
        /// More about why.
        note: Option<NoteText>,
    },
    /// Release a hold.
    ReleaseHold {
        /// The hold.
        hold_id: HoldId,
    },
    /// Confirm a placed order.
    Confirm,
    /// Refuse a placed order.
    Reject {
        /// Why.
        reason: Text,
    },
    /// Record that a provider reserved money.
    AuthorizePayment {
        /// Names the payment.
        payment_id: PaymentId,
        /// How much is reserved.
        amount: PositiveAmount,
        /// Who reserved it.
        provider: Option<Text>,
        /// What the provider calls it.
        provider_reference: Option<Text>,
        /// Until when it can be captured.
        expires_at: Option<Timestamp>,
    },
    /// Record that reserved money was taken.
    CapturePayment {
        /// The payment.
        payment_id: PaymentId,
        /// How much of it.
        amount: PositiveAmount,
    },
    /// Record that reserved money is no longer reserved.
    VoidPayment {
        /// The payment.
        payment_id: PaymentId,
        /// Why.
        reason: Text,
    },
    /// Record that a payment failed: one that the order knows, or a first attempt.
    RecordPaymentFailure {
        /// The payment.
        payment_id: PaymentId,
        /// Why.
        reason: Text,
    },
    /// Ship units.
    Ship {
        /// Names the shipment.
        shipment_id: ShipmentId,
        /// Which units.
        lines: LineQuantities,
        /// Who carries them.
        carrier: Option<Text>,
        /// What the carrier calls the shipment.
        tracking_number: Option<Text>,
    },
    /// Record that a shipment arrived.
    Deliver {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Cancel units that have not shipped.
    CancelLines {
        /// Which units.
        lines: LineQuantities,
        /// Why.
        reason: Text,
        /// Whether they go back to stock.
        restock: bool,
    },
    /// Cancel the whole order, while nothing has shipped.
    Cancel {
        /// Why.
        reason: Text,
        /// Whether its units go back to stock.
        restock: bool,
    },
    /// Ask for delivered units to be taken back.
    RequestReturn {
        /// Names the return.
        return_id: ReturnId,
        /// Which units, and why.
        lines: ReturnLines,
    },
    /// Agree to a return.
    ApproveReturn {
        /// The return.
        return_id: ReturnId,
        /// Why.
        reason: Option<Text>,
    },
    /// Refuse a return.
    DeclineReturn {
        /// The return.
        return_id: ReturnId,
        /// Why.
        reason: Text,
    },
    /// Record what came back, which closes the return.
    ReceiveReturn {
        /// The return.
        return_id: ReturnId,
        /// What came, and in which condition.
        lines: ReceivedLines,
    },
    /// Give money back.
    Refund {
        /// Names the refund.
        refund_id: RefundId,
        /// How much.
        amount: PositiveAmount,
        /// Why.
        reason: Text,
        /// From which payment; from all, in the order of their authorization, if not said.
        payment_id: Option<PaymentId>,
        /// The return that is the cause.
        return_id: Option<ReturnId>,
    },
    /// Record how a part of a refund ended.
    SettleRefund {
        /// The refund.
        refund_id: RefundId,
        /// The part that went to this payment; needed if there are several.
        payment_id: Option<PaymentId>,
        /// How it ended.
        outcome: RefundOutcome,
        /// What the provider calls it.
        provider_reference: Option<Text>,
    },
    /// Add a note.
    AddNote {
        /// What it says.
        text: NoteText,
        /// Who may see it.
        visibility: Visibility,
    },
    /// Add a tag.
    Tag(Tag),
    /// Remove a tag.
    Untag(Tag),
}

/// An order as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// Names it.
    pub order_id: OrderId,
    /// The currency of every amount of it.
    pub currency: Currency,
    /// How its roundings fall.
    pub rounding: Rounding,
    /// How its prices stand to tax.
    pub tax: TaxRules,
    /// Who orders.
    pub customer: Customer,
    /// What is ordered.
    pub lines: Vec<NewLine>,
    /// Discounts on the whole order or its shipping, in the order in which they apply.
    pub discounts: Vec<OrderDiscount>,
    /// How it is shipped and what that costs.
    pub shipping: Option<Shipping>,
    /// Where it goes.
    pub shipping_address: Option<Address>,
    /// Who gets the bill, if that is another address.
    pub billing_address: Option<Address>,
    /// Words by which it is found.
    pub tags: Vec<Tag>,
    /// A first note, for internal eyes.
    pub note: Option<NoteText>,
    /// Refuse if the total is another.
    pub expected_total: Option<Amount>,
}

impl OrderCommand {
    /// Its name.
    pub fn name(&self) -> CommandName {
        match self {
            Self::Place(_) | Self::PlaceDraft { .. } => CommandName::Place,
            Self::Draft(_) => CommandName::Draft,
            Self::Discard => CommandName::Discard,
            Self::AddLine(_) => CommandName::AddLine,
            Self::ChangeLineQuantity { .. } => CommandName::ChangeLineQuantity,
            Self::RemoveLine { .. } => CommandName::RemoveLine,
            Self::ApplyDiscount(_) => CommandName::ApplyDiscount,
            Self::RemoveDiscount { .. } => CommandName::RemoveDiscount,
            Self::SetShipping(_) => CommandName::SetShipping,
            Self::Revise { .. } => CommandName::Revise,
            Self::ChangeShippingAddress(_) => CommandName::ChangeShippingAddress,
            Self::ChangeBillingAddress(_) => CommandName::ChangeBillingAddress,
            Self::Hold { .. } => CommandName::Hold,
            Self::ReleaseHold { .. } => CommandName::ReleaseHold,
            Self::Confirm => CommandName::Confirm,
            Self::Reject { .. } => CommandName::Reject,
            Self::AuthorizePayment { .. } => CommandName::AuthorizePayment,
            Self::CapturePayment { .. } => CommandName::CapturePayment,
            Self::VoidPayment { .. } => CommandName::VoidPayment,
            Self::RecordPaymentFailure { .. } => CommandName::RecordPaymentFailure,
            Self::Ship { .. } => CommandName::Ship,
            Self::Deliver { .. } => CommandName::Deliver,
            Self::CancelLines { .. } => CommandName::CancelLines,
            Self::Cancel { .. } => CommandName::Cancel,
            Self::RequestReturn { .. } => CommandName::RequestReturn,
            Self::ApproveReturn { .. } => CommandName::ApproveReturn,
            Self::DeclineReturn { .. } => CommandName::DeclineReturn,
            Self::ReceiveReturn { .. } => CommandName::ReceiveReturn,
            Self::Refund { .. } => CommandName::Refund,
            Self::SettleRefund { .. } => CommandName::SettleRefund,
            Self::AddNote { .. } => CommandName::AddNote,
            Self::Tag(_) => CommandName::Tag,
            Self::Untag(_) => CommandName::Untag,
        }
    }

    /// The reason that it gives, where it has one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Revise { reason, .. }
            | Self::Hold { reason, .. }
            | Self::Reject { reason }
            | Self::VoidPayment { reason, .. }
            | Self::RecordPaymentFailure { reason, .. }
            | Self::CancelLines { reason, .. }
            | Self::Cancel { reason, .. }
            | Self::DeclineReturn { reason, .. }
            | Self::Refund { reason, .. } => Some(reason.as_str()),
            Self::ApproveReturn { reason, .. } => reason.as_ref().map(Text::as_str),
            _ => None,
        }
    }
}
