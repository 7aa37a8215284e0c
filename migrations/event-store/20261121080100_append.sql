-- The append: one lock, one statement, many commands.
--
-- The lock gives the order of positions and is held until the commit. What it protects (last position, sequences,
-- keys) must be read by statements that begin after it is held: with an older snapshot, positions are given twice.
-- So the lock is the first statement and nothing else, the functions are volatile and in plpgsql, and they refuse
-- any isolation in which a transaction has one snapshot.
--
-- Plans are generic and walk indexes alone, because a session keeps the plans that it made while the log was empty.

create type append_outcome as (
    outcome text,
    first_position bigint,
    recorded_at timestamptz,
    key_request uuid,
    key_aggregate_type text,
    key_aggregate_id text,
    key_first_sequence bigint,
    key_events integer,
    key_status smallint,
    key_represented boolean,
    lock_wait interval
);

-- Appends each command's events, or says why not, in one batch of consecutive positions.
--
-- The commands come as one element of each `command_*` array, their events as one element of each `event_*` array in
-- the order of the commands. What could be found out from these is said once more, because that is cheaper:
-- `command_events_before` is the number of events of the commands before it, `command_first_event` the id of its first event,
-- `event_aggregate_*`, `event_sequence` and `event_slots` follow from an event's command. Within a batch no aggregate and no key
-- may occur twice.
--
-- One row `all_appended` if every command was new: the first event of the batch is at `first_position`, the others
-- follow it in their order. Else a row a command, in their order. `outcome`:
--   appended    its events are in the log from `first_position` on; also if an earlier call with the same event ids
--               had put them there, so that a batch whose answer was lost is decided by sending it again;
--   conflict    the aggregate's last event is not the one named by `expected_sequence` and `expected_event`;
--   replay      its key was recorded with the same request; the `key_*` columns say what it led to;
--   key_reused  its key was recorded with another request.
create function append_events(
    command_aggregate_type text[],
    command_aggregate_id text[],
    command_expected_sequence bigint[],
    command_expected_event uuid[],
    command_events integer[],
    command_events_before integer[],
    command_first_event uuid[],
    command_key uuid[],
    command_request uuid[],
    command_status smallint[],
    command_represented boolean[],
    event_aggregate_type text[],
    event_aggregate_id text[],
    event_sequence bigint[],
    event_slots smallint[],
    event_ids uuid[],
    event_types text[],
    event_versions text[],
    event_payloads text[],
    event_metadatas text[]
) returns setof append_outcome
language plpgsql
volatile
security definer
set search_path = public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
#variable_conflict use_column
declare
    last_position bigint;
    last_recorded_at timestamptz;
    batch_recorded_at timestamptz;
    lock_wait interval;
    all_new boolean;
    answer append_outcome;
