create table {table} (
    order_id text collate "C" primary key,
    confirmed_at timestamptz not null,
    entry json {compression} not null
);
create index on {table} (confirmed_at, order_id)
