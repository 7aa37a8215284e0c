//! JSON in one line, and otherwise as it was written.

use serde_json::value::RawValue;

/// The same JSON without the blanks and line breaks between its members; numbers and texts stay as they are written.
pub fn compact(json: &str) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for character in json.chars() {
        if in_text {
            in_text = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_text = character == '"';
        }
        text.push(character);
    }
    RawValue::from_string(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_and_nothing_else() {
        let json = "{ \"a b\" :\t1e999,\n\"c\\\" \\\\\": [ 1.0 , \" \\\\\" ], \"a b\": null }";
        let expected = "{\"a b\":1e999,\"c\\\" \\\\\":[1.0,\" \\\\\"],\"a b\":null}";
        assert_eq!(compact(json).unwrap().get(), expected);
        assert!(compact("{").is_err());
    }
}
