//! Opaque cursors: where a page ended, bound to the list that it is of.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use service_kit::{Problem, ProblemType};
use sha2::{Digest as _, Sha256};

/// The length of the checksum that a cursor begins with, in bytes.
const CHECKSUM: usize = 12;
/// No cursor of ours is longer, in characters.
const MAX_LENGTH: usize = 2_048;

/// The list that a cursor belongs to: its kind, filters and order in words of its own.
#[derive(Debug)]
pub(crate) struct CursorOf<'a>(pub(crate) &'a str);

impl CursorOf<'_> {
    /// A cursor that stands behind an item with this key, in this generation.
    pub(crate) fn write(&self, generation: i32, key: &Value) -> String {
        let content = Value::from(vec![Value::from(generation), key.clone()]).to_string();
        let mut bytes = self.checksum(content.as_bytes()).to_vec();
        bytes.extend_from_slice(content.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The generation and the key of a cursor that was made for this very list.
    pub(crate) fn read(&self, cursor: &str) -> Result<(i32, Value), Problem> {
        self.parse(cursor).ok_or_else(|| {
            Problem::new(ProblemType::BadCursor)
                .detail("the cursor is not one of this list with these filters")
        })
    }

    fn parse(&self, cursor: &str) -> Option<(i32, Value)> {
        if cursor.len() > MAX_LENGTH {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (checksum, content) = bytes.split_at_checked(CHECKSUM)?;
        if checksum != self.checksum(content) {
            return None;
        }
        let content: Value = serde_json::from_slice(content).ok()?;
        let generation = content.get(0)?.as_i64()?.try_into().ok()?;
        Some((generation, content.get(1)?.clone()))
    }

    /// Not a signature: whoever forges one gets what the same filters would show him anyway.
    fn checksum(&self, content: &[u8]) -> [u8; CHECKSUM] {
        let mut hash = Sha256::new();
        hash.update(self.0.as_bytes());
        hash.update([0]);
        hash.update(content);
        let mut checksum = [0; CHECKSUM];
        checksum.copy_from_slice(&hash.finalize()[..CHECKSUM]);
        checksum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_only_good_for_its_list() {
        let list = CursorOf("orders status=placed");
        let key = serde_json::json!([1_700_000_000_000_000_i64, "o-1"]);
        let cursor = list.write(3, &key);
        assert_eq!(list.read(&cursor), Ok((3, key)));
        assert!(CursorOf("orders status=draft").read(&cursor).is_err());
    }

    #[test]
    fn any_change_to_it_is_seen() {
        let list = CursorOf("orders");
        let cursor = list.write(1, &Value::from("o-1"));
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(list.read(&changed).is_err(), "{at}");
        }
        for wrong in ["", "x", "!", &cursor[1..], &"A".repeat(3_000)] {
            assert!(list.read(wrong).is_err(), "{wrong}");
        }
    }
}
