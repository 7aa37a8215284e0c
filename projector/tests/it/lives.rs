//! Random lives of many orders, over days and currencies: every report is the sum of the orders' own amounts, exactly.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Timestamp;
use domain::envelope::{Metadata, Recorded};
use domain::order::{Customer, NewOrder, Order, OrderCommand, OrderEvent};
use domain::{CustomerId, OrderId};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use read_model::order::{Movements, OrderFold};
use sqlx::PgPool;
use uuid::Uuid;

use crate::sample::{authorize, capture, draft, noon, place, text};
use crate::setup::{METADATA, Setup};
use crate::wishes::{Wish, new_order, wish};

/// What an order goes through, command by command.
type Life = Vec<Vec<OrderEvent>>;

/// How an order begins, before anything random happens to it.
fn beginning() -> impl Strategy<Value = (bool, bool)> {
    prop_oneof![
        Just((true, false)),
        Just((false, false)),
        Just((false, true))
    ]
}

fn live(order: NewOrder, (drafted, paid): (bool, bool), wishes: &[Wish]) -> Life {
    let mut state = Order::default();
    let mut life = Life::new();
    let mut ask = |command: &OrderCommand| {
        if let Ok(events) = state.decide(command, noon()) {
            for event in &events {
                state.apply(event);
            }
            life.push(events);
        }
        state.clone()
    };
    let begun = ask(&if drafted { draft(order) } else { place(order) });
    let total = begun.amounts().total;
    if paid && total > 0 {
        ask(&authorize("first", total));
        ask(&capture("first", total));
    }
    let mut now = if drafted {
        begun
    } else {
        ask(&OrderCommand::Confirm)
    };
    for wish in wishes {
        now = ask(&wish.request(&now));
    }
    life
}

/// The events of one log, from these lives, a command at a time; `choices` say whose turn it is and how much time has passed.
fn log_of(lives: Vec<(String, Life)>, choices: &[(u16, u32)]) -> Vec<Recorded> {
    let mut now: DateTime<Utc> = "2026-02-26T21:13:05.000001Z".parse().unwrap();
    let mut lives: Vec<(String, i64, std::vec::IntoIter<Vec<OrderEvent>>)> = lives
        .into_iter()
        .map(|(order_id, life)| (order_id, 0, life.into_iter()))
        .collect();
    let mut log = Vec::new();
    for (whose, minutes) in choices.iter().cycle() {
        if lives.is_empty() {
            break;
        }
        now += TimeDelta::minutes(i64::from(*minutes));
        let index = usize::from(*whose) % lives.len();
        let (order_id, sequence, life) = &mut lives[index];
        let Some(events) = life.next() else {
            lives.swap_remove(index);
            continue;
        };
        for event in events {
            *sequence += 1;
            log.push(Recorded {
                position: i64::try_from(log.len()).unwrap() + 1,
                event_id: Uuid::now_v7(),
                order_id: order_id.clone(),
                sequence: *sequence,
                occurred_at: Timestamp::from_datetime(now),
                metadata: Metadata::default(),
                event,
            });
        }
    }
    log
}

proptest! {
    /// Whatever an order goes through, its days sum to its amounts, and none of them is later or earlier than its events.
    #[test]
    fn the_days_of_a_ledger_sum_to_the_orders_amounts(
        order in new_order(),
        beginning in beginning(),
        wishes in prop::collection::vec(wish(), 0..60),
        choices in prop::collection::vec((any::<u16>(), 0..2_000_u32), 1..60),
    ) {
        let life = live(order, beginning, &wishes);
        let mut fold = OrderFold::default();
        for recorded in log_of(vec![("o-1".to_owned(), life)], &choices) {
            let before = fold.ledger().days().to_vec();
            fold.apply(&recorded);
            // What has happened on a day that is over stays as it was.
            let today = recorded.occurred_at.as_datetime().date_naive();
            let over = |days: &[(chrono::NaiveDate, Movements)]| -> Vec<_> {
                days.iter().filter(|(day, _)| *day != today).copied().collect()
            };
            prop_assert_eq!(over(&before), over(fold.ledger().days()));
        }
        let sum = |of: fn(&Movements) -> i64| -> i64 {
            fold.ledger().days().iter().map(|(_, moved)| of(moved)).sum()
        };
        let facts = fold.order().facts().unwrap();
        let amounts = facts.amounts();
        let placed = i64::from(facts.ever_placed);
        prop_assert_eq!(sum(|moved| moved.orders), placed);
        prop_assert_eq!(sum(|moved| moved.gross), placed * amounts.total);
        prop_assert_eq!(sum(|moved| moved.discount), placed * amounts.discount_total);
        prop_assert_eq!(sum(|moved| moved.shipping), placed * amounts.shipping_total);
        prop_assert_eq!(sum(|moved| moved.tax), placed * amounts.tax_total);
        prop_assert_eq!(sum(|moved| moved.cancelled), placed * amounts.cancelled_total);
        prop_assert_eq!(sum(|moved| moved.returned), amounts.returned_total);
        prop_assert_eq!(sum(|moved| moved.credited), amounts.credited_total);
        prop_assert_eq!(sum(|moved| moved.captured), amounts.captured);
        prop_assert_eq!(sum(|moved| moved.refunded), amounts.refunded);
    }
}

