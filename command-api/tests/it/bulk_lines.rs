//! Lines of an upload that are wrong: each fails alone and says why.

use serde_json::{Value, json};

use crate::api::{Api, line, order, upload};

/// A wrong line, the status and the problem that it is answered with, and where it is wrong.
type Case = (String, i64, &'static str, &'static [&'static str]);

/// A good line with this member instead.
fn with(member: &str, value: Value) -> String {
    let mut line = line("add-note", Some("o-1"), &json!({"text": "x"}));
    line[member] = value;
    line.to_string()
}

/// A good line that makes an order, with this member instead.
fn new(member: &str, value: Value) -> String {
    let mut line = line("place", None, &order("o-2"));
    line[member] = value;
    line.to_string()
}

fn malformed(text: String) -> Case {
    (text, 400, "malformed", &[])
}

fn keyless(key: Value) -> Case {
    (with("idempotency_key", key), 400, "key-missing", &[])
}

fn unknown(member: &str, value: Value) -> Case {
    (with(member, value), 404, "not-found", &[])
}

fn invalid(text: String, pointers: &'static [&'static str]) -> Case {
    (text, 422, "invalid-request", pointers)
}

/// Asserts that each line is refused as it should be, that a good line after them is not, and that
/// nothing else is stored.
async fn fail_alone(cases: Vec<Case>) {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let mut lines: Vec<&str> = cases.iter().map(|case| case.0.as_str()).collect();
    let good = line("add-note", Some("o-1"), &json!({"text": "good"})).to_string();
    lines.push(&good);
    let answers = api.bulk_text(upload(&lines)).await;
    assert_eq!(answers.len(), lines.len());
    for ((text, status, name, pointers), answer) in cases.iter().zip(&answers) {
        let body = &answer["body"];
        assert_eq!(answer["status"], *status, "{text}: {answer}");
        let kind = format!("https://order-platform.dev/problems/{name}");
        assert_eq!(body["type"], kind, "{text}: {answer}");
        assert_eq!(
            (&body["instance"], &body["status"]),
            (&json!("/v1/bulk"), &json!(status))
        );
        assert!(body["correlation_id"].is_string());
        assert_eq!(&found(body), pointers, "{text}");
    }
    assert_eq!(answers[cases.len()]["status"], 200);
    assert_eq!((log.events().await, log.keys().await), (2, 2));
    api.stop().await;
}

/// The pointers of a problem.
fn found(body: &Value) -> Vec<&str> {
    let errors = body["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    errors
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn lines_that_are_no_json_or_no_objects() {
    let twice = r#"{"command": "confirm", "command": "place"}"#;
    fail_alone(vec![
        malformed("{".to_owned()),
        malformed(String::new()),
        malformed("  ".to_owned()),
        malformed(twice.to_owned()),
        malformed("{} {}".to_owned()),
        invalid("[]".to_owned(), &[""]),
        invalid("null".to_owned(), &[""]),
    ])
    .await;
}

#[tokio::test]
async fn lines_with_a_wrong_envelope() {
    fail_alone(vec![
        unknown("command", json!("fly")),
        // There is no such command of an order that is there.
        unknown("command", json!("draft")),
        unknown("order_id", json!("nobody")),
        unknown("order_id", json!("a/b")),
        invalid(with("command", json!(7)), &["/command"]),
        invalid(with("command", Value::Null), &["/command"]),
        invalid(with("order_id", Value::Null), &["/order_id"]),
        invalid(with("order_id", json!(1)), &["/order_id"]),
        keyless(Value::Null),
        keyless(json!("")),
        keyless(json!("k".repeat(256))),
        invalid(with("idempotency_key", json!(1)), &["/idempotency_key"]),
        invalid(
            with("idempotency_key", json!("a\u{0}")),
            &["/idempotency_key"],
        ),
        invalid(with("if-match", json!(1)), &["/if-match"]),
        malformed(new("if_match", json!(1))),
    ])
    .await;
}

#[tokio::test]
async fn lines_with_wrong_data() {
    let mut draft = order("o-3");
    draft["draft"] = json!(true);
    let mut total = order("o-3");
    total["expected_total"] = json!(1);
    fail_alone(vec![
        invalid(new("data", Value::Null), &["/data"]),
        invalid(new("data", draft), &["/data/draft"]),
        invalid(new("data", total), &["/data/expected_total"]),
        invalid(with("data", json!({"text": "x", "x": 1})), &["/data/x"]),
        invalid(with("data", json!([])), &["/data"]),
        invalid(with("data", json!({})), &["/data/text"]),
    ])
    .await;
}

#[tokio::test]
async fn everything_wrong_with_a_line_is_told_at_once() {
    let (api, _log) = Api::with_log().await;
    let mut wrong = line("place", None, &json!({"currency": 1}));
    wrong["x"] = json!(1);
    let answers = api.bulk(&[wrong]).await;
    let expected = [
        "/x",
        "/data/lines",
        "/data/shipping_address",
        "/data/currency",
        "/data/customer",
    ];
    assert_eq!(found(&answers[0]["body"]), expected);
    api.stop().await;
}
