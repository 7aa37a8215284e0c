-- Moves the events of a `postgres-es` table into the log, in one transaction. See postgres-es.md; run it as the log's
-- owner, in the log's database, with the old table as `moving_in.events`:
--
--     psql --set ON_ERROR_STOP=1 --single-transaction --file postgres-es.sql "$EVENT_STORE_URL"

-- Nobody else appends until this is committed, so that what follows is as it was checked.
select pg_advisory_xact_lock(1702260340, 1);

-- In which order the events happened, and when. The old table knows neither: it has no position and no time. Without
-- better knowledge the rows' places on disk tell in which order they were inserted (as long as nobody has updated,
-- deleted or clustered them; a dump keeps the order), and they count as recorded now. If the metadata hold a time, say so
-- here:
--
--     (e.metadata ->> 'timestamp')::timestamptz as happened_at
--
-- and rows are put into the order of that time, and of their places where it is the same.
create or replace temporary view arriving as
select
    e.*,
    null::timestamptz as happened_at,
    row_number() over (order by e.ctid) as place
from moving_in.events e;

do $$
declare
    bad record;
begin
    select a.aggregate_type, a.aggregate_id, a.sequence, a.expected
    into bad
    from (
        select
            e.*,
            row_number() over (partition by e.aggregate_type, e.aggregate_id order by e.sequence) as expected
        from moving_in.events e
    ) a
    where a.sequence <> a.expected
    order by a.aggregate_type, a.aggregate_id, a.sequence
    limit 1;

    if found then
        raise exception '% % has an event of sequence % where % comes next: its history has a gap',
            bad.aggregate_type, bad.aggregate_id, bad.sequence, bad.expected
            using errcode = 'data_exception';
    end if;

    select e.aggregate_type, e.aggregate_id
    into bad
    from moving_in.events e
    where e.aggregate_type = 'order'
    limit 1;

    if found then
        raise exception 'the aggregate type `order` is the platform''s own: rename that of %', bad.aggregate_id
            using errcode = 'data_exception';
    end if;

    select e.aggregate_type, e.aggregate_id
    into bad
    from moving_in.events e
    where e.sequence = 1
    and exists (
        select 1
        from public.event there
        where there.aggregate_type = e.aggregate_type
        and there.aggregate_id = e.aggregate_id
    )
    limit 1;

    if found then
        raise exception '% % is in the log already', bad.aggregate_type, bad.aggregate_id
            using errcode = 'unique_violation';
    end if;
end
$$;

-- An event never comes before an earlier one of its aggregate, whatever the places and times say, and times never fall as
-- positions rise.
with latest as (
    select coalesce(max(position), 0) as position, max(recorded_at) as recorded_at
    from public.event
),
in_order as (
    select
        a.*,
        max(a.happened_at) over before_it as not_before,
        max(a.place) over before_it as not_placed_before
    from arriving a
    window before_it as (partition by a.aggregate_type, a.aggregate_id order by a.sequence)
),
numbered as (
    select
        o.*,
        row_number() over (order by o.not_before, o.not_placed_before, o.sequence) as number
    from in_order o
)
insert into public.event (
    aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
    position, event_id, recorded_at
)
select
    n.aggregate_type, n.aggregate_id, n.sequence, n.event_type, n.event_version, n.payload, n.metadata,
    latest.position + n.number,
    public.make_event_id(),
    greatest(
        max(coalesce(n.happened_at, statement_timestamp())) over (order by n.number),
        latest.recorded_at
    )
from numbered n
cross join latest
order by n.number;

do $$
declare
    left_behind bigint;
begin
    select count(*)
    into left_behind
    from moving_in.events e
    where not exists (
        select 1
        from public.event there
        where there.aggregate_type = e.aggregate_type
        and there.aggregate_id = e.aggregate_id
        and there.sequence = e.sequence
        and there.payload::text = e.payload::text
        and there.metadata::text = e.metadata::text
    );

    if left_behind > 0 then
        raise exception '% events did not arrive as they were', left_behind
            using errcode = 'data_exception';
    end if;
end
$$;
