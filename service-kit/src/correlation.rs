//! What ties a request to all that it causes: the correlation id and the W3C trace context.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header that carries the correlation id, both ways.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// The header of the W3C trace context, both ways.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The longest correlation id that is taken over, in bytes.
pub(crate) const MAX_CORRELATION_ID: usize = 128;

/// The ids of one request, a request extension behind [`crate::edge::wrap`].
///
/// Ids that came are taken over if they are well formed: a correlation id of 1 to 128 printable ASCII characters
/// without spaces, a `traceparent` as <https://www.w3.org/TR/trace-context/> has it. All else is replaced by a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    id: String,
    traceparent: String,
}

impl Correlation {
    /// Takes the ids over from a request's headers, or makes them.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let id = single(headers, &CORRELATION_ID)
            .filter(|id| is_correlation_id(id))
            .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
        let traceparent = single(headers, &TRACEPARENT)
            .filter(|value| is_traceparent(value))
            .map_or_else(new_traceparent, str::to_owned);
        Self { id, traceparent }
    }

    /// The correlation id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The trace context.
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// Puts both into the headers of an answer.
    pub fn write(&self, headers: &mut HeaderMap) {
        // Both consist of printable ASCII, so that neither can fail.
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            headers.insert(CORRELATION_ID, value);
        }
        if let Ok(value) = HeaderValue::from_str(&self.traceparent) {
            headers.insert(TRACEPARENT, value);
        }
    }
}

/// The value of a header that occurs once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn is_correlation_id(id: &str) -> bool {
    (1..=MAX_CORRELATION_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether this is a trace context of version 00, or of a later version that begins like one.
fn is_traceparent(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let [version, trace_id, parent_id, flags, further @ ..] = parts.as_slice() else {
        return false;
    };
    let hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    hex(version, 2)
        && *version != "ff"
        && hex(trace_id, 32)
        && !zero(trace_id)
        && hex(parent_id, 16)
        && !zero(parent_id)
        && hex(flags, 2)
        && (further.is_empty() || *version != "00")
        && value.len() <= 255
        && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A new trace that nobody records yet (flags 00).
fn new_traceparent() -> String {
    let parent = Uuid::new_v4().simple().to_string();
    // The last 16 digits of a version 4 UUID are never all zero: they hold its variant.
    format!("00-{}-{}-00", Uuid::new_v4().simple(), &parent[16..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn well_formed_ids_are_taken_over() {
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let correlation = Correlation::from_headers(&headers(&[
            ("x-correlation-id", "call-7"),
            ("traceparent", traceparent),
        ]));
        assert_eq!(correlation.id(), "call-7");
        assert_eq!(correlation.traceparent(), traceparent);
    }

    #[test]
    fn missing_and_malformed_ids_are_replaced() {
        let long = "x".repeat(129);
        for id in ["", "two words", long.as_str()] {
            let correlation = Correlation::from_headers(&headers(&[("x-correlation-id", id)]));
            assert!(Uuid::parse_str(correlation.id()).is_ok(), "{id:?}");
        }
        for traceparent in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            let made = Correlation::from_headers(&headers(&[("traceparent", traceparent)]));
            assert_ne!(made.traceparent(), traceparent);
            assert!(is_traceparent(made.traceparent()), "{made:?}");
        }
    }

    #[test]
    fn an_id_given_twice_is_replaced() {
        let given = headers(&[("x-correlation-id", "a"), ("x-correlation-id", "b")]);
        assert!(Uuid::parse_str(Correlation::from_headers(&given).id()).is_ok());
    }
}
