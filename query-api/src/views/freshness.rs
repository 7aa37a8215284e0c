//! Reading one's own write: `Min-Position` and `Prefer: wait`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use read_model::position::Progress;
use service_kit::{Problem, ProblemType};
use tokio::time::Instant;

use super::{Found, ReadError, ViewQuery, Views};

const MIN_POSITION: HeaderName = HeaderName::from_static("min-position");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// How long a query waits for its view unless told otherwise, in seconds.
const DEFAULT_WAIT: u64 = 2;
/// How long it waits at most, in seconds.
const MAX_WAIT: u64 = 30;

/// Between two looks at an order that waits to be tried again: nothing that is new in the view brings it.
const PARKED_PAUSE: Duration = Duration::from_millis(250);

/// How new an answer must be, and how long it may take to become so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// The position that the answer must reach; 0 asks for nothing.
    minimum: i64,
    wait: Duration,
}

/// What must reach the minimum.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// The whole view.
    View,
    /// What this order's events become.
    Order(String),
    /// Nobody knows which order it will be: anything new may bring it.
    Anywhere,
}

impl Freshness {
    /// Reads `Min-Position` and `Prefer: wait=<seconds>`; a preference that cannot be understood is none (RFC 7240).
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut positions = headers.get_all(MIN_POSITION).iter();
        let minimum = match (positions.next(), positions.next()) {
            (None, _) => 0,
            (Some(value), None) => value
                .to_str()
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    malformed("Min-Position must be a position: digits, at most 2^63 - 1")
                })?,
            (Some(_), Some(_)) => return Err(malformed("Min-Position is there twice")),
        };
        let seconds = headers
            .get_all(PREFER)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(wait_of)
            .unwrap_or(DEFAULT_WAIT);
        Ok(Self {
            minimum,
            wait: Duration::from_secs(seconds.min(MAX_WAIT)),
        })
    }
}

impl Freshness {
    /// At least as new as this position, too.
    pub(crate) fn and_at_least(self, position: i64) -> Self {
        Self {
            minimum: self.minimum.max(position),
            ..self
        }
    }
}

fn malformed(detail: &str) -> Problem {
    Problem::new(ProblemType::Malformed).detail(detail)
}

/// The seconds of the preference `wait`, if this is it.
fn wait_of(preference: &str) -> Option<u64> {
    let (name, value) = preference.split(';').next()?.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("wait") {
        return None;
    }
    let value = value.trim();
    let value = value
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(value);
    // More digits than fit are more than the most that we wait.
    value.bytes().all(|byte| byte.is_ascii_digit()).then(|| {
        value.parse().unwrap_or(if value.is_empty() {
            DEFAULT_WAIT
        } else {
            MAX_WAIT
        })
    })
}

impl Views {
    /// Answers a query, again when the view has moved on, until what was found is as new as it must be.
    pub(crate) async fn read_fresh<Q: ViewQuery>(
        &self,
        query: &Q,
        freshness: Freshness,
    ) -> Result<Found<Q::Rows>, ReadError> {
        let deadline = Instant::now() + freshness.wait;
        let found = self.read(query).await?;
        if found.position >= freshness.minimum {
            return Ok(found);
        }
        // Most queries never come here, so only now do we join those who wait. What came before that is read anew.
        let mut waiting = self.progress.wait(Q::VIEW);
        loop {
            let found = self.read(query).await?;
            if found.position >= freshness.minimum {
                return Ok(found);
            }
            let position = found.position;
            let parked = found.parked.filter(|parked| *parked <= freshness.minimum);
            let behind = match parked {
                Some(parked) => ReadError::Parked { parked, position },
                None => ReadError::Behind { position },
            };
            let place = query.place(&found.rows);
            let news = async {
                if parked.is_some() {
                    return tokio::time::sleep(PARKED_PAUSE).await;
                }
                while !reached(&waiting.changed().await, &place, freshness.minimum) {}
            };
            tokio::select! {
                () = news => {}
                () = tokio::time::sleep_until(deadline) => return Err(behind),
                () = self.stopping.cancelled() => return Err(ReadError::Stopping),
            }
        }
    }
}

fn reached(progress: &Progress, place: &Place, minimum: i64) -> bool {
    match place {
        Place::View => progress.view >= minimum,
        Place::Order(order_id) => progress.of_order(order_id) >= minimum,
        Place::Anywhere => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freshness(pairs: &[(&'static str, &'static str)]) -> Result<Freshness, ProblemType> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        Freshness::from_headers(&headers).map_err(|problem| problem.problem_type())
    }

    fn of(minimum: i64, seconds: u64) -> Freshness {
        Freshness {
            minimum,
            wait: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn nothing_is_asked_for_by_default() {
        assert_eq!(freshness(&[]), Ok(of(0, 2)));
        assert_eq!(freshness(&[("min-position", "7")]), Ok(of(7, 2)));
    }

    #[test]
    fn wait_is_a_preference_among_others() {
        for (prefer, seconds) in [
            ("wait=5", 5),
            ("return=minimal, Wait=\"5\"; x=y", 5),
            ("wait=0", 0),
            ("wait=31", 30),
            ("wait=99999999999999999999999", 30),
            ("wait=soon", 2),
            ("wait=-1", 2),
            ("wait=", 2),
            ("waiting=9", 2),
        ] {
            assert_eq!(
                freshness(&[("prefer", prefer)]),
                Ok(of(0, seconds)),
                "{prefer}"
            );
        }
        let twice = [("prefer", "respond-async"), ("prefer", "wait=9")];
        assert_eq!(freshness(&twice), Ok(of(0, 9)));
    }

    #[test]
    fn a_position_that_is_none_is_malformed() {
        for value in ["", "-1", "+1", "1.0", "x", "9223372036854775808"] {
            assert_eq!(
                freshness(&[("min-position", value)]),
                Err(ProblemType::Malformed),
                "{value}"
            );
        }
        let twice = [("min-position", "1"), ("min-position", "1")];
        assert_eq!(freshness(&twice), Err(ProblemType::Malformed));
    }
}
