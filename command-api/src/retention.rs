//! Idempotency keys are forgotten after a time.
//!
//! Every replica does it, a few keys at a time: what one is deleting the others pass by, and no append waits for any.

use std::time::Duration;

use event_store::{EventStore, StoreError};
use metrics::counter;
use service_kit::problem::chain;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Counter: keys that were forgotten.
const DELETED: &str = "idempotency_keys_deleted_total";
/// Counter: times that this was broken off because the log failed.
const FAILURES: &str = "idempotency_key_retention_failures_total";

/// Keys of one statement, which is a transaction of its own.
const AT_ONCE: u32 = 500;

/// From one statement to the next while there are more.
const BREATH: Duration = Duration::from_millis(50);

/// From the time when there were no more to the next look: half to the whole of it, so that replicas part.
const PAUSE: Duration = Duration::from_secs(60);

/// Deletes keys older than `max_age`, at once and then every minute, until `stopping`.
pub(crate) async fn run(store: EventStore, max_age: Duration, stopping: CancellationToken) {
    let forgetting = async {
        loop {
            if let Err(error) = forget(&store, max_age).await {
                counter!(FAILURES).increment(1);
                tracing::warn!(error = %chain(&error), "old idempotency keys were not deleted");
            }
            let random = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
            tokio::time::sleep(PAUSE.mul_f64(0.5 + random / 2.0)).await;
        }
    };
    // A statement that is cut off deletes its keys or none of them.
    stopping.run_until_cancelled(forgetting).await;
}

async fn forget(store: &EventStore, max_age: Duration) -> Result<(), StoreError> {
    loop {
        let deleted = store.delete_expired_keys(max_age, AT_ONCE).await?;
        counter!(DELETED).increment(deleted);
        if deleted < u64::from(AT_ONCE) {
            return Ok(());
        }
        tokio::time::sleep(BREATH).await;
    }
}
