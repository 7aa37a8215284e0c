//! `If-Match`: which versions of the order the caller takes this command for.

use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;

use crate::refusal::Refusal;

/// What the caller knows about the order's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// `*`: any version will do, as long as there is one.
    Any,
    /// One of these.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// The precondition of a request, if it has one. The header may come in several lines.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut lines = Vec::new();
        for value in headers.get_all(IF_MATCH) {
            lines.push(value.to_str().map_err(|_| malformed())?);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        parse(&lines.join(",")).map(Some).ok_or_else(malformed)
    }

    /// Whether an order of this version is one that the caller meant.
    pub(crate) fn holds(&self, version: i64) -> bool {
        match self {
            IfMatch::Any => true,
            IfMatch::Versions(versions) => versions.contains(&version),
        }
    }
}

/// A list of versions in quotes, or `*` alone. A version has one way to be written, and a weak tag
/// (`W/"1"`) never matches in a comparison that is strong by definition (RFC 9110, 13.1.1).
fn parse(text: &str) -> Option<IfMatch> {
    if text.trim() == "*" {
        return Some(IfMatch::Any);
    }
    // RFC 9110, 5.6.1: empty elements of a list mean nothing.
    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    let versions = tags.map(version).collect::<Option<Vec<i64>>>()?;
    (!versions.is_empty()).then_some(IfMatch::Versions(versions))
}

fn version(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let version: i64 = digits.parse().ok()?;
    (version >= 0 && version.to_string() == digits).then_some(version)
}

fn malformed() -> Refusal {
    Refusal::Malformed {
        detail: "If-Match must be the order's version in quotes, a list of such, or *".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(lines: &[&'static str]) -> Result<Option<IfMatch>, Refusal> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_static(line));
        }
        IfMatch::from_headers(&headers)
    }

    #[test]
    fn without_the_header_there_is_no_precondition() {
        assert!(matches!(read(&[]), Ok(None)));
    }

    #[test]
    fn a_version_a_list_of_versions_and_a_star_are_taken() {
        let versions = |list: &[i64]| Some(IfMatch::Versions(list.to_vec()));
        assert_eq!(read(&["\"3\""]).unwrap(), versions(&[3]));
        assert_eq!(read(&["\"3\" , \"4\""]).unwrap(), versions(&[3, 4]));
        assert_eq!(read(&["\"3\"", "\"4\""]).unwrap(), versions(&[3, 4]));
        assert_eq!(read(&[" * "]).unwrap(), Some(IfMatch::Any));
    }

    #[test]
    fn everything_else_is_malformed() {
        for wrong in [
            "",
            ",",
            "3",
            "W/\"3\"",
            "\"a\"",
            "\"03\"",
            "\"+3\"",
            "\"-1\"",
            "\"\"",
            "*, \"3\"",
            "\"3",
            "\"99999999999999999999\"",
            "\"3\" \"4\"",
            "\"1,2\"",
        ] {
            assert!(
                matches!(read(&[wrong]), Err(Refusal::Malformed { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn it_holds_for_each_version_that_it_names() {
        let precondition = IfMatch::Versions(vec![2, 5]);
        assert!(precondition.holds(5));
        assert!(!precondition.holds(3));
        assert!(IfMatch::Any.holds(3));
    }
}
