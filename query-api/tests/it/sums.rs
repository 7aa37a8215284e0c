//! Customers and products: sums over orders of all partitions.

use read_model::contributions::OfOrder;
use read_model::products::{Contribution, Product, Units, Worth};
use read_model::{View, customers, partition_of, products};
use serde_json::{Value, json};

use crate::stage::{Order, PARTITIONS, Stage, checkpoint, id_in, minute};

fn of_order<C>(order_id: &str, contribution: C) -> OfOrder<C> {
    OfOrder {
        order_id: order_id.to_owned(),
        partition: partition_of(order_id, PARTITIONS),
        contribution,
    }
}

/// An order of c-1 in EUR, placed at this position.
fn of_customer(name: &str, position: i64, ordered: i64) -> customers::Contribution {
    customers::Contribution {
        customer_id: "c-1".to_owned(),
        name: Some(name.to_owned()),
        email: None,
        placed_at: minute(position),
        placed_position: position,
        currency: "EUR".to_owned(),
        ordered,
        due: ordered - 1,
        captured: ordered - 2,
        refunded: ordered - 3,
    }
}

fn product(sku: &str, name: &str, ordered: i64) -> Product {
    Product {
        sku: sku.to_owned(),
        name: name.to_owned(),
        units: Units {
            ordered: 5,
            cancelled: 1,
            shipped: 4,
            delivered: 3,
            returned: 2,
        },
        worth: Worth {
            ordered,
            cancelled: 10,
            returned: 20,
        },
    }
}

