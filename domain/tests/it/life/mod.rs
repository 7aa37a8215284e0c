//! Random lives of an order: whatever is asked of it in whatever order, its invariants hold, and
//! replaying what the log would hold gives the live state.

mod easiest;
mod invariants;
mod properties;
mod wishes;

use domain::order::{Order, OrderCommand, OrderEvent, OrderStatus};

use crate::sample::noon;

/// An order, and the same order as the log would give it back.
#[derive(Default)]
struct Life {
    live: Order,
    replayed: Order,
    /// The types of all events, in their order.
    types: Vec<&'static str>,
}

impl Life {
    /// Asks for something, which may be refused, and looks at everything that must hold after it.
    fn ask(&mut self, command: &OrderCommand) -> bool {
        let before = self.live.clone();
        let Ok(events) = before.decide(command, noon()) else {
            return false;
        };
        let name = command.name();
        assert!(!events.is_empty(), "an accepted command leaves a trace");
        assert!(
            before.allowed_commands().contains(&name),
            "{name} was not allowed"
        );
        for event in events {
            let payload = event.to_payload().unwrap();
            let read = OrderEvent::from_payload(event.event_type(), "1", &payload).unwrap();
            assert_eq!(read, event);
            self.types.push(event.event_type());
            self.live.apply(&event);
            self.replayed.apply(&read);
        }
        assert_eq!(self.live, self.replayed);
        invariants::check(&self.live);
        invariants::check_step(&before, &self.live);
        easiest::check_allowed_commands(&self.live);
        true
    }

    fn is(&self, status: OrderStatus) -> bool {
        self.live.status() == Some(status)
    }
}
