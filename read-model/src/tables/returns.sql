create table {table} (
    order_id text collate "C" not null,
    return_id text collate "C" not null,
    status text collate "C" not null,
    requested_at timestamptz not null,
    -- Where it was requested: tells two requests of one order at one time apart.
    position bigint not null check (position > 0),
    document json {compression} not null,
    primary key (order_id, return_id)
);
create index on {table} (requested_at, order_id, position);
create index on {table} (status, requested_at, order_id, position)
