//! The views that are made of several orders, but for the revenue, compared with what the documents of the view `orders` sum to, which were
//! compared with the log before.

use anyhow::Result;
use sqlx::postgres::PgPool;

/// The partition of an order; the tests' platforms have 16.
const PARTITION: &str = "get_byte(decode(md5(order_id), 'hex'), 0) * 16 / 256";

/// A view, the columns that are compared, and the same made from the table `orders`.
struct Comparison {
    view: &'static str,
    table: &'static str,
    shown: &'static str,
    made: String,
}

fn comparisons(orders: &str) -> Vec<Comparison> {
    let amount = |name: &str| format!("sum((document->'amounts'->>'{name}')::numeric)");
    let quantity = |name: &str| format!("sum((line->>'{name}')::bigint)::bigint");
    let placed = format!("from {orders} where order_number is not null");
    vec![
        Comparison {
            view: "customers",
            table: "customers",
            shown: "select customer_id, currency, partition::integer, orders, ordered, due, captured, refunded from {table}",
            made: format!(
                "select document->'customer'->>'customer_id', document->>'currency', {PARTITION}, count(*), {}, {}, {}, {}
                {placed}
                group by 1, 2, 3",
                amount("total"), amount("due"), amount("captured"), amount("refunded"),
            ),
        },
        Comparison {
            view: "products",
            table: "products",
            shown: "select sku, currency, partition::integer, orders, ordered_units, cancelled_units, shipped_units,
                delivered_units, returned_units
                from {table}",
            made: format!(
                "select line->>'sku', document->>'currency', {PARTITION}, count(distinct order_id), {}, {}, {}, {}, {}
                from (select order_id, document, json_array_elements(document->'lines') as line {placed}) lines
                group by 1, 2, 3",
                quantity("quantity"), quantity("cancelled_quantity"), quantity("shipped_quantity"),
                quantity("delivered_quantity"), quantity("returned_quantity"),
            ),
        },
        Comparison {
            view: "fulfillment-queue",
            table: "fulfillment_queue",
            shown: "select order_id from {table}",
            made: format!(
                "select order_id
                from {orders}
                where status = 'confirmed'
                and not (document->>'on_hold')::boolean
                and exists (
                    select
                    from json_array_elements(document->'lines') as line
                    where (line->>'quantity')::bigint
                        > (line->>'cancelled_quantity')::bigint + (line->>'shipped_quantity')::bigint
                )"
            ),
        },
        Comparison {
            view: "returns",
            table: "returns",
            shown: "select order_id, return_id, status from {table}",
            made: format!(
                "select order_id, part->>'return_id', part->>'status'
                from (select order_id, json_array_elements(document->'returns') as part from {orders}) parts"
            ),
        },
    ]
}

/// The first row that one of the views has and should not have, or the other way round.
pub(super) async fn difference(views: &PgPool) -> Result<Option<String>> {
    let orders = format!("orders_{}", super::fold::live(views, "orders").await?);
    for comparison in comparisons(&orders) {
        let generation = super::fold::live(views, comparison.view).await?;
        let table = format!("{}_{generation}", comparison.table);
        let shown = comparison.shown.replace("{table}", &table);
        let made = &comparison.made;
        let first: Option<String> = sqlx::query_scalar(&format!(
            "select row_to_json(different)::text
            from (
                select 'only in the view' as where, *
                from (({shown}) except all ({made})) surplus
                union all
                select 'missing', *
                from (({made}) except all ({shown})) missing
            ) different
            limit 1"
        ))
        .fetch_optional(views)
        .await?;
        if let Some(row) = first {
            return Ok(Some(format!("{}: {row}", comparison.view)));
        }
    }
    Ok(None)
}
