//! Customers, products, the ledger, the fulfillment queue and returns.

use read_model::schema::{self, about};
use read_model::{Currency, CustomerId, ReturnState, Sku};
use serde_json::{Value, json};
use service_kit::Scope;
use service_kit::openapi::{path_parameter, query_parameter};

use super::parameters::{exemplified, several};
use super::{JSON, Questions, may_find_nothing, one};

pub(super) fn describe(q: &mut Questions<'_>) {
    customer(q);
    products(q);
    product(q);
    revenue(q);
    queue(q);
    returns(q);
}

const HEADERS: [&str; 2] = ["Log-Position", "Cache-Control"];

fn customer(q: &mut Questions<'_>) {
    let operation = q.question(
        "get-customer",
        "reports",
        "A customer",
        "Over all orders that they placed, whatever became of them; 404 without one.",
        Scope::OrdersRead,
    );
    let id = path_parameter(
        "customer_id",
        "The customer.",
        &q.schemas.of::<CustomerId>(),
    );
    let document = schema::customer_document(&mut q.schemas);
    let example = json!({
        "customer_id": "c-42",
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "orders": 3,
        "first_order_at": "2026-11-02T08:30:00.000000Z",
        "last_order_at": "2026-11-20T10:00:00.123456Z",
        "money": [{ "currency": "EUR", "ordered": 14_985, "due": 9_990, "captured": 9_990, "refunded": 0 }],
    });
    let operation = operation
        .parameter(exemplified(id, json!("c-42")))
        .answer_like(
            200,
            "The customer.",
            &HEADERS,
            JSON,
            &document,
            one(example),
        );
    q.get("/v1/customers/{customer_id}", may_find_nothing(operation));
}

fn product_example() -> Value {
    json!({
        "sku": "TEAPOT",
        "name": "Teapot",
        "units": { "ordered": 12, "cancelled": 1, "shipped": 9, "delivered": 8, "returned": 2 },
        "money": [{ "currency": "EUR", "ordered": 23_988, "cancelled": 1_999, "returned": 3_998 }],
    })
}

fn products(q: &mut Questions<'_>) {
    let operation = q.question(
        "list-products",
        "reports",
        "Products",
        "Every product of an order once placed, by SKU.",
        Scope::OrdersRead,
    );
    let document = schema::product(&mut q.schemas);
    let operation = q.list(operation, document, &product_example());
    q.get("/v1/products", operation);
}

fn product(q: &mut Questions<'_>) {
    let operation = q.question(
        "get-product",
        "reports",
        "A product",
        "What became of its units, and what they are worth; 404 without a placed order.",
        Scope::OrdersRead,
    );
    let sku = path_parameter("sku", "The product.", &q.schemas.of::<Sku>());
    let document = schema::product(&mut q.schemas);
    let operation = operation
        .parameter(exemplified(sku, json!("TEAPOT")))
        .answer_like(
            200,
            "The product.",
            &HEADERS,
            JSON,
            &document,
            one(product_example()),
        );
    q.get("/v1/products/{sku}", may_find_nothing(operation));
}

fn revenue(q: &mut Questions<'_>) {
    let operation = q.question(
        "get-revenue",
        "reports",
        "Revenue",
        "A ledger: each amount belongs to the day (UTC) on which it happened. Intervals in which nothing moved are left \
            out; the first and the last are cut at `from` and `to`.",
        Scope::OrdersRead,
    );
    let date = json!({ "type": "string", "format": "date" });
    let interval = json!({ "type": "string", "enum": ["day", "week", "month"], "default": "day" });
    let required = |name, description, example: &str| {
        let mut parameter = query_parameter(name, description, &date);
        parameter["required"] = true.into();
        exemplified(parameter, json!(example))
    };
    let sums = json!({
        "currency": "EUR", "orders": 12, "gross": 59_940, "discount": 4_800, "shipping": 7_188, "tax": 9_576,
        "cancelled": 4_995, "returned": 0, "credited": 500, "net": 54_445, "captured": 49_950, "refunded": 500,
    });
    let mut item = json!({ "from": "2026-11-20", "to": "2026-11-21" });
    if let (Some(item), Some(sums)) = (item.as_object_mut(), sums.as_object()) {
        item.extend(sums.clone());
    }
    let document = schema::revenue(&mut q.schemas);
    let example = json!({ "items": [item], "totals": [sums] });
    let operation = operation
        .parameter(required("from", "The first day.", "2026-11-01"))
        .parameter(required("to", "The day after the last.", "2999-01-01"))
        .parameter(several::<Currency>(
            &mut q.schemas,
            "currency",
            "Only these currencies.",
            "EUR,JPY",
        ))
        .parameter(exemplified(
            query_parameter(
                "interval",
                "What is summed up; weeks begin on Mondays.",
                &interval,
            ),
            json!("week"),
        ))
        .answer_like(200, "The ledger.", &HEADERS, JSON, &document, one(example));
    q.get("/v1/reports/revenue", operation);
}

fn queue(q: &mut Questions<'_>) {
    let operation = q.question(
        "list-fulfillment-queue",
        "fulfillment",
        "What can ship now",
        "Orders that are confirmed, not on hold and have units that did not ship, the oldest confirmation first.",
        Scope::OrdersRead,
    );
    let entry = schema::queue_entry(&mut q.schemas);
    let example = json!({
        "order_id": "o-1",
        "order_number": "2026-001042",
        "customer": { "customer_id": "c-42", "name": "Ada Lovelace", "email": null },
        "placed_at": "2026-11-20T10:00:00.123456Z",
        "confirmed_at": "2026-11-20T10:05:00.654321Z",
        "age_seconds": 3_600,
        "lines": [{ "line_id": "1", "sku": "TEAPOT", "name": "Teapot", "open_quantity": 2 }],
        "shipping_address": {
            "name": "Ada Lovelace", "line1": "1 Main Street", "line2": null, "city": "Berlin", "region": null,
            "postal_code": "10115", "country": "DE",
        },
    });
    let operation = q.list(operation, entry, &example);
    q.get("/v1/fulfillment/queue", operation);
}

fn returns(q: &mut Questions<'_>) {
    let operation = q.question(
        "list-returns",
        "fulfillment",
        "Returns",
        "Newest request first, each with its order.",
        Scope::OrdersRead,
    );
    let status = several::<ReturnState>(
        &mut q.schemas,
        "status",
        "Where they are.",
        "requested,received",
    );
    let entry = about(schema::return_of_order(&mut q.schemas), "A return.");
    let example = json!({
        "order_id": "o-1",
        "order_number": "2026-001042",
        "customer": { "customer_id": "c-42", "name": "Ada Lovelace", "email": null },
        "return_id": "r-1",
        "status": "received",
        "amount": 1_999,
        "lines": [{
            "line_id": "1", "quantity": 1, "reason": "too small", "received_quantity": 1, "condition": "sellable",
            "restock": true,
        }],
    });
    let operation = q.list(operation.parameter(status), entry, &example);
    q.get("/v1/returns", operation);
}
