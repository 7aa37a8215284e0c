//! `orders list`: orders that fit.

use anyhow::Result;
use serde_json::Value;

use super::Asking;
use super::client::Client;
use super::table::{self, Column, money, plain, time};
use crate::terminal;

/// Arguments of `orders list`. Filters take several values with commas.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// draft, placed, confirmed, completed, cancelled, rejected, discarded
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// unpaid, failed, authorized, `partially_paid`, paid, `partially_refunded`, refunded
    #[arg(long, value_name = "STATUS")]
    payment_status: Option<String>,
    /// unfulfilled, `partially_shipped`, shipped, `partially_delivered`, delivered
    #[arg(long, value_name = "STATUS")]
    fulfillment_status: Option<String>,
    /// none, open, closed
    #[arg(long, value_name = "STATUS")]
    return_status: Option<String>,
    /// Whose orders
    #[arg(long, value_name = "ID")]
    customer_id: Option<String>,
    /// With a line of this product
    #[arg(long, value_name = "SKU")]
    sku: Option<String>,
    /// With this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// true or false
    #[arg(long, value_name = "BOOL")]
    on_hold: Option<String>,
    /// Such as EUR
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Placed at this time or later, such as 2026-11-20T10:00:00Z
    #[arg(long, value_name = "TIME")]
    placed_from: Option<String>,
    /// Placed before this time
    #[arg(long, value_name = "TIME")]
    placed_to: Option<String>,
    /// In minor units: 1999 are 19.99 EUR
    #[arg(long, value_name = "AMOUNT")]
    min_total: Option<String>,
    /// In minor units
    #[arg(long, value_name = "AMOUNT")]
    max_total: Option<String>,
    /// Words that begin words of the order's number, customer, lines or SKUs
    #[arg(long, value_name = "WORDS")]
    q: Option<String>,
    /// `placed_at`, `updated_at` or total; with - before it the other way round (default: `-placed_at`)
    #[arg(long, value_name = "SORT", allow_hyphen_values = true)]
    sort: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    asking: Asking,
}

const COLUMNS: &[Column] = &[
    Column::Left("NUMBER"),
    Column::Left("ORDER"),
    Column::Left("STATUS"),
    Column::Left("PAYMENT"),
    Column::Left("FULFILLMENT"),
    Column::Left("CUSTOMER"),
    Column::Right("TOTAL"),
    Column::Left("PLACED"),
];

impl List {
    /// Prints the orders.
    pub(crate) async fn run(self) -> Result<u8> {
        let client = Client::find(&self.asking)?;
        let query = self.query();
        let mut rows = Vec::new();
        client
            .list("/v1/orders", &query, self.limit, |orders| {
                if self.asking.json {
                    for order in orders {
                        terminal::answer(&order.to_string());
                    }
                } else {
                    rows.extend(orders.iter().map(row));
                }
            })
            .await?;
        if !self.asking.json {
            for line in table::lines(COLUMNS, &rows) {
                terminal::answer(&line);
            }
        }
        Ok(0)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        [
            ("status", &self.status),
            ("payment_status", &self.payment_status),
            ("fulfillment_status", &self.fulfillment_status),
            ("return_status", &self.return_status),
            ("customer_id", &self.customer_id),
            ("sku", &self.sku),
            ("tag", &self.tag),
            ("on_hold", &self.on_hold),
            ("currency", &self.currency),
            ("placed_from", &self.placed_from),
            ("placed_to", &self.placed_to),
            ("min_total", &self.min_total),
            ("max_total", &self.max_total),
            ("q", &self.q),
            ("sort", &self.sort),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
    }
}

fn row(order: &Value) -> Vec<String> {
    vec![
        plain(&order["order_number"]),
        plain(&order["order_id"]),
        plain(&order["status"]),
        plain(&order["payment_status"]),
        plain(&order["fulfillment_status"]),
        plain(&order["customer"]["customer_id"]),
        money(&order["amounts"]["total"], &order["currency"]),
        time(&order["placed_at"]),
    ]
}
