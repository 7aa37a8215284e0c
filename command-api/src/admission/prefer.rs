//! `Prefer: return=representation` (RFC 7240): whether the answer also holds the order.

use axum::http::{HeaderMap, HeaderName};

/// The request's header.
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Whether the caller wants the order in the answer. Other preferences are none of ours and mean
/// nothing here; of a preference that is given twice the first counts (RFC 7240, 2).
pub(crate) fn representation(headers: &HeaderMap) -> bool {
    let lines = headers
        .get_all(PREFER)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .find_map(returned)
        .unwrap_or(false)
}

/// What a preference says about `return`, if it is that preference.
fn returned(preference: &str) -> Option<bool> {
    let (name, value) = preference.split(';').next()?.split_once('=')?;
    let value = value.trim().trim_matches('"');
    name.trim()
        .eq_ignore_ascii_case("return")
        .then(|| value.eq_ignore_ascii_case("representation"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_return_representation_asks_for_the_order() {
        let wants = |text: &'static str| {
            representation(&HeaderMap::from_iter([(
                PREFER,
                HeaderValue::from_static(text),
            )]))
        };
        assert!(wants("return=representation"));
        assert!(wants("wait=5, Return=\"representation\"; foo=bar"));
        assert!(!wants("return=minimal"));
        assert!(!wants("return=minimal, return=representation"));
        assert!(!wants("respond-async"));
        assert!(!representation(&HeaderMap::new()));
    }
}
