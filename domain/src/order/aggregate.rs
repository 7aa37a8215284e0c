//! The order as an aggregate of `cqrs-es`: a thin adapter, so that a program made with that
//! framework can take this domain as it is.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};

use super::{Order, OrderCommand, OrderError, OrderEvent};
use crate::Timestamp;

/// Time comes in as a value: the framework's services are the time of the command.
impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;
    type Services = Timestamp;

    async fn handle(
        &mut self,
        command: Self::Command,
        now: &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(&command, *now)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        Order::apply(self, &event);
    }
}

impl DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        Self::event_type(self).to_owned()
    }

    /// Always 0: the framework stores an event with its type as a tag around its members, which is not what version 1 of
    /// any type looks like. Who reads such an event takes the tag away first.
    fn event_version(&self) -> String {
        "0".to_owned()
    }
}
