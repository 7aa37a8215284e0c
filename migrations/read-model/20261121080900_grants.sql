-- What a service's role may do to the views. An administrator creates the roles and calls these; calling them again
-- changes nothing.

-- The projectors. They make, fill and drop generations of views, which are theirs, and write the tables that all views
-- have in common, which are not.
create function grant_views_writer(grantee name) returns void
language plpgsql
as $$
declare
    owner regrole := (select relowner from pg_class where oid = 'projection'::regclass);
    generation regclass;
begin
    execute format('grant usage, create on schema public to %I', grantee);
    execute format('grant select, insert, update, delete on all tables in schema public to %I', grantee);
    execute format('revoke insert, update, delete on _sqlx_migrations from %I', grantee);
    -- Tables of later migrations, too.
    execute format(
        'alter default privileges for role %s in schema public grant select, insert, update, delete on tables to %I',
        owner, grantee);
    -- The owner can look at what the projectors make.
    execute format(
        'alter default privileges for role %I in schema public grant select on tables to %s', grantee, owner);

    -- Generations that were made by the owner change hands.
    for generation in
        select oid
        from pg_class
        where relnamespace = 'public'::regnamespace
        and relkind = 'r'
        and relowner = owner
        and relname ~ '_[0-9]+$'
    loop
        execute format('alter table %s owner to %I', generation, grantee);
        execute format('grant select on %s to %s', generation, owner);
    end loop;
end
$$;

-- The query API: it reads what the projectors, whose role is `writer`, make. What it asks of them it writes into
-- tables of their own, each granted by the migration that makes it.
create function grant_views_reader(grantee name, writer name) returns void
language plpgsql
as $$
declare
    owner regrole := (select relowner from pg_class where oid = 'projection'::regclass);
begin
    execute format('grant usage on schema public to %I', grantee);
    execute format('grant select on all tables in schema public to %I', grantee);
    execute format('alter default privileges for role %s in schema public grant select on tables to %I', owner, grantee);
    execute format('alter default privileges for role %I in schema public grant select on tables to %I', writer, grantee);
end
$$;

revoke execute on function grant_views_writer, grant_views_reader from public;
