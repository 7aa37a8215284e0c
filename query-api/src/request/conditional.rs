//! Entity tags: an order's version in quotes.

use axum::http::{HeaderMap, HeaderValue, header};

/// The tag of this version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names this version, by weak comparison (RFC 9110, 13.1.2), so that 304 is the answer.
///
/// What is no list of tags names nothing: then the whole answer goes out.
pub(crate) fn none_match(headers: &HeaderMap, version: i64) -> bool {
    let wanted = format!("\"{version}\"");
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.trim() == "*" || names(value, &wanted))
}

fn names(mut list: &str, wanted: &str) -> bool {
    loop {
        list = list.trim_start_matches([' ', '\t', ',']);
        let tag = list.strip_prefix("W/").unwrap_or(list);
        // A tag may hold commas, so the list is walked from quote to quote.
        let Some(opaque) = tag.strip_prefix('"') else {
            return false;
        };
        let Some(end) = opaque.find('"') else {
            return false;
        };
        let (tag, rest) = tag.split_at(end + 2);
        if tag == wanted {
            return true;
        }
        list = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
        none_match(&headers, 3)
    }

    #[test]
    fn any_of_the_tags_matches_weakly() {
        for value in [
            "\"3\"",
            "W/\"3\"",
            "\"1\", \"3\"",
            "\"a,b\" ,W/\"3\"",
            "*",
            " * ",
        ] {
            assert!(matches(value), "{value}");
        }
        for value in [
            "",
            "3",
            "\"33\"",
            "\"1\",\"2\"",
            "w/\"3\"",
            "\"3",
            "\"a,\"3\"",
        ] {
            assert!(!matches(value), "{value}");
        }
        assert!(!none_match(&HeaderMap::new(), 3));
    }

    #[test]
    fn a_tag_is_the_version_in_quotes() {
        assert_eq!(etag(12), "\"12\"");
    }
}
