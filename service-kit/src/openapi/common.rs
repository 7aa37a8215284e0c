//! What every service has: the token, the headers of [`crate::edge`], and the operations that need no token.

use serde_json::{Map, Value, json};

use super::{Document, Operation, header_parameter};
use crate::correlation::MAX_CORRELATION_ID;

const OPERATION: &str = "operation";

pub(super) fn security_scheme() -> Value {
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JSON Web Token. `sub` is the actor, `scope` holds the scopes, with spaces between; an \
            operation names the one that it needs.",
    })
}

/// The headers of a request that [`crate::Correlation`] takes over.
pub(super) fn correlation() -> [Value; 2] {
    let id = json!({ "type": "string", "minLength": 1, "maxLength": MAX_CORRELATION_ID, "pattern": "^[!-~]+$" });
    let trace = json!({ "type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}" });
    [
        header_parameter(
            "X-Correlation-Id",
            "Your id for all that this request causes; stored with every event. Without it, or if it is malformed, a \
                new one is made.",
            &id,
            false,
        ),
        header_parameter(
            "traceparent",
            "The W3C trace context; stored with every event. Without it, or if it is malformed, a new one is made.",
            &trace,
            false,
        ),
    ]
}

/// Headers that any answer may have.
pub(super) fn headers() -> Map<String, Value> {
    let described = [
        (
            "X-Correlation-Id",
            "What ties together all that this request caused: yours, or a new one.",
            json!({ "type": "string", "maxLength": MAX_CORRELATION_ID }),
        ),
        (
            "traceparent",
            "The W3C trace context: yours, or a new one.",
            json!({ "type": "string", "maxLength": 255 }),
        ),
        (
            "Cache-Control",
            "Who may keep the answer, and for how long.",
            json!({ "type": "string" }),
        ),
        (
            "RateLimit",
            "How many requests (`r`) are left for how many seconds (`t`); only if a limit is set.",
            json!({ "type": "string" }),
        ),
        (
            "RateLimit-Policy",
            "How many requests (`q`) each actor has in how many seconds (`w`); only if a limit is set.",
            json!({ "type": "string" }),
        ),
        (
            "Retry-After",
            "After how many seconds to try again.",
            json!({ "type": "integer", "minimum": 0 }),
        ),
        (
            "Content-Security-Policy",
            "What the page may load, and from where: from its own service only.",
            json!({ "type": "string" }),
        ),
        (
            "Referrer-Policy",
            "`no-referrer`: the page tells nobody where one came from.",
            json!({ "type": "string" }),
        ),
        (
            "X-Content-Type-Options",
            "`nosniff`: it is what its type says.",
            json!({ "type": "string" }),
        ),
        (
            "WWW-Authenticate",
            "What is wrong with the token, or which scope it lacks (RFC 6750).",
            json!({ "type": "string" }),
        ),
    ];
    let header = |(name, description, schema): (&str, &str, Value)| {
        (
            name.to_owned(),
            json!({ "description": description, "schema": schema }),
        )
    };
    described.into_iter().map(header).collect()
}

/// The tag of [`operations`], behind those of the service.
pub(super) fn tag(document: &mut Document) {
    document.tag(
        OPERATION,
        "For operators and for readers of this document. No token is needed.",
    );
}

/// Health, metrics, and the document itself.
pub(super) fn operations(document: &mut Document) {
    let plain =
        |id, summary, description| Operation::new(id, OPERATION, summary, description).public();
    let health = |members: Value| {
        json!({
            "type": "object",
            "description": "How the service is.",
            "required": members.as_object().map(|members| members.keys().collect::<Vec<_>>()),
            "properties": members,
        })
    };
    let live =
        json!({ "status": { "type": "string", "const": "live", "description": "Always this." } });
    document.operation(
        "get",
        "/health/live",
        plain(
            "live",
            "Whether the process runs",
            "Answers as long as the process runs.",
        )
        .answer(200, "It runs.", &[], "application/json", &health(live)),
    );
    let ready = health(json!({
        "status": {
            "type": "string",
            "description": "`degraded`: something fails that it can work without.",
            "enum": ["ready", "degraded", "not-ready", "stopping"],
        },
        "checks": {
            "type": "object",
            "description": "Each check by its name: `ok`, or what is wrong.",
            "additionalProperties": { "type": "string" },
        },
    }));
    document.operation(
        "get",
        "/health/ready",
        plain(
            "ready",
            "Whether it can do its work",
            "Looks at all that it depends on.",
        )
        .answer(200, "It can.", &[], "application/json", &ready)
        .answer(
            503,
            "It cannot, or is stopping.",
            &[],
            "application/json",
            &ready,
        ),
    );
    let text = json!({ "type": "string" });
    document.operation(
        "get",
        "/metrics",
        plain("metrics", "Metrics", "In the text format of Prometheus.").answer(
            200,
            "All metrics.",
            &[],
            "text/plain",
            &text,
        ),
    );
    document.operation(
        "get",
        "/openapi.json",
        plain("openapi", "This document", "OpenAPI 3.1.").answer(
            200,
            "The document.",
            &["Cache-Control", "X-Content-Type-Options"],
            "application/json",
            &json!({ "type": "object", "additionalProperties": true }),
        ),
    );
    document.operation(
        "get",
        "/docs",
        plain(
            "docs",
            "A page to read and try this document",
            "Works without internet.",
        )
        .answer(
            200,
            "The page.",
            &[
                "Cache-Control",
                "Content-Security-Policy",
                "Referrer-Policy",
                "X-Content-Type-Options",
            ],
            "text/html",
            &text,
        ),
    );
}
