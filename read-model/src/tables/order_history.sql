create table {table} (
    position bigint primary key check (position > 0),
    event_id uuid not null,
    order_id text collate "C" not null,
    sequence bigint not null check (sequence > 0),
    entry json {compression} not null,
    unique (order_id, sequence)
)
