//! Whole lives of orders in a log: what the domain itself decided for some of them, written by SQL for as many as are asked for.
//!
//! Orders differ by id, by customer, of whom there are 10,000, and by products, of which there are 2,000. A thousand of them live
//! at the same time, so that the events of one are not beside one another in the log.

use anyhow::{Context as _, Result, anyhow};
use domain::order::{Customer, NewOrder, Order, OrderCommand, OrderEvent};
use domain::pricing::NewLine;
use domain::{CustomerId, Email, OrderId, Sku, Tag};
use sqlx::{Connection as _, PgPool};

use crate::sample::{
    add_note, authorize, cancel, capture, deliver, draft, hold, line, noon, order_discount,
    order_of, percent, place, request_return, ship, shipping, taxed, text,
};
use crate::workload;

/// Orders that one statement writes.
const CHUNK: i64 = 20_000;

/// Seconds between two events; the last one is of today.
const PACE: i64 = 5;

/// The ends that orders can come to, as far as they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Draft,
    Placed,
    Held,
    Paid,
    Shipped,
    Completed,
    Returned,
    Cancelled,
}

/// Lives from which a log is made, each as often as the others.
pub(crate) struct Lives(Vec<Vec<OrderEvent>>);

impl Lives {
    /// Everyone's order is paid, delivered and completed.
    pub(crate) fn whole() -> Result<Self> {
        Ok(Self(vec![live(End::Completed, 3)?]))
    }

    /// Orders in all states and of many prices.
    pub(crate) fn varied() -> Result<Self> {
        let ends = [
            End::Completed,
            End::Completed,
            End::Draft,
            End::Completed,
            End::Placed,
            End::Shipped,
            End::Completed,
            End::Paid,
            End::Returned,
            End::Completed,
            End::Held,
            End::Cancelled,
        ];
        let lives = (1..).zip(ends.iter().cycle().take(ends.len() * 4));
        let lives: Result<_> = lives.map(|(units, end)| live(*end, units)).collect();
        Ok(Self(lives?))
    }

    /// The id of the order with this number, from 1.
    pub(crate) fn order_id(number: i64) -> String {
        format!("order-{number}")
    }

    /// Writes so many orders into an empty log, and says how many events that made.
    pub(crate) async fn write(&self, log: &PgPool, orders: i64) -> Result<i64> {
        let mut connection = log.acquire().await?.detach();
        // Nobody waits for these commits.
        sqlx::raw_sql("set synchronous_commit = off")
            .execute(&mut connection)
            .await?;
        let templates = self.templates()?;
        let seconds = orders * (self.events_an_order() + 1) * PACE;
        let mut written = 0;
        for first in (1..=orders).step_by(usize::try_from(CHUNK)?) {
            let done = sqlx::query(STATEMENT)
                .bind(templates.iter().map(|t| t.life).collect::<Vec<_>>())
                .bind(templates.iter().map(|t| t.sequence).collect::<Vec<_>>())
                .bind(templates.iter().map(|t| t.name).collect::<Vec<_>>())
                .bind(templates.iter().map(|t| &*t.payload).collect::<Vec<_>>())
                .bind(i64::try_from(self.0.len())?)
                .bind(first)
                .bind(orders.min(first + CHUNK - 1))
                .bind(written)
                .bind(workload::metadata(&workload::around()))
                .bind(seconds)
                .execute(&mut connection)
                .await
                .context("the log cannot be filled")?;
            written += i64::try_from(done.rows_affected())?;
        }
        sqlx::raw_sql("vacuum analyze event")
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(written)
    }

    /// How many events an order has on average, rounded down.
    pub(crate) fn events_an_order(&self) -> i64 {
        let events: usize = self.0.iter().map(Vec::len).sum();
        i64::try_from(events / self.0.len()).unwrap_or(i64::MAX)
    }

