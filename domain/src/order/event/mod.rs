//! What can happen to an order. Events are facts: they hold what was decided, frozen, and never
//! change their shape without a new version.

mod content;
mod drafting;
mod fulfillment;
mod lifecycle;
mod payment;
mod refund;
mod returning;
mod revision;
mod words;

use serde::{Deserialize, Serialize};

pub use content::OrderContent;
pub use drafting::{
    DiscountApplied, DiscountRemoved, LineAdded, LineQuantityChanged, LineRemoved, Repriced,
    ShippingSet,
};
pub use fulfillment::{ShipmentCreated, ShipmentDelivered};
pub use lifecycle::{
    HoldPlaced, HoldReleased, OrderCancelled, OrderCompleted, OrderConfirmed, OrderDiscarded,
    OrderRejected,
};
pub use payment::{PaymentAuthorized, PaymentCaptured, PaymentFailed, PaymentVoided};
pub use refund::{GrantedPart, RefundFailed, RefundGranted, RefundSucceeded};
pub use returning::{
    ReceivedValue, ReturnApproved, ReturnDeclined, ReturnReceived, ReturnRequested,
};
pub use revision::{CancelledUnits, LinesCancelled, OrderRevised, Revised};
pub use words::{
    BillingAddressChanged, NoteAdded, OrderTagged, OrderUntagged, ShippingAddressChanged,
};

/// What can happen to an order, in the order of the table of commands in domain.md.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// The order was placed: all of it, with frozen prices.
    OrderPlaced(Box<OrderContent>),
    /// A draft was begun.
    OrderDrafted(Box<OrderContent>),
    /// A draft was given up.
    OrderDiscarded(OrderDiscarded),
    /// A line was added to a draft.
    LineAdded(LineAdded),
    /// Another number of units of a draft's line is wanted.
    LineQuantityChanged(LineQuantityChanged),
    /// A line was removed from a draft.
    LineRemoved(LineRemoved),
    /// An order-level discount was applied to a draft.
    DiscountApplied(DiscountApplied),
    /// An order-level discount was removed from a draft.
    DiscountRemoved(DiscountRemoved),
    /// A draft's shipping was set.
    ShippingSet(ShippingSet),
    /// A placed order was changed in several ways at once.
    OrderRevised(OrderRevised),
    /// The order goes to another address.
    ShippingAddressChanged(ShippingAddressChanged),
    /// The bill goes to another address.
    BillingAddressChanged(BillingAddressChanged),
    /// A hold was put on the order.
    HoldPlaced(HoldPlaced),
    /// A hold was released.
    HoldReleased(HoldReleased),
    /// The order was confirmed.
    OrderConfirmed(OrderConfirmed),
    /// The order was refused.
    OrderRejected(OrderRejected),
    /// A provider reserved money.
    PaymentAuthorized(PaymentAuthorized),
    /// Reserved money was taken.
    PaymentCaptured(PaymentCaptured),
    /// Reserved money is no longer reserved.
    PaymentVoided(PaymentVoided),
    /// A payment failed, one that is known or a first attempt.
    PaymentFailed(PaymentFailed),
    /// Units were shipped.
    ShipmentCreated(ShipmentCreated),
    /// A shipment arrived.
    ShipmentDelivered(ShipmentDelivered),
    /// Units that had not shipped were cancelled.
    LinesCancelled(LinesCancelled),
    /// The whole order was cancelled.
    OrderCancelled(OrderCancelled),
    /// Units are to come back.
    ReturnRequested(ReturnRequested),
    /// We agreed to a return.
    ReturnApproved(ReturnApproved),
    /// We refused a return.
    ReturnDeclined(ReturnDeclined),
    /// Units came back, which closed their return.
    ReturnReceived(ReturnReceived),
    /// Money is to go back.
    RefundGranted(RefundGranted),
    /// A part of a refund has gone back.
    RefundSucceeded(RefundSucceeded),
    /// A part of a refund did not go back.
    RefundFailed(RefundFailed),
    /// The last obligation was met.
    OrderCompleted(OrderCompleted),
    /// A note was added.
    NoteAdded(NoteAdded),
    /// A tag was added.
    OrderTagged(OrderTagged),
    /// A tag was removed.
    OrderUntagged(OrderUntagged),
}
