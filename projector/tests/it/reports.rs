//! What the views beside documents and history must hold, made from the orders' own facts and amounts: by other means
//! than the projections', event by event.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::Timestamp;
use domain::envelope::Recorded;
use domain::order::{Amounts, Facts, OrderEvent, OrderStatus};
use read_model::order::OrderFold;
use read_model::partition_of;
use serde_json::{Value, json};
use sqlx::PgPool;

/// How many partitions the views have.
const PARTITIONS: u16 = 16;

/// The rows of each view: by key, what stands in it, both as text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reports {
    pub(crate) customers: BTreeMap<String, String>,
    pub(crate) products: BTreeMap<String, String>,
    pub(crate) revenue: BTreeMap<String, String>,
    pub(crate) queue: BTreeMap<String, String>,
    pub(crate) returns: BTreeMap<String, String>,
}

/// Makes [`Reports`] from events and the orders around them.
#[derive(Debug, Default)]
pub(crate) struct Reckoning {
    /// By day, currency and partition: orders, gross to tax, cancelled, returned, credited, captured, refunded.
    ledger: BTreeMap<String, [i128; 10]>,
    /// When returns were requested, and where.
    requests: BTreeMap<(String, String), (Timestamp, i64)>,
}

/// A row of customers or products: times and names of the orders so far, and what they sum to.
#[derive(Debug, Default)]
struct Sum {
    first: i64,
    last: i64,
    position: i64,
    names: String,
    sums: [i128; 9],
}

fn amounts_of(fold: &OrderFold) -> [i128; 10] {
    let Some(facts) = fold.order().facts().filter(|facts| facts.ever_placed) else {
        return [0; 10];
    };
    let Amounts {
        discount_total,
        shipping_total,
        tax_total,
        total,
        cancelled_total,
        returned_total,
        credited_total,
        captured,
        refunded,
        ..
    } = facts.amounts();
    [
        1,
        total,
        discount_total,
        shipping_total,
        tax_total,
        cancelled_total,
        returned_total,
        credited_total,
        captured,
        refunded,
    ]
    .map(i128::from)
}

fn add<const N: usize>(sums: &mut [i128; N], more: [i128; N]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

fn text(numbers: &[i128]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i128::to_string).collect();
    numbers.join("|")
}

fn micros(time: Timestamp) -> i64 {
    time.as_datetime().timestamp_micros()
}

impl Reckoning {
    /// Takes in an event, with its order before and after it.
    pub(crate) fn take(&mut self, recorded: &Recorded, before: &OrderFold, after: &OrderFold) {
        let (was, is) = (amounts_of(before), amounts_of(after));
        let day = recorded.occurred_at.as_datetime().date_naive();
        let mut moved = is;
        for (moved, was) in moved.iter_mut().zip(was) {
            *moved -= was;
        }
        if moved != [0; 10] {
            let currency = after.order().facts().unwrap().currency.code();
            let partition = partition_of(&recorded.order_id, PARTITIONS);
            let key = format!("{day}|{currency}|{partition:02}");
            add(self.ledger.entry(key).or_default(), moved);
        }
        if let OrderEvent::ReturnRequested(requested) = &recorded.event {
            let key = (
                recorded.order_id.clone(),
                requested.return_id.as_str().to_owned(),
            );
            self.requests
                .insert(key, (recorded.occurred_at, recorded.position));
        }
    }

    /// What the views must hold, the orders being at last like this.
    pub(crate) fn finish(self, orders: &BTreeMap<String, OrderFold>) -> Reports {
        let mut reports = Reports::default();
        let (mut customers, mut products) = (BTreeMap::new(), BTreeMap::new());
        for fold in orders.values() {
            let facts = fold.order().facts().unwrap();
            if facts.ever_placed {
                add_to_customer(&mut customers, fold, facts);
                add_to_products(&mut products, fold, facts);
            }
            queue(&mut reports.queue, fold, facts);
            self.returns(&mut reports.returns, fold, facts);
        }
        for (key, sum) in customers {
            let (times, sums) = ((sum.first, sum.last, sum.position), text(&sum.sums[..5]));
            let line = format!("{}|{}|{}|{}|{sums}", times.0, times.1, times.2, sum.names);
            reports.customers.insert(key, line);
        }
        for (key, sum) in products {
            let line = format!("{}|{}|{}", sum.position, sum.names, text(&sum.sums[..8]));
            reports.products.insert(key, line);
        }
        for (key, sums) in self.ledger {
            // A day whose movements took each other back may stay away.
            if sums != [0; 10] {
                reports.revenue.insert(key, text(&sums));
            }
        }
        reports
    }

