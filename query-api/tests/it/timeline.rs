//! What happened to one order.

use crate::stage::{Order, Stage};

#[tokio::test]
async fn entries_come_oldest_first_page_by_page() {
    let stage = Stage::new().await;
    let mut entries = Vec::new();
    for version in 1..=5 {
        let order = Order {
            version,
            ..Order::placed("o-1", version * 10)
        };
        stage.apply(&order).await;
        entries.push(order.entry());
        stage
            .apply(&Order::placed(
                &format!("other-{version}"),
                version * 10 + 1,
            ))
            .await;
    }
    let whole = stage.get("/v1/orders/o-1/timeline").await;
    let expected = format!("{{\"items\":[{}],\"next_cursor\":null}}", entries.join(","));
    assert_eq!(whole.text, expected);
    assert_eq!(whole.position(), 50);

    let mut sequences = Vec::new();
    let mut path = "/v1/orders/o-1/timeline?limit=2".to_owned();
    loop {
        let page = stage.get(&path).await;
        let body = page.json();
        let items = body["items"].as_array().unwrap().iter();
        sequences.extend(items.map(|item| item["sequence"].as_i64().unwrap()));
        let Some(cursor) = page.next_cursor() else {
            break;
        };
        path = format!("/v1/orders/o-1/timeline?limit=2&cursor={cursor}");
        // Another order's timeline does not take it.
        let other = format!("/v1/orders/other-1/timeline?cursor={cursor}");
        stage.get(&other).await.problem(400, "bad-cursor");
    }
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
}
