-- Replay: generations of a view side by side, orders that a view could not take in, and what operators ask of the projectors.

-- Every generation of a view that has tables: the live one, the one that was live before it, and one that is being built.
create table generation (
    projection text collate "C" not null references projection,
    generation integer not null check (generation > 0),
    -- Programs that know another version neither write it nor read it.
    shape_version integer not null check (shape_version > 0),
    -- Whether the owners of the partitions keep it up to date. One that is being built is its builder's alone.
    followed boolean not null,
    -- Whether all its indexes are there. One that is being built gets most of them when it is filled.
    indexed boolean not null,
    -- Why nobody goes on with it: too many of its orders failed within a minute. Null: nothing is wrong.
    fault text,
    made_at timestamptz not null default now(),
    -- Since when another one is live in its place.
    retired_at timestamptz,
    primary key (projection, generation)
);

insert into generation (projection, generation, shape_version, followed, indexed)
select name, live_generation, shape_version, true, true
from projection;

-- The shape is the generation's.
alter table projection drop column shape_version;

-- The orders that a generation could not take in. The rows of such an order are as they were before the event that failed, and its later
-- events are held back, until it is folded anew.
create table parked (
    projection text collate "C" not null,
    generation integer not null,
    partition smallint not null check (partition between 0 and 255),
    order_id text collate "C" not null,
    -- The first event that could not be taken in.
    position bigint not null check (position > 0),
    event_id uuid not null,
    error text not null,
    since timestamptz not null default now(),
    -- The program did not know the event's type or version. Another program may: it is tried at every start.
    unknown boolean not null,
    -- Somebody asked that it be tried again.
    retry boolean not null default false,
    primary key (projection, generation, order_id),
    foreign key (projection, generation) references generation on delete cascade
);

create index on parked (partition, projection, generation);

-- What was asked of the projectors, and how far they are with it. The query API adds rows; only projectors change them.
create table operation (
    operation_id uuid primary key,
    projection text collate "C" not null references projection,
    kind text collate "C" not null check (kind in ('rebuild', 'verify', 'revert', 'retry')),
    -- Of a verification: whether rows that differ are replaced.
    fix boolean not null default false,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    phase text collate "C" not null check (
        phase in ('requested', 'building', 'catching_up', 'switching', 'verifying', 'done', 'failed')
    ),
    -- Of a rebuild: what is being built. Of a verification: what is looked at.
    generation integer,
    -- Events.
    done bigint not null default 0 check (done >= 0),
    total bigint not null default 0 check (total >= 0),
    events_per_second double precision,
    started_at timestamptz,
    finished_at timestamptz,
    error text,
    check ((finished_at is not null) = (phase in ('done', 'failed'))),
    check (error is null or phase = 'failed')
);

-- Whoever asks for what is under way is told of that.
create unique index operation_under_way on operation (projection, kind) where finished_at is null;
create index on operation (projection, kind, requested_at);

-- The rows that a verification found to differ: the first thousand of them.
create table difference (
    operation_id uuid not null references operation on delete cascade,
    number integer not null check (number > 0),
    -- The view's table, without the generation, and the row's key.
    relation text not null,
    key json not null,
    -- What the view has and what the log says; null: no such row.
    live json,
    expected json,
    fixed boolean not null,
    primary key (operation_id, number)
);

-- As before, and temporary tables besides.
create or replace function grant_views_writer(grantee name) returns void
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

    -- What a view should hold is made in temporary tables, to be compared.
    execute format('grant temporary on database %I to %I', current_database(), grantee);

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

-- As before, and what is asked of the projectors besides.
create or replace function grant_views_reader(grantee name, writer name) returns void
language plpgsql
as $$
declare
    owner regrole := (select relowner from pg_class where oid = 'projection'::regclass);
begin
    execute format('grant usage on schema public to %I', grantee);
    execute format('grant select on all tables in schema public to %I', grantee);
    execute format('alter default privileges for role %s in schema public grant select on tables to %I', owner, grantee);
    execute format('alter default privileges for role %I in schema public grant select on tables to %I', writer, grantee);
    execute format('grant insert on operation to %I', grantee);
end
$$;
