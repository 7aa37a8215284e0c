//! Which of the types that are offered the caller takes (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, HeaderValue, header};
use service_kit::{Problem, ProblemType};

/// A type of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// One JSON value.
    Json,
    /// One JSON value a line.
    Ndjson,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// Server-sent events.
    EventStream,
}

impl MediaType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::EventStream => "text/event-stream",
        }
    }

    /// The value of `Content-Type`.
    pub(crate) const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            other => other.as_str(),
        })
    }

    /// How specifically a range of `Accept` names this type, if it does.
    fn named_by(self, range: &str) -> Option<u8> {
        let name = self.as_str();
        if range.eq_ignore_ascii_case(name) {
            return Some(2);
        }
        let (kind, _) = name.split_once('/')?;
        match range.split_once('/')? {
            (any, "*") if any.eq_ignore_ascii_case(kind) => Some(1),
            ("*", "*") => Some(0),
            _ => None,
        }
    }
}

/// The type that the caller likes best, the first of several; the problem `not-acceptable` if it takes none.
pub(super) fn best(headers: &HeaderMap, offered: &[MediaType]) -> Result<MediaType, Problem> {
    let ranges: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .collect();
    let mut best: Option<(f32, MediaType)> = None;
    for media in offered {
        let quality = quality_of(*media, &ranges);
        if quality > best.map_or(0.0, |(known, _)| known) {
            best = Some((quality, *media));
        }
    }
    best.map(|(_, media)| media).ok_or_else(|| {
        let names: Vec<String> = offered
            .iter()
            .map(|media| format!("`{}`", media.as_str()))
            .collect();
        Problem::new(ProblemType::NotAcceptable)
            .detail(format!("this answer is {}", names.join(" or ")))
    })
}

/// How much the caller likes a type: as the most specific range says that names it.
fn quality_of(media: MediaType, ranges: &[&str]) -> f32 {
    if ranges.is_empty() {
        return 1.0;
    }
    let mut decisive: Option<(u8, f32)> = None;
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let Some(specificity) = media.named_by(parts.next().unwrap_or_default()) else {
            continue;
        };
        let quality = parts.find_map(quality).unwrap_or(1.0);
        if decisive.is_none_or(|(known, _)| known < specificity) {
            decisive = Some((specificity, quality));
        }
    }
    decisive.map_or(0.0, |(_, quality)| quality)
}

fn quality(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.split_once('=')?;
    name.trim()
        .eq_ignore_ascii_case("q")
        .then(|| value.trim().parse().unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[MediaType] = &[MediaType::Json, MediaType::Ndjson, MediaType::Csv];

    fn chosen(accept: &'static str, offered: &[MediaType]) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        best(&headers, offered).ok()
    }

    #[test]
    fn json_is_taken_unless_it_is_excluded() {
        let json = &[MediaType::Json];
        assert!(best(&HeaderMap::new(), json).is_ok());
        for accept in [
            "",
            "*/*",
            "application/*",
            "Application/JSON;charset=utf-8",
            "text/csv, application/json;q=0.1",
            "text/html, */*;q=0.1",
            "*/*;q=0, application/json",
        ] {
            assert_eq!(chosen(accept, json), Some(MediaType::Json), "{accept}");
        }
        for accept in [
            "text/csv",
            "application/json;q=0",
            "*/*;q=0",
            "*/*, application/json;q=0.0",
            "application/jsonl",
        ] {
            assert_eq!(chosen(accept, json), None, "{accept}");
        }
    }

    #[test]
    fn of_several_types_the_caller_chooses() {
        for (accept, media) in [
            ("", MediaType::Json),
            ("*/*", MediaType::Json),
            ("text/*", MediaType::Csv),
            ("text/csv, application/x-ndjson", MediaType::Ndjson),
            ("text/csv, application/x-ndjson;q=0.9", MediaType::Csv),
            ("application/json;q=0.1, */*;q=0.2", MediaType::Ndjson),
        ] {
            assert_eq!(chosen(accept, ALL), Some(media), "{accept}");
        }
        assert_eq!(chosen("text/event-stream", ALL), None);
    }
}
