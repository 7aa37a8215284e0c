-- By what an order is found. A table of its own, because an order's terms change seldom and its row with every event,
-- and every new version of a row is another entry for each of its terms.
create table {table} (
    order_id text collate "C" primary key,
    skus text[] collate "C" not null,
    tags text[] collate "C" not null,
    words tsvector not null,
    -- The order's `sorted_at`, which changes as seldom: the list that is asked for most is made of this table alone.
    sorted_at timestamptz not null
);
create index on {table} using gin (skus, tags, words);
create index on {table} (sorted_at, order_id)
