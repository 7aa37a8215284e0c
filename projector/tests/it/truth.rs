//! The views compared with a fresh fold of the log.

use std::collections::BTreeMap;

use event_store::Cursor;
use read_model::View;
use read_model::audit::{AuditEntry, changes};
use read_model::order::OrderFold;
use sqlx::Row as _;
use test_kit::eventually;

use crate::reports::{self, Reckoning};
use crate::setup::{PATIENCE, Setup};

impl Setup {
    /// Waits until every checkpoint is its partition's last position, then compares each row of each view.
    pub(crate) async fn views_equal_the_log(&self) {
        self.caught_up().await;
        let entries = self.views_but_the_history_equal_the_log().await;
        let rows = sqlx::query(
            "select position, order_id, entry::text from order_history_1 order by position",
        )
        .fetch_all(&self.views)
        .await
        .unwrap();
        let shown: Vec<(i64, String, String)> = rows
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        assert!(
            shown == entries,
            "the histories differ: {} shown, {} in the log",
            shown.len(),
            entries.len()
        );
    }

    /// Compares each row of each view but the history with the log, and returns what that should hold.
    pub(crate) async fn views_but_the_history_equal_the_log(&self) -> Vec<(i64, String, String)> {
        let mut folds: BTreeMap<String, OrderFold> = BTreeMap::new();
        let mut entries = Vec::new();
        let mut reckoning = Reckoning::default();
        for event in self
            .store
            .read_forward(Cursor::START, 1_000_000)
            .await
            .unwrap()
        {
            let Ok(recorded) = event.decode() else {
                continue;
            };
            let fold = folds.entry(recorded.order_id.clone()).or_default();
            let was = fold.clone();
            let before = was
                .document()
                .map(|document| serde_json::to_value(document).unwrap());
            fold.apply(&recorded);
            reckoning.take(&recorded, &was, fold);
            let after = serde_json::to_value(fold.document()).unwrap();
            let entry = AuditEntry::new(
                &recorded,
                fold.order_number(),
                "1",
                changes(before.as_ref(), &after),
            );
            entries.push((
                recorded.position,
                recorded.order_id.clone(),
                serde_json::to_string(&entry).unwrap(),
            ));
        }
        let expected = reckoning.finish(&folds);
        reports::shown(&self.views).await.assert_equal(&expected);
        let orders: Vec<(String, i64, String)> = folds
            .into_iter()
            .map(|(id, fold)| {
                (
                    id,
                    fold.version(),
                    serde_json::to_string(&fold.document()).unwrap(),
                )
            })
            .collect();

        let rows =
            sqlx::query("select order_id, version, document::text from orders_1 order by order_id")
                .fetch_all(&self.views)
                .await
                .unwrap();
        let shown: Vec<(String, i64, String)> = rows
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        assert!(
            shown == orders,
            "the orders differ: {} shown, {} in the log",
            shown.len(),
            orders.len()
        );
        self.columns_equal_the_documents().await;
        entries
    }

    /// What is filtered by is what the documents say.
    async fn columns_equal_the_documents(&self) {
        for (table, differing) in [
            (
                "orders_1",
                "(status, payment_status, fulfillment_status, return_status, on_hold::text, customer_id, currency,
                    total::text, order_number)
                is distinct from (document->>'status', document->>'payment_status', document->>'fulfillment_status',
                    document->>'return_status', document->>'on_hold', document->'customer'->>'customer_id',
                    document->>'currency', document->'amounts'->>'total', document->>'order_number')",
            ),
            (
                "orders_1 full join order_terms_1 using (order_id)",
                r#"(skus, tags, order_terms_1.sorted_at) is distinct from (
                    array(
                        select distinct (line->>'sku') collate "C"
                        from json_array_elements(document->'lines') line
                        order by 1
                    ),
                    array(select tag collate "C" from json_array_elements_text(document->'tags') tag order by 1),
                    coalesce((document->>'placed_at')::timestamptz, (document->>'created_at')::timestamptz)
                )"#,
            ),
            (
                "order_history_1",
                "(event_type, actor, correlation_id, occurred_at) is distinct from (entry->>'type', entry->>'actor',
                    entry->>'correlation_id', (entry->>'occurred_at')::timestamptz)",
            ),
        ] {
            let count = format!("select count(*) from {table} where {differing}");
            let wrong: i64 = sqlx::query_scalar(&count).fetch_one(&self.views).await.unwrap();
            assert_eq!(wrong, 0, "columns of {table}");
        }
    }

    /// Waits until every checkpoint of every view is its partition's last position.
    pub(crate) async fn caught_up(&self) {
        let head = self.store.head(self.stream.partitions).await.unwrap();
        eventually("checkpoints at the log's end", PATIENCE, async || {
            let mut all = true;
            for view in View::ALL {
                let kept = self.checkpoints(*view).await;
                all &= !kept.is_empty();
                all &= kept
                    .chunks(head.partitions.len())
                    .all(|of_one| of_one == head.partitions);
            }
            all.then_some(())
        })
        .await;
    }

    /// How far each generation that is kept is, partition by partition.
    pub(crate) async fn checkpoints(&self, view: View) -> Vec<i64> {
        sqlx::query_scalar(
            "select position
            from checkpoint
            join generation using (projection, generation)
            where projection = $1
            and followed
            and shape_version > 0
            order by generation, partition",
        )
        .bind(view.as_str())
        .fetch_all(&self.views)
        .await
        .unwrap()
    }

    /// Each message names the one before it in its partition, of all that the stream holds.
    pub(crate) async fn stream_is_continuous(&self) {
        let jetstream = async_nats::jetstream::new(self.client.clone());
        let stream = jetstream.get_stream(&self.stream.name).await.unwrap();
        let mut last: BTreeMap<String, String> = BTreeMap::new();
        let state = &stream.cached_info().state;
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.unwrap();
            let header = |name| message.headers.get(name).unwrap().as_str().to_owned();
            let partition = message.subject.split('.').nth(2).unwrap().to_owned();
            if let Some(before) = last.insert(partition, header("ce-sequence")) {
                assert_eq!(header("ce-prevposition"), before);
            }
        }
    }
}
