-- What the views have in common. The tables of a view itself carry its generation in their name (`orders_1`) and are
-- made by the projector, so that a new generation can be built beside the live one.

-- One row a view. Which generation is live is read in the same snapshot as the answer; a switch updates this row.
create table projection (
    name text collate "C" primary key,
    shape_version integer not null check (shape_version > 0),
    live_generation integer not null check (live_generation > 0)
);

-- How far each partition of a generation is: the position and the id of the last event that its rows contain, in the
-- same transaction as those rows. A generation has a row for every partition from its first moment, at position 0.
create table checkpoint (
    projection text collate "C" not null references projection,
    generation integer not null check (generation > 0),
    partition smallint not null check (partition between 0 and 255),
    position bigint not null default 0 check (position >= 0),
    event_id uuid,
    primary key (projection, generation, partition),
    check ((position = 0) = (event_id is null))
)
-- Updated all the time: new versions of a row find room on its own page.
with (fillfactor = 20);

-- The log, seen at one moment: its last position and the last position of every partition, `last[1]` being that of
-- partition 0. The newest 1,000 are kept. Losing the last ones costs nothing, so nobody waits for them to reach the disk.
create table frontier (
    position bigint primary key check (position >= 0),
    last bigint[] not null check (cardinality(last) between 1 and 256)
);

-- The log that each partition's rows were last compared with; incarnation 0: they are to be compared again. While any
-- partition is behind the log's incarnation, nobody can tell how far a view is, and no frontier is written.
create table followed (
    partition smallint primary key check (partition between 0 and 255),
    log_id uuid not null,
    incarnation bigint not null check (incarnation >= 0)
);

-- Who owns which partition now, until when by this database's clock. For efficiency only: nothing is right because of a lease.
create table lease (
    name text collate "C" primary key,
    owner uuid not null,
    expires_at timestamptz not null
);
