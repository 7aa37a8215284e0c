//! One bucket an actor, with time as a value.
//!
//! A bucket is the time at which it will be full: each request puts that off by the time in which room for one comes
//! back, and is refused if that would be further away than an empty bucket needs. So nothing has to be filled by a clock,
//! and a bucket whose time has passed is the same as none.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::limit::RateLimit;

/// The buckets of all actors, at most a given number of them.
pub(super) struct Buckets {
    limit: RateLimit,
    most: usize,
    full_at: HashMap<Box<str>, Instant>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// There was room.
    One {
        /// Room for how many more is left.
        remaining: u128,
        /// When the bucket will be full again, if nothing else comes.
        full_in: Duration,
    },
    /// There was none; the bucket is as before.
    None {
        /// When there will be room.
        wait: Duration,
    },
}

impl Buckets {
    /// Full buckets for everybody; `most` is how many are remembered that are not.
    pub(super) fn new(limit: RateLimit, most: usize) -> Self {
        Self {
            limit,
            most,
            full_at: HashMap::new(),
        }
    }

    /// Takes room for one request out of this actor's bucket.
    pub(super) fn take(&mut self, actor: &str, now: Instant) -> Taken {
        let known = self.full_at.get_mut(actor);
        let missing = known
            .as_ref()
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let full_in = missing + self.limit.interval();
        let capacity = self.limit.refill_time();
        let Some(left) = capacity.checked_sub(full_in) else {
            let wait = full_in.saturating_sub(capacity);
            return Taken::None { wait };
        };
        if let Some(full_at) = known {
            *full_at = now + full_in;
        } else {
            self.make_room(now);
            self.full_at.insert(actor.into(), now + full_in);
        }
        let remaining = left.as_nanos() / self.limit.interval().as_nanos();
        Taken::One { remaining, full_in }
    }

    /// Forgets full buckets when there are too many; should too few be full, those that are the nearest to it, a quarter at
    /// a time, so that it is not done for every new actor. Whoever is forgotten has some requests more than the limit.
    fn make_room(&mut self, now: Instant) {
        if self.full_at.len() < self.most {
            return;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        let keep = self.most / 4 * 3;
        if self.full_at.len() > keep {
            let mut times: Vec<Instant> = self.full_at.values().copied().collect();
            let last = times.len() - keep - 1;
            let (_, forgotten, _) = times.select_nth_unstable(last);
            self.full_at.retain(|_, full_at| *full_at > *forgotten);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn buckets(limit: &str, most: usize) -> Buckets {
        Buckets::new(limit.parse().unwrap(), most)
    }

    fn is_taken(taken: Taken) -> bool {
        matches!(taken, Taken::One { .. })
    }

    #[test]
    fn a_burst_is_let_through_and_no_more() {
        let (mut buckets, now) = (buckets("10/s,burst=3", 8), Instant::now());
        for (remaining, full_in) in [(2, 100), (1, 200), (0, 300)] {
            let full_in = full_in * MS;
            let taken = Taken::One { remaining, full_in };
            assert_eq!(buckets.take("alice", now), taken);
        }
        for _ in 0..5 {
            let wait = 100 * MS;
            assert_eq!(buckets.take("alice", now), Taken::None { wait });
        }
        assert!(is_taken(buckets.take("bob", now)), "bob has his own");
    }

    #[test]
    fn room_comes_back_at_the_rate_and_up_to_the_burst() {
        let (mut buckets, now) = (buckets("10/s,burst=3", 8), Instant::now());
        while is_taken(buckets.take("alice", now)) {}
        let wait = MS;
        let nearly = now + 99 * MS;
        assert_eq!(buckets.take("alice", nearly), Taken::None { wait });
        assert!(is_taken(buckets.take("alice", now + 100 * MS)));
        assert!(!is_taken(buckets.take("alice", now + 100 * MS)));
        let later = now + Duration::from_secs(3600);
        let burst = (0..10).filter(|_| is_taken(buckets.take("alice", later)));
        assert_eq!(burst.count(), 3);
    }

    #[test]
    fn over_a_long_time_the_rate_is_kept_exactly() {
        let (mut buckets, start) = (buckets("7/s,burst=2", 8), Instant::now());
        let taken = (0..100_000).filter(|ms| is_taken(buckets.take("alice", start + *ms * MS)));
        // 100 s at 7 a second, and what was in the bucket.
        let taken = taken.count();
        assert!((700..=702).contains(&taken), "{taken}");
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_does_no_harm() {
        let (mut buckets, earlier) = (buckets("10/s", 8), Instant::now());
        let now = earlier + 500 * MS;
        assert!(is_taken(buckets.take("alice", now)));
        assert!(is_taken(buckets.take("alice", now)));
        assert!(is_taken(buckets.take("alice", earlier)));
    }

    #[test]
    fn full_buckets_are_forgotten_first() {
        let (mut buckets, now) = (buckets("1/s,burst=5", 4), Instant::now());
        while is_taken(buckets.take("alice", now)) {}
        for name in ["b", "c", "d"] {
            buckets.take(name, now);
        }
        let later = now + 1000 * MS;
        buckets.take("e", later);
        assert_eq!(buckets.full_at.len(), 2, "alice and the new one");
        assert!(is_taken(buckets.take("alice", later)));
        assert!(!is_taken(buckets.take("alice", later)), "not forgotten");
    }

    #[test]
    fn however_many_actors_come_at_once_few_are_remembered() {
        let (mut buckets, now) = (buckets("1/h,burst=100", 1000), Instant::now());
        while is_taken(buckets.take("alice", now)) {}
        for number in 0..100_000 {
            assert!(is_taken(
                buckets.take(&number.to_string(), now + number * MS)
            ));
            assert!(buckets.full_at.len() <= 1000);
        }
        assert!(!is_taken(buckets.take("alice", now)), "not forgotten");
    }
}
