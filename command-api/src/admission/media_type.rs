//! What a body is said to be, and which answer the caller takes.

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};

/// The media type of a single command and its answer.
pub(crate) const JSON: &str = "application/json";

/// The media type of a bulk upload and its answer.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// Whether the body is said to be of `media_type`, in UTF-8 and as it is (not compressed).
pub(crate) fn is(media_type: &str, headers: &HeaderMap) -> bool {
    let plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    plain && only(headers, CONTENT_TYPE).is_some_and(|text| says(media_type, text))
}

/// The value of a header that may be there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn says(media_type: &str, text: &str) -> bool {
    let mut parts = text.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case(media_type));
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find_map(|(name, value)| {
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"'))
        });
    named && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

/// Whether the caller takes an answer of `media_type` (RFC 9110, 12.5.1): the most specific range
/// that fits decides, and with a weight of 0 it decides against.
pub(crate) fn accepts(media_type: &str, headers: &HeaderMap) -> bool {
    let lines: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    let ranges = lines
        .iter()
        .flat_map(|line| line.split(','))
        .filter(|r| !r.trim().is_empty());
    let mut any = false;
    let mut best = (0, false);
    for range in ranges {
        any = true;
        let (specificity, wanted) = fit(media_type, range);
        if specificity > best.0 {
            best = (specificity, wanted);
        }
    }
    !any || best.1
}

/// How closely a range fits `media_type` (0: not at all), and whether its weight is above 0.
fn fit(media_type: &str, range: &str) -> (u8, bool) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts
        .filter_map(|part| part.split_once('='))
        .find_map(|(name, value)| {
            name.trim()
                .eq_ignore_ascii_case("q")
                .then(|| value.trim().parse::<f32>().unwrap_or(0.0))
        });
    let whole = media_type.split('/').next().unwrap_or_default();
    let specificity = if name.eq_ignore_ascii_case(media_type) {
        3
    } else if name
        .strip_suffix("/*")
        .is_some_and(|kind| kind.eq_ignore_ascii_case(whole))
    {
        2
    } else {
        u8::from(name == "*/*")
    };
    (specificity, weight.is_none_or(|weight| weight > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(name: HeaderName, text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(text))])
    }

    #[test]
    fn a_json_body_says_so_with_or_without_its_charset() {
        for right in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(is(JSON, &with(CONTENT_TYPE, right)), "{right}");
        }
        for wrong in [
            "text/json",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/jsonx",
            "application/problem+json",
            "",
        ] {
            assert!(!is(JSON, &with(CONTENT_TYPE, wrong)), "{wrong}");
        }
        assert!(!is(JSON, &HeaderMap::new()));
    }

    #[test]
    fn a_compressed_body_is_not_json_yet() {
        let mut headers = with(CONTENT_TYPE, JSON);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(!is(JSON, &headers));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
        assert!(is(JSON, &headers));
    }

    #[test]
    fn the_most_specific_range_decides_what_is_accepted() {
        for right in [
            "*/*",
            "application/*",
            "application/json",
            "text/html, */*;q=0.1",
            "",
            "text/html, application/json;q=0.5",
        ] {
            assert!(accepts(JSON, &with(ACCEPT, right)), "{right}");
        }
        for wrong in [
            "text/html",
            "application/json;q=0, */*",
            "application/*;q=0.0",
            "image/*",
        ] {
            assert!(!accepts(JSON, &with(ACCEPT, wrong)), "{wrong}");
        }
        assert!(accepts(JSON, &HeaderMap::new()));
    }
}