begin
    perform pg_advisory_xact_lock(1702260340, 1);

    lock_wait := clock_timestamp() - statement_timestamp();

    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'append_events works only under read committed'
            using errcode = 'invalid_transaction_state';
    end if;

    -- Mostly each command has one event; that is seen without running a query.
    if not (1 = all (command_events) and cardinality(event_ids) = cardinality(command_events)) then
        if (
            select sum(c.events) is distinct from cardinality(event_ids)
                or min(c.events) < 1
                or bool_or(c.events_before <> c.sum_before)
            from (
                select n.*, sum(n.events) over (order by n.number) - n.events as sum_before
                from unnest(command_events, command_events_before) with ordinality as n (events, events_before, number)
            ) c
        ) then
            raise exception 'the numbers of events do not add up'
                using errcode = 'invalid_parameter_value';
        end if;
    end if;

    -- The end of the log, and whether every command is new. Mostly it is, and nothing has to be judged one by one: three small
    -- statements instead of one whose plan takes longer to set up than to run. Their arrays are unnested as what is selected: as a
    -- table each would be put into a store of its own first.
    select e.position, e.recorded_at, not exists (
        select 1
        from (
            select
                unnest(command_aggregate_type) as aggregate_type,
                unnest(command_aggregate_id) as aggregate_id,
                unnest(command_expected_sequence) as expected_sequence,
                unnest(command_expected_event) as expected_event,
                unnest(command_key) as key
        ) c
        left join lateral (
            select e.sequence, e.event_id
            from event e
            where e.aggregate_type = c.aggregate_type
            and e.aggregate_id = c.aggregate_id
            order by e.sequence desc
            limit 1
        ) latest on true
        where coalesce(latest.sequence, 0) <> c.expected_sequence
        or latest.event_id is distinct from c.expected_event
        or exists (
            select 1
            from idempotency_key i
            where i.id = c.key
            offset 0
        )
    )
    into last_position, last_recorded_at, all_new
    from (select) log
    left join lateral (
        select e.position, e.recorded_at
        from event e
        order by e.position desc
        limit 1
    ) e on true;

    last_position := coalesce(last_position, 0);
    batch_recorded_at := greatest(clock_timestamp(), last_recorded_at);

    if all_new then
        insert into event (
            aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            position, event_id, recorded_at, slot
        )
        select
            e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version,
            e.payload::json, e.metadata::json,
            last_position + e.number, e.event_id, batch_recorded_at, e.slot
        from (
            select
                unnest(event_aggregate_type) as aggregate_type,
                unnest(event_aggregate_id) as aggregate_id,
                unnest(event_sequence) as sequence,
                unnest(event_types) as event_type,
                unnest(event_versions) as event_version,
                unnest(event_payloads) as payload,
                unnest(event_metadatas) as metadata,
                unnest(event_ids) as event_id,
                unnest(event_slots) as slot,
                generate_series(1, cardinality(event_ids)) as number
        ) e;

        insert into idempotency_key (id, request, position, events, status, represented)
        select c.key, c.request, last_position + 1 + c.events_before, c.events, c.status, c.represented
        from (
            select
                unnest(command_key) as key,
                unnest(command_request) as request,
                unnest(command_events_before) as events_before,
                unnest(command_events) as events,
                unnest(command_status) as status,
                unnest(command_represented) as represented
        ) c
        where c.key is not null;

        answer.outcome := 'all_appended';
        answer.first_position := last_position + 1;
        answer.recorded_at := batch_recorded_at;
        answer.lock_wait := lock_wait;
        return next answer;
        return;
    end if;

    return query
    with command as (
        select c.*
        from unnest(
            command_aggregate_type, command_aggregate_id, command_expected_sequence, command_expected_event,
            command_events, command_events_before, command_first_event,
            command_key, command_request, command_status, command_represented
        ) with ordinality as c (
            aggregate_type, aggregate_id, expected_sequence, expected_event,
            events, events_before, first_event,
            key, request, status, represented, number
        )
    ),
    -- Each look-up is lateral and fenced by `offset 0` or `limit 1`, so that whatever the statistics were when the
    -- plan was made, it is one descent of an index a command.
    known as (
        select
            c.*,
            k.request as key_request,
            k.position as key_position,
            k.events as key_events,
            k.status as key_status,
            k.represented as key_represented,
            latest.sequence as latest_sequence,
            latest.event_id as latest_event
        from command c
        left join lateral (
            select *
            from idempotency_key i
            where i.id = c.key
            offset 0
        ) k on true
        left join lateral (
            select e.sequence, e.event_id
            from event e
            where e.aggregate_type = c.aggregate_type
            and e.aggregate_id = c.aggregate_id
            order by e.sequence desc
            limit 1
        ) latest on true
    ),
    -- `there` is an event that is in the log already and tells an earlier sending of this batch from another's work:
    -- the one that the key led to, or the one that has the place that this command's first event wants.
    judged as materialized (
        select
            n.*,
            there.aggregate_type as there_aggregate_type,
            there.aggregate_id as there_aggregate_id,
            there.sequence as there_sequence,
            there.position as there_position,
            there.recorded_at as there_recorded_at,
            case
                when n.key_request <> n.request then 'key_reused'
                when there.event_id = n.first_event then 'appended'
                when n.key_request is not null then 'replay'
                when coalesce(n.latest_sequence, 0) = n.expected_sequence
                and n.latest_event is not distinct from n.expected_event then 'new'
                else 'conflict'
            end as verdict
        from known n
        left join lateral (
            (
                select e.*
                from event e
                where e.position = n.key_position
                offset 0
            )
            union all
            (
                select e.*
                from event e
                where n.key_position is null
                and n.latest_sequence > n.expected_sequence
                and e.aggregate_type = n.aggregate_type
                and e.aggregate_id = n.aggregate_id
                and e.sequence = n.expected_sequence + 1
                offset 0
            )
        ) there on true
    ),
    accepted as materialized (
        select
            j.*,
            last_position + 1 + sum(j.events) over (order by j.number) - j.events as first_position
        from judged j
        where j.verdict = 'new'
    ),
    recorded as (
        insert into event (
            aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            position, event_id, recorded_at, slot
        )
        select
            a.aggregate_type, a.aggregate_id, a.expected_sequence + nth, e.event_type, e.event_version,
            e.payload::json, e.metadata::json,
            a.first_position + nth - 1, e.event_id, batch_recorded_at, e.slot
        from accepted a
        cross join lateral generate_series(1, a.events) as nth
        join unnest(
            event_ids, event_slots, event_types, event_versions, event_payloads, event_metadatas
        ) with ordinality as e (event_id, slot, event_type, event_version, payload, metadata, number)
            on e.number = a.events_before + nth
    ),
    keyed as (
        insert into idempotency_key (id, request, position, events, status, represented)
        select a.key, a.request, a.first_position, a.events, a.status, a.represented
        from accepted a
        where a.key is not null
    )
    select
        case j.verdict when 'new' then 'appended' else j.verdict end,
        coalesce(a.first_position, j.there_position)::bigint,
        coalesce(case when a.first_position is not null then batch_recorded_at end, j.there_recorded_at),
        j.key_request,
        j.there_aggregate_type,
        j.there_aggregate_id,
        j.there_sequence,
        j.key_events,
        j.key_status,
        j.key_represented,
        lock_wait
    from judged j
    left join accepted a on a.number = j.number
    order by j.number;
end
$$;

-- Whoever may call it is said by `grant_log_writer`.
revoke execute on function append_events from public;
