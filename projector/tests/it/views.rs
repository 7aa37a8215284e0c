//! What enters a view, what leaves it, and who writes it.

use std::collections::BTreeMap;

use domain::order::{Customer, NewOrder, Order, OrderCommand};
use domain::pricing::NewLine;
use domain::{CustomerId, OrderId};
use read_model::{View, partition_of};
use sqlx::Row as _;
use test_kit::eventually;

use crate::sample::{
    add, approve, cancel, cancel_lines, decline, deliver, draft, hold, line, noon, order_of, place,
    place_draft, receive, release_hold, request_return, revise, ship, text,
};
use crate::setup::{PATIENCE, Setup};

/// Orders, as they are after what was asked of them.
#[derive(Default)]
struct Orders(BTreeMap<String, Order>);

impl Orders {
    /// Asks for something that must be accepted, and records what comes of it.
    async fn ask(&mut self, setup: &mut Setup, order_id: &str, command: OrderCommand) {
        let order = self.0.entry(order_id.to_owned()).or_default();
        let events = order.decide(&command, noon()).unwrap();
        let mut recorded = Vec::new();
        for event in &events {
            order.apply(event);
            recorded.push((order_id, event.event_type(), event.to_payload().unwrap()));
        }
        setup.append(&recorded).await;
    }
}

/// An order of a customer.
fn order(order_id: &str, customer_id: &str, lines: Vec<NewLine>) -> NewOrder {
    NewOrder {
        order_id: OrderId::parse(order_id).unwrap(),
        customer: Customer {
            customer_id: CustomerId::parse(customer_id).unwrap(),
            name: Some(text(&format!("Name in {order_id}"))),
            email: None,
        },
        ..order_of(lines)
    }
}

/// The orders in the queue, with the units that each can ship.
async fn queue(setup: &Setup) -> Vec<(String, i64)> {
    setup.caught_up().await;
    sqlx::query_as(
        "select order_id, (
            select sum((line ->> 'open_quantity')::bigint)::bigint
            from json_array_elements(entry -> 'lines') as line
        )
        from fulfillment_queue_1
        order by confirmed_at, order_id",
    )
    .fetch_all(&setup.views)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_queue_holds_what_can_ship_and_nothing_else() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let mut orders = Orders::default();
    let two_lines = || vec![line("1", 2, 500), line("2", 3, 100)];
    for id in ["a", "b"] {
        let new = order(id, "c-1", two_lines());
        orders.ask(&mut setup, id, place(new)).await;
    }
    assert_eq!(queue(&setup).await, []);
    for (command, left) in [
        (OrderCommand::Confirm, Some(5)),
        (hold("h-1"), None),
        (hold("h-2"), None),
        (release_hold("h-1"), None),
        (release_hold("h-2"), Some(5)),
        (ship("s-1", &[("1", 2), ("2", 1)]), Some(2)),
        (cancel_lines(&[("2", 1)]), Some(1)),
        (revise(vec![add(line("3", 4, 10))]), Some(5)),
        (ship("s-2", &[("2", 1), ("3", 4)]), None),
        (revise(vec![add(line("4", 1, 10))]), Some(1)),
        (cancel_lines(&[("4", 1)]), None),
    ] {
        let what = format!("{command:?}");
        orders.ask(&mut setup, "a", command).await;
        let expected: Vec<(String, i64)> = left
            .map(|units| ("a".to_owned(), units))
            .into_iter()
            .collect();
        assert_eq!(queue(&setup).await, expected, "{what}");
    }
    orders.ask(&mut setup, "b", OrderCommand::Confirm).await;
    assert_eq!(queue(&setup).await, [("b".to_owned(), 5)]);
    orders.ask(&mut setup, "b", cancel()).await;
    assert_eq!(queue(&setup).await, []);
    setup.views_equal_the_log().await;
    projector.stop().await;
}

