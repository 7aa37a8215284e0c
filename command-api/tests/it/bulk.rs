//! `POST /v1/bulk`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, answer, line, order};
use crate::bulk_uploads;

fn statuses(answers: &[Value]) -> Vec<i64> {
    answers
        .iter()
        .map(|answer| answer["status"].as_i64().unwrap())
        .collect()
}

/// The name of the problem that a line was answered with.
fn problem(answer: &Value) -> &str {
    answer["body"]["type"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
}

#[tokio::test]
async fn each_line_is_answered_in_its_place() {
    let (api, log) = Api::with_log().await;
    let lines: Vec<Value> = (0..300)
        .map(|n| line("place", None, &order(&format!("o-{n}"))))
        .collect();
    let answers = api.bulk(&lines).await;
    assert_eq!(answers.len(), 300);
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(
            (&answer["index"], &answer["status"]),
            (&json!(index), &json!(201))
        );
        assert_eq!(answer["body"]["order_id"], format!("o-{index}"));
        assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    }
    assert_eq!((log.events().await, log.keys().await), (300, 300));
    api.stop().await;
}

#[tokio::test]
async fn commands_of_one_order_run_in_the_order_of_their_lines() {
    let (api, log) = Api::with_log().await;
    let mut lines = Vec::new();
    for n in 0..20 {
        let id = format!("o-{n}");
        let mut draft = order(&id);
        draft["shipping_address"]["line2"] = json!("c/o");
        lines.push(line("draft", None, &draft));
        lines.push(line("place", Some(&id), &json!({"expected_total": 10_000})));
        lines.push(line(
            "hold",
            Some(&id),
            &json!({"hold_id": "h", "reason": "x"}),
        ));
        lines.push(line("confirm", Some(&id), &Value::Null));
        lines.push(line("release-hold", Some(&id), &json!({"hold_id": "h"})));
        lines.push(line("confirm", Some(&id), &Value::Null));
    }
    let answers = api.bulk(&lines).await;
    for order in answers.chunks(6) {
        assert_eq!(statuses(order), [201, 200, 200, 409, 200, 200]);
        assert_eq!(problem(&order[3]), "on-hold");
        assert_eq!(order[3]["body"]["version"], 3);
    }
    assert_eq!(log.events().await, 100);
    api.stop().await;
}

#[tokio::test]
async fn lines_with_one_key_run_in_the_order_of_their_lines() {
    let (api, log) = Api::with_log().await;
    let mut first = order("");
    first["order_id"] = Value::Null;
    let one = line("place", None, &first);
    let mut other = line("place", None, &order("o-1"));
    other["idempotency_key"] = one["idempotency_key"].clone();
    let answers = api.bulk(&[one.clone(), one.clone(), other, one]).await;
    assert_eq!(statuses(&answers), [201, 201, 422, 201]);
    assert_eq!(answers[0].get("replayed"), None);
    for replayed in [1, 3] {
        assert_eq!(answers[replayed]["replayed"], true);
        assert_eq!(answers[replayed]["body"], answers[0]["body"]);
    }
    assert_eq!(problem(&answers[2]), "key-reused");
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn answers_come_while_the_upload_goes_on() {
    let (api, _log) = Api::with_log().await;
    let (mut sending, mut answers) = bulk_uploads::open(&api).await;
    for n in 0..3 {
        sending
            .line(&line("place", None, &order(&format!("o-{n}"))))
            .await;
        assert_eq!(answers.next().await.unwrap()["status"], 201);
    }
    drop(sending);
    assert_eq!(answers.next().await, None);
    api.stop().await;
}

#[tokio::test]
async fn an_upload_has_its_own_type_and_needs_no_line() {
    let (api, _log) = Api::with_log().await;
    assert_eq!(api.bulk(&[]).await, Vec::<Value>::new());
    let upload = |kind: &'static str| {
        api.request(Method::POST, "/v1/bulk")
            .header("content-type", kind)
            .body("")
    };
    answer(upload("application/json"))
        .await
        .is_problem(415, "not-json");
    let page = upload("application/x-ndjson").header("accept", "text/html");
    answer(page).await.is_problem(406, "not-acceptable");
    api.stop().await;
}

#[tokio::test]
async fn a_line_over_a_mebibyte_fails_alone() {
    let (api, log) = Api::with_log().await;
    let mut large = line("place", None, &order("o-1"));
    large["data"]["note"] = json!("x".repeat(1 << 20));
    let answers = api.bulk(&[large, line("place", None, &order("o-2"))]).await;
    assert_eq!(statuses(&answers), [413, 201]);
    assert_eq!(problem(&answers[0]), "too-large");
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn lines_beyond_the_10000th_are_refused_one_by_one() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let mut upload = "{}\n".repeat(9_999);
    for _ in 0..3 {
        upload.push_str(&crate::api::upload(&[line(
            "add-note",
            Some("o-1"),
            &json!({"text": "x"}),
        )]));
    }
    let answers = api.bulk_text(upload).await;
    assert_eq!(answers.len(), 10_002);
    assert_eq!(statuses(&answers[9_998..]), [422, 200, 413, 413]);
    assert_eq!(answers[10_001]["index"], 10_001);
    assert_eq!(log.events().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn past_16_mebibytes_a_last_line_ends_the_answer() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let padded =
        |text: &str, length: usize| format!("{text}{}\n", " ".repeat(length - text.len() - 1));
    let note = || line("add-note", Some("o-1"), &json!({"text": "x"})).to_string();
    // 16 lines of a mebibyte each, then one that is too much, then more.
    let mut upload: String = (0..16).map(|_| padded(&note(), 1 << 20)).collect();
    upload.push_str(&padded(&note(), 1_000));
    upload.push_str(&padded(&note(), 1 << 20).repeat(4));
    let answers = api.bulk_text(upload).await;
    assert_eq!(answers.len(), 17);
    assert_eq!(statuses(&answers[..16]), [200; 16]);
    assert_eq!(
        (&answers[16]["index"], &answers[16]["status"]),
        (&json!(16), &json!(413))
    );
    assert_eq!(log.events().await, 17);
    api.stop().await;
}

#[tokio::test]
async fn lines_share_one_correlation_and_have_a_command_id_each() {
    let (api, log) = Api::with_log().await;
    let lines = [
        line("place", None, &order("o-1")),
        line("place", None, &order("o-2")),
    ];
    let text = crate::api::upload(&lines);
    let upload = api
        .request(Method::POST, "/v1/bulk")
        .header("content-type", "application/x-ndjson")
        .header("x-correlation-id", "c-9")
        .body(text);
    let response = upload.send().await.unwrap();
    assert_eq!(response.headers()["x-correlation-id"], "c-9");
    response.bytes().await.unwrap();
    let distinct = "select count(distinct metadata->>'command_id') from event \
        where metadata->>'correlation_id' = 'c-9'";
    let commands: i64 = sqlx::query_scalar(distinct)
        .fetch_one(&log.pool)
        .await
        .unwrap();
    assert_eq!(commands, 2);
    api.stop().await;
}
