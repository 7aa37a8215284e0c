//! The order as an aggregate of `cqrs-es`, by that framework's own test kit.

use cqrs_es::test::TestFramework;
use domain::order::{Order, OrderCommand, OrderCompleted, OrderError, OrderEvent};

use crate::sample::{When, authorize, capture, deliver, given, noon, place_five_units, ship};

fn events_of(commands: impl IntoIterator<Item = OrderCommand>) -> Vec<OrderEvent> {
    let mut order = Order::default();
    let mut all = Vec::new();
    for command in commands {
        let events = order.when(&command).unwrap();
        for event in &events {
            order.apply(event);
        }
        all.extend(events);
    }
    all
}

#[test]
fn a_command_gives_the_events_that_decide_gives() {
    let past = [
        place_five_units(),
        OrderCommand::Confirm,
        authorize("p", 1300),
        capture("p", 1300),
        ship("s", &[("1", 2), ("2", 3)]),
    ];
    let decided = given(past.clone()).when(&deliver("s")).unwrap();
    assert_eq!(
        decided.last(),
        Some(&OrderEvent::OrderCompleted(OrderCompleted {}))
    );
    TestFramework::<Order>::with(noon())
        .given(events_of(past))
        .when(deliver("s"))
        .then_expect_events(decided);
}

#[test]
fn a_refusal_is_the_framework_s_error() {
    TestFramework::<Order>::with(noon())
        .given_no_previous_events()
        .when(OrderCommand::Confirm)
        .then_expect_error(OrderError::NoSuchOrder);
}

#[test]
fn what_the_framework_stores_is_told_apart_from_what_the_platform_stores() {
    let event = OrderEvent::OrderCompleted(OrderCompleted {});
    assert_eq!(cqrs_es::DomainEvent::event_version(&event), "0");
    assert_eq!(event.event_version(), "1");
    assert_ne!(
        serde_json::to_string(&event).unwrap(),
        event.to_payload().unwrap()
    );
}
