//! What the endpoints share.

use std::sync::Arc;
use std::time::Duration;

use service_kit::{Authenticator, RateLimiter};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::way::Commands;

/// What the endpoints share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    /// Who checks tokens.
    pub(crate) authenticator: Authenticator,
    /// Who counts each actor's requests.
    pub(crate) rate_limiter: RateLimiter,
    /// Who carries commands out.
    pub(crate) commands: Commands,
    /// How long a caller waits for the answer to a command.
    pub(crate) request_deadline: Duration,
    /// Where the query API shows orders, without a slash at its end.
    pub(crate) query_url: Arc<str>,
    /// Room for lines of bulk uploads, of all uploads together.
    pub(crate) bulk_room: Arc<Semaphore>,
    /// Room for uploads.
    pub(crate) upload_room: Arc<Semaphore>,
    /// Uploads that are being carried out, whether their callers are still there or not.
    pub(crate) uploads: TaskTracker,
    /// Cancelled when the service is to stop.
    pub(crate) stopping: CancellationToken,
}