#[tokio::test]
async fn a_draft_counts_nowhere_until_it_is_placed() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let mut orders = Orders::default();
    let new = order("a", "c-1", vec![line("1", 2, 500)]);
    orders.ask(&mut setup, "a", draft(new)).await;
    setup.caught_up().await;
    let rows = async |setup: &Setup| -> i64 {
        sqlx::query_scalar(
            "select (select count(*) from customers_1) + (select count(*) from products_1) + (select count(*) from revenue_1)",
        )
        .fetch_one(&setup.views)
        .await
        .unwrap()
    };
    assert_eq!(rows(&setup).await, 0);
    orders.ask(&mut setup, "a", place_draft()).await;
    setup.caught_up().await;
    assert_eq!(rows(&setup).await, 3);
    // A revision brings a product that was not in the order.
    let more = revise(vec![add(line("2", 1, 10))]);
    orders.ask(&mut setup, "a", more).await;
    setup.views_equal_the_log().await;
    assert_eq!(rows(&setup).await, 4);
    projector.stop().await;
}

#[tokio::test]
async fn a_return_is_shown_from_its_request_to_its_end() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let mut orders = Orders::default();
    let new = order("a", "c-1", vec![line("1", 4, 500)]);
    for command in [
        place(new),
        OrderCommand::Confirm,
        ship("s", &[("1", 4)]),
        deliver("s"),
        request_return("r-1", &[("1", 2)]),
        request_return("r-2", &[("1", 1)]),
    ] {
        orders.ask(&mut setup, "a", command).await;
    }
    let statuses = async |setup: &Setup| -> Vec<(String, String)> {
        setup.caught_up().await;
        sqlx::query_as("select return_id, status from returns_1 order by requested_at desc, order_id desc, position desc")
            .fetch_all(&setup.views)
            .await
            .unwrap()
    };
    let are = |one: &str, two: &str| {
        [
            ("r-2".to_owned(), two.to_owned()),
            ("r-1".to_owned(), one.to_owned()),
        ]
    };
    assert_eq!(statuses(&setup).await, are("requested", "requested"));
    orders.ask(&mut setup, "a", approve("r-1")).await;
    orders.ask(&mut setup, "a", decline("r-2")).await;
    assert_eq!(statuses(&setup).await, are("approved", "declined"));
    orders
        .ask(&mut setup, "a", receive("r-1", &[("1", 1)]))
        .await;
    assert_eq!(statuses(&setup).await, are("received", "declined"));
    setup.views_equal_the_log().await;
    projector.stop().await;
}

/// An id of an order that belongs to this partition.
fn id_in(partition: u16) -> String {
    (0..10_000)
        .map(|number| format!("o-{number}"))
        .find(|id| partition_of(id, 16) == partition)
        .unwrap()
}

#[tokio::test]
async fn partitions_that_write_one_customer_neither_wait_for_one_another_nor_lose_anything() {
    let mut setup = Setup::new().await;
    let projector = setup.projector();
    let mut orders = Orders::default();
    let (slow, free) = (id_in(3), id_in(11));
    for id in [&slow, &free] {
        let new = order(id, "c-1", vec![line("1", 1, 1_000)]);
        orders.ask(&mut setup, id, place(new)).await;
    }
    setup.caught_up().await;

    // One partition's row cannot be written: its transaction stays open in the middle.
    let mut lock = setup.views.begin().await.unwrap();
    sqlx::query("select 1 from customers_1 where customer_id = 'c-1' and partition = 3 for update")
        .execute(&mut *lock)
        .await
        .unwrap();
    for id in [&slow, &free] {
        let more = revise(vec![add(line("2", 1, 234))]);
        orders.ask(&mut setup, id, more).await;
    }
    let head = setup.store.head(16).await.unwrap();
    eventually("the other partition's checkpoint", PATIENCE, async || {
        let checkpoints = setup.checkpoints(View::Customers).await;
        (checkpoints[11] == head.partitions[11]).then_some(())
    })
    .await;
    assert!(setup.checkpoints(View::Customers).await[3] < head.partitions[3]);
    lock.rollback().await.unwrap();

    setup.views_equal_the_log().await;
    let row =
        sqlx::query("select sum(orders)::bigint, sum(ordered)::bigint, count(*) from customers_1")
            .fetch_one(&setup.views)
            .await
            .unwrap();
    let sums: (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(sums, (2, 2_468, 2));
    projector.stop().await;
}
