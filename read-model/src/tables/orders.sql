create table {table} (
    order_id text collate "C" primary key,
    order_number text collate "C" unique,
    status text collate "C" not null,
    customer_id text collate "C" not null,
    placed_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version bigint not null check (version > 0),
    position bigint not null check (position > 0),
    -- What lists are sorted by: a draft has not been placed yet.
    sorted_at timestamptz not null generated always as (coalesce(placed_at, created_at)) stored,
    document json {compression} not null
);
create index on {table} (sorted_at, order_id);
create index on {table} (customer_id, sorted_at, order_id);
create index on {table} (status, sorted_at, order_id)
