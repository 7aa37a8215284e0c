//! What `orders up` says when it is ready.

use serde_json::json;

use super::platform::Ready;
/// For a script, or for a person.
pub(super) fn of(ready: &Ready, json: bool) -> String {
    if json { line(ready) } else { text(ready) }
}

/// One line of JSON.
pub(super) fn line(ready: &Ready) -> String {
    json!({
        "command_url": ready.command_url,
        "query_url": ready.query_url,
        "token": ready.token,
        "nats_url": ready.nats_url,
        "event_store_url": ready.event_store_url,
        "read_model_url": ready.read_model_url,
        "pids": ready.pids,
    })
    .to_string()
}

fn text(ready: &Ready) -> String {
    let order = json!({
        "currency": "EUR",
        "customer": { "customer_id": "c-1", "name": "Ada Lovelace" },
        "lines": [{ "sku": "TEAPOT", "name": "Teapot", "quantity": 2, "unit_price": 1999, "tax_rate": "0.19" }],
        "shipping_address": { "name": "Ada Lovelace", "line1": "1 Main Street", "city": "Berlin", "country": "DE" }
    });
    let token = ready.token.as_ref().map_or_else(
        || "# Tokens are signed elsewhere (AUTH_JWKS): set TOKEN to one of yours".to_owned(),
        |token| format!("TOKEN='{token}'"),
    );
    let (command_url, query_url, nats_url) =
        (&ready.command_url, &ready.query_url, &ready.nats_url);
    format!(
        "\nThe platform is ready.\n\n  commands  {command_url}\n  queries   {query_url}\n  stream    {nats_url}\n\n\
         A first order, to paste into another terminal:\n\n\
         {token}\n\
         curl -i {command_url}/v1/orders -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n  \
         -H \"Idempotency-Key: first-$(date +%s%N)\" -d '{order}'\n\n\
         Its answer names the order's URL (Location); the order is there for the same token:\n\n\
         curl -s {query_url}/v1/orders -H \"Authorization: Bearer $TOKEN\"\n\n\
         Ctrl-C stops everything. The data stay in {}.",
        ready.data_dir.path().display()
    )
}