    fn templates(&self) -> Result<Vec<Template>> {
        let mut templates = Vec::new();
        for (life, events) in (0..).zip(&self.0) {
            for (sequence, event) in (1..).zip(events) {
                templates.push(Template {
                    life,
                    sequence,
                    name: event.event_type(),
                    payload: event.to_payload()?,
                });
            }
        }
        Ok(templates)
    }
}

/// An event of a life.
struct Template {
    life: i64,
    sequence: i64,
    name: &'static str,
    payload: String,
}

/// One window after the other; in it all first events, then all second ones, …
const STATEMENT: &str = "
with template as (
    select *
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as t (life, sequence, type, payload)
),
happened as (
    select number, sequence, type, payload,
        $8 + row_number() over (order by (number - 1) / 1000, sequence, number) as position
    from generate_series($6::bigint, $7::bigint) as number
    join template on life = number % $5
)
insert into event (
    aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, event_id, recorded_at
)
select 'order', 'order-' || number, sequence, type, '1',
    case sequence
        when 1 then replace(replace(replace(replace(replace(payload,
            'NUMBER', number::text),
            'CUSTOMER', (number * 7919 % 10000)::text),
            'FIRST', (number * 31 % 2000)::text),
            'SECOND', (number * 37 % 2000)::text),
            'THIRD', (number * 41 % 2000)::text)
        else payload
    end::json,
    $9::json, position, make_event_id(), now() - make_interval(secs => $10 - 5 * position)
from happened
order by position";

/// What the domain makes of an order of three lines up to this end.
fn live(end: End, units: i64) -> Result<Vec<OrderEvent>> {
    let mut order = Order::default();
    let mut events = Vec::new();
    let mut tell = |command: &OrderCommand| -> Result<i64> {
        let decided = order
            .decide(command, noon())
            .map_err(|error| anyhow!("{command:?} was refused: {error}"))?;
        for event in &decided {
            order.apply(event);
        }
        events.extend(decided);
        Ok(order.amounts().total)
    };
    let new = new_order(units)?;
    if end == End::Draft {
        tell(&draft(new))?;
        return Ok(events);
    }
    let total = tell(&place(new))?;
    let all = [("1", units), ("2", 2), ("3", 1)];
    let after: Vec<OrderCommand> = vec![
        OrderCommand::Confirm,
        authorize("card", total),
        capture("card", total),
        ship("parcel", &all),
        add_note("The customer asked where the parcel is."),
        deliver("parcel"),
    ];
    let commands = match end {
        End::Draft | End::Placed => 0,
        End::Held | End::Cancelled => 1,
        End::Paid => 3,
        End::Shipped => 5,
        End::Completed | End::Returned => after.len(),
    };
    for command in &after[..commands] {
        tell(command)?;
    }
    match end {
        End::Held => tell(&hold("check"))?,
        End::Cancelled => tell(&cancel())?,
        End::Returned => tell(&request_return("back", &[("2", 1)]))?,
        _ => total,
    };
    Ok(events)
}

/// An order as a shop would place it. `NUMBER`, `CUSTOMER`, `FIRST`, … become those of each order.
fn new_order(units: i64) -> Result<NewOrder> {
    let product = |line: NewLine, place: &str| -> Result<NewLine> {
        Ok(NewLine {
            sku: Sku::parse(format!("SKU-{place}"))?,
            name: text(&format!("Teapot, blue, number {place}")),
            ..taxed("0.19", line)
        })
    };
    Ok(NewOrder {
        order_id: OrderId::parse("order-NUMBER")?,
        customer: Customer {
            customer_id: CustomerId::parse("customer-CUSTOMER")?,
            name: Some(text("Ada Lovelace the CUSTOMER.")),
            email: Some(Email::parse("ada-CUSTOMER@example.com")?),
        },
        discounts: vec![order_discount("WELCOME", percent("10"))],
        shipping: Some(shipping(599, "0.19")),
        tags: vec![Tag::parse("web")?],
        ..order_of(vec![
            product(line("1", units, 1_999), "FIRST")?,
            product(line("2", 2, 499), "SECOND")?,
            product(line("3", 1, 12_900), "THIRD")?,
        ])
    })
}
