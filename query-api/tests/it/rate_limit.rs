//! A limit on how many requests an actor may send.

use crate::stage::Stage;

#[tokio::test]
async fn an_actor_has_so_many_queries() {
    let stage = Stage::limited("2/h").await;
    let policy = r#""default";q=2;w=3600"#;
    let first = stage.get("/v1/orders/o-1").await;
    first.problem(404, "not-found");
    assert_eq!(first.header("ratelimit-policy"), policy);
    assert_eq!(first.header("ratelimit"), r#""default";r=1;t=1800"#);
    stage.get("/v1/orders").await.ids();

    let refused = stage.get("/v1/orders").await;
    refused.problem(429, "rate-limited");
    assert_eq!(refused.header("ratelimit-policy"), policy);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 1790);

    let nobody = [("authorization", "Bearer nobody")];
    let stranger = stage.get_with("/v1/orders", &nobody).await;
    stranger.problem(401, "unauthenticated");
    assert_eq!(stranger.header("ratelimit"), "");
}
