-- The terms of the orders of `orders.sql`.
insert into order_terms_1 (order_id, skus, tags, words, sorted_at)
select
    order_id,
    array['SKU-' || position % 5003, 'SKU-' || position * 31 % 50021]
        || case when position % 3 = 0 then array['SKU-COMMON'] else '{}' end,
    case when position % 2 = 0 then array['web'] else '{}'::text[] end
        || case when position % 307 = 0 then array['vip'] else '{}' end,
    array_to_tsvector(
        array[
            'ada', 'lovelace' || position * 7919 % 9973, 'example', 'org', 'teapot', 'sku', 'common',
            (position % 5003)::text, 'colour' || position % 17
        ] || case when position <= 3000 then array['early'] else '{}' end
          || coalesce(string_to_array(order_number, '-'), '{}')
    ),
    sorted_at
from orders_1
