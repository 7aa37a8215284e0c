//! What the log keeps of a key and of the request that it was used with: 16 bytes of SHA-256 each.
//!
//! Both are for ever: a release that made them in another way would take a retry of an earlier
//! request for a new one. A test holds their values.

use domain::OrderId;
use domain::order::CommandName;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Names an idempotency key: actors cannot see or meet each other's keys.
pub(crate) fn of_key(actor: &str, key: &str) -> Uuid {
    digest(&[actor.as_bytes(), key.as_bytes()])
}

/// Names a request: the command, the order in its path (if any) and the JSON value of the body as
/// received, in its canonical form (RFC 8785), so that neither spaces nor the order of members matter.
pub(crate) fn of_request(
    command: CommandName,
    order: Option<&OrderId>,
    body: &Value,
) -> Result<Uuid, serde_json::Error> {
    let body = serde_json_canonicalizer::to_vec(body)?;
    let order = order.map_or("", OrderId::as_str);
    Ok(digest(&[
        command.as_str().as_bytes(),
        order.as_bytes(),
        &body,
    ]))
}

/// Each part goes in with its length before it, so that no two lists of parts are one text.
fn digest(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    Uuid::from_bytes(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fingerprints_are_what_they_always_were() {
        assert_eq!(
            of_key("alice", "k-1").to_string(),
            "f53281c9-8210-3ec8-399f-c1abddce5808"
        );
        let body = json!({"reason": "fraud_check", "note": null, "n": [1, true, "\u{fc}"]});
        let order = OrderId::parse("o-1").unwrap();
        let hold = of_request(CommandName::Hold, Some(&order), &body).unwrap();
        assert_eq!(hold.to_string(), "da03574a-7263-3003-6fc5-a38254897ede");
        let place = of_request(CommandName::Place, None, &json!({})).unwrap();
        assert_eq!(place.to_string(), "03b7bed7-b9cd-dfeb-a13a-14ef388f20da");
    }

    #[test]
    fn actors_and_keys_cannot_be_shifted_into_each_other() {
        assert_ne!(of_key("ab", "c"), of_key("a", "bc"));
        assert_eq!(of_key("a", "b"), of_key("a", "b"));
    }

    #[test]
    fn a_request_is_its_value_and_not_its_text() {
        let order = OrderId::parse("o-1").unwrap();
        let of = |text: &str| {
            let body = serde_json::from_str(text).unwrap();
            of_request(CommandName::Hold, Some(&order), &body).unwrap()
        };
        assert_eq!(of(r#"{"a":1,"b":[2]}"#), of("{ \"b\" : [2],\n \"a\":1 }"));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":2}"#));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
    }

    #[test]
    fn command_and_order_are_part_of_a_request() {
        let order = |id: &str| OrderId::parse(id).unwrap();
        let of = |command, id: Option<&OrderId>| of_request(command, id, &json!({})).unwrap();
        let hold = of(CommandName::Hold, Some(&order("o-1")));
        assert_ne!(hold, of(CommandName::Confirm, Some(&order("o-1"))));
        assert_ne!(hold, of(CommandName::Hold, Some(&order("o-2"))));
        assert_ne!(
            of(CommandName::Place, Some(&order("o-1"))),
            of(CommandName::Place, None)
        );
    }
}
