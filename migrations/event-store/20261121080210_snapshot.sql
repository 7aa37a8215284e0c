-- Where folding a long aggregate can begin instead of at its first event. Only a shortcut: what is true the log says
-- alone, and a snapshot whose last event is not in the log at its sequence is passed by. One row an aggregate.
create table snapshot (
    -- The first five columns are those of the crate `postgres-es`, which may keep its own aggregates' snapshots here.
    aggregate_type text collate "C" not null,
    aggregate_id text collate "C" not null,
    last_sequence bigint not null check (last_sequence >= 0),
    current_snapshot bigint not null default 0 check (current_snapshot >= 0),
    payload json not null,
    -- The event at `last_sequence`, and the version of the shape that `payload` has.
    last_event_id uuid,
    shape_version integer,
    constraint snapshot_pkey primary key (aggregate_type, aggregate_id)
);
