//! A fresh fold of the log: slow, simple, and without anything of the pipeline. It reads the log once, by SQL, and
//! folds it event by event into what each view should hold.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::Timestamp;
use domain::envelope::Recorded;
use domain::order::OrderEvent;
use read_model::audit::{AuditEntry, changes};
use read_model::order::OrderFold;
use sqlx::Row;
use sqlx::postgres::{PgPool, PgRow};

use super::ledger::Ledger;
use super::sums;

/// The rows of the views, by their keys.
pub(super) struct Folded {
    /// By order: its document.
    orders: BTreeMap<String, String>,
    /// By position: the order and the audit entry.
    history: BTreeMap<i64, (String, String)>,
    ledger: Ledger,
}

impl Folded {
    pub(super) async fn of_log(log: &PgPool) -> Result<Self> {
        let rows = sqlx::query(
            "select position, event_id, aggregate_id, sequence, event_type, event_version,
                payload::text, metadata::text, recorded_at
            from event
            order by position",
        )
        .fetch_all(log)
        .await?;
        let mut folds: BTreeMap<String, OrderFold> = BTreeMap::new();
        let mut history = BTreeMap::new();
        let mut ledger = Ledger::default();
        for row in &rows {
            let event = recorded(row)?;
            let version: String = row.try_get("event_version")?;
            let fold = folds.entry(event.order_id.clone()).or_default();
            let was = fold.clone();
            let before = was.document().map(serde_json::to_value).transpose()?;
            fold.apply(&event);
            ledger.take(&event, &was, fold)?;
            let after = serde_json::to_value(fold.document())?;
            let changes = changes(before.as_ref(), &after);
            let entry = AuditEntry::new(&event, fold.order_number(), &version, changes);
            history.insert(
                event.position,
                (event.order_id.clone(), serde_json::to_string(&entry)?),
            );
        }
        let documents = folds.into_iter().map(|(order, fold)| {
            let document = serde_json::to_string(&fold.document())?;
            Ok((order, document))
        });
        Ok(Self {
            orders: documents.collect::<Result<_>>()?,
            history,
            ledger,
        })
    }

    /// The first row that is not what it should be.
    pub(super) async fn difference(&self, views: &PgPool) -> Result<Option<String>> {
        let table = |view: &str, generation: i32| format!("{view}_{generation}");
        let orders = table("orders", live(views, "orders").await?);
        let rows = sqlx::query(&format!(
            "select order_id, document::text,
                order_number is not distinct from document->>'order_number'
                and status = document->>'status'
                and customer_id = document->'customer'->>'customer_id'
                and placed_at is not distinct from (document->>'placed_at')::timestamptz
                and created_at = (document->>'created_at')::timestamptz
                and updated_at = (document->>'updated_at')::timestamptz
                and version = (document->>'version')::bigint
                and position = (document->>'position')::bigint as agrees
            from {orders}"
        ))
        .fetch_all(views)
        .await?;
        let mut shown = BTreeMap::new();
        for row in rows {
            let order: String = row.try_get(0)?;
            if !row.try_get::<bool, _>(2)? {
                return Ok(Some(format!(
                    "the columns of order {order} are not those of its document"
                )));
            }
            shown.insert(order, row.try_get::<String, _>(1)?);
        }
        if let Some(difference) = first_difference("order", &self.orders, &shown) {
            return Ok(Some(difference));
        }

        let history = table("order_history", live(views, "order-history").await?);
        let rows = sqlx::query_as::<_, (i64, String, String)>(&format!(
            "select position, order_id, entry::text from {history}"
        ))
        .fetch_all(views)
        .await?;
        let shown = rows
            .into_iter()
            .map(|(position, order, entry)| (position, (order, entry)))
            .collect();
        let difference = first_difference("history of position", &self.history, &shown);
        if difference.is_some() {
            return Ok(difference);
        }
        let difference = self.ledger.difference(views).await?;
        if difference.is_some() {
            return Ok(difference);
        }
        sums::difference(views).await
    }
}

pub(super) async fn live(views: &PgPool, view: &str) -> Result<i32> {
    sqlx::query_scalar("select live_generation from projection where name = $1")
        .bind(view)
        .fetch_one(views)
        .await
        .with_context(|| view.to_owned())
}

fn recorded(row: &PgRow) -> Result<Recorded> {
    let event_type: String = row.try_get("event_type")?;
    let version: String = row.try_get("event_version")?;
    let payload: String = row.try_get("payload")?;
    let metadata: String = row.try_get("metadata")?;
    Ok(Recorded {
        position: row.try_get("position")?,
        event_id: row.try_get("event_id")?,
        order_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        occurred_at: Timestamp::from_datetime(row.try_get("recorded_at")?),
        metadata: serde_json::from_str(&metadata)?,
        event: OrderEvent::from_payload(&event_type, &version, &payload)?,
    })
}

pub(super) fn first_difference<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    what: &str,
    wanted: &BTreeMap<K, V>,
    shown: &BTreeMap<K, V>,
) -> Option<String> {
    for (key, value) in wanted {
        match shown.get(key) {
            None => return Some(format!("{what} {key:?} is missing")),
            Some(other) if other != value => {
                return Some(format!(
                    "{what} {key:?} is\n{other:?}\nwhere the log says\n{value:?}"
                ));
            }
            Some(_) => {}
        }
    }
    let surplus = shown.keys().find(|key| !wanted.contains_key(key))?;
    Some(format!("{what} {surplus:?} is not in the log"))
}
