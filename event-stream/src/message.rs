//! An event as a `CloudEvents` 1.0 message in binary mode, so that anybody's consumer can read it.
//!
//! The data is the event's payload as it stands in the log; all else is headers:
//!
//! | header | holds |
//! |---|---|
//! | `ce-specversion`, `ce-datacontenttype` | `1.0`, `application/json` |
//! | `ce-id` | the event's id |
//! | `ce-source` | `/order-platform/logs/` and the log's UUID |
//! | `ce-type` | `dev.order-platform.`, the event's type, `.v` and its version |
//! | `ce-time` | when the log took it, in microseconds |
//! | `ce-subject`, `ce-partitionkey` | the order's id |
//! | `ce-sequence` | the position in the log, 20 digits |
//! | `ce-prevposition` | the position of the event before it in its partition, 20 digits; zeros for the first |
//! | `ce-incarnation` | the log's incarnation |
//! | `ce-aggregatetype`, `ce-aggregatesequence` | what kind of thing the subject is (`order`), and the event's number in it |
//! | `ce-slot` | which of 256 slots the subject belongs to; a partition is `slot × count / 256` |
//! | `ce-correlationid`, `ce-causationid`, `traceparent` | from the event's metadata, if it has them |
//! | `ce-metadata` | the event's metadata, all of it, as JSON |
//! | `ce-dataref` | `log`, if the message has neither data nor metadata: read the event from the log |
//!
//! Values are percent-encoded as the `CloudEvents` HTTP binding has it: `%`, `"`, space, and what is not printable
//! ASCII. What would not fit the broker goes out by `ce-dataref`, its long values cut: the relay cannot fail on content.

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use event_store::StoredEvent;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use uuid::Uuid;

/// What a message's source begins with; the log's UUID follows.
const SOURCE: &str = "/order-platform/logs/";

/// What a message's type begins with; the event's type and `.v<version>` follow.
const TYPE: &str = "dev.order-platform.";

/// Room that headers and protocol need beside a message's data.
const HEADROOM: usize = 64 * 1024;

/// A header value longer than this sends its event the way of those that are too large.
const LONGEST_VALUE: usize = 4 * 1024;

const OUTSIDE_VALUES: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// What all messages of one relay have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedFrom {
    /// The log's UUID.
    pub log: Uuid,
    /// The log's incarnation, raised whenever its history changed.
    pub incarnation: i64,
    /// The largest message that the broker takes, in bytes.
    pub max_payload: usize,
}

/// A message as it is published.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// `CloudEvents` attributes and our own.
    pub headers: HeaderMap,
    /// The event's payload, or nothing.
    pub data: Bytes,
}

/// A message as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The log's incarnation.
    pub incarnation: i64,
    /// The event's position.
    pub position: i64,
    /// The position of the event before it in its partition; 0 for the first.
    pub previous: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The slot of its aggregate, which says the partition.
    pub slot: i16,
    /// The event, unless it must be read from the log.
    pub event: Option<StoredEvent>,
}

/// The members of an event's metadata that get headers of their own.
#[derive(Default, Deserialize)]
struct Tracing {
    correlation_id: Option<String>,
    causation_id: Option<String>,
    traceparent: Option<String>,
}

impl Message {
    /// The message of `event`, whose partition's event before it is at `previous`.
    pub fn encode(event: &StoredEvent, previous: i64, from: PublishedFrom) -> Outgoing {
        // Metadata of other writers than ours may lack what we look for.
        let tracing: Tracing = serde_json::from_str(&event.metadata).unwrap_or_default();
        let mut headers = Headers::default();
        headers.plain("ce-specversion", "1.0");
        headers.plain("ce-id", event.event_id.to_string());
        headers.plain("ce-source", source(from.log));
        headers.text(
            "ce-type",
            &format!("{TYPE}{}.v{}", event.event_type, event.event_version),
        );
        headers.plain(
            "ce-time",
            event
                .recorded_at
                .to_rfc3339_opts(SecondsFormat::Micros, true),
        );
        headers.text("ce-subject", &event.aggregate_id);
        headers.plain("ce-datacontenttype", "application/json");
        headers.plain("ce-sequence", padded(event.position));
        headers.text("ce-partitionkey", &event.aggregate_id);
        headers.plain("ce-prevposition", padded(previous));
        headers.plain("ce-incarnation", from.incarnation.to_string());
        headers.text("ce-aggregatetype", &event.aggregate_type);
        headers.plain("ce-aggregatesequence", event.sequence.to_string());
        headers.plain("ce-slot", event.slot.to_string());
        for (name, value) in [
            ("ce-correlationid", tracing.correlation_id),
            ("ce-causationid", tracing.causation_id),
            ("traceparent", tracing.traceparent),
        ] {
            if let Some(value) = value {
                headers.text(name, &value);
            }
        }

        let metadata = encoded(&event.metadata);
        let room = from.max_payload.saturating_sub(HEADROOM);
        if headers.cut || event.payload.len() + metadata.len() > room {
            headers.plain("ce-dataref", "log");
            return Outgoing {
                headers: headers.map,
                data: Bytes::new(),
            };
        }
        headers.plain("ce-metadata", metadata);
        Outgoing {
            headers: headers.map,
            data: Bytes::copy_from_slice(event.payload.as_bytes()),
        }
    }