impl Stage {
    /// As the projector does: what an order adds, and its partition's checkpoint.
    async fn customer_order(&self, order_id: &str, at: i64, contribution: customers::Contribution) {
        let mut transaction = self.pool.begin().await.unwrap();
        let order = of_order(order_id, contribution);
        checkpoint(&mut transaction, View::Customers, 1, order.partition, at).await;
        customers::write(&mut transaction, 1, &[order])
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn product_order(&self, order_id: &str, at: i64, currency: &str, products: Vec<Product>) {
        let mut transaction = self.pool.begin().await.unwrap();
        let contribution = Contribution {
            placed_position: at,
            currency: currency.to_owned(),
            products,
        };
        let order = of_order(order_id, contribution);
        checkpoint(&mut transaction, View::Products, 1, order.partition, at).await;
        products::write(&mut transaction, 1, &[order])
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    async fn document(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/json");
        answer.json()
    }
}

#[tokio::test]
async fn a_customer_is_the_sum_over_all_partitions_and_currencies() {
    let stage = Stage::new().await;
    let (one, two) = (id_in(3), id_in(7));
    stage
        .customer_order(&one, 4, of_customer("Ada", 4, 1_000))
        .await;
    stage
        .customer_order(&two, 9, of_customer("Ada L.", 9, 500))
        .await;
    let other = customers::Contribution {
        currency: "JPY".to_owned(),
        email: Some("ada@example.org".to_owned()),
        ..of_customer("Ada Lovelace", 11, 70)
    };
    stage.customer_order(&id_in(8), 11, other).await;
    let nobody = customers::Contribution {
        customer_id: "c-2".to_owned(),
        ..of_customer("Bob", 12, 1)
    };
    stage.customer_order(&id_in(9), 12, nobody).await;
    let expected = json!({
        "customer_id": "c-1",
        // Of the order placed last, whatever its currency and partition.
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "orders": 3,
        "first_order_at": minute(4).to_string(),
        "last_order_at": minute(11).to_string(),
        "money": [
            { "currency": "EUR", "ordered": 1_500, "due": 1_498, "captured": 1_496, "refunded": 1_494 },
            { "currency": "JPY", "ordered": 70, "due": 69, "captured": 68, "refunded": 67 },
        ],
    });
    assert_eq!(stage.document("/v1/customers/c-1").await, expected);

    // What happens to an older order changes no name, and counts no order twice.
    let later = customers::Contribution {
        due: 0,
        ..of_customer("Ada", 4, 1_000)
    };
    stage.customer_order(&one, 13, later).await;
    let customer = stage.document("/v1/customers/c-1").await;
    assert_eq!(customer["orders"], 3);
    assert_eq!(customer["name"], "Ada Lovelace");
    assert_eq!(customer["money"][0]["due"], 499);
    assert_eq!(customer["money"][0]["ordered"], 1_500);
}

#[tokio::test]
async fn the_name_may_be_none_in_the_order_placed_last() {
    let stage = Stage::new().await;
    stage
        .customer_order(&id_in(1), 1, of_customer("Ada", 1, 10))
        .await;
    let anonymous = customers::Contribution {
        name: None,
        ..of_customer("", 2, 10)
    };
    stage.customer_order(&id_in(2), 2, anonymous).await;
    assert_eq!(
        stage.document("/v1/customers/c-1").await["name"],
        Value::Null
    );
}

#[tokio::test]
async fn sums_are_exact_beyond_every_integer_of_the_database() {
    let stage = Stage::new().await;
    let most = (1_i64 << 53) - 1;
    let orders: Vec<OfOrder<customers::Contribution>> = (0..2_500)
        .map(|number| OfOrder {
            order_id: format!("o-{number}"),
            partition: 0,
            contribution: of_customer("Ada", number + 1, most),
        })
        .collect();
    let mut transaction = stage.pool.begin().await.unwrap();
    for two in orders.chunks(1_250) {
        customers::write(&mut transaction, 1, two).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let answer = stage.get("/v1/customers/c-1").await;
    let sum = i128::from(most) * 2_500;
    assert!(sum > i128::from(i64::MAX) * 2);
    assert!(
        answer.text.contains(&format!("\"ordered\":{sum},")),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn what_nobody_ordered_is_not_found() {
    let stage = Stage::new().await;
    for path in [
        "/v1/customers/nobody",
        "/v1/customers/a%00b",
        "/v1/customers/%20x",
        "/v1/customers/%FF",
        "/v1/products/nothing",
        "/v1/products/a,b",
        "/v1/products/%FF",
    ] {
        let answer = stage.get(path).await;
        answer.problem(404, "not-found");
    }
    for path in ["/v1/customers/nobody", "/v1/products/nothing"] {
        assert_eq!(stage.get(path).await.position(), 0);
    }
}

#[tokio::test]
async fn a_product_is_the_sum_over_all_partitions_and_currencies() {
    let stage = Stage::new().await;
    let thing = |name, worth| product("SKU/1 é", name, worth);
    stage
        .product_order(
            &id_in(3),
            4,
            "EUR",
            vec![thing("A thing", 100), product("SKU-2", "Other", 1)],
        )
        .await;
    stage
        .product_order(&id_in(5), 6, "JPY", vec![thing("The thing", 7)])
        .await;
    stage
        .product_order(&id_in(4), 5, "EUR", vec![thing("Thing", 50)])
        .await;
    let expected = json!({
        "sku": "SKU/1 é",
        "name": "The thing",
        "units": { "ordered": 15, "cancelled": 3, "shipped": 12, "delivered": 9, "returned": 6 },
        "money": [
            { "currency": "EUR", "ordered": 150, "cancelled": 20, "returned": 40 },
            { "currency": "JPY", "ordered": 7, "cancelled": 10, "returned": 20 },
        ],
    });
    assert_eq!(
        stage.document("/v1/products/SKU%2F1%20%C3%A9").await,
        expected
    );
    let list = stage.document("/v1/products").await;
    assert_eq!(list["items"][1], expected);
    assert_eq!(list["items"][0]["sku"], "SKU-2");
    assert_eq!(list["next_cursor"], Value::Null);
}

#[tokio::test]
async fn products_are_paged_by_sku_and_none_is_skipped_or_repeated() {
    let stage = Stage::new().await;
    let named = |number: usize| format!("S-{number:03}");
    for (at, partition) in (1..).zip(0..6) {
        let products = (0..25).map(|number| product(&named(number), "old", 1));
        stage
            .product_order(
                &id_in(partition),
                at,
                if partition % 2 > 0 { "EUR" } else { "JPY" },
                products.collect(),
            )
            .await;
    }
    let mut seen = Vec::new();
    let mut path = "/v1/products?limit=4".to_owned();
    // Newcomers stand before and behind what was there, so the list is walked until it has shown that.
    for at in 10..60 {
        let page = stage.get(&path).await;
        let items = page.json()["items"].as_array().unwrap().clone();
        assert!(items.len() <= 4);
        for item in items.iter().filter(|item| item["name"] == "old") {
            assert_eq!(item["units"]["ordered"], 30);
            seen.push(item["sku"].as_str().unwrap().to_owned());
        }
        let newer = [format!("A-{at}"), format!("Z-{at}")];
        let newer = newer.map(|sku| product(&sku, "new", 1)).to_vec();
        stage
            .product_order(&format!("n-{at}"), at, "EUR", newer)
            .await;
        let link = page.header("link");
        if seen.len() >= 25 || link.is_empty() {
            break;
        }
        let target = link.strip_prefix('<').unwrap();
        let target = target.strip_suffix(">; rel=\"next\"").unwrap();
        let cursor = page.next_cursor().unwrap();
        assert!(target.ends_with(&format!("cursor={cursor}")), "{target}");
        path = target.to_owned();
    }
    let all: Vec<String> = (0..25).map(named).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_customers_orders_are_the_list_with_that_filter() {
    let stage = Stage::new().await;
    for (id, position, customer) in [
        ("a", 1, "c 1 & more"),
        ("b", 2, "c-2"),
        ("c", 3, "c 1 & more"),
        ("d", 4, "c 1 & more"),
    ] {
        let order = Order {
            customer: customer.to_owned(),
            ..Order::placed(id, position)
        };
        stage.apply(&order).await;
    }
    let path = "/v1/customers/c%201%20%26%20more/orders";
    let page = stage.get(&format!("{path}?sort=placed_at&limit=2")).await;
    assert_eq!(page.ids(), ["a", "c"]);
    let link = page.header("link");
    let target = link.strip_prefix('<').unwrap();
    let target = target.strip_suffix(">; rel=\"next\"").unwrap();
    assert!(target.starts_with(path), "{target}");
    assert_eq!(stage.get(target).await.ids(), ["d"]);
    let of_nobody = stage.get("/v1/customers/nobody/orders").await;
    assert!(of_nobody.ids().is_empty());

    let cursor = page.next_cursor().unwrap();
    let of_another = format!("/v1/customers/c-2/orders?sort=placed_at&cursor={cursor}");
    stage.get(&of_another).await.problem(400, "bad-cursor");
    let twice = format!("{path}?customer_id=c-2");
    stage.get(&twice).await.problem(400, "bad-parameter");
    stage
        .get("/v1/customers/a%00b/orders")
        .await
        .problem(404, "not-found");
}
