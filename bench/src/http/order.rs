//! The order that is placed: two lines, discounts, shipping, an address; about 900 bytes.

use bytes::Bytes;
use uuid::Uuid;

/// The id of a new order.
pub(super) fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The id of an order that was there from the beginning.
pub(super) fn readable(number: u64) -> String {
    format!("readable-{number}")
}

/// The request's body; platform and peer understand the same.
pub(super) fn body(id: &str) -> Bytes {
    let body = format!(
        r#"{{"order_id":"{id}","currency":"EUR","customer":{{"customer_id":"c-42","name":"Ada Lovelace","email":"ada@example.com"}},"lines":[{{"line_id":"1","sku":"TEAPOT-BLUE-1L","name":"Teapot, blue, 1 l","quantity":2,"unit_price":1999,"tax_rate":"0.19","discounts":[{{"code":"LOYAL","type":"percentage","value":"10"}}]}},{{"line_id":"2","sku":"CUP-BLUE-200","name":"Cup, blue, 200 ml","quantity":6,"unit_price":499,"tax_rate":"0.19"}}],"discounts":[{{"code":"WELCOME","type":"fixed","amount":500,"applies_to":"order"}}],"shipping":{{"method":"standard","amount":599,"tax_rate":"0.19"}},"shipping_address":{{"name":"Ada Lovelace","line1":"1 Main Street","city":"Berlin","postal_code":"10115","country":"DE"}},"tags":["web"]}}"#
    );
    Bytes::from(body)
}
