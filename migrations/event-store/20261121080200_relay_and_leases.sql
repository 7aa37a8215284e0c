-- How far the relay had come in each stream when it last said so. The stream itself knows better; this is where to
-- go on if the stream has lost its tail.
create table relay (
    stream text collate "C" primary key,
    position bigint not null check (position >= 0),
    event_id uuid,
    written_at timestamptz not null default clock_timestamp(),
    check ((position = 0) = (event_id is null))
);

-- Who does what now, until when by this database's clock. For efficiency only: nothing is right because of a lease.
create table lease (
    name text collate "C" primary key,
    owner uuid not null,
    expires_at timestamptz not null
);
