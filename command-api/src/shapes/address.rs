//! `{ "name", "line1", "line2", "city", "region", "postal_code", "country" }`

use domain::Address;

use crate::body::Node;
use crate::body::values::text;

/// A postal address; `name`, `line1`, `city` and `country` are required.
pub(crate) fn address(node: Node<'_>) -> Option<Address> {
    let mut body = node.object("Address")?;
    let name = body.required("name", text);
    let line1 = body.required("line1", text);
    let line2 = body.optional("line2", text);
    let city = body.required("city", text);
    let region = body.optional("region", text);
    let postal_code = body.optional("postal_code", text);
    let country = body.required("country", text);
    body.end();
    Some(Address {
        name: name?,
        line1: line1?,
        line2,
        city: city?,
        region,
        postal_code,
        country: country?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::read;
    use crate::body::testing::pointers;
    use serde_json::json;

    #[test]
    fn an_address_needs_a_name_a_line_a_city_and_a_country() {
        let least = json!({"name": "A", "line1": "1 Way", "city": "B", "country": "DE"});
        assert!(read(&least, address).is_ok());
        assert_eq!(
            pointers(&json!({}), address),
            ["/name", "/line1", "/city", "/country"]
        );
    }

    #[test]
    fn a_country_is_an_iso_code() {
        let wrong = json!({"name": "A", "line1": "1 Way", "city": "B", "country": "Germany"});
        assert_eq!(pointers(&wrong, address), ["/country"]);
    }
}
