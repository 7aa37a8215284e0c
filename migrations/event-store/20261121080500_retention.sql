-- Forgetting idempotency keys. A key is as old as its command's first event, and time rises with positions, so the
-- oldest keys are those with the lowest positions.

create index idempotency_key_position_idx on idempotency_key (position);

-- Deletes at most `most` keys that are older than `max_age`, the oldest first, and says how many. Keys that another
-- call is deleting are left to it; appends only ever read a key that is there, and wait for nobody.
--
-- A role that may call this can delete no key that a caller may still count on, hence the least age.
create function delete_expired_keys(max_age interval, most integer) returns bigint
language plpgsql
volatile
security definer
set search_path = public, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    expired_before timestamptz := clock_timestamp() - max_age;
    oldest timestamptz;
    deleted bigint;
begin
    if max_age < interval '1 hour' then
        raise exception 'keys live for an hour at least'
            using errcode = 'invalid_parameter_value';
    end if;

    -- Most calls end here, and have locked nothing.
    select e.recorded_at
    into oldest
    from (
        select i.position
        from idempotency_key i
        order by i.position
        limit 1
    ) first
    join event e on e.position = first.position;

    if oldest is null or oldest >= expired_before then
        return 0;
    end if;

    with candidate as materialized (
        select i.id, i.position
        from idempotency_key i
        order by i.position
        limit most
        for update skip locked
    ),
    expired as materialized (
        select c.id
        from candidate c
        cross join lateral (
            select e.recorded_at
            from event e
            where e.position = c.position
            offset 0
        ) first
        where first.recorded_at < expired_before
    )
    delete from idempotency_key k
    using expired x
    where k.id = x.id;

    get diagnostics deleted = row_count;
    return deleted;
end
$$;

revoke execute on function delete_expired_keys from public;
