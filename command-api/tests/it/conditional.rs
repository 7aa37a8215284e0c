//! `If-Match`.

use serde_json::{Value, json};

use crate::api::{Answer, Api, answer, order};

async fn note(api: &Api, if_match: &str) -> Answer {
    let note = json!({"text": "x"});
    answer(
        api.post("/v1/orders/o-1/add-note", &note)
            .header("if-match", if_match),
    )
    .await
}

#[tokio::test]
async fn a_command_is_taken_for_the_version_that_it_names() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let noted = note(&api, "\"1\"").await;
    assert_eq!(
        (noted.status.as_u16(), noted.header("etag")),
        (200, Some("\"2\""))
    );
    assert_eq!(note(&api, "\"7\", \"2\"").await.status, 200);
    assert_eq!(note(&api, "*").await.status, 200);
    let stale = note(&api, "\"1\", \"3\"").await;
    stale.is_problem(412, "version-mismatch");
    assert_eq!(stale.body["current_version"], 4);
    note(&api, "\"0\"")
        .await
        .is_problem(412, "version-mismatch");
    assert_eq!(log.events().await, 4);
    api.stop().await;
}

#[tokio::test]
async fn what_is_no_version_is_malformed() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    for wrong in ["1", "W/\"1\"", "\"1\", *", "\"a\"", "\"01\"", "", "\"-1\""] {
        note(&api, wrong).await.is_problem(400, "malformed");
    }
    for any in ["\"1\"", "*", "W/\"1\""] {
        let conditional = api
            .post("/v1/orders", &order("o-2"))
            .header("if-match", any);
        answer(conditional).await.is_problem(400, "malformed");
    }
    assert_eq!(log.events().await, 1);
    api.stop().await;
}

#[tokio::test]
async fn a_replay_does_not_look_at_it() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let request = || {
        let note = json!({"text": "x"});
        api.keyed("/v1/orders/o-1/add-note", "k", &note)
            .header("if-match", "\"1\"")
    };
    let first = answer(request()).await;
    let again = answer(request()).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(log.events().await, 2);
    api.stop().await;
}

#[tokio::test]
async fn a_line_of_an_upload_names_its_version_by_number() {
    let (api, log) = Api::with_log().await;
    api.place("o-1").await;
    let line = |if_match: Value| {
        let mut line = crate::api::line("add-note", Some("o-1"), &json!({"text": "x"}));
        line["if_match"] = if_match;
        line
    };
    let lines = [
        json!(1),
        json!(1),
        json!(null),
        json!("3"),
        json!(3.0),
        json!(-1),
    ]
    .map(line);
    let answers = api.bulk(&lines).await;
    let statuses: Vec<_> = answers
        .iter()
        .map(|answer| answer["status"].as_i64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 412, 200, 422, 422, 422]);
    assert_eq!(answers[1]["body"]["current_version"], 2);
    assert_eq!(answers[3]["body"]["errors"][0]["pointer"], "/if_match");
    assert_eq!(log.events().await, 3);
    api.stop().await;
}
