//! `POST /v1/orders/{order_id}/apply-discount`: give a draft one more order-level discount.

use domain::order::OrderCommand;

use crate::body::Node;
use crate::shapes::discount::order_discount;

/// An order-level discount, as in a new order.
pub(super) fn read(node: Node<'_>) -> Option<OrderCommand> {
    order_discount(node).map(OrderCommand::ApplyDiscount)
}

#[cfg(test)]
mod tests {
    use crate::body;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_discount_is_read_as_in_a_new_order() {
        let discount = json!({
            "code": "A", "type": "fixed", "amount": 1, "applies_to": "shipping",
        });
        assert!(body::read(&discount, super::read).is_ok());
        let wrong = json!({"type": "percentage", "value": "100.0001", "applies_to": "line"});
        assert_eq!(
            pointers(&wrong, super::read),
            ["/code", "/value", "/applies_to"]
        );
    }
}
