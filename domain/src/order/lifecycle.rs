//! Which commands a state takes (domain.md, "Lifecycle").

use super::{CommandName, Facts, OrderError, OrderStatus};

/// Whether an order in this state takes this command at all.
pub(super) fn takes(status: OrderStatus, command: CommandName) -> bool {
    use CommandName as C;
    use OrderStatus::{Cancelled, Completed, Confirmed, Discarded, Draft, Placed, Rejected};
    match command {
        C::Place
        | C::Discard
        | C::AddLine
        | C::ChangeLineQuantity
        | C::RemoveLine
        | C::ApplyDiscount
        | C::RemoveDiscount
        | C::SetShipping => status == Draft,
        // Only what is not there yet can be drafted.
        C::Draft => false,
        C::ChangeShippingAddress | C::ChangeBillingAddress => {
            matches!(status, Draft | Placed | Confirmed)
        }
        C::Confirm | C::Reject => status == Placed,
        C::Revise
        | C::Hold
        | C::AuthorizePayment
        | C::CapturePayment
        | C::RecordPaymentFailure
        | C::CancelLines
        | C::Cancel => matches!(status, Placed | Confirmed),
        C::ReleaseHold | C::VoidPayment | C::Refund | C::SettleRefund => {
            matches!(
                status,
                Placed | Confirmed | Completed | Cancelled | Rejected
            )
        }
        C::Ship | C::Deliver => status == Confirmed,
        C::RequestReturn | C::ApproveReturn | C::DeclineReturn | C::ReceiveReturn => {
            matches!(status, Confirmed | Completed)
        }
        C::AddNote | C::Tag | C::Untag => match status {
            Draft | Placed | Confirmed | Completed | Cancelled | Rejected | Discarded => true,
        },
    }
}

impl Facts {
    /// Refuses a command that the order's state does not take.
    pub(super) fn take(&self, command: CommandName) -> Result<(), OrderError> {
        if takes(self.status, command) {
            Ok(())
        } else {
            Err(OrderError::NotInThisState {
                command,
                status: self.status,
            })
        }
    }
}
