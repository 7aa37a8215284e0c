//! Forgetting idempotency keys.

use std::time::Duration;

use crate::{EventStore, StoreError};

impl EventStore {
    /// Deletes at most `most` keys that are older than `max_age`, which is an hour or more; how many. Fewer than `most`:
    /// there are no more for now.
    ///
    /// No append waits for it. A key that is still there is a replay whatever its age.
    pub async fn delete_expired_keys(
        &self,
        max_age: Duration,
        most: u32,
    ) -> Result<u64, StoreError> {
        let deleted: i64 =
            sqlx::query_scalar("select delete_expired_keys(make_interval(secs => $1), $2)")
                .bind(max_age.as_secs_f64())
                .bind(i32::try_from(most).unwrap_or(i32::MAX))
                .fetch_one(self.pool())
                .await?;
        Ok(deleted.unsigned_abs())
    }
}
