//! `{ "method": "standard", "amount": 599, "tax_rate": "0.19" }`

use domain::pricing::Shipping;

use crate::body::Node;
use crate::body::values::{integer, text};

/// A shipping; its tax rate is 0 unless given.
pub(crate) fn shipping(node: Node<'_>) -> Option<Shipping> {
    let mut body = node.object("Shipping")?;
    let method = body.required("method", text);
    let amount = body.required("amount", integer);
    let tax_rate = body.optional("tax_rate", text).unwrap_or_default();
    body.end();
    Some(Shipping {
        method: method?,
        amount: amount?,
        tax_rate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_shipping_may_cost_nothing_but_not_less() {
        let free = json!({"method": "pickup", "amount": 0});
        assert!(read(&free, shipping).is_ok());
        let paid_out = json!({"method": "pickup", "amount": -1});
        assert_eq!(pointers(&paid_out, shipping), ["/amount"]);
        assert_eq!(pointers(&json!({}), shipping), ["/method", "/amount"]);
    }
}
