-- What a service's role may do. An administrator creates the role and calls one of these as the log's owner or above.
-- No role gets update, delete or truncate on events, nor may any choose a position, a time or a slot.

-- A service that reads the log: a projector, a report.
create function grant_log_reader(grantee name) returns void
language plpgsql
as $$
begin
    execute format('grant usage on schema public to %I', grantee);
    execute format('grant select on event, log, _sqlx_migrations to %I', grantee);
end
$$;

-- The service that takes commands and runs the relay, or a program that writes through `postgres-es`.
create function grant_log_writer(grantee name) returns void
language plpgsql
as $$
begin
    perform grant_log_reader(grantee);
    execute format(
        'grant insert (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, event_id)'
        ' on event to %I', grantee);
    execute format('grant execute on function append_events, delete_expired_keys to %I', grantee);
    execute format('grant select on idempotency_key to %I', grantee);
    execute format('grant select, insert, update on snapshot to %I', grantee);
    execute format('grant select, insert, update on relay to %I', grantee);
    execute format('grant execute on function raise_incarnation to %I', grantee);
    execute format('grant select, insert, update, delete on lease to %I', grantee);

    -- A transaction that has inserted holds the log's lock; nobody may sit on it.
    begin
        execute format('alter role %I set idle_in_transaction_session_timeout = ''5s''', grantee);
    exception when insufficient_privilege then
        raise warning 'set idle_in_transaction_session_timeout = ''5s'' for role %, it inserts under the log''s lock', grantee;
    end;
end
$$;

revoke execute on function grant_log_reader, grant_log_writer from public;