    /// What a message says, or `None` if it is not one of the log `log`: such a message is stepped over.
    pub fn decode(headers: &HeaderMap, data: &[u8], log: Uuid) -> Option<Self> {
        if source_of(headers)? != log {
            return None;
        }
        let mut message = Self {
            incarnation: number(headers, "ce-incarnation")?,
            position: number(headers, "ce-sequence")?,
            previous: number(headers, "ce-prevposition")?,
            event_id: plain(headers, "ce-id")?.parse().ok()?,
            slot: plain(headers, "ce-slot")?.parse().ok()?,
            event: None,
        };
        if plain(headers, "ce-dataref").is_none() {
            message.event = Some(stored_event(headers, data, &message)?);
        }
        Some(message)
    }
}

/// The log that a message says it comes from, if it is a message of a platform like this one.
pub(crate) fn source_of(headers: &HeaderMap) -> Option<Uuid> {
    plain(headers, "ce-source")?
        .strip_prefix(SOURCE)?
        .parse()
        .ok()
}

fn source(log: Uuid) -> String {
    format!("{SOURCE}{log}")
}

fn stored_event(headers: &HeaderMap, data: &[u8], message: &Message) -> Option<StoredEvent> {
    let event_type = text(headers, "ce-type")?;
    let (event_type, event_version) = event_type.strip_prefix(TYPE)?.rsplit_once(".v")?;
    Some(StoredEvent {
        position: message.position,
        event_id: message.event_id,
        aggregate_type: text(headers, "ce-aggregatetype")?,
        aggregate_id: text(headers, "ce-subject")?,
        sequence: number(headers, "ce-aggregatesequence")?,
        event_type: event_type.to_owned(),
        event_version: event_version.to_owned(),
        payload: std::str::from_utf8(data).ok()?.to_owned(),
        metadata: text(headers, "ce-metadata")?,
        recorded_at: DateTime::parse_from_rfc3339(plain(headers, "ce-time")?)
            .ok()?
            .with_timezone(&Utc),
        slot: message.slot,
    })
}

fn plain<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers
        .get(HeaderName::from_static(name))
        .map(HeaderValue::as_str)
}

fn text(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let decoded = percent_decode_str(plain(headers, name)?)
        .decode_utf8()
        .ok()?;
    Some(decoded.into_owned())
}

fn number(headers: &HeaderMap, name: &'static str) -> Option<i64> {
    plain(headers, name)?.parse().ok()
}

fn padded(position: i64) -> String {
    format!("{position:020}")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, OUTSIDE_VALUES).to_string()
}

/// Headers under construction; `cut` once a value was too long to go out whole.
#[derive(Default)]
struct Headers {
    map: HeaderMap,
    cut: bool,
}

impl Headers {
    /// A value that is printable ASCII by its making.
    fn plain(&mut self, name: &'static str, value: impl Into<HeaderValue>) {
        self.map.insert(HeaderName::from_static(name), value.into());
    }

    /// A value that may be anything.
    fn text(&mut self, name: &'static str, value: &str) {
        let mut value = encoded(value);
        if value.len() > LONGEST_VALUE {
            value.truncate(LONGEST_VALUE);
            self.cut = true;
        }
        self.plain(name, value);
    }
}
