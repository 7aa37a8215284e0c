//! `orders get`: one order.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Asking;
use super::client::Client;
use super::table::{self, Column, money, plain, time};
use crate::terminal;

/// Arguments of `orders get`.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// Its id or its number
    order: String,
    /// As it was after so many events
    #[arg(long, value_name = "N", conflicts_with = "at")]
    version: Option<u64>,
    /// As it was at this time, such as 2026-11-20T10:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

impl Get {
    /// Prints the order.
    pub(crate) async fn run(self) -> Result<u8> {
        let client = Client::find(&self.asking)?;
        let Some(order) = self.find(&client).await? else {
            bail!("there is no order {}, or not then", self.order);
        };
        if self.asking.json {
            terminal::answer(&order);
        } else {
            let order = serde_json::from_str(&order).context("an order in an unknown form")?;
            for line in lines(&order) {
                terminal::answer(&line);
            }
        }
        Ok(0)
    }

    async fn find(&self, client: &Client) -> Result<Option<String>> {
        let mut query = Vec::new();
        query.extend(self.version.map(|version| ("version", version.to_string())));
        query.extend(self.at.clone().map(|at| ("at", at)));
        let found = client.find_json(&path(&self.order), &query).await?;
        if found.is_some() || !is_number(&self.order) {
            return Ok(found);
        }
        let by_number = format!("/v1/orders/by-number/{}", self.order);
        if query.is_empty() {
            return client.find_json(&by_number, &[]).await;
        }
        let Some(now) = client.find_json(&by_number, &[]).await? else {
            return Ok(None);
        };
        let now: Value = serde_json::from_str(&now).context("an order in an unknown form")?;
        let id = now["order_id"].as_str().context("an order without an id")?;
        client.find_json(&path(id), &query).await
    }
}

/// The path of the order with this id.
pub(super) fn path(order_id: &str) -> String {
    // Whatever is typed stays one segment; what cannot be an id is not found.
    let mut segment = String::new();
    for byte in order_id.bytes() {
        if byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // A String takes everything.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    format!("/v1/orders/{segment}")
}

/// Whether it looks like an order number, such as 2026-000123.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(year, number)| {
        year.len() == 4 && number.len() >= 6 && digits(year) && digits(number)
    })
}

fn lines(order: &Value) -> Vec<String> {
    let currency = &order["currency"];
    let amounts = &order["amounts"];
    let customer = &order["customer"];
    let mut lines: Vec<String> = [
        ("order", plain(&order["order_id"])),
        ("number", plain(&order["order_number"])),
        ("version", plain(&order["version"])),
        ("status", plain(&order["status"])),
        ("payment", plain(&order["payment_status"])),
        ("fulfillment", plain(&order["fulfillment_status"])),
        ("returns", plain(&order["return_status"])),
        ("on hold", plain(&order["on_hold"])),
        ("customer", plain(&customer["customer_id"])),
        ("name", plain(&customer["name"])),
        ("e-mail", plain(&customer["email"])),
        ("placed", time(&order["placed_at"])),
        ("updated", time(&order["updated_at"])),
        ("total", money(&amounts["total"], currency)),
        ("due", money(&amounts["due"], currency)),
        ("captured", money(&amounts["captured"], currency)),
        ("balance", money(&amounts["balance"], currency)),
    ]
    .into_iter()
    .map(|(name, value)| format!("{name:<12}{value}"))
    .collect();
    lines.push(String::new());
    lines.extend(table::lines(LINES, &rows(order)));
    lines.push(String::new());
    lines.push(format!("may now: {}", joined(&order["allowed_commands"])));
    lines
}

const LINES: &[Column] = &[
    Column::Left("LINE"),
    Column::Left("SKU"),
    Column::Right("ORDERED"),
    Column::Right("CANCELLED"),
    Column::Right("SHIPPED"),
    Column::Right("DELIVERED"),
    Column::Right("RETURNED"),
    Column::Right("TOTAL"),
    Column::Left("NAME"),
];

fn rows(order: &Value) -> Vec<Vec<String>> {
    let lines = order["lines"].as_array().into_iter().flatten();
    lines
        .map(|line| {
            vec![
                plain(&line["line_id"]),
                plain(&line["sku"]),
                plain(&line["quantity"]),
                plain(&line["cancelled_quantity"]),
                plain(&line["shipped_quantity"]),
                plain(&line["delivered_quantity"]),
                plain(&line["returned_quantity"]),
                money(&line["total"], &order["currency"]),
                plain(&line["name"]),
            ]
        })
        .collect()
}

fn joined(names: &Value) -> String {
    let names = names.as_array().into_iter().flatten();
    let names: Vec<String> = names.map(plain).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_from_an_id() {
        assert!(is_number("2026-000123") && is_number("2026-12345678"));
        for id in ["o-1", "2026-123", "026-000123", "2026-00012x", "2026000123"] {
            assert!(!is_number(id), "{id}");
        }
    }

    #[test]
    fn whatever_is_typed_stays_one_segment() {
        assert_eq!(path("a:b"), "/v1/orders/a:b");
        assert_eq!(path("../x?y#ä"), "/v1/orders/..%2Fx%3Fy%23%C3%A4");
    }
}
