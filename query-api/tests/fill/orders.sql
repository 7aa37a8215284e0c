-- Fills the empty generation 1 of `orders` with $1 orders whose document is $2, in the mixture of a shop that has run for a
-- while: most are completed, some are under way, few are odd. Everything follows from the number, so that runs are alike.
insert into orders_1 (
    order_id, order_number, status, payment_status, fulfillment_status, return_status, on_hold,
    customer_id, currency, total, placed_at, created_at, updated_at, version, position, document
)
select
    order_id,
    case when status not in ('draft', 'discarded') then '2026-' || lpad(n::text, 6, '0') end,
    status,
    case
        when status in ('draft', 'discarded', 'rejected') then 'unpaid'
        when status = 'cancelled' then 'refunded'
        when n % 401 = 0 then 'failed'
        when n % 97 = 0 then 'partially_refunded'
        when n % 89 = 0 then 'partially_paid'
        when status = 'placed' then 'unpaid'
        when status = 'confirmed' then 'authorized'
        else 'paid'
    end,
    case
        when status = 'completed' then 'delivered'
        when status <> 'confirmed' then 'unfulfilled'
        when n % 7 = 0 then 'partially_delivered'
        when n % 5 = 0 then 'partially_shipped'
        when n % 3 = 0 then 'shipped'
        else 'unfulfilled'
    end,
    case
        when n % 211 = 0 then 'open'
        when n % 31 = 0 then 'closed'
        else 'none'
    end,
    n % 503 = 0,
    'c-' || n * 7919 % greatest($1 / 10, 1),
    case
        when n % 1009 = 0 then 'KWD'
        when n % 11 = 0 then 'USD'
        else 'EUR'
    end,
    n * 7919 % 1000003,
    case when status not in ('draft', 'discarded') then created_at end,
    created_at,
    created_at + n * 31 % 10007 * interval '1 minute',
    1 + n % 9,
    n,
    replace($2, '"o-1"', '"' || order_id || '"')::json
from (
    select
        n,
        'fill-' || lpad(n::text, 8, '0') as order_id,
        case
            when n > $1 - $1 / 100 then 'placed'
            when n % 101 = 0 then 'draft'
            when n % 211 = 1 then 'discarded'
            when n % 53 = 0 then 'cancelled'
            when n % 103 = 0 then 'rejected'
            when n > $1 - $1 / 10 then 'confirmed'
            else 'completed'
        end as status,
        timestamptz '2026-01-01 00:00:00Z' + n * interval '40 seconds' as created_at
    from generate_series(1, $1::bigint) as n
) as new
