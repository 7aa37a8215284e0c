//! The names of the commands.

use crate::named::named_enum;

named_enum! {
    /// A command's name, in kebab-case as in paths; in the order of the table of commands in
    /// domain.md.
    pub enum CommandName {
        /// Place a new order, or a draft.
        Place = "place",
        /// Draft a new order.
        Draft = "draft",
        /// Give up a draft.
        Discard = "discard",
        /// Add a line to a draft.
        AddLine = "add-line",
        /// Change how many units of a draft's line are wanted.
        ChangeLineQuantity = "change-line-quantity",
        /// Remove a line from a draft.
        RemoveLine = "remove-line",
        /// Apply an order-level discount to a draft.
        ApplyDiscount = "apply-discount",
        /// Remove an order-level discount from a draft.
        RemoveDiscount = "remove-discount",
        /// Say how a draft is shipped.
        SetShipping = "set-shipping",
        /// Change a placed order in several ways at once.
        Revise = "revise",
        /// Change where an order goes.
        ChangeShippingAddress = "change-shipping-address",
        /// Change who gets the bill.
        ChangeBillingAddress = "change-billing-address",
        /// Put a hold on an order.
        Hold = "hold",
        /// Release a hold.
        ReleaseHold = "release-hold",
        /// Confirm a placed order.
        Confirm = "confirm",
        /// Refuse a placed order.
        Reject = "reject",
        /// Record an authorization.
        AuthorizePayment = "authorize-payment",
        /// Capture from an authorization.
        CapturePayment = "capture-payment",
        /// Give up an authorization.
        VoidPayment = "void-payment",
        /// Record that a payment failed.
        RecordPaymentFailure = "record-payment-failure",
        /// Ship units.
        Ship = "ship",
        /// Record that a shipment arrived.
        Deliver = "deliver",
        /// Cancel units that have not shipped.
        CancelLines = "cancel-lines",
        /// Cancel the whole order.
        Cancel = "cancel",
        /// Ask for units to be taken back.
        RequestReturn = "request-return",
        /// Agree to a return.
        ApproveReturn = "approve-return",
        /// Refuse a return.
        DeclineReturn = "decline-return",
        /// Record what came back.
        ReceiveReturn = "receive-return",
        /// Give money back.
        Refund = "refund",
        /// Record how a part of a refund ended.
        SettleRefund = "settle-refund",
        /// Add a note.
        AddNote = "add-note",
        /// Add a tag.
        Tag = "tag",
        /// Remove a tag.
        Untag = "untag",
    }
}
