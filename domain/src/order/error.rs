//! Why a command is refused: one variant a rule of domain.md.

use thiserror::Error;

use super::{CommandName, OrderStatus, ReturnState};
use crate::pricing::{Location, PricingError};
use crate::{
    DiscountCode, HoldId, LineId, MAX_AMOUNT, PaymentId, RefundId, ReturnId, ShipmentId, Tag,
    Timestamp,
};

/// Why a command is refused. The message is fit for a caller; amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderError {
    /// There is no such order yet.
    #[error("there is no such order")]
    NoSuchOrder,
    /// The order's state does not take this command.
    #[error("an order that is {status} does not take {command}")]
    NotInThisState {
        /// The command.
        command: CommandName,
        /// The state.
        status: OrderStatus,
    },
    /// An id that the order has used, though its hold was released; or an order that exists.
    #[error("the id {id} is taken")]
    IdTaken {
        /// The id.
        id: String,
    },
    /// No such line.
    #[error("the order has no line {line_id}")]
    UnknownLine {
        /// The line.
        line_id: LineId,
    },
    /// No such order-level discount.
    #[error("the order has no discount {code}")]
    UnknownDiscount {
        /// The discount.
        code: DiscountCode,
    },
    /// No such open hold.
    #[error("the order has no open hold {hold_id}")]
    UnknownHold {
        /// The hold.
        hold_id: HoldId,
    },
    /// No such payment, or none that the refund has a part for.
    #[error("there is no payment {payment_id} here")]
    UnknownPayment {
        /// The payment.
        payment_id: PaymentId,
    },
    /// No such shipment.
    #[error("the order has no shipment {shipment_id}")]
    UnknownShipment {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// No such return.
    #[error("the order has no return {return_id}")]
    UnknownReturn {
        /// The return.
        return_id: ReturnId,
    },
    /// No such refund.
    #[error("the order has no refund {refund_id}")]
    UnknownRefund {
        /// The refund.
        refund_id: RefundId,
    },
    /// What is asked for is so already.
    #[error("nothing would change")]
    NothingChanges,
    /// An order to be placed has no line.
    #[error("an order needs at least one line to be placed")]
    NoLine,
    /// An order to be placed has no shipping address.
    #[error("an order needs a shipping address to be placed")]
    NoShippingAddress,
    /// The total is not what the caller expected.
    #[error("the total is {total}, not {expected}")]
    TotalDiffers {
        /// What the caller expected.
        expected: i64,
        /// What it is.
        total: i64,
    },
    /// A line's id twice in one new order.
    #[error("the line id {line_id} is used already")]
    LineTwice {
        /// The later of the two.
        at: Location,
        /// The id.
        line_id: LineId,
    },
    /// A tag twice in one new order.
    #[error("the tag {tag} is there already")]
    TagTwice {
        /// The later of the two.
        at: Location,
        /// The tag.
        tag: Tag,
    },
    /// A discount code twice in one line, or twice in the order's own discounts.
    #[error("the discount code {code} is used already")]
    CodeUsed {
        /// The later of the two.
        at: Location,
        /// The code.
        code: DiscountCode,
    },
    /// A fixed discount takes more than the discounts before it left.
    #[error("the discount of {amount} exceeds the {base} that it applies to")]
    DiscountExceedsBase {
        /// The discount.
        at: Location,
        /// Its amount.
        amount: i64,
        /// What it applies to.
        base: i64,
    },
    /// A hold is open.
    #[error("the order is on hold")]
    OnHold,
    /// More units than are open for this.
    #[error("{quantity} units of line {line_id} are more than the {open} that are open")]
    QuantityExceedsOpen {
        /// The line.
        line_id: LineId,
        /// The units that were asked for.
        quantity: i64,
        /// The units that are open.
        open: i64,
    },
    /// Something has shipped.
    #[error("something has shipped already")]
    SomethingShipped,
    /// The shipment has arrived before.
    #[error("the shipment {shipment_id} is delivered already")]
    AlreadyDelivered {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// More than is left of the authorization.
    #[error("{amount} is more than the {left} that are left of the authorization")]
    AmountExceedsAuthorized {
        /// What was to be captured.
        amount: i64,
        /// What can still be captured.
        left: i64,
    },
    /// The payment was given up.
    #[error("the payment {payment_id} is voided")]
    PaymentVoided {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Something was taken of the payment.
    #[error("something was captured from the payment {payment_id}")]
    PaymentCaptured {
        /// The payment.
        payment_id: PaymentId,
    },
    /// The authorization can no longer be captured.
    #[error("the authorization expired at {expired_at}")]
    AuthorizationExpired {
        /// When it expired.
        expired_at: Timestamp,
    },
    /// The return is not waiting for an answer.
    #[error("the return {return_id} is {state}, not requested")]
    ReturnNotRequested {
        /// The return.
        return_id: ReturnId,
        /// Where it is.
        state: ReturnState,
    },
    /// The return is not waiting for its units.
    #[error("the return {return_id} is {state}, not approved")]
    ReturnNotApproved {
        /// The return.
        return_id: ReturnId,
        /// Where it is.
        state: ReturnState,
    },
    /// The return that is to be the cause of a refund has not come.
    #[error("the return {return_id} is {state}, not received")]
    ReturnNotReceived {
        /// The return.
        return_id: ReturnId,
        /// Where it is.
        state: ReturnState,
    },
    /// More than is left of what was captured.
    #[error("{amount} is more than the {left} that can still be given back")]
    AmountExceedsCaptured {
        /// What was to go back.
        amount: i64,
        /// What can still go back.
        left: i64,
    },
    /// A refund of several parts, and not said which.
    #[error("the refund {refund_id} has several parts: which payment's is it?")]
    PaymentIdNeeded {
        /// The refund.
        refund_id: RefundId,
    },
    /// The part has ended before.
    #[error("that part of the refund {refund_id} is settled already")]
    PartSettled {
        /// The refund.
        refund_id: RefundId,
    },
    /// The order has the tag.
    #[error("the order has the tag {tag} already")]
    TagPresent {
        /// The tag.
        tag: Tag,
    },
    /// The order has no such tag.
    #[error("the order has no tag {tag}")]
    TagAbsent {
        /// The tag.
        tag: Tag,
    },
    /// More lines than an order may have.
    #[error("an order has at most {max} lines")]
    TooManyLines {
        /// The limit.
        max: usize,
    },
    /// More discounts than a line or an order may have.
    #[error("at most {max} discounts")]
    TooManyDiscounts {
        /// The line's discounts or the order's.
        at: Location,
        /// The limit.
        max: usize,
    },
    /// More tags than an order may have.
    #[error("an order has at most {max} tags")]
    TooManyTags {
        /// The limit.
        max: usize,
    },
    /// More open holds than an order may have.
    #[error("an order has at most {max} open holds")]
    TooManyHolds {
        /// The limit.
        max: usize,
    },
    /// An amount that the command leads to is beyond [`MAX_AMOUNT`].
    #[error("an amount would exceed {MAX_AMOUNT}")]
    AmountTooLarge {
        /// What has it.
        at: Location,
    },
}

impl OrderError {
    /// Which part of a new order's body is at fault, for the errors that such a body can cause by
    /// itself.
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::NoLine | Self::TooManyLines { .. } => Some(Location::Lines),
            Self::NoShippingAddress => Some(Location::ShippingAddress),
            Self::TotalDiffers { .. } => Some(Location::ExpectedTotal),
            Self::TooManyTags { .. } => Some(Location::Tags),
            Self::LineTwice { at, .. }
            | Self::TagTwice { at, .. }
            | Self::CodeUsed { at, .. }
            | Self::DiscountExceedsBase { at, .. }
            | Self::TooManyDiscounts { at, .. }
            | Self::AmountTooLarge { at } => Some(*at),
            _ => None,
        }
    }
}

impl From<PricingError> for OrderError {
    fn from(error: PricingError) -> Self {
        match error {
            PricingError::CodeUsed { at, code } => Self::CodeUsed { at, code },
            PricingError::DiscountExceedsBase { at, amount, base } => {
                Self::DiscountExceedsBase { at, amount, base }
            }
            PricingError::AmountTooLarge { at } => Self::AmountTooLarge { at },
        }
    }
}
