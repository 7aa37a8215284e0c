//! The database crashes while many commands are under way, stays away, and comes back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use test_kit::eventually;

use crate::api::{Api, Log, answer, order};

const CALLERS: usize = 64;
/// Orders of each caller.
const ORDERS: usize = 12;
/// How long a caller insists, and anything here may take.
const LONG: Duration = Duration::from_secs(120);

/// What all callers saw.
#[derive(Default)]
struct Seen {
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
}

/// Sends one command with one key until it is acknowledged; its answer's body.
async fn insist(api: &Api, id: &str, seen: &Seen) -> Value {
    let until = Instant::now() + LONG;
    loop {
        assert!(Instant::now() < until, "the log did not come back");
        let placed = answer(api.keyed("/v1/orders", id, &order(id))).await;
        match (placed.status.as_u16(), placed.problem()) {
            (201, _) => {
                seen.acknowledged.fetch_add(1, Ordering::Relaxed);
                return placed.body;
            }
            (503, "unavailable" | "outcome-unknown" | "overloaded") => {
                assert!(placed.header("retry-after").is_some(), "{placed:?}");
                seen.refused.fetch_add(1, Ordering::Relaxed);
            }
            _ => panic!("{placed:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_is_answered_with_503_and_then_all_goes_on_and_nothing_is_lost_or_doubled() {
    let mut server = test_kit::cluster(&[]).await;
    let pool = server.pool("postgres").await;
    event_store::migrate(&pool).await.unwrap();
    pool.close().await;
    // As in production, but for callers who do not wait long.
    let vars = Log::new()
        .await
        .vars()
        .with("EVENT_STORE_URL", server.url("postgres"))
        .with("EVENT_STORE_DURABILITY", "required")
        .with("REQUEST_DEADLINE_MS", "1000");
    let api = Api::start(vars).await;
    let seen = Seen::default();
    let calling = futures::future::join_all((0..CALLERS).map(async |caller| {
        let mut answers = Vec::new();
        for n in 0..ORDERS {
            answers.push(insist(&api, &format!("o-{caller}-{n}"), &seen).await);
        }
        answers
    }));
    let crashing = async {
        eventually("commands under way", LONG, async || {
            (seen.acknowledged.load(Ordering::Relaxed) > CALLERS * ORDERS / 4).then_some(())
        })
        .await;
        server.crash().await;
        eventually("callers who are told", LONG, async || {
            (seen.refused.load(Ordering::Relaxed) > CALLERS).then_some(())
        })
        .await;
        server.start().await;
    };
    let (answers, ()) = tokio::join!(calling, crashing);
    let mut acknowledged: Vec<(i64, String)> = answers
        .into_iter()
        .flatten()
        .map(|body| {
            let order = body["order_id"].as_str().unwrap().to_owned();
            (body["position"].as_i64().unwrap(), order)
        })
        .collect();
    acknowledged.sort();
    let pool = server.pool("postgres").await;
    let events: Vec<(i64, String)> =
        sqlx::query_as("select position, aggregate_id from event order by position")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(acknowledged, events, "each command once, where it was said");
    let positions = events.iter().map(|(position, _)| *position);
    let all = i64::try_from(CALLERS * ORDERS).unwrap();
    assert!(positions.eq(1..=all), "no gap");
    api.stop().await;
}
