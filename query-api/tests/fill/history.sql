-- Fills the empty generation 1 of `order-history` with $1 entries whose document is $2, ten to an order, in the order in
-- which orders live beside each other.
insert into order_history_1 (
    position, event_id, order_id, sequence, event_type, actor, correlation_id, occurred_at, entry
)
select
    n,
    gen_random_uuid(),
    'fill-' || lpad((n / 1000 * 100 + n % 100 + 1)::text, 8, '0'),
    n % 1000 / 100 + 1,
    (array[
        'OrderPlaced', 'OrderConfirmed', 'PaymentAuthorized', 'PaymentCaptured', 'ShipmentCreated',
        'ShipmentDelivered', 'OrderCompleted', 'NoteAdded', 'OrderTagged', 'OrderUntagged'
    ])[n % 1000 / 100 + 1],
    case when n % 5000 = 0 then 'auditor' else 'user-' || n * 7919 % 211 end,
    'request-' || n / 3,
    timestamptz '2026-01-01 00:00:00Z' + n * interval '4 seconds',
    replace($2, '"position":7', '"position":' || n)::json
from generate_series(1, $1::bigint) as n
