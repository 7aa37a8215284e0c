//! Waiting for a condition, never longer than a deadline.

use std::time::{Duration, Instant};

/// Asks `condition` again and again until it answers `Some`, and returns that.
///
/// The pauses grow from 2 ms to 50 ms.
///
/// # Panics
/// When `deadline` has passed, naming `what` was waited for; also when a single question takes longer than that.
pub async fn eventually<T>(
    what: &str,
    deadline: Duration,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let began = Instant::now();
    let asking = async {
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    };
    let Ok(found) = tokio::time::timeout(deadline, asking).await else {
        panic!(
            "waited {:.1} s in vain: {what}",
            began.elapsed().as_secs_f64()
        );
    };
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_as_soon_as_the_condition_holds() {
        let mut asked = 0;
        let found = eventually("the third question", Duration::from_secs(5), async || {
            asked += 1;
            (asked == 3).then_some("here")
        })
        .await;
        assert_eq!(found, "here");
    }

    #[tokio::test]
    #[should_panic(expected = "in vain: a miracle")]
    async fn names_what_did_not_happen() {
        eventually("a miracle", Duration::from_millis(10), async || None::<()>).await;
    }
}
