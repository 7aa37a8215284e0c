//! Where an order is, and where its payments, returns and refunds are. Of an order only
//! [`OrderStatus`] is stored; the others are derived from facts.

use crate::named::named_enum;

named_enum! {
    /// The lifecycle of an order.
    pub enum OrderStatus {
        /// Being put together; nothing is promised yet.
        Draft = "draft",
        /// Promised by the customer, with frozen prices.
        Placed = "placed",
        /// Promised by us.
        Confirmed = "confirmed",
        /// Everything delivered, returned or cancelled, and the money even.
        Completed = "completed",
        /// Cancelled before anything shipped.
        Cancelled = "cancelled",
        /// Refused by us.
        Rejected = "rejected",
        /// A draft that will not be placed.
        Discarded = "discarded",
    }
}

named_enum! {
    /// Where the customer's money is.
    pub enum PaymentStatus {
        /// Nothing has been promised or paid.
        Unpaid = "unpaid",
        /// The last attempt failed and nothing is authorized.
        Failed = "failed",
        /// Money is reserved.
        Authorized = "authorized",
        /// Some is captured.
        PartiallyPaid = "partially_paid",
        /// All that is due is captured.
        Paid = "paid",
        /// Some has gone back.
        PartiallyRefunded = "partially_refunded",
        /// All that was captured has gone back.
        Refunded = "refunded",
    }
}

named_enum! {
    /// Where the goods are, over the units that are not cancelled.
    pub enum FulfillmentStatus {
        /// Nothing has shipped, or nothing is left to ship.
        Unfulfilled = "unfulfilled",
        /// Some units have shipped.
        PartiallyShipped = "partially_shipped",
        /// All units have shipped.
        Shipped = "shipped",
        /// Some units have arrived.
        PartiallyDelivered = "partially_delivered",
        /// All units have arrived.
        Delivered = "delivered",
    }
}

named_enum! {
    /// Whether units are on their way back.
    pub enum ReturnStatus {
        /// No return was ever requested.
        None = "none",
        /// Some return is requested or approved.
        Open = "open",
        /// Every return is received or declined.
        Closed = "closed",
    }
}

named_enum! {
    /// Where one payment is.
    pub enum PaymentState {
        /// Reserved, nothing taken yet.
        Authorized = "authorized",
        /// Something was taken.
        Captured = "captured",
        /// No longer reserved, nothing taken.
        Voided = "voided",
        /// The last that was heard of it is a failure, nothing taken.
        Failed = "failed",
    }
}

named_enum! {
    /// Where one return is.
    pub enum ReturnState {
        /// Asked for.
        Requested = "requested",
        /// Agreed to.
        Approved = "approved",
        /// Refused.
        Declined = "declined",
        /// Closed by what came back.
        Received = "received",
    }
}

named_enum! {
    /// Where one refund is, or one part of it.
    pub enum RefundState {
        /// On its way.
        Granted = "granted",
        /// Gone back.
        Succeeded = "succeeded",
        /// Not gone back, or not all of it.
        Failed = "failed",
    }
}

named_enum! {
    /// How a part of a refund ended.
    pub enum RefundOutcome {
        /// The money has gone back.
        Succeeded = "succeeded",
        /// It has not.
        Failed = "failed",
    }
}
