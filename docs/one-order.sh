#!/bin/sh
# One order from its placing to its completion, with nothing but curl (7.76 or newer). Each line that
# this prints is a command, the order's status after it, and the order's amounts in cents: those that
# the query API shows, no older than the command.
#
#     TOKEN=… docs/one-order.sh
#
# with the token that `make up` prints. COMMANDS and QUERIES name other addresses than its own. What
# each amount has to be is worked out by hand in e2e/tests/it/whole_life.rs, which runs this file.
set -eu

: "${TOKEN:?must hold a token with the scopes orders:read, orders:write and payments:write}"
COMMANDS=${COMMANDS:-http://127.0.0.1:8081}
QUERIES=${QUERIES:-http://127.0.0.1:8082}
if ! command -v curl >/dev/null; then
    echo "one-order.sh: curl is needed" >&2
    exit 1
fi

# Keys of its own, so that it can be run again; a number for each command.
run="one-order-$(date +%s)-$$"
number=0
# Every command after the first names the order that the first one made.
order=

# member NAME: the value of a member, out of the JSON on the standard input.
member() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

# request URL OPTION…: an answer's body; a problem is the end.
request() {
    body=$(curl --silent --show-error --fail-with-body -H "Authorization: Bearer $TOKEN" "$@") || {
        printf '%s\n' "$body" >&2
        exit 1
    }
    printf '%s\n' "$body"
}

# carry_out COMMAND PATH BODY: sends a command and prints what it has made of the order.
carry_out() {
    number=$((number + 1))
    answer=$(request "$COMMANDS/v1/orders$2" -H "Idempotency-Key: $run-$number" \
        -H 'Content-Type: application/json' --data "$3")
    order=$(printf '%s' "$answer" | member order_id)
    shown=$(request "$QUERIES/v1/orders/$order" -H 'Prefer: wait=30' \
        -H "Min-Position: $(printf '%s' "$answer" | member position)")
    amounts=$(printf '%s' "$shown" | sed -n 's/.*"amounts":\({[^}]*}\).*/\1/p')
    echo "$1 $(printf '%s' "$answer" | member order_status) $amounts"
}

# command_of_order NAME BODY: the same for a command of the order.
command_of_order() {
    carry_out "$1" "/$order/$1" "$2"
}

# Three teapots and two cups, 8.00 off, and shipping.
carry_out place '' '{
    "currency": "EUR", "customer": { "customer_id": "c-42" },
    "lines": [
        { "line_id": "pot", "sku": "TEAPOT", "name": "Teapot", "quantity": 3,
          "unit_price": 2000, "tax_rate": "0.19" },
        { "line_id": "cup", "sku": "CUP", "name": "Cup", "quantity": 2,
          "unit_price": 1000, "tax_rate": "0.07" } ],
    "discounts": [ { "code": "WELCOME", "type": "fixed", "amount": 800 } ],
    "shipping": { "method": "standard", "amount": 500, "tax_rate": "0.19" },
    "shipping_address": { "name": "Ada Lovelace", "line1": "1 Main Street", "city": "Berlin", "country": "DE" },
    "expected_total": 8947 }'

# A saucer more, a cup less, and faster.
command_of_order revise '{ "reason": "customer called", "changes": [
    { "op": "add_line", "line": { "line_id": "saucer", "sku": "SAUCER", "name": "Saucer",
      "quantity": 1, "unit_price": 700, "tax_rate": "0.07" } },
    { "op": "cancel_units", "line_id": "cup", "quantity": 1 },
    { "op": "set_shipping", "shipping": { "method": "express", "amount": 900, "tax_rate": "0.19" } } ] }'

# Two payments.
command_of_order authorize-payment '{ "payment_id": "p-1", "amount": 3000, "provider": "acme" }'
command_of_order authorize-payment '{ "payment_id": "p-2", "amount": 6209, "provider": "bank" }'
command_of_order confirm '{}'
command_of_order capture-payment '{ "payment_id": "p-1", "amount": 3000 }'
command_of_order capture-payment '{ "payment_id": "p-2", "amount": 6209 }'

# Two teapots and the cup leave; the third teapot is sold out; the saucer follows; all of it arrives.
command_of_order ship '{ "shipment_id": "s-1", "lines": [
    { "line_id": "pot", "quantity": 2 }, { "line_id": "cup", "quantity": 1 } ] }'
command_of_order cancel-lines '{ "lines": [ { "line_id": "pot", "quantity": 1 } ], "reason": "sold out" }'
command_of_order ship '{ "shipment_id": "s-2", "lines": [ { "line_id": "saucer", "quantity": 1 } ] }'
command_of_order deliver '{ "shipment_id": "s-1" }'
command_of_order deliver '{ "shipment_id": "s-2" }'

# One of the two teapots comes back.
command_of_order request-return '{ "return_id": "r-1", "lines": [ { "line_id": "pot", "quantity": 1 } ] }'
command_of_order approve-return '{ "return_id": "r-1" }'
command_of_order receive-return '{ "return_id": "r-1", "lines": [
    { "line_id": "pot", "quantity": 1, "condition": "damaged", "restock": false } ] }'

# Two refunds: one for the teapot that was sold out, one for that which came back, over both payments.
command_of_order refund '{ "refund_id": "f-1", "amount": 2142, "reason": "sold out" }'
command_of_order refund '{ "refund_id": "f-2", "amount": 2142, "reason": "damaged", "return_id": "r-1" }'
command_of_order settle-refund '{ "refund_id": "f-1", "outcome": "succeeded" }'
command_of_order settle-refund '{ "refund_id": "f-2", "payment_id": "p-1", "outcome": "succeeded" }'

# The last obligation: with it the order is completed.
command_of_order settle-refund '{ "refund_id": "f-2", "payment_id": "p-2", "outcome": "succeeded" }'

echo "order $order"
