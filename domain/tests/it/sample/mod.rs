//! Orders and commands to begin with, and the words of given, when, then.

mod commands;
mod orders;

use domain::Timestamp;
use domain::order::{NewOrder, Order, OrderCommand, OrderError, OrderEvent};

pub(crate) use commands::{
    add, add_line, add_note, approve, authorize, authorize_until, cancel, cancel_lines,
    cancel_units, capture, change_line_quantity, decline, deliver, draft, fail, hold, line_id,
    place, place_draft, place_five_units, quantity, receive, refund, refund_for, refund_id, reject,
    release_hold, remove_discount, remove_line, request_return, return_id, revise, settle, ship,
    succeed, tag, units, untag, void,
};
pub(crate) use orders::{
    address, amount, discount, fixed, line, order_discount, order_of, percent, shipping,
    shipping_discount, taxed, text,
};

/// The time at which commands are decided, unless a test says another.
pub(crate) fn noon() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
}

/// An order after these commands, each of which must have been accepted.
pub(crate) fn given(commands: impl IntoIterator<Item = OrderCommand>) -> Order {
    after(Order::default(), commands)
}

/// This order after these further commands, each of which must have been accepted.
pub(crate) fn after(mut order: Order, commands: impl IntoIterator<Item = OrderCommand>) -> Order {
    for command in commands {
        let events = order.decide(&command, noon());
        let events = events.unwrap_or_else(|error| panic!("{command:?} was refused: {error}"));
        for event in &events {
            order.apply(event);
        }
    }
    order
}

/// What an order answers to a command.
pub(crate) trait When {
    fn when(&self, command: &OrderCommand) -> Result<Vec<OrderEvent>, OrderError>;

    /// The types of the events, where only they matter.
    fn types_when(&self, command: &OrderCommand) -> Vec<&'static str> {
        let events = self.when(command).expect("the command is accepted");
        events.iter().map(OrderEvent::event_type).collect()
    }
}

impl When for Order {
    fn when(&self, command: &OrderCommand) -> Result<Vec<OrderEvent>, OrderError> {
        self.decide(command, noon())
    }
}

/// An order where nothing has happened, with this one placed on it.
pub(crate) fn placed(order: NewOrder) -> Order {
    given([place(order)])
}
