//! Uploads whose caller goes away, or whose log does.

use serde_json::{Value, json};
use test_kit::eventually;
use tokio::io::AsyncWriteExt as _;

use crate::api::{Api, DEADLINE, Log, line, order, upload};
use crate::bulk_uploads;

#[tokio::test]
async fn what_was_read_of_a_broken_upload_is_finished_and_nothing_else() {
    let (api, log) = Api::with_log().await;
    let held = log.hold().await;
    let lines: Vec<Value> = (0..20)
        .map(|n| line("place", None, &order(&format!("o-{n}"))))
        .collect();
    // What is left of a line when its caller goes may look like a whole command, and is none.
    let cut = line("place", None, &order("cut"));
    let mut leaving = bulk_uploads::part(&api, &format!("{}{cut}", upload(&lines))).await;
    // Nothing is lost on the way: the connection ends, and all that was sent arrives before its end.
    leaving.shutdown().await.unwrap();
    log.somebody_waits_for_the_lock().await;
    drop(leaving);
    held.release().await;
    eventually("twenty orders", DEADLINE, async || {
        (log.events().await == 20).then_some(())
    })
    .await;
    // The end of the service is the end of all its uploads: whatever was begun is done now.
    api.stop().await;
    assert_eq!((log.events().await, log.keys().await), (20, 20));
}

#[tokio::test]
async fn an_upload_that_broke_is_sent_again_and_each_order_is_there_once() {
    let (api, log) = Api::with_log().await;
    let lines: Vec<Value> = (0..400)
        .map(|n| line("place", None, &order(&format!("o-{n}"))))
        .collect();
    let (mut sending, mut answers) = bulk_uploads::open(&api).await;
    for line in &lines[..250] {
        sending.line(line).await;
    }
    assert_eq!(answers.next().await.unwrap()["status"], 201);
    sending.break_off().await;
    drop(answers);
    api.stop().await;

    let api = Api::start(log.vars()).await;
    let before = log.events().await;
    assert!((1..=250).contains(&before), "{before}");
    let answers = api.bulk(&lines).await;
    let replayed = answers
        .iter()
        .filter(|answer| answer["replayed"] == true)
        .count();
    assert_eq!(i64::try_from(replayed).unwrap(), before);
    assert!(answers.iter().all(|answer| answer["status"] == 201));
    assert_eq!((log.events().await, log.keys().await), (400, 400));
    api.stop().await;
}

#[tokio::test]
async fn a_callers_answers_wait_but_not_the_other_callers() {
    let (api, log) = Api::with_log().await;
    // Nobody takes these answers.
    let (mut sending, answers) = bulk_uploads::open(&api).await;
    let stuffing = tokio::spawn(async move {
        for n in 0..3_000 {
            sending
                .line(&line("place", None, &order(&format!("slow-{n}"))))
                .await;
        }
    });
    api.place("quick").await;
    stuffing.abort();
    drop(answers);
    api.stop().await;
    assert_eq!(log.events().await, log.keys().await);
}

#[tokio::test]
async fn an_upload_is_no_larger_than_the_queue_of_the_log() {
    let log = Log::new().await;
    // Lines wait for room; they do not fill the queue until it refuses.
    let vars = log
        .vars()
        .with("APPEND_QUEUE", "8")
        .with("BULK_IN_FLIGHT", "4");
    let api = Api::start(vars).await;
    let lines: Vec<Value> = (0..200)
        .map(|n| line("place", None, &order(&format!("o-{n}"))))
        .collect();
    let answers = api.bulk(&lines).await;
    assert!(
        answers.iter().all(|answer| answer["status"] == 201),
        "{answers:?}"
    );
    assert_eq!(log.events().await, 200);
    api.stop().await;
}

#[tokio::test]
async fn while_the_database_is_away_each_line_is_told_when_to_come_back() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    log.take_away().await;
    let lines: Vec<Value> = (0..5)
        .map(|_| line("add-note", Some("o-1"), &json!({"text": "x"})))
        .collect();
    for answer in api.bulk(&lines).await {
        assert_eq!(answer["status"], 503, "{answer}");
        assert!(answer["retry_after"].is_u64(), "{answer}");
    }
    log.bring_back().await;
    assert_eq!(log.events().await, 1);
    api.stop().await;
}
