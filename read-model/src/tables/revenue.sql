create table {table} (
    day date not null,
    currency text collate "C" not null,
    partition smallint not null,
    orders bigint not null,
    gross numeric not null,
    discount numeric not null,
    shipping numeric not null,
    tax numeric not null,
    cancelled numeric not null,
    returned numeric not null,
    credited numeric not null,
    captured numeric not null,
    refunded numeric not null,
    primary key (day, currency, partition)
)
-- Today's rows are updated all the time: new versions of a row find room on its own page.
with (fillfactor = 20)