    fn returns(&self, returns: &mut BTreeMap<String, String>, fold: &OrderFold, facts: &Facts) {
        let document = serde_json::to_value(fold.document()).unwrap();
        for shown in document["returns"].as_array().unwrap() {
            let order_id = facts.order_id.as_str().to_owned();
            let return_id = shown["return_id"].as_str().unwrap().to_owned();
            let mut item = json!({
                "order_id": document["order_id"],
                "order_number": document["order_number"],
                "customer": document["customer"],
            });
            let members = shown.as_object().unwrap().clone();
            item.as_object_mut().unwrap().extend(members);
            let key = format!("{order_id}|{return_id}");
            let (at, position) = self.requests[&(order_id, return_id)];
            let status = shown["status"].as_str().unwrap();
            returns.insert(key, format!("{status}|{}|{position}|{item}", micros(at)));
        }
    }
}

fn add_to_customer(customers: &mut BTreeMap<String, Sum>, fold: &OrderFold, facts: &Facts) {
    let id = facts.order_id.as_str();
    let key = format!(
        "{}|{}|{:02}",
        facts.customer.customer_id,
        facts.currency.code(),
        partition_of(id, PARTITIONS)
    );
    let amounts = facts.amounts();
    let (placed_at, position) = (micros(fold.placed_at().unwrap()), placed_position(fold));
    let sum: &mut Sum = customers.entry(key).or_default();
    sum.first = if sum.position == 0 {
        placed_at
    } else {
        sum.first.min(placed_at)
    };
    sum.last = sum.last.max(placed_at);
    if position > sum.position {
        sum.position = position;
        let customer = &facts.customer;
        sum.names = format!(
            "{}|{}",
            customer.name.as_ref().map_or("-", |name| name.as_str()),
            customer.email.as_ref().map_or("-", |email| email.as_str())
        );
    }
    let more = [
        1,
        amounts.total,
        amounts.due,
        amounts.captured,
        amounts.refunded,
        0,
        0,
        0,
        0,
    ];
    add(&mut sum.sums, more.map(i128::from));
}

fn add_to_products(products: &mut BTreeMap<String, Sum>, fold: &OrderFold, facts: &Facts) {
    let partition = partition_of(facts.order_id.as_str(), PARTITIONS);
    let position = placed_position(fold);
    for line in &facts.lines {
        let priced = &line.priced;
        let key = format!("{}|{}|{partition:02}", priced.sku, facts.currency.code());
        let sum: &mut Sum = products.entry(key).or_default();
        if position >= sum.position {
            priced.name.as_str().clone_into(&mut sum.names);
        }
        sum.position = sum.position.max(position);
        let more = [
            line.quantity(),
            line.cancelled,
            line.shipped,
            line.delivered,
            line.returned,
            priced.total.get(),
            line.cancelled_amount,
            line.returned_amount,
            0,
        ];
        add(&mut sum.sums, more.map(i128::from));
    }
}

/// The number of an order has the position in it.
fn placed_position(fold: &OrderFold) -> i64 {
    let (_, position) = fold.order_number().unwrap().split_once('-').unwrap();
    position.parse().unwrap()
}