/// Many lives, each of one of few customers, over the same few products.
pub(crate) fn random_log(orders: usize) -> Vec<Recorded> {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let wishes = prop::collection::vec(wish(), 0..60);
    let life = (new_order(), beginning(), wishes);
    let mut lives = Vec::new();
    for number in 0..orders {
        let (order, beginning, wishes) = life.new_tree(&mut runner).unwrap().current();
        let order_id = format!("o-{number}");
        let order = NewOrder {
            order_id: OrderId::parse(order_id.as_str()).unwrap(),
            customer: Customer {
                customer_id: CustomerId::parse(format!("c-{}", number % 7)).unwrap(),
                name: (number % 3 > 0).then(|| text(&format!("Name in {number}"))),
                email: None,
            },
            ..order
        };
        lives.push((order_id, live(order, beginning, &wishes)));
    }
    let choices = prop::collection::vec((any::<u16>(), 0..60_u32), 997);
    let choices = choices.new_tree(&mut runner).unwrap().current();
    log_of(lives, &choices)
}

/// Writes events as they are, with the times that they have: only the log's owner can.
pub(crate) async fn record(log: &PgPool, events: &[Recorded]) {
    let column = |of: fn(&Recorded) -> i64| -> Vec<i64> { events.iter().map(of).collect() };
    let payloads: Vec<String> = events
        .iter()
        .map(|event| event.event.to_payload().unwrap())
        .collect();
    let types: Vec<&str> = events
        .iter()
        .map(|event| event.event.event_type())
        .collect();
    let ids: Vec<&str> = events.iter().map(|event| event.order_id.as_str()).collect();
    let event_ids: Vec<Uuid> = events.iter().map(|event| event.event_id).collect();
    let times: Vec<_> = events
        .iter()
        .map(|event| event.occurred_at.as_datetime())
        .collect();
    sqlx::query(
        "insert into event (
            aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, event_id, recorded_at
        )
        select 'order', e.id, e.sequence, e.type, '1', e.payload::json, $8::json, e.position, e.event_id, e.recorded_at
        from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::timestamptz[])
            as e (id, sequence, type, payload, position, event_id, recorded_at)",
    )
    .bind(ids)
    .bind(column(|event| event.sequence))
    .bind(types)
    .bind(payloads)
    .bind(column(|event| event.position))
    .bind(event_ids)
    .bind(times)
    .bind(METADATA)
    .execute(log)
    .await
    .unwrap();
}

#[tokio::test]
async fn every_report_is_the_sum_of_the_orders_own_amounts() {
    let setup = Setup::new().await;
    let events = random_log(250);
    let days = (events[events.len() - 1].occurred_at.as_datetime()
        - events[0].occurred_at.as_datetime())
    .num_days();
    assert!(days > 40, "only {days} days");
    let mut projector = setup.projector();
    for part in events.chunks(events.len() / 5 + 1) {
        for batch in part.chunks(40) {
            record(&setup.log, batch).await;
        }
        // Killed wherever it is: what it did not finish is done by the next, once.
        projector.kill();
        projector = setup.projector();
    }
    setup.views_equal_the_log().await;
    projector.stop().await;

    let mut folds: BTreeMap<&str, OrderFold> = BTreeMap::new();
    for recorded in &events {
        folds.entry(&recorded.order_id).or_default().apply(recorded);
    }
    net_is_what_the_orders_say(&setup.views, &folds).await;
    the_log_had_all_that_matters(&setup.views).await;
}

/// Over all time, `net` is the orders' totals less what was cancelled, returned and credited.
async fn net_is_what_the_orders_say(views: &PgPool, folds: &BTreeMap<&str, OrderFold>) {
    let shown: Vec<(String, i64, i64)> = sqlx::query_as(
        "select currency, sum(orders)::bigint, sum(gross - cancelled - returned - credited)::bigint
        from revenue_1
        group by currency
        order by currency",
    )
    .fetch_all(views)
    .await
    .unwrap();
    let mut expected: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for fold in folds.values().filter(|fold| fold.order_number().is_some()) {
        let (facts, amounts) = (fold.order().facts().unwrap(), fold.order().amounts());
        let of_currency = expected
            .entry(facts.currency.code().to_owned())
            .or_default();
        of_currency.0 += 1;
        of_currency.1 += amounts.total
            - amounts.cancelled_total
            - amounts.returned_total
            - amounts.credited_total;
    }
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(currency, (orders, net))| (currency, orders, net))
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(shown.len(), 4, "every currency: {shown:?}");
}

/// A report of nothing but zeros would be right, too.
async fn the_log_had_all_that_matters(views: &PgPool) {
    let seen: Vec<bool> = sqlx::query_scalar(
        "select unnest(array[
            bool_or(cancelled > 0), bool_or(returned > 0), bool_or(credited > 0), bool_or(credited < 0),
            bool_or(captured > 0), bool_or(refunded > 0), bool_or(orders = 0 and gross <> 0), bool_or(orders > 1)
        ])
        from revenue_1
        union all
        select count(*) > 5 from fulfillment_queue_1
        union all
        select count(distinct status) = 4 from returns_1
        union all
        select bool_or(returned_units > 0) from products_1
        union all
        select bool_or(due < ordered) from customers_1",
    )
    .fetch_all(views)
    .await
    .unwrap();
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}
