//! Orders, one and many, now and then.

use read_model::schema::{self, about, string};
use read_model::{
    Amount, Currency, CustomerId, FulfillmentStatus, OrderId, OrderStatus, PaymentStatus,
    ReturnStatus, Sku, Tag, Timestamp,
};
use serde_json::{Value, json};
use service_kit::openapi::{Operation, header_parameter, path_parameter, query_parameter};
use service_kit::{ProblemType, Scope};

use super::parameters::{exemplified, several, several_of, value};
use super::{JSON, Questions, audit, may_find_nothing, one};

pub(super) fn describe(q: &mut Questions<'_>) {
    list(q);
    of_customer(q);
    by_id(q);
    by_number(q);
    timeline(q);
}

/// The id of an order in a path.
pub(super) fn order_id(q: &mut Questions<'_>) -> Value {
    let schema = q.schemas.of::<OrderId>();
    exemplified(
        path_parameter("order_id", "The order.", &schema),
        json!("o-1"),
    )
}

fn example() -> Value {
    serde_json::from_str(schema::ORDER_EXAMPLE).unwrap_or_default()
}

fn list(q: &mut Questions<'_>) {
    let operation = q.question(
        "list-orders",
        "orders",
        "Orders by filters",
        "Whole orders, newest first unless `sort` says otherwise. Pages neither skip nor repeat an order while orders \
            are added. Drafts have not been placed: they never match `placed_from` and `placed_to`.",
        Scope::OrdersRead,
    );
    let item = schema::order(&mut q.schemas);
    let operation = filters(q, operation, |_| true);
    let operation = q.list(operation, item, &example());
    q.get("/v1/orders", operation);
}

fn of_customer(q: &mut Questions<'_>) {
    let operation = q.question(
        "list-orders-of-customer",
        "orders",
        "A customer's orders",
        "As `GET /v1/orders` with the filter `customer_id`.",
        Scope::OrdersRead,
    );
    let customer = path_parameter(
        "customer_id",
        "The customer.",
        &q.schemas.of::<CustomerId>(),
    );
    let operation = operation.parameter(exemplified(customer, json!("c-42")));
    let item = schema::order(&mut q.schemas);
    let operation = filters(q, operation, |name| name != "customer_id");
    let operation = q
        .list(operation, item, &example())
        .problems(&[ProblemType::NotFound]);
    q.get("/v1/customers/{customer_id}/orders", operation);
}

/// Takes the filters of the list whose names are `wanted`, and its order.
fn filters(q: &mut Questions<'_>, operation: Operation, wanted: fn(&str) -> bool) -> Operation {
    let s = &mut q.schemas;
    let sort = json!({
        "type": "string",
        "enum": ["placed_at", "-placed_at", "updated_at", "-updated_at", "total", "-total"],
        "default": "-placed_at",
    });
    let words = json!({ "type": "string", "maxLength": 255 });
    let boolean = schema::boolean();
    [
        several::<OrderStatus>(s, "status", "Where they are in their life.", "placed,completed"),
        several::<PaymentStatus>(s, "payment_status", "Where the customer's money is.", "paid"),
        several::<FulfillmentStatus>(s, "fulfillment_status", "Where the goods are.", "delivered"),
        several::<ReturnStatus>(s, "return_status", "Whether units are on their way back.", "none"),
        several::<CustomerId>(s, "customer_id", "Whose they are.", "c-42"),
        several::<Sku>(s, "sku", "With a line of one of these products.", "TEAPOT,CUP"),
        several::<Tag>(s, "tag", "With one of these tags.", "web"),
        several_of("on_hold", "Whether a hold is open.", &boolean, json!([false])),
        several::<Currency>(s, "currency", "In one of these currencies.", "EUR"),
        value::<Timestamp>(s, "placed_from", "Placed at this time or later.", json!("2026-11-01T00:00:00Z")),
        value::<Timestamp>(s, "placed_to", "Placed before this time.", json!("2999-01-01T00:00:00+01:00")),
        value::<Amount>(s, "min_total", "With at least this total.", json!(100)),
        value::<Amount>(s, "max_total", "With at most this total.", json!(1_000_000)),
        exemplified(
            query_parameter(
                "q",
                "Words, split at all but letters and digits: each of them, in any case, begins a word of the order's \
                    number, its customer's name or e-mail, or its lines' names or SKUs.",
                &words,
            ),
            json!("love teap"),
        ),
        exemplified(
            query_parameter(
                "sort",
                "By when they were placed (drafts: created) or changed, or by total; with `-` for descending. Ties \
                    are broken by order id.",
                &sort,
            ),
            json!("-total"),
        ),
    ]
    .into_iter()
    .filter(|parameter| parameter["name"].as_str().is_some_and(wanted))
    .fold(operation, Operation::parameter)
}

/// What an answer that is one order has.
fn one_order(q: &mut Questions<'_>, operation: Operation) -> Operation {
    let known = header_parameter(
        "If-None-Match",
        "Versions that you have, in quotes: if the order has one of them, the answer is 304.",
        &string(),
        false,
    );
    let headers = ["ETag", "Log-Position", "Cache-Control"];
    let order = schema::order(&mut q.schemas);
    let operation = operation
        .parameter(known)
        .answer_like(200, "The order.", &headers, JSON, &order, one(example()))
        .empty_answer(304, "You have this version.", &headers);
    may_find_nothing(operation)
}

fn by_id(q: &mut Questions<'_>) {
    let operation = q.question(
        "get-order",
        "orders",
        "An order",
        "As it is; or as it was shown after its first events (`version`), or after the last one at or before a time \
            (`at`). A version beyond its last and a time before its first event are 404; both at once are 400.",
        Scope::OrdersRead,
    );
    let version = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    let operation = operation
        .parameter(order_id(q))
        .parameter(exemplified(
            query_parameter("version", "After so many events.", &version),
            json!(1),
        ))
        .parameter(value::<Timestamp>(
            &mut q.schemas,
            "at",
            "At this time.",
            json!("2999-01-01T00:00:00Z"),
        ));
    let operation = one_order(q, operation);
    q.get("/v1/orders/{order_id}", operation);
}

fn by_number(q: &mut Questions<'_>) {
    let operation = q.question(
        "get-order-by-number",
        "orders",
        "An order by its number",
        "As `GET /v1/orders/{order_id}`, by the number that people read out on the telephone.",
        Scope::OrdersRead,
    );
    let number = path_parameter("order_number", "The order's number.", &string());
    let operation = operation.parameter(exemplified(number, json!("2026-000123")));
    let operation = one_order(q, operation);
    q.get("/v1/orders/by-number/{order_number}", operation);
}

fn timeline(q: &mut Questions<'_>) {
    let operation = q.question(
        "get-timeline",
        "orders",
        "An order's timeline",
        "What happened to it, oldest first.",
        Scope::OrdersRead,
    );
    let operation = operation.parameter(order_id(q));
    let entry = about(schema::audit_entry(&mut q.schemas), "What happened.");
    let operation = may_find_nothing(q.list(operation, entry, &audit::example()));
    q.get("/v1/orders/{order_id}/timeline", operation);
}
