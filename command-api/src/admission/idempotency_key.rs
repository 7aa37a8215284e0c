//! `Idempotency-Key`: the caller's name for one effect.

use axum::http::{HeaderMap, HeaderName};

use crate::refusal::Refusal;

/// The request's header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The most characters that a key may have.
const MOST: usize = 255;

/// The key of a request, as sent.
pub(crate) fn from_headers(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = values.next().ok_or(Refusal::KeyMissing)?;
    if values.next().is_some() {
        return Err(malformed("Idempotency-Key is given twice"));
    }
    match std::str::from_utf8(key.as_bytes()) {
        Ok(key) => checked(key),
        Err(_) => Err(malformed("Idempotency-Key is not UTF-8")),
    }
}

/// The key, if it is one: 1 to 255 characters.
pub(crate) fn checked(key: &str) -> Result<String, Refusal> {
    if key.is_empty() || key.chars().nth(MOST).is_some() {
        return Err(Refusal::KeyMissing);
    }
    Ok(key.to_owned())
}

fn malformed(detail: &str) -> Refusal {
    Refusal::Malformed {
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(values: &[&str]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                IDEMPOTENCY_KEY,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        from_headers(&headers)
    }

    #[test]
    fn a_key_is_taken_as_sent() {
        assert_eq!(read(&["\"k 1\""]).unwrap(), "\"k 1\"");
        assert_eq!(read(&["schlüssel"]).unwrap(), "schlüssel");
        assert_eq!(read(&["ü".repeat(255).as_str()]).unwrap(), "ü".repeat(255));
    }

    #[test]
    fn no_key_an_empty_one_and_a_long_one_are_missing() {
        assert!(matches!(read(&[]), Err(Refusal::KeyMissing)));
        assert!(matches!(read(&[""]), Err(Refusal::KeyMissing)));
        assert!(matches!(
            read(&["k".repeat(256).as_str()]),
            Err(Refusal::KeyMissing)
        ));
    }

    #[test]
    fn two_keys_are_malformed() {
        assert!(matches!(read(&["a", "b"]), Err(Refusal::Malformed { .. })));
    }
}