fn queue(queue: &mut BTreeMap<String, String>, fold: &OrderFold, facts: &Facts) {
    let document = serde_json::to_value(fold.document()).unwrap();
    let open: Vec<Value> = document["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| {
            let units = |name: &str| line[name].as_i64().unwrap();
            let open = units("quantity") - units("cancelled_quantity") - units("shipped_quantity");
            (open > 0).then(|| {
                json!({
                    "line_id": line["line_id"],
                    "sku": line["sku"],
                    "name": line["name"],
                    "open_quantity": open,
                })
            })
        })
        .collect();
    if facts.status != OrderStatus::Confirmed || document["on_hold"] == true || open.is_empty() {
        return;
    }
    let confirmed_at = fold.confirmed_at().unwrap();
    let entry = json!({
        "order_id": document["order_id"],
        "order_number": document["order_number"],
        "customer": document["customer"],
        "placed_at": document["placed_at"],
        "confirmed_at": confirmed_at,
        "lines": open,
        "shipping_address": document["shipping_address"],
    });
    let line = format!("{}|{entry}", micros(confirmed_at));
    queue.insert(facts.order_id.as_str().to_owned(), line);
}

/// What the views hold.
pub(crate) async fn shown(views: &PgPool) -> Reports {
    let micros = |column: &str| format!("(extract(epoch from {column}) * 1000000)::bigint");
    Reports {
        customers: rows(
            views,
            &format!(
                "select customer_id || '|' || currency || '|' || lpad(partition::text, 2, '0'),
                    concat_ws('|', {}, {}, last_position, coalesce(name, '-'), coalesce(email, '-'),
                        orders, ordered, due, captured, refunded)
                from customers_1",
                micros("first_order_at"),
                micros("last_order_at")
            ),
        )
        .await,
        products: rows(
            views,
            "select sku || '|' || currency || '|' || lpad(partition::text, 2, '0'),
                concat_ws('|', last_position, name, ordered_units, cancelled_units, shipped_units, delivered_units,
                    returned_units, ordered, cancelled, returned)
            from products_1",
        )
        .await,
        revenue: rows(
            views,
            "select day || '|' || currency || '|' || lpad(partition::text, 2, '0'),
                concat_ws('|', orders, gross, discount, shipping, tax, cancelled, returned, credited, captured, refunded)
            from revenue_1
            where (orders, gross, discount, shipping, tax, cancelled, returned, credited, captured, refunded)
                <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
        )
        .await,
        queue: rows(
            views,
            &format!(
                "select order_id, {} || '|' || entry::text from fulfillment_queue_1",
                micros("confirmed_at")
            ),
        )
        .await,
        returns: rows(
            views,
            &format!(
                "select order_id || '|' || return_id,
                    status || '|' || {} || '|' || position || '|' || document::text
                from returns_1",
                micros("requested_at")
            ),
        )
        .await,
    }
}

async fn rows(views: &PgPool, statement: &str) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> = sqlx::query_as(statement).fetch_all(views).await.unwrap();
    let count = rows.len();
    let rows: BTreeMap<String, String> = rows.into_iter().collect();
    assert_eq!(rows.len(), count, "one row a key and partition");
    rows
}

/// Says which rows differ, and how.
pub(crate) fn assert_same(
    view: &str,
    shown: &BTreeMap<String, String>,
    expected: &BTreeMap<String, String>,
) {
    let mut differences = String::new();
    for key in shown.keys().chain(expected.keys()) {
        let (is, must) = (shown.get(key), expected.get(key));
        if is != must && differences.len() < 4_000 {
            let _ = writeln!(differences, "{key}\n  is   {is:?}\n  must {must:?}");
        }
    }
    assert!(
        differences.is_empty(),
        "{view}: {} rows shown, {} expected\n{differences}",
        shown.len(),
        expected.len()
    );
}

impl Reports {
    /// Compares view by view.
    pub(crate) fn assert_equal(&self, expected: &Self) {
        assert_same("customers", &self.customers, &expected.customers);
        assert_same("products", &self.products, &expected.products);
        assert_same("revenue", &self.revenue, &expected.revenue);
        assert_same("fulfillment-queue", &self.queue, &expected.queue);
        assert_same("returns", &self.returns, &expected.returns);
    }
}
