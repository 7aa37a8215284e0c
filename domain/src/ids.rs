//! Names of things: ids, SKUs, codes and tags (domain.md, "Limits").

use crate::text::{InvalidText, check_length, text_newtype};

/// What every id, SKU, code and tag keeps.
fn check_id(text: &str, max: usize) -> Result<(), InvalidText> {
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    check_length(text, max)?;
    for c in text.chars() {
        match c {
            '\0' => return Err(InvalidText::Nul),
            ',' => return Err(InvalidText::Comma),
            c if c.is_control() => return Err(InvalidText::ControlCharacter),
            _ => {}
        }
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(InvalidText::OuterSpace);
    }
    Ok(())
}

fn check_order_id(text: &str, max: usize) -> Result<(), InvalidText> {
    check_id(text, max)?;
    if !text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._~:-".contains(&b))
    {
        return Err(InvalidText::NotOrderId);
    }
    if text == "by-number" {
        Err(InvalidText::Reserved)
    } else {
        Ok(())
    }
}

text_newtype! {
    /// Names an order: only ASCII letters, digits and `. _ ~ : -`, and not `by-number`, which is a
    /// path of its own.
    OrderId, 255, check_order_id
}
text_newtype! {
    /// Names a line within its order.
    LineId, 255, check_id
}
text_newtype! {
    /// Names a product.
    Sku, 255, check_id
}
text_newtype! {
    /// Names a discount within its line or order.
    DiscountCode, 255, check_id
}
text_newtype! {
    /// Names a hold within its order.
    HoldId, 255, check_id
}
text_newtype! {
    /// Names a payment within its order.
    PaymentId, 255, check_id
}
text_newtype! {
    /// Names a shipment within its order.
    ShipmentId, 255, check_id
}
text_newtype! {
    /// Names a return within its order.
    ReturnId, 255, check_id
}
text_newtype! {
    /// Names a refund within its order.
    RefundId, 255, check_id
}
text_newtype! {
    /// Names a customer, by the caller's own id.
    CustomerId, 255, check_id
}
text_newtype! {
    /// A word by which orders are found: at most 50 characters.
    Tag, 50, check_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_1_to_255_characters() {
        assert_eq!(LineId::parse(""), Err(InvalidText::Empty));
        assert!(LineId::parse("x".repeat(255)).is_ok());
        assert_eq!(
            LineId::parse("x".repeat(256)),
            Err(InvalidText::TooLong { max: 255 })
        );
    }

    #[test]
    fn an_id_has_no_comma_control_character_or_outer_space() {
        assert_eq!(Sku::parse("a,b"), Err(InvalidText::Comma));
        assert_eq!(Sku::parse("a\tb"), Err(InvalidText::ControlCharacter));
        assert_eq!(Sku::parse("a\0b"), Err(InvalidText::Nul));
        assert_eq!(Sku::parse(" a"), Err(InvalidText::OuterSpace));
        assert_eq!(Sku::parse("a "), Err(InvalidText::OuterSpace));
        assert!(Sku::parse("a b").is_ok());
    }

    #[test]
    fn an_order_id_needs_no_escaping_in_a_path() {
        assert!(OrderId::parse("Az09._~:-").is_ok());
        for wrong in ["a/b", "a b", "ä", "a%20"] {
            assert_eq!(
                OrderId::parse(wrong),
                Err(InvalidText::NotOrderId),
                "{wrong}"
            );
        }
        assert_eq!(OrderId::parse("by-number"), Err(InvalidText::Reserved));
    }

    #[test]
    fn a_tag_has_at_most_50_characters() {
        assert!(Tag::parse("ü".repeat(50)).is_ok());
        assert_eq!(
            Tag::parse("ü".repeat(51)),
            Err(InvalidText::TooLong { max: 50 })
        );
    }
}
