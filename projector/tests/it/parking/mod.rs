//! Events that a view cannot take in: one order in one view stops, and nothing else.

mod faults;
mod poison;
mod replay;
mod retry;
mod unread;

use read_model::View;
use read_model::operations::{self, Kind, Phase};
use sqlx::Row as _;
use test_kit::eventually;

use crate::setup::{PATIENCE, Setup};

/// A parked order, as (view, order, position of the event).
type At = (&'static str, String, i64);

impl Setup {
    /// From now on the view's database refuses rows of this table for which that is not true.
    async fn refuse_but(&self, table: &str, condition: &str) {
        let statement =
            format!("alter table {table} add constraint poison check ({condition}) not valid");
        sqlx::query(&statement).execute(&self.views).await.unwrap();
    }

    /// Refuses nothing any more.
    async fn accept(&self, table: &str) {
        let statement = format!("alter table {table} drop constraint poison");
        sqlx::query(&statement).execute(&self.views).await.unwrap();
    }

    /// The position of an order's event of this number.
    async fn position_of(&self, order_id: &str, sequence: i64) -> i64 {
        sqlx::query_scalar("select position from event where aggregate_id = $1 and sequence = $2")
            .bind(order_id)
            .bind(sequence)
            .fetch_one(&self.log)
            .await
            .unwrap()
    }

    async fn parked(&self) -> Vec<(String, String, i64)> {
        sqlx::query_as("select projection, order_id, position from parked order by 1, 2")
            .fetch_all(&self.views)
            .await
            .unwrap()
    }

    async fn parked_are(&self, expected: &[At]) {
        let parked = self.parked().await;
        let parked: Vec<(&str, &str, i64)> = parked
            .iter()
            .map(|(view, order, position)| (view.as_str(), order.as_str(), *position))
            .collect();
        let expected: Vec<(&str, &str, i64)> = expected
            .iter()
            .map(|(view, order, position)| (*view, order.as_str(), *position))
            .collect();
        assert_eq!(parked, expected);
    }

    async fn nothing_is_parked(&self) {
        eventually("nothing parked", PATIENCE, async || {
            self.parked().await.is_empty().then_some(())
        })
        .await;
    }

    /// How many events of each order the view `orders` shows.
    async fn versions(&self) -> Vec<(String, i64)> {
        sqlx::query_as("select order_id, version from orders_1 order by order_id")
            .fetch_all(&self.views)
            .await
            .unwrap()
    }

    /// Every order is shown with so many events, but these.
    async fn versions_are(&self, version: i64, but: &[(&str, i64)]) {
        for (order, shown) in self.versions().await {
            let other = but.iter().find(|(other, _)| *other == order);
            assert_eq!(shown, other.map_or(version, |(_, shown)| *shown), "{order}");
        }
    }

    /// Asks for a retry and waits until a projector has carried it out.
    async fn retry(&self, view: View) {
        let mut connection = self.views.acquire().await.unwrap();
        let asked = operations::request(&mut connection, view, Kind::Retry, false, "test").await;
        let asked = asked.unwrap().operation_id;
        drop(connection);
        let ended = eventually("a retry that has ended", PATIENCE, async || {
            let found = operations::find(&self.views, asked).await.unwrap().unwrap();
            found.phase.is_final().then_some(found)
        })
        .await;
        assert_eq!((ended.phase, ended.error), (Phase::Done, None));
    }

    /// Waits until no parked order is waiting to be tried again.
    async fn retried(&self) {
        eventually("orders that were tried again", PATIENCE, async || {
            let waiting: i64 = sqlx::query_scalar("select count(*) from parked where retry")
                .fetch_one(&self.views)
                .await
                .unwrap();
            (waiting == 0).then_some(())
        })
        .await;
    }

    /// The history of an order, oldest first.
    async fn history(&self, order_id: &str) -> Vec<serde_json::Value> {
        let rows = sqlx::query(
            "select entry::text from order_history_1 where order_id = $1 order by sequence",
        )
        .bind(order_id)
        .fetch_all(&self.views)
        .await
        .unwrap();
        rows.iter()
            .map(|row| serde_json::from_str(row.get(0)).unwrap())
            .collect()
    }
}
