"""The README's scenario, with the clients `commands` and `queries`, which were generated from the services' documents."""

import os
import uuid

from commands import AuthenticatedClient as Commands
from commands import models as command
from commands.api.changes import hold, release_hold
from commands.api.fulfillment import deliver, ship
from commands.api.orders import confirm, place_order
from commands.api.payments import authorize_payment, capture_payment
from queries import AuthenticatedClient as Queries
from queries import models as view
from queries.api.orders import get_order, get_timeline, list_orders

ORDER = "tea-1"
TOTAL = 4995

local = {"httpx_args": {"trust_env": False}}
commands = Commands(os.environ["COMMANDS"], os.environ["TOKEN"], **local)
queries = Queries(os.environ["QUERIES"], os.environ["TOKEN"], **local)


def answered(status, answer):
    assert answer.status_code == status, (answer.status_code, answer.content)
    return answer.parsed


def done(operation, body, **more):
    """Carries out a command to the order, once."""
    key = more.pop("idempotency_key", str(uuid.uuid4()))
    answer = operation.sync_detailed(ORDER, client=commands, body=body, idempotency_key=key, **more)
    return answered(200, answer)


def shown(position):
    """The order, at least as new as this position."""
    answer = get_order.sync_detailed(ORDER, client=queries, min_position=position, prefer="wait=30")
    order = answered(200, answer)
    assert isinstance(order, view.Order), order
    assert answer.headers["etag"] == f'"{order.version}"'
    return order


line = command.Line(
    line_id="1",
    sku="TEAPOT",
    name="Teapot",
    quantity=2,
    unit_price=1999,
    tax_rate="0.19",
    discounts=[command.LineDiscountPercentage(code="LOYAL", type_="percentage", value="10")],
)
order = command.PlaceOrder(
    order_id=ORDER,
    currency="EUR",
    customer=command.Customer(customer_id="c-42", name="Ada Lovelace"),
    lines=[line],
    shipping=command.Shipping(method="standard", amount=599, tax_rate="0.19"),
    shipping_address=command.Address(name="Ada Lovelace", line1="1 Main Street", city="Berlin", country="DE"),
)
placed = answered(201, place_order.sync_detailed(client=commands, body=order, idempotency_key="tea-1-place"))
assert isinstance(placed, command.Done), placed
assert placed.order_number, placed

first = shown(placed.position)
assert first.status == view.OrderStatus.PLACED, first
assert first.amounts.total == TOTAL, first.amounts
assert first.order_number == placed.order_number

done(hold, command.Hold(hold_id="h-1", reason="fraud_check"))
refused = confirm.sync_detailed(ORDER, client=commands, body=command.Confirm(), idempotency_key="tea-1-confirm")
problem = answered(409, refused)
assert isinstance(problem, command.OrderStateProblem), problem
assert problem.type_.endswith("/on-hold"), problem
assert "release-hold" in problem.allowed_commands

done(release_hold, command.ReleaseHold(hold_id="h-1"))
confirmed = done(confirm, command.Confirm(), idempotency_key="tea-1-confirm")
again = done(confirm, command.Confirm(), idempotency_key="tea-1-confirm")
assert again == confirmed

authorized = done(authorize_payment, command.AuthorizePayment(payment_id="p-1", amount=TOTAL, provider="acme"))
capture = command.CapturePayment(payment_id="p-1", amount=TOTAL)
told = done(capture_payment, capture, dry_run=True)
assert isinstance(told, command.DryRun), told
assert told.position is None and told.amounts.captured == TOTAL
assert shown(authorized.position).amounts.captured == 0

done(capture_payment, capture)
units = [command.LineQuantity(line_id="1", quantity=2)]
done(ship, command.Ship(shipment_id="s-1", lines=units, carrier="DHL"))
delivered = done(deliver, command.Deliver(shipment_id="s-1"))

last = shown(delivered.position)
assert last.status == view.OrderStatus.COMPLETED, last
assert last.payment_status == view.PaymentStatus.PAID
assert last.amounts.balance == 0
assert last.shipments[0].lines[0].quantity == 2

page = answered(200, get_timeline.sync_detailed(ORDER, client=queries, min_position=delivered.position))
types = [entry.type_ for entry in page.items]
assert types == [
    "OrderPlaced",
    "HoldPlaced",
    "HoldReleased",
    "OrderConfirmed",
    "PaymentAuthorized",
    "PaymentCaptured",
    "ShipmentCreated",
    "ShipmentDelivered",
    "OrderCompleted",
], types

status = [view.OrderStatus.COMPLETED]
found = answered(200, list_orders.sync_detailed(client=queries, min_position=delivered.position, status=status))
assert [order.order_id for order in found.items] == [ORDER]
