create table {table} (
    customer_id text collate "C" not null,
    currency text collate "C" not null,
    partition smallint not null,
    orders bigint not null,
    first_order_at timestamptz not null,
    last_order_at timestamptz not null,
    -- Where the order placed last was placed, and what the customer was called then.
    last_position bigint not null,
    name text,
    email text,
    ordered numeric not null,
    due numeric not null,
    captured numeric not null,
    refunded numeric not null,
    primary key (customer_id, currency, partition)
)
-- Updated again and again: new versions of a row find room on its own page.
with (fillfactor = 70)
