//! `orders projections replay`: how one order's document came about.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::ask::Asking;
use crate::ask::client::Client;
use crate::ask::get;
use crate::ask::table::{plain, time};
use crate::terminal;

/// Characters of a value that are shown of a change.
const MAX_VALUE: usize = 100;

/// Arguments of `orders projections replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// The order's id
    #[arg(long, value_name = "ID")]
    order: String,
    #[command(flatten)]
    asking: Asking,
}

impl Replay {
    /// Prints each event with what it changed, then the document.
    pub(super) async fn run(self) -> Result<u8> {
        let client = Client::find(&self.asking)?;
        let path = get::path(&self.order);
        let mut last = 0;
        client
            .list(&format!("{path}/timeline"), &[], usize::MAX, |entries| {
                for entry in entries {
                    last = entry["sequence"].as_i64().unwrap_or(last);
                    if self.asking.json {
                        terminal::answer(&entry.to_string());
                    } else {
                        for line in lines(&entry) {
                            terminal::answer(&line);
                        }
                    }
                }
            })
            .await?;
        let document = client.find_json(&path, &[]).await?;
        if self.asking.json {
            if let Some(document) = document {
                terminal::answer(&document);
            }
            return Ok(0);
        }
        let document = document
            .map(|text| serde_json::from_str::<Value>(&text))
            .transpose()
            .context("an order in an unknown form")?;
        for line in served(document.as_ref(), last) {
            terminal::answer(&line);
        }
        Ok(0)
    }
}

/// An event, and what it changed in the document.
fn lines(entry: &Value) -> Vec<String> {
    let mut lines = vec![format!(
        "#{}  {}  {}  by {}  at position {}",
        plain(&entry["sequence"]),
        time(&entry["occurred_at"]),
        plain(&entry["type"]),
        plain(&entry["actor"]),
        plain(&entry["position"]),
    )];
    if let Some(error) = entry.get("error").filter(|error| !error.is_null()) {
        lines.push(format!("    ! not taken in: {}", plain(error)));
    }
    let changes = entry["changes"].as_array().into_iter().flatten();
    lines.extend(changes.map(change));
    lines
}

/// What was added, removed or replaced, and where.
fn change(change: &Value) -> String {
    let path = plain(&change["path"]);
    match (&change["from"], &change["to"]) {
        (Value::Null, to) => format!("    + {path}  {}", value(to)),
        (from, Value::Null) => format!("    - {path}  {}", value(from)),
        (from, to) => format!("    ~ {path}  {} -> {}", value(from), value(to)),
    }
}

fn value(value: &Value) -> String {
    let text = printable(&value.to_string());
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let kept: String = text.chars().take(MAX_VALUE - 1).collect();
    kept + "…"
}

fn printable(line: &str) -> String {
    plain(&Value::String(line.to_owned()))
}

/// The document as it is served, and how far it is behind its history of so many events.
fn served(document: Option<&Value>, last: i64) -> Vec<String> {
    let Some(document) = document else {
        return vec![
            String::new(),
            "The view `orders` does not have it: it is behind, or could not take it in (orders projections status orders)"
                .to_owned(),
        ];
    };
    let mut lines = vec![String::new()];
    let version = document["version"].as_i64().unwrap_or(last);
    lines.push(if version < last {
        format!(
            "The view `orders` shows it after #{version} of #{last}: it is behind, or could not take in what follows \
             (orders projections status orders)"
        )
    } else {
        format!("The document after #{version}:")
    });
    lines.extend(format!("{document:#}").lines().map(printable));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(changes: &Value) -> Value {
        json!({
            "position": 1_043, "type": "HoldPlaced", "sequence": 2, "occurred_at": "2026-11-20T10:00:00.123456Z",
            "actor": "alice", "changes": changes,
        })
    }

    #[test]
    fn each_change_is_shown_where_it_is() {
        let shown = lines(&entry(&json!([
            { "path": "/on_hold", "from": false, "to": true },
            { "path": "/holds/0", "from": null, "to": { "hold_id": "h-1", "note": "a\u{9b}2J\n" } },
            { "path": "/tags/0", "from": "x".repeat(200), "to": null },
        ])));
        assert_eq!(
            shown,
            [
                "#2  2026-11-20T10:00:00Z  HoldPlaced  by alice  at position 1043".to_owned(),
                "    ~ /on_hold  false -> true".to_owned(),
                "    + /holds/0  {\"hold_id\":\"h-1\",\"note\":\"a\u{fffd}2J\\n\"}".to_owned(),
                format!("    - /tags/0  \"{}…", "x".repeat(98)),
            ]
        );
    }

    #[test]
    fn an_event_that_was_not_taken_in_says_why() {
        let mut unknown = entry(&Value::Null);
        unknown["error"] = "HoldPlaced has version 9\u{1b}[2J".into();
        let shown = lines(&unknown);
        assert_eq!(shown.len(), 2);
        assert_eq!(
            shown[1],
            "    ! not taken in: HoldPlaced has version 9\u{fffd}[2J"
        );
        unknown["error"] = Value::Null;
        assert_eq!(lines(&unknown).len(), 1);
    }

    #[test]
    fn the_document_comes_last_and_says_what_it_lacks() {
        let document = json!({ "order_id": "o-1", "version": 2 });
        let shown = served(Some(&document), 2);
        assert_eq!(
            shown,
            [
                "",
                "The document after #2:",
                "{",
                "  \"order_id\": \"o-1\",",
                "  \"version\": 2",
                "}",
            ]
        );
        let behind = served(Some(&document), 5);
        assert!(
            behind[1].starts_with("The view `orders` shows it after #2 of #5"),
            "{behind:?}"
        );
        assert_eq!(behind.len(), shown.len());
        assert!(served(None, 1)[1].contains("does not have it"));
    }
}
