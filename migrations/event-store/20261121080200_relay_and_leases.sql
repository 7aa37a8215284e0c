-- How far the relay had come in each stream when it last said so. The stream itself knows better; this is where to
-- go on if the stream has lost its tail.
create table relay (
    stream text collate "C" primary key,
    position bigint not null check (position >= 0),
    event_id uuid,
    written_at timestamptz not null default clock_timestamp(),
    check ((position = 0) = (event_id is null))
);

-- Raises the log's incarnation above its own and `above`, and writes down that the relay of a stream goes on after the
-- event `agreed`; both or neither. Null, and nothing is changed, if somebody else raised it since it was
-- `held_incarnation`, or if the log has the event `gone` after all.
create function raise_incarnation(
    held_log uuid,
    held_incarnation bigint,
    above bigint,
    gone_position bigint,
    gone_event uuid,
    of_stream text,
    agreed_position bigint,
    agreed_event uuid
) returns bigint
language sql
volatile
security definer
set search_path = public, pg_temp
as $$
    with raised as (
        update log
        set incarnation = greatest(incarnation, above) + 1
        where log_id = held_log
        and incarnation = held_incarnation
        and not exists (
            select
            from event
            where position = gone_position
            and event_id = gone_event
        )
        returning incarnation
    ),
    written as (
        insert into relay (stream, position, event_id)
        select of_stream, agreed_position, agreed_event
        from raised
        on conflict (stream) do update
        set position = excluded.position,
            event_id = excluded.event_id,
            written_at = excluded.written_at
    )
    select incarnation from raised
$$;

-- Whoever may call it is said by `grant_log_writer`.
revoke execute on function raise_incarnation from public;

-- Who does what now, until when by this database's clock. For efficiency only: nothing is right because of a lease.
create table lease (
    name text collate "C" primary key,
    owner uuid not null,
    expires_at timestamptz not null
);
