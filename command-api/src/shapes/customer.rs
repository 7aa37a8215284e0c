//! `{ "customer_id", "name", "email" }`

use domain::order::Customer;

use crate::body::Node;
use crate::body::values::text;

/// Who orders; only the id is required.
pub(crate) fn customer(node: Node<'_>) -> Option<Customer> {
    let mut body = node.object("Customer")?;
    let customer_id = body.required("customer_id", text);
    let name = body.optional("name", text);
    let email = body.optional("email", text);
    body.end();
    Some(Customer {
        customer_id: customer_id?,
        name,
        email,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn a_customer_needs_only_an_id() {
        assert!(read(&json!({"customer_id": "c-1"}), customer).is_ok());
        let wrong = json!({"name": "a\u{0}", "email": "nobody"});
        assert_eq!(
            pointers(&wrong, customer),
            ["/customer_id", "/name", "/email"]
        );
    }
}
