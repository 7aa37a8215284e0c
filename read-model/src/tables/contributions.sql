create table {table} (
    partition smallint not null,
    order_id text collate "C" not null,
    contribution json {compression} not null,
    primary key (partition, order_id)
)
