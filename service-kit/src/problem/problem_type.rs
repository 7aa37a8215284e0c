//! Every type of problem in one table: its name, its status, its title.

use axum::http::StatusCode;

macro_rules! problem_types {
    ($($variant:ident = $name:literal, $status:ident, $title:literal;)*) => {
        /// A stable name for what went wrong; the contract's table, and one page of the documentation each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemType {
            $(
                #[doc = concat!("`", $name, "`: ", $title, ".")]
                $variant,
            )*
        }

        impl ProblemType {
            /// All of them, in the order of the contract's table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The last segment of the `type` URI.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The `title`: the same for every problem of this type.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

problem_types! {
    Malformed = "malformed", BAD_REQUEST, "The request is malformed";
    BadParameter = "bad-parameter", BAD_REQUEST, "A query parameter is wrong";
    BadCursor = "bad-cursor", BAD_REQUEST, "The cursor cannot be used";
    KeyMissing = "key-missing", BAD_REQUEST, "A usable Idempotency-Key is missing";
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A valid token is needed";
    Forbidden = "forbidden", FORBIDDEN, "The token does not allow this";
    NotFound = "not-found", NOT_FOUND, "There is no such thing";
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The path does not take this method";
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "No offered type is acceptable";
    NotInThisState = "not-in-this-state", CONFLICT, "The order's state does not allow this";
    IdTaken = "id-taken", CONFLICT, "The id is taken";
    UnknownLine = "unknown-line", CONFLICT, "The order has no such line";
    UnknownDiscount = "unknown-discount", CONFLICT, "The order has no such discount";
    UnknownHold = "unknown-hold", CONFLICT, "The order has no such open hold";
    UnknownPayment = "unknown-payment", CONFLICT, "The order has no such payment";
    UnknownShipment = "unknown-shipment", CONFLICT, "The order has no such shipment";
    UnknownReturn = "unknown-return", CONFLICT, "The order has no such return";
    UnknownRefund = "unknown-refund", CONFLICT, "The order has no such refund";
    NothingChanges = "nothing-changes", CONFLICT, "Nothing would change";
    NoLine = "no-line", CONFLICT, "The order has no line";
    NoShippingAddress = "no-shipping-address", CONFLICT, "The order has no shipping address";
    TotalDiffers = "total-differs", CONFLICT, "The total is not the expected one";
    CodeUsed = "code-used", CONFLICT, "The discount code is used already";
    DiscountExceedsBase = "discount-exceeds-base", CONFLICT, "The discount exceeds what it applies to";
    OnHold = "on-hold", CONFLICT, "The order is on hold";
    QuantityExceedsOpen = "quantity-exceeds-open", CONFLICT, "The quantity exceeds what is open";
    SomethingShipped = "something-shipped", CONFLICT, "Something was shipped already";
    AlreadyDelivered = "already-delivered", CONFLICT, "The shipment was delivered already";
    AmountExceedsAuthorized = "amount-exceeds-authorized", CONFLICT, "The amount exceeds what is authorized";
    PaymentVoided = "payment-voided", CONFLICT, "The payment is void";
    PaymentCaptured = "payment-captured", CONFLICT, "Something was captured from the payment";
    AuthorizationExpired = "authorization-expired", CONFLICT, "The authorization has expired";
    ReturnNotRequested = "return-not-requested", CONFLICT, "The return is not in the state requested";
    ReturnNotApproved = "return-not-approved", CONFLICT, "The return is not approved";
    ReturnNotReceived = "return-not-received", CONFLICT, "The return is not received";
    AmountExceedsCaptured = "amount-exceeds-captured", CONFLICT, "The amount exceeds what was captured";
    PaymentIdNeeded = "payment-id-needed", CONFLICT, "The refund has several parts: a payment must be named";
    PartSettled = "part-settled", CONFLICT, "This part of the refund is settled already";
    TagPresent = "tag-present", CONFLICT, "The order has this tag already";
    TagAbsent = "tag-absent", CONFLICT, "The order does not have this tag";
    TooManyLines = "too-many-lines", CONFLICT, "The order would have too many lines";
    TooManyDiscounts = "too-many-discounts", CONFLICT, "The order would have too many discounts";
    TooManyTags = "too-many-tags", CONFLICT, "The order would have too many tags";
    TooManyHolds = "too-many-holds", CONFLICT, "The order would have too many open holds";
    AmountTooLarge = "amount-too-large", CONFLICT, "An amount would be too large";
    KeyInUse = "key-in-use", CONFLICT, "The same key is still being executed";
    VersionMismatch = "version-mismatch", PRECONDITION_FAILED, "The order has another version";
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "The request is too large";
    NotJson = "not-json", UNSUPPORTED_MEDIA_TYPE, "The body's type is not the one expected";
    InvalidRequest = "invalid-request", UNPROCESSABLE_ENTITY, "The request is invalid";
    KeyReused = "key-reused", UNPROCESSABLE_ENTITY, "The key was used with another request";
    RateLimited = "rate-limited", TOO_MANY_REQUESTS, "Too many requests";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something failed on our side";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too busy: nothing was changed";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available now: nothing was changed";
    Contention = "contention", SERVICE_UNAVAILABLE, "Others keep changing this order: nothing was changed";
    ViewBehind = "view-behind", SERVICE_UNAVAILABLE, "The view has not come that far";
    OutcomeUnknown = "outcome-unknown", SERVICE_UNAVAILABLE, "The outcome is not known: repeat with the same key";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_name_names_one_type() {
        let mut seen = HashSet::new();
        for kind in ProblemType::ALL {
            assert!(seen.insert(kind.name()), "{}", kind.name());
        }
    }
}
