//! What is asked: paths by name, made of orders that are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::setting::Setting;

/// Orders that are asked for, one after the other.
const SAMPLE: i64 = 2_000;

/// Days of the longer reports.
const QUARTER: i64 = 90;

/// An order that is there.
struct Known {
    order_id: String,
    order_number: String,
    customer_id: String,
    sku: String,
    version: i64,
    total: i64,
    updated_at: DateTime<Utc>,
}

pub(super) struct Questions {
    by_name: BTreeMap<String, Arc<[String]>>,
    ids: Arc<[String]>,
}

impl Questions {
    pub(super) async fn of(setting: &Setting) -> Result<Self> {
        let known = known(setting).await?;
        ensure!(!known.is_empty(), "there are no orders");
        let mut all = Self {
            by_name: BTreeMap::new(),
            ids: known.iter().map(|order| order.order_id.clone()).collect(),
        };
        all.orders_lists(&known);
        all.other_lists(&known);
        all.single(&known);
        Ok(all)
    }

    /// The names of the cells of [`super::CONNECTIONS`].
    pub(super) fn names(&self) -> Vec<String> {
        self.by_name.keys().cloned().collect()
    }

    pub(super) fn paths(&self, name: &str) -> Result<Arc<[String]>> {
        let paths = self.by_name.get(name);
        paths
            .cloned()
            .with_context(|| format!("there is no cell {name}"))
    }

    /// Orders by id.
    pub(super) fn orders(&self) -> Arc<[String]> {
        self.ids
            .iter()
            .map(|id| format!("/v1/orders/{id}"))
            .collect()
    }

    pub(super) fn ids(&self) -> Arc<[String]> {
        Arc::clone(&self.ids)
    }

    fn add(&mut self, name: &str, paths: impl Iterator<Item = String>) {
        let name = format!("queries/{name}/16");
        self.by_name.insert(name, paths.collect());
    }

    fn list(&mut self, name: &str, path: &str) {
        self.add(&format!("list/{name}"), [path.to_owned()].into_iter());
    }

    fn orders_lists(&mut self, known: &[Known]) {
        self.list("newest", "/v1/orders");
        for (name, filter) in [
            ("status", "status=placed"),
            ("statuses", "status=placed,confirmed,completed"),
            ("payment-status", "payment_status=authorized,paid"),
            ("fulfillment-status", "fulfillment_status=delivered"),
            ("return-status", "return_status=open"),
            ("on-hold", "on_hold=true"),
            ("tag", "tag=web"),
            ("currency", "currency=EUR"),
            ("drafts", "status=draft"),
            ("total", "min_total=17000&max_total=20000"),
            ("q-all", "q=teapot"),
            ("q-two-words", "q=ada+blue"),
            ("sort-oldest", "sort=placed_at"),
            ("sort-updated", "sort=-updated_at"),
            ("sort-total", "sort=-total"),
            ("status-sort-total", "status=completed&sort=total"),
            ("200", "limit=200"),
        ] {
            self.list(name, &format!("/v1/orders?{filter}"));
        }
        let orders = |of: fn(&Known) -> String| {
            known
                .iter()
                .map(move |order| format!("/v1/orders?{}", of(order)))
        };
        self.add("list/sku", orders(|o| format!("sku={}", o.sku)));
        self.add("list/q-number", orders(|o| format!("q={}", o.order_number)));
        self.add("list/q-sku", orders(|o| format!("q={}", o.sku)));
        self.add(
            "list/customer",
            orders(|o| format!("customer_id={}", o.customer_id)),
        );
        self.add(
            "list/min-total",
            orders(|o| format!("min_total={}&sort=total", o.total)),
        );
        self.add(
            "list/placed-one-day",
            orders(|o| {
                let to = o.updated_at + TimeDelta::days(1);
                format!("placed_from={}&placed_to={}", time(o.updated_at), time(to))
            }),
        );
    }

    fn other_lists(&mut self, known: &[Known]) {
        self.list("products", "/v1/products");
        self.list("fulfillment-queue", "/v1/fulfillment/queue");
        self.list("returns", "/v1/returns?status=requested");
        self.list("projections", "/v1/projections");
        self.list("audit", "/v1/audit/events");
        self.list(
            "audit-actor",
            "/v1/audit/events?actor=auth0%7C5f7c8ec7c33c6c004bbafe82",
        );
        self.list("audit-type", "/v1/audit/events?type=ReturnRequested");
        let paths = known
            .iter()
            .map(|o| format!("/v1/audit/events?order_id={}", o.order_id));
        self.add("list/audit-order", paths);
        let paths = known.iter().map(|o| {
            let to = o.updated_at + TimeDelta::hours(1);
            format!(
                "/v1/audit/events?from={}&to={}",
                time(o.updated_at),
                time(to)
            )
        });
        self.add("list/audit-one-hour", paths);
        let paths = known
            .iter()
            .map(|o| format!("/v1/orders/{}/timeline", o.order_id));
        self.add("list/timeline", paths);
        let paths = known
            .iter()
            .map(|o| format!("/v1/customers/{}/orders", o.customer_id));
        self.add("list/customer-orders", paths);
    }

    fn single(&mut self, known: &[Known]) {
        let projection = ["/v1/projections/orders".to_owned()];
        self.add("one/projection", projection.into_iter());
        let paths = known.iter().map(|o| format!("/v1/orders/{}", o.order_id));
        self.add("one/order", paths);
        let paths = known
            .iter()
            .map(|o| format!("/v1/orders/by-number/{}", o.order_number));
        self.add("one/order-by-number", paths);
        let paths = known
            .iter()
            .map(|o| format!("/v1/orders/{}?version={}", o.order_id, o.version));
        self.add("one/order-at-version", paths);
        let paths = known
            .iter()
            .map(|o| format!("/v1/orders/{}?at={}", o.order_id, time(o.updated_at)));
        self.add("one/order-at-time", paths);
        let paths = known
            .iter()
            .map(|o| format!("/v1/customers/{}", o.customer_id));
        self.add("one/customer", paths);
        let paths = known.iter().map(|o| format!("/v1/products/{}", o.sku));
        self.add("one/product", paths);
        let to = Utc::now();
        let day = |time: DateTime<Utc>| time.format("%Y-%m-%d");
        for (interval, days) in [("day", QUARTER), ("week", QUARTER), ("month", 4 * QUARTER)] {
            let from = to - TimeDelta::days(days);
            let path = format!(
                "/v1/reports/revenue?from={}&to={}&currency=EUR&interval={interval}",
                day(from),
                day(to)
            );
            self.add(&format!("one/revenue-{interval}"), [path].into_iter());
        }
    }
}

/// As a query's parameter.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

type Row = (String, String, String, String, i64, i64, DateTime<Utc>);

/// Placed orders from all over the log.
async fn known(setting: &Setting) -> Result<Vec<Known>> {
    let statement = format!(
        "select order_id, order_number, customer_id, document -> 'lines' -> 0 ->> 'sku', version, total, updated_at
        from {}
        where order_number is not null
        order by md5(order_id)
        limit {SAMPLE}",
        setting.orders_table
    );
    let rows: Vec<Row> = sqlx::query_as(&statement).fetch_all(&setting.views).await?;
    let known = rows.into_iter().map(
        |(order_id, order_number, customer_id, sku, version, total, updated_at)| Known {
            order_id,
            order_number,
            customer_id,
            sku,
            version,
            total,
            updated_at,
        },
    );
    Ok(known.collect())
}
