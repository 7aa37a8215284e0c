-- The log of events: the only truth of the platform. It has a database of its own and lies in its schema `public`.

-- Who this log is. A copy of it keeps its id; a history that took another turn has a higher incarnation.
create table log (
    only_row boolean primary key default true check (only_row),
    log_id uuid not null,
    incarnation bigint not null default 1 check (incarnation > 0)
);

insert into log (log_id)
values (gen_random_uuid());

-- The first seven columns are those of the crate `postgres-es`, which can read and write this table as it is.
create table event (
    aggregate_type text collate "C" not null,
    aggregate_id text collate "C" not null,
    sequence bigint not null check (sequence > 0),
    event_type text collate "C" not null,
    event_version text collate "C" not null,
    payload json not null,
    metadata json not null,
    position bigint not null check (position > 0),
    event_id uuid not null,
    recorded_at timestamptz not null,
    -- The first byte of the MD5 of the aggregate's id. A partition is `slot * count / 256`, so that the number of partitions can
    -- change. The appender says it: as a generated column it was a sixth of the work of an append.
    slot smallint not null check (slot between 0 and 255),
    constraint event_pkey primary key (aggregate_type, aggregate_id, sequence),
    -- The net under the lock of the append: if this ever trips, something wrote past the lock.
    constraint event_position_key unique (position)
);

create index event_slot_position_idx on event (slot, position);

-- One row a command that came with a key; the answer is rebuilt from the events.
create table idempotency_key (
    -- 16 bytes of a hash over actor and key.
    id uuid primary key,
    -- 16 bytes of a hash over the request.
    request uuid not null,
    -- Of the first of its events.
    position bigint not null,
    events integer not null check (events > 0),
    status smallint not null,
    -- Whether the answer held the order itself.
    represented boolean not null
);

create function refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception 'events are never changed or removed (% on %)', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end
$$;

create trigger event_is_immutable
before update or delete or truncate on event
for each statement
execute function refuse_change();

-- Also where triggers are off by `session_replication_role = replica`.
alter table event enable always trigger event_is_immutable;
