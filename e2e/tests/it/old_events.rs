//! An event of an older version: decided upon, projected, shown.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sqlx::postgres::PgPool;

use crate::order::two_units;
use crate::platform::{DataDir, Platform, expect};

/// A note as `cqrs-es` stores it: version 0, its type a tag around its members.
const OLD_NOTE: &str = "insert into event (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
    values ('order', $1, 2, 'NoteAdded', '0',
        '{\"NoteAdded\": {\"text\": \"from long ago\", \"visibility\": \"internal\"}}', '{\"actor\": \"their program\"}')
    returning position";

#[tokio::test]
async fn an_event_of_an_older_version_is_decided_upon_projected_and_shown() -> Result<()> {
    let data_dir = DataDir::new()?;
    let platform = Platform::start(&data_dir, &[]).await?;
    let placed = expect(201, platform.post("/v1/orders", &two_units()).send().await?).await?;
    let order = placed["order_id"].as_str().context("an id")?;
    let log = PgPool::connect(platform.text("event_store_url")).await?;
    let old: i64 = sqlx::query_scalar(OLD_NOTE)
        .bind(order)
        .fetch_one(&log)
        .await?;

    // Upon it, though this process has kept the order as it was before.
    let confirm = platform
        .post(&format!("/v1/orders/{order}/confirm"), &json!({}))
        .header("Prefer", "return=representation");
    let confirmed = expect(200, confirm.send().await?).await?;
    assert_eq!(confirmed["version"], 3);
    assert_eq!(confirmed["order"]["notes"][0]["text"], "from long ago");

    let position = confirmed["position"].as_i64().context("a position")?;
    let shown = platform.get(&format!("/v1/orders/{order}"), position);
    let shown = expect(200, shown.send().await?).await?;
    assert_eq!(shown["notes"][0]["by"], "their program");
    assert_eq!(shown, confirmed["order"]);

    let timeline = platform.get(&format!("/v1/orders/{order}/timeline"), position);
    let timeline = expect(200, timeline.send().await?).await?;
    let entry: &Value = &timeline["items"][1];
    assert_eq!(entry["position"], old);
    assert_eq!(entry["type"], "NoteAdded");
    // What is shown is the event as it is read today.
    assert_eq!(entry["event_version"], "1");
    assert_eq!(
        entry["data"],
        json!({"text": "from long ago", "visibility": "internal"})
    );
    assert_eq!(entry["changes"][0]["path"], "/notes/0");
    let stored: String = sqlx::query_scalar("select payload::text from event where position = $1")
        .bind(old)
        .fetch_one(&log)
        .await?;
    assert!(stored.starts_with("{\"NoteAdded\""), "{stored}");
    platform.stop().await
}
