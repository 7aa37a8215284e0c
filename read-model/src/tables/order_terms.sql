-- By what an order is found. A table of its own, because an order's terms change seldom and its row with every event,
-- and every new version of a row is another entry for each of its terms.
create table {table} (
    order_id text collate "C" primary key,
    skus text[] collate "C" not null,
    tags text[] collate "C" not null,
    words tsvector not null
);
create index on {table} using gin (skus, tags, words)
