//! The limit itself, and how it is written.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The most requests per time, and at once.
const MOST: u32 = 1_000_000;

/// How many requests an actor may send: `<requests>/<s|min|h>`, optionally `,burst=<requests>`.
///
/// `100/s` is a bucket of 100 requests that fills at 100 a second; `100/s,burst=20` holds only 20, `6000/min,burst=500`
/// 500. Without `burst` it is the number before the slash. All numbers are from 1 to 1000000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    interval: Duration,
    burst: NonZeroU32,
}

impl RateLimit {
    /// The time in which room for one request comes back.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// How many requests may come at once after a pause.
    pub fn burst(&self) -> u32 {
        self.burst.get()
    }

    /// The time in which room for [`Self::burst`] requests comes back.
    pub fn refill_time(&self) -> Duration {
        self.interval * self.burst.get()
    }
}

/// This is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be requests per `s`, `min` or `h`, such as `100/s` or `6000/min,burst=500`, each number from 1 to {MOST}"
)]
pub struct RateLimitError;

impl FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let (rate, burst) = match text.split_once(',') {
            Some((rate, burst)) => (rate, Some(burst)),
            None => (text, None),
        };
        let (requests, unit) = rate.split_once('/').ok_or(RateLimitError)?;
        let requests = number(requests)?;
        let seconds: u64 = match unit.trim() {
            "s" => 1,
            "min" => 60,
            "h" => 3_600,
            _ => return Err(RateLimitError),
        };
        let burst = match burst {
            Some(burst) => {
                let burst = burst.trim().strip_prefix("burst=");
                number(burst.ok_or(RateLimitError)?)?
            }
            None => requests,
        };
        // Rounded up: what was promised at most is never exceeded.
        let nanoseconds = (seconds * 1_000_000_000).div_ceil(u64::from(requests.get()));
        Ok(Self {
            interval: Duration::from_nanos(nanoseconds),
            burst,
        })
    }
}

fn number(text: &str) -> Result<NonZeroU32, RateLimitError> {
    let text = text.trim();
    // The parser would take a sign.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RateLimitError);
    }
    let number: NonZeroU32 = text.parse().map_err(|_| RateLimitError)?;
    if number.get() > MOST {
        return Err(RateLimitError);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_requests_per_time_with_an_optional_burst() {
        for (text, interval, burst) in [
            ("100/s", Duration::from_millis(10), 100),
            ("6000/min", Duration::from_millis(10), 6000),
            ("3600/h,burst=5", Duration::from_secs(1), 5),
            (" 1 / s , burst=1000000 ", Duration::from_secs(1), 1_000_000),
            ("3/s", Duration::from_nanos(333_333_334), 3),
        ] {
            let limit: RateLimit = text.parse().unwrap();
            assert_eq!((limit.interval(), limit.burst()), (interval, burst));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "100",
            "/s",
            "0/s",
            "-1/s",
            "+1/s",
            "1.5/s",
            "100/",
            "100/d",
            "100/S",
            "1000001/s",
            "1/s,",
            "1/s,5",
            "1/s,burst=",
            "1/s,burst=0",
            "1/s,burst=1000001",
            "1/s,burst=1,burst=2",
            "99999999999/s",
        ] {
            assert_eq!(text.parse::<RateLimit>(), Err(RateLimitError), "{text}");
        }
    }
}
