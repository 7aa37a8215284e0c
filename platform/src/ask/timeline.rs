//! `orders timeline`: what happened to an order.

use anyhow::Result;
use serde_json::Value;

use super::Asking;
use super::client::Client;
use super::get;
use super::table::{self, Column, plain, time};
use crate::terminal;

/// Changed members that are named of an event; the others are counted.
const NAMED: usize = 4;

/// Arguments of `orders timeline`.
#[derive(Debug, clap::Args)]
pub(crate) struct Timeline {
    /// The order's id
    order: String,
    #[command(flatten)]
    asking: Asking,
}

const COLUMNS: &[Column] = &[
    Column::Right("#"),
    Column::Left("TIME"),
    Column::Left("EVENT"),
    Column::Left("BY"),
    Column::Left("REASON"),
    Column::Left("CHANGED"),
];

impl Timeline {
    /// Prints the events, oldest first.
    pub(crate) async fn run(self) -> Result<u8> {
        let client = Client::find(&self.asking)?;
        let path = format!("{}/timeline", get::path(&self.order));
        let mut rows = Vec::new();
        client
            .list(&path, &[], usize::MAX, |entries| {
                if self.asking.json {
                    for entry in entries {
                        terminal::answer(&entry.to_string());
                    }
                } else {
                    rows.extend(entries.iter().map(row));
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
}

fn row(entry: &Value) -> Vec<String> {
    vec![
        plain(&entry["sequence"]),
        time(&entry["occurred_at"]),
        plain(&entry["type"]),
        plain(&entry["actor"]),
        plain(&entry["reason"]),
        changed(entry),
    ]
}

/// The paths of what an event changed.
pub(super) fn changed(entry: &Value) -> String {
    let changes = entry["changes"].as_array().map_or(&[][..], Vec::as_slice);
    let named = changes
        .iter()
        .take(NAMED)
        .map(|change| plain(&change["path"]));
    let mut paths: Vec<String> = named.collect();
    if changes.len() > NAMED {
        paths.push(format!("and {} more", changes.len() - NAMED));
    }
    paths.join(" ")
}
