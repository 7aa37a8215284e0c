//! `POST /v1/orders/{order_id}/add-note`: add a note.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::body::values::{text, word};
use crate::commands::about::{About, Example};

/// What the API's document says about it.
pub(super) const ABOUT: About = About {
    summary: "Add a note",
    description: "For the back office, or for the customer too.",
    example: Example {
        order_id: "o-1",
        body: Some(r#"{"text": "rang twice", "visibility": "customer"}"#),
        shown: r#"{"order_status": "completed", "version": 36, "events": [{"type": "NoteAdded"}]}"#,
    },
};

/// `{ "text", "visibility": "internal" }`
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    let mut body = node.object("AddNote")?;
    let says = body.required("text", text);
    let visibility = body.optional("visibility", word).unwrap_or_default();
    body.end();
    Some(OrderCommand::AddNote {
        text: says?,
        visibility,
    })
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use domain::order::{OrderCommand, Visibility};
    use serde_json::json;

    #[test]
    fn a_note_is_internal_unless_the_caller_says_otherwise() {
        let read = body::read(&json!({"text": "call back"}), super::read);
        let visible = |v: &str| body::read(&json!({"text": "x", "visibility": v}), super::read);
        assert!(matches!(
            read,
            Ok(OrderCommand::AddNote {
                visibility: Visibility::Internal,
                ..
            })
        ));
        let customer = visible("customer");
        assert!(matches!(
            customer,
            Ok(OrderCommand::AddNote {
                visibility: Visibility::Customer,
                ..
            })
        ));
        assert!(visible("everybody").is_err());
    }

    #[test]
    fn a_note_has_a_text_of_at_most_4000_characters() {
        assert_eq!(pointers(&json!({}), super::read), ["/text"]);
        assert_eq!(
            pointers(&json!({"text": "x".repeat(4_001)}), super::read),
            ["/text"]
        );
        assert_eq!(
            pointers(&json!({"text": "a\u{0}b"}), super::read),
            ["/text"]
        );
    }
}
