//! The audit trail, and streams of events.

use read_model::schema::{self, Described as _, about, event_type, string};
use read_model::{OrderId, Timestamp};
use serde_json::{Map, Value, json};
use service_kit::openapi::{Operation, header_parameter, query_parameter};
use service_kit::{ProblemType, Scope};

use super::orders::order_id;
use super::parameters::{exemplified, several, several_of, value};
use super::{Questions, may_find_nothing};

pub(super) fn describe(q: &mut Questions<'_>) {
    events_of_order(q);
    events(q);
    list(q);
}

/// An entry as it may be.
pub(super) fn example() -> Value {
    json!({
        "position": 1043,
        "event_id": "019a9f3c-7a52-7c31-8b0e-000000001043",
        "type": "HoldPlaced",
        "event_version": "1",
        "order_id": "o-1",
        "order_number": "2026-001042",
        "sequence": 2,
        "occurred_at": "2026-11-20T10:00:00.123456Z",
        "actor": "alice",
        "command": "hold",
        "command_id": "019a9f3c-7a52-7c31-8b0e-1f2d3c4b5a69",
        "idempotency_key": "hold-1",
        "correlation_id": "019a9f3c-7a50-7d12-9a2b-6c5d4e3f2a1b",
        "causation_id": null,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "client": { "address": "192.0.2.7", "user_agent": "curl/8.5.0" },
        "reason": "fraud_check",
        "changes": [
            { "path": "/on_hold", "from": false, "to": true },
            {
                "path": "/holds/0",
                "from": null,
                "to": {
                    "hold_id": "h-1", "reason": "fraud_check", "note": null,
                    "placed_at": "2026-11-20T10:00:00.123456Z", "placed_by": "alice",
                },
            },
        ],
        "data": { "hold_id": "h-1", "reason": "fraud_check", "note": null },
    })
}

/// A stream of server-sent events.
fn stream(q: &mut Questions<'_>, operation: Operation) -> Operation {
    let after = value::<i64>(
        &mut q.schemas,
        "after_position",
        "Begin behind this position. Without it, and without `Last-Event-ID`, the stream begins now.",
        json!(0),
    );
    let last = header_parameter(
        "Last-Event-ID",
        "The `id` of the last event that you have, as browsers send it when they come again; it wins over \
            `after_position`. A position that the view has not reached is waited for as `Min-Position`.",
        &json!({ "type": "string", "pattern": "^[0-9]+$" }),
        false,
    );
    let entry = example();
    let text = format!("retry: 1000\n\nid: 1043\nevent: HoldPlaced\ndata: {entry}\n\n");
    let examples: Map<String, Value> = [("An event".to_owned(), text.into())].into_iter().collect();
    let events = about(
        string(),
        "Events: `id` is the position, `event` the type, `data` an `AuditEntry` (see the schemas).",
    );
    operation.parameter(after).parameter(last).answer_like(
        200,
        "Events, until you go.",
        &["Log-Position", "Cache-Control", "X-Accel-Buffering"],
        "text/event-stream",
        &events,
        examples,
    )
}

fn events_of_order(q: &mut Questions<'_>) {
    let operation = q.question(
        "stream-order",
        "events",
        "The events of an order, live",
        "Server-sent events: one an event, without gap and repetition.",
        Scope::OrdersRead,
    );
    let operation = operation.parameter(order_id(q));
    let operation = may_find_nothing(stream(q, operation));
    q.get("/v1/orders/{order_id}/stream", operation);
}

fn events(q: &mut Questions<'_>) {
    let operation = q.question(
        "stream",
        "events",
        "The events of all orders, live",
        "Server-sent events: one an event, in the order of the log, without gap and repetition.",
        Scope::OrdersRead,
    );
    let operation = stream(q, operation);
    q.get("/v1/stream", operation);
}

fn list(q: &mut Questions<'_>) {
    let operation = q.question(
        "list-audit-events",
        "audit",
        "The audit trail",
        "Entries by position: a page as JSON; or all that match, as lines of JSON or comma-separated values, to the \
            position at which the answer began. These have neither `limit` nor `cursor`.",
        Scope::AuditRead,
    );
    let s = &mut q.schemas;
    let types = event_type(s);
    let text = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
    let operation = [
        several_of(
            "actor",
            "Who did it: the subjects of their tokens.",
            &text,
            json!(["alice"]),
        ),
        several_of(
            "type",
            "What happened.",
            &types,
            json!(["OrderPlaced", "HoldPlaced"]),
        ),
        several::<OrderId>(s, "order_id", "To which orders.", "o-1"),
        several_of(
            "correlation_id",
            "Caused by which requests.",
            &text,
            json!(["019a9f3c-7a50-7d12-9a2b-6c5d4e3f2a1b"]),
        ),
        value::<Timestamp>(
            s,
            "from",
            "At this time or later.",
            json!("2026-11-01T00:00:00Z"),
        ),
        value::<Timestamp>(s, "to", "Before this time.", json!("2999-01-01T00:00:00Z")),
        exemplified(
            query_parameter("after_position", "Behind this position.", &i64::schema()),
            json!(0),
        ),
    ]
    .into_iter()
    .fold(operation, Operation::parameter);
    let entry = schema::audit_entry(s);
    let lines = about(string(), "Lines, each an `AuditEntry` (see the schemas).");
    let table = about(
        string(),
        "RFC 4180: a line of names, then a line an entry: its members in their order, objects and lists as JSON, null \
            as nothing.",
    );
    let operation = q
        .list(operation, entry, &example())
        .answer(
            200,
            "",
            &["X-Accel-Buffering"],
            "application/x-ndjson",
            &lines,
        )
        .answer(200, "", &[], "text/csv", &table)
        .problems(&[ProblemType::BadCursor]);
    q.get("/v1/audit/events", operation);
}
