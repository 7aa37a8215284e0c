//! How many requests an actor may send: a token bucket each, told in the headers `RateLimit` and `RateLimit-Policy`.
//!
//! The limit is looked at as soon as it is known who asks: after 401, before 403 and all else, so that requests which are
//! refused for another reason count too. A request counts once whatever it holds, an upload of many commands included.
//! Each process counts on its own: an actor has the limit once at every replica.

mod buckets;
mod limit;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

pub use limit::{RateLimit, RateLimitError};

use crate::auth::Actor;
use crate::problem::{Problem, ProblemType};
use buckets::{Buckets, Taken};

/// Quota (`q`, in requests) and window (`w`, in seconds) of the limit, and what is left of it (`r`, for `t` seconds), as
/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/> has them.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Actors beyond this many make room for each other; at 255 bytes a name they take 25 MB.
const MOST_ACTORS: usize = 65_536;

/// Lets an actor's requests pass as long as they are not too many. Cheap to clone: all clones count together.
#[derive(Clone)]
pub struct RateLimiter {
    limiting: Option<Arc<Limiting>>,
}

struct Limiting {
    buckets: Mutex<Buckets>,
    policy: HeaderValue,
}

impl RateLimiter {
    /// Holds everybody to this limit; nobody to any, if there is none.
    pub fn new(limit: Option<RateLimit>) -> Self {
        let limiting = limit.map(|limit| {
            let window = whole_seconds(limit.refill_time());
            Arc::new(Limiting {
                buckets: Mutex::new(Buckets::new(limit, MOST_ACTORS)),
                policy: item(&format!(r#""default";q={};w={window}"#, limit.burst())),
            })
        });
        Self { limiting }
    }

    /// Counts a request of this actor, or gives the problem `rate-limited`. `request` are the request's extensions, through
    /// which [`crate::edge::wrap`] learns the headers of the answer, whatever it will be.
    pub fn admit(&self, actor: &Actor, request: &Extensions) -> Result<(), Problem> {
        let Some(limiting) = &self.limiting else {
            return Ok(());
        };
        let now = Instant::now().into_std();
        let taken = limiting
            .buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(actor.subject(), now);
        let (remaining, seconds, admitted) = match taken {
            Taken::One { remaining, full_in } => (remaining, whole_seconds(full_in), Ok(())),
            Taken::None { wait } => {
                let seconds = whole_seconds(wait);
                (0, seconds, Err(refusal(seconds)))
            }
        };
        if let Some(standing) = request.get::<Standing>() {
            standing.tell(Told {
                policy: limiting.policy.clone(),
                rest: item(&format!(r#""default";r={remaining};t={seconds}"#)),
            });
        }
        admitted
    }
}

impl fmt::Debug for RateLimiter {
    /// Shows no actor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = self.limiting.as_ref().map(|limiting| &limiting.policy);
        f.debug_struct("RateLimiter")
            .field("policy", &policy)
            .finish_non_exhaustive()
    }
}

fn refusal(seconds: u32) -> Problem {
    Problem::new(ProblemType::RateLimited)
        .detail("you have sent too many requests in too short a time")
        .retry_after(seconds)
}

/// Rounded up: whoever waits that long has waited long enough.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

fn item(text: &str) -> HeaderValue {
    // Made of numbers and printable ASCII, so that it cannot fail.
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(r#""default""#))
}

/// Where the request's actor stands, on its way from [`RateLimiter::admit`] to the head of the answer.
#[derive(Clone, Default)]
pub(crate) struct Standing(Arc<OnceLock<Told>>);

struct Told {
    policy: HeaderValue,
    rest: HeaderValue,
}

impl Standing {
    /// A request counts once: what was told first stays.
    fn tell(&self, told: Told) {
        let _ = self.0.set(told);
    }

    /// Puts it into the headers of the answer, if the request was counted.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        if let Some(told) = self.0.get() {
            headers.insert(RATE_LIMIT_POLICY, told.policy.clone());
            headers.insert(RATE_LIMIT, told.rest.clone());
        }
    }
}
