//! The audit list: its filters, its pages, its streams.

use read_model::View;

use crate::stage::{Event, Stage, checkpoint, id_in, minute};

/// Ten events of two orders by two actors, at positions 1 to 10.
fn events() -> Vec<Event> {
    (1..=10)
        .map(|position| Event {
            kind: if position <= 2 {
                "OrderPlaced"
            } else {
                "NoteAdded"
            },
            actor: if position % 3 == 0 {
                "bob"
            } else {
                "alice, the first"
            }
            .to_owned(),
            correlation_id: format!("c-{}", position / 4),
            ..Event::note(
                if position % 2 == 0 { "even" } else { "odd" },
                (position + 1) / 2,
                position,
            )
        })
        .map(|event| Event {
            actor: event.actor.replace(',', ""),
            ..event
        })
        .collect()
}

fn positions(text: &str) -> Vec<i64> {
    let body: serde_json::Value = serde_json::from_str(text).unwrap();
    let items = body["items"].as_array().unwrap().iter();
    items
        .map(|item| item["position"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn filters_take_several_values_and_all_must_fit() {
    let stage = Stage::new().await;
    stage.record(&events()).await;
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10][..]),
        ("actor=bob", &[3, 6, 9]),
        ("actor=bob,nobody", &[3, 6, 9]),
        ("actor=alice%20the%20first&order_id=odd", &[1, 5, 7]),
        ("type=OrderPlaced", &[1, 2]),
        ("type=OrderPlaced,NoteAdded&correlation_id=c-0", &[1, 2, 3]),
        ("order_id=odd,even&type=OrderPlaced", &[1, 2]),
        ("order_id=other", &[]),
        ("correlation_id=c-2", &[8, 9, 10]),
        ("from=2026-11-20T10:08:00Z", &[8, 9, 10]),
        ("to=2026-11-20T10:03:00Z", &[1, 2]),
        ("from=2026-11-20T10:03:00Z&to=2026-11-20T10:03:00Z", &[]),
        (
            "from=2026-11-20T11:03:00%2B01:00&to=2026-11-20T10:06:00Z&order_id=odd",
            &[3, 5],
        ),
        ("from=2100-01-01T00:00:00Z", &[]),
        ("to=2100-01-01T00:00:00Z&after_position=8", &[9, 10]),
        ("after_position=9", &[10]),
        ("after_position=10", &[]),
        ("after_position=9223372036854775807", &[]),
    ] {
        let answer = stage.get(&format!("/v1/audit/events?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(positions(&answer.text), expected, "{query}");
        assert_eq!(answer.position(), 10);
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_keep_to_their_filter() {
    let stage = Stage::new().await;
    stage.record(&events()).await;
    let mut seen = Vec::new();
    let mut path = "/v1/audit/events?order_id=odd&limit=2".to_owned();
    loop {
        let page = stage.get(&path).await;
        seen.extend(positions(&page.text));
        let Some(cursor) = page.next_cursor() else {
            break;
        };
        let link = page.header("link").to_owned();
        for other in [
            format!("/v1/audit/events?order_id=even&cursor={cursor}"),
            format!("/v1/audit/events?order_id=odd&after_position=1&cursor={cursor}"),
            format!("/v1/orders?cursor={cursor}"),
            format!("/v1/orders/odd/timeline?cursor={cursor}"),
        ] {
            stage.get(&other).await.problem(400, "bad-cursor");
        }
        path = link
            .trim_start_matches('<')
            .split('>')
            .next()
            .unwrap()
            .to_owned();
    }
    assert_eq!(seen, [1, 3, 5, 7, 9]);
}

#[tokio::test]
async fn it_ends_where_the_view_is_complete() {
    let stage = Stage::new().await;
    let (one, other) = (id_in(3), id_in(7));
    let mut transaction = stage.pool.begin().await.unwrap();
    for (order_id, position) in [(&one, 1), (&other, 2), (&one, 4)] {
        let sequence = if position == 4 { 2 } else { 1 };
        Event::note(order_id, sequence, position)
            .write(&mut transaction, 1)
            .await;
    }
    let view = View::OrderHistory;
    checkpoint(&mut transaction, view, 1, 3, 4).await;
    checkpoint(&mut transaction, view, 1, 7, 2).await;
    transaction.commit().await.unwrap();
    // The log has an event at 3, of an order whose partition has not come so far.
    for (position, last) in [(2, [(3, 1), (7, 2)]), (4, [(3, 4), (7, 3)])] {
        stage.frontier(position, &last.into()).await;
    }
    for accept in ["application/json", "application/x-ndjson", "text/csv"] {
        let answer = stage
            .get_with("/v1/audit/events", &[("accept", accept)])
            .await;
        assert_eq!(answer.position(), 2, "{accept}");
        assert!(answer.text.contains("note 1"), "{}", answer.text);
        assert!(!answer.text.contains("note 2"), "{}", answer.text);
    }
}

#[tokio::test]
async fn lines_of_json_hold_all_that_match() {
    let stage = Stage::new().await;
    // More than are read at a time.
    let events: Vec<Event> = (1..=1_234)
        .map(|position| Event::note("o-1", position, position))
        .collect();
    stage.record(&events).await;
    let accept = [("accept", "application/x-ndjson")];
    let answer = stage.get_with("/v1/audit/events", &accept).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(answer.position(), 1_234);
    let lines: Vec<&str> = answer.text.lines().collect();
    let expected: Vec<String> = events.iter().map(Event::entry).collect();
    assert_eq!(lines, expected);

    let some = "/v1/audit/events?after_position=600&to=2026-11-21T03:10:00Z&actor=alice";
    let answer = stage.get_with(some, &accept).await;
    let lines: Vec<&str> = answer.text.lines().collect();
    assert_eq!(lines, expected[600..1_029]);
    let none = stage
        .get_with("/v1/audit/events?actor=nobody", &accept)
        .await;
    assert_eq!((none.status.as_u16(), none.text.as_str()), (200, ""));
    // All that match are no page.
    for page in ["limit=5", "cursor=x"] {
        let path = format!("/v1/audit/events?{page}");
        stage
            .get_with(&path, &accept)
            .await
            .problem(400, "bad-parameter");
    }
    let ahead = [accept[0], ("min-position", "1235"), ("prefer", "wait=0")];
    stage
        .get_with("/v1/audit/events", &ahead)
        .await
        .problem(503, "view-behind");
}

#[tokio::test]
async fn comma_separated_values_have_a_head_and_a_line_each() {
    let stage = Stage::new().await;
    let odd = Event {
        actor: "a \"b\"".to_owned().replace('"', "'"),
        occurred_at: minute(2),
        ..Event::note("o-1", 2, 2)
    };
    stage.record(&[Event::note("o-1", 1, 1), odd]).await;
    let answer = stage
        .get_with("/v1/audit/events", &[("accept", "text/csv")])
        .await;
    assert!(answer.header("content-type").starts_with("text/csv"));
    let lines: Vec<&str> = answer.text.split("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("position,event_id,type,"));
    assert_eq!(
        lines[1],
        "1,00000000-0000-0000-0000-000000000001,NoteAdded,1,o-1,,1,2026-11-20T10:01:00.000000Z,alice,add-note,\
         00000000-0000-0000-0000-000000000000,,c-1,,,\"{\"\"address\"\":null,\"\"user_agent\"\":null}\",,[],\
         \"{\"\"text\"\":\"\"note 1\"\",\"\"visibility\"\":\"\"internal\"\"}\","
    );
    assert!(lines[2].contains(",a 'b',"));
    assert_eq!(lines[3], "");
}

/// A client that reads nothing must cost nobody a connection, and when it goes, nothing of it stays.
#[tokio::test]
async fn slow_clients_hold_no_connection() {
    let stage = Stage::with_connections(2).await;
    let long = "x".repeat(20_000);
    let events: Vec<Event> = (1..=1_500)
        .map(|position| Event {
            data: format!("{{\"text\":\"{long}\"}}"),
            ..Event::note("o-1", position, position)
        })
        .collect();
    stage.record(&events).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        // 30 MB each, more than any buffer between us and them.
        let accept = [("accept", "application/x-ndjson")];
        slow.push(stage.open("/v1/audit/events", &accept).await);
    }
    for _ in 0..20 {
        let answer = stage.get("/v1/audit/events?limit=1").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    // And yet each gets all of it when it reads.
    let last = slow.pop().unwrap();
    assert_eq!(last.text().await.unwrap().lines().count(), 1_500);
}
