-- Events that are inserted by whoever is not the appender: what the appender says of its own, triggers give to these.

-- A UUID of version 7, which PostgreSQL makes itself only since 18.
create function make_event_id() returns uuid
language sql
volatile
as $$
    select encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                    from 1 for 6
                ),
                52, 1
            ),
            53, 1
        ),
        'hex'
    )::uuid
$$;

-- Gives the position to an event that is inserted without one, as `postgres-es` does.
create function give_position() returns trigger
language plpgsql
volatile
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    last_position bigint;
    last_recorded_at timestamptz;
    last_sequence bigint;
begin
    perform pg_advisory_xact_lock(1702260340, 1);

    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'events are written only under read committed'
            using errcode = 'invalid_transaction_state';
    end if;

    select e.position, e.recorded_at
    into last_position, last_recorded_at
    from event e
    order by e.position desc
    limit 1;

    select e.sequence
    into last_sequence
    from event e
    where e.aggregate_type = new.aggregate_type
    and e.aggregate_id = new.aggregate_id
    order by e.sequence desc
    limit 1;

    -- `postgres-es` takes this SQLSTATE for a conflict, which it is.
    if new.sequence <> coalesce(last_sequence, 0) + 1 then
        raise exception 'the next sequence of % % is %, not %',
            new.aggregate_type, new.aggregate_id, coalesce(last_sequence, 0) + 1, new.sequence
            using errcode = 'unique_violation';
    end if;

    new.position := coalesce(last_position, 0) + 1;
    new.recorded_at := greatest(clock_timestamp(), last_recorded_at);
    new.event_id := coalesce(new.event_id, make_event_id());
    return new;
end
$$;

create trigger event_gets_position
before insert on event
for each row
when (new.position is null)
execute function give_position();

-- Gives the slot to an event that is inserted without one: by whoever is not the appender, which says it.
create function give_slot() returns trigger
language plpgsql
as $$
begin
    new.slot := get_byte(decode(md5(new.aggregate_id), 'hex'), 0);
    return new;
end
$$;

create trigger event_gets_slot
before insert on event
for each row
when (new.slot is null)
execute function give_slot();
