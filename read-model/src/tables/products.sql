create table {table} (
    sku text collate "C" not null,
    currency text collate "C" not null,
    partition smallint not null,
    orders bigint not null,
    -- Where the order placed last was placed, and what the product was called in it.
    last_position bigint not null,
    name text not null,
    ordered_units bigint not null,
    cancelled_units bigint not null,
    shipped_units bigint not null,
    delivered_units bigint not null,
    returned_units bigint not null,
    ordered numeric not null,
    cancelled numeric not null,
    returned numeric not null,
    primary key (sku, currency, partition)
)
-- Updated again and again: new versions of a row find room on its own page.
with (fillfactor = 70)
