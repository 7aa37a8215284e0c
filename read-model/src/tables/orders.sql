create table {table} (
    order_id text collate "C" not null,
    order_number text collate "C" unique,
    status text collate "C" not null,
    payment_status text collate "C" not null,
    fulfillment_status text collate "C" not null,
    return_status text collate "C" not null,
    on_hold boolean not null,
    customer_id text collate "C" not null,
    currency text collate "C" not null,
    total bigint not null check (total >= 0),
    placed_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version bigint not null check (version > 0),
    position bigint not null check (position > 0),
    -- What lists are sorted by: a draft has not been placed yet.
    sorted_at timestamptz not null generated always as (coalesce(placed_at, created_at)) stored,
    document json {compression} not null,
    -- What lists are sorted by is in the key's index, too: many orders found by their terms are put in order without reading them.
    primary key (order_id) include (sorted_at, updated_at, total)
);
-- The orders that lists come in.
create index on {table} (sorted_at, order_id);
create index on {table} (updated_at, order_id);
create index on {table} (total, order_id);
-- A filter's orders in the order of the list that is asked for most.
create index on {table} (customer_id, sorted_at, order_id);
create index on {table} (status, sorted_at, order_id);
create index on {table} (payment_status, sorted_at, order_id);
create index on {table} (fulfillment_status, sorted_at, order_id);
create index on {table} (currency, sorted_at, order_id);
create index on {table} (return_status, sorted_at, order_id) where return_status <> 'none';
create index on {table} (sorted_at, order_id) where on_hold
