create table {table} (
    position bigint not null check (position > 0),
    event_id uuid not null,
    order_id text collate "C" not null,
    sequence bigint not null check (sequence > 0),
    event_type text collate "C" not null,
    actor text collate "C" not null,
    correlation_id text collate "C" not null,
    occurred_at timestamptz not null,
    entry json {compression} not null
);
alter table {table} add primary key (position);
alter table {table} add unique (order_id, sequence);
create index on {table} (event_type, position);
create index on {table} (actor, position);
create index on {table} (correlation_id, position);
-- Times never fall as positions rise, so that a span of time is a span of positions.
create index on {table} (occurred_at, position)
