//! The ledger.

use read_model::contributions::OfOrder;
use read_model::order::Movements;
use read_model::revenue::{self, Contribution, Day};
use read_model::{View, partition_of};
use serde_json::{Value, json};

use crate::stage::{PARTITIONS, Stage, checkpoint};

impl Stage {
    /// As the projector does: what an order moved on some days, and its partition's checkpoint.
    async fn moved(&self, order_id: &str, at: i64, currency: &str, days: &[(&str, Movements)]) {
        let mut transaction = self.pool.begin().await.unwrap();
        let days = days.iter().map(|(day, movements)| Day {
            day: day.parse().unwrap(),
            movements: *movements,
        });
        let partition = partition_of(order_id, PARTITIONS);
        let order = OfOrder {
            order_id: order_id.to_owned(),
            partition,
            contribution: Contribution {
                currency: currency.to_owned(),
                days: days.collect(),
            },
        };
        checkpoint(&mut transaction, View::Revenue, 1, partition, at).await;
        revenue::write(&mut transaction, 1, &[order]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn revenue(&self, query: &str) -> Value {
        let answer = self.get(&format!("/v1/reports/revenue?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        answer.json()
    }
}

fn placed(gross: i64) -> Movements {
    Movements {
        orders: 1,
        gross,
        discount: 3,
        shipping: 4,
        tax: 5,
        ..Movements::default()
    }
}

fn taken_back() -> Movements {
    Movements {
        cancelled: 10,
        returned: 20,
        credited: -5,
        captured: 40,
        refunded: 50,
        ..Movements::default()
    }
}

/// From, to, currency and gross of each item.
fn short(report: &Value) -> Vec<String> {
    let items = report["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            format!(
                "{} {} {} {}",
                text("from"),
                text("to"),
                text("currency"),
                item["gross"]
            )
        })
        .collect()
}

#[tokio::test]
async fn each_day_has_its_movements_and_all_sum_up() {
    let stage = Stage::new().await;
    stage
        .moved(
            "o-1",
            1,
            "EUR",
            &[("2026-11-20", placed(1_000)), ("2026-11-22", taken_back())],
        )
        .await;
    stage
        .moved("o-2", 2, "EUR", &[("2026-11-20", placed(500))])
        .await;
    stage
        .moved("o-3", 3, "EUR", &[("2026-11-22", placed(70))])
        .await;
    let report = stage.revenue("from=2026-11-20&to=2026-11-23").await;
    let expected = json!({
        "items": [
            {
                "from": "2026-11-20", "to": "2026-11-21", "currency": "EUR",
                "orders": 2, "gross": 1_500, "discount": 6, "shipping": 8, "tax": 10,
                "cancelled": 0, "returned": 0, "credited": 0, "net": 1_500, "captured": 0, "refunded": 0,
            },
            {
                "from": "2026-11-22", "to": "2026-11-23", "currency": "EUR",
                "orders": 1, "gross": 70, "discount": 3, "shipping": 4, "tax": 5,
                "cancelled": 10, "returned": 20, "credited": -5, "net": 45, "captured": 40, "refunded": 50,
            },
        ],
        "totals": [
            {
                "currency": "EUR",
                "orders": 3, "gross": 1_570, "discount": 9, "shipping": 12, "tax": 15,
                "cancelled": 10, "returned": 20, "credited": -5, "net": 1_545, "captured": 40, "refunded": 50,
            },
        ],
    });
    assert_eq!(report, expected);
}

#[tokio::test]
async fn intervals_are_cut_where_the_report_begins_and_ends() {
    let stage = Stage::new().await;
    // Monday the 2nd and Sunday the 8th of a November that begins on a Sunday; the last day of a leap February.
    let days = [
        "2026-10-31",
        "2026-11-01",
        "2026-11-02",
        "2026-11-08",
        "2026-11-09",
        "2026-12-01",
        "2028-02-29",
    ];
    for (day, at) in days.iter().zip(1..) {
        stage
            .moved(&format!("o-{at}"), at, "EUR", &[(day, placed(at))])
            .await;
    }
    for (query, expected) in [
        (
            "from=2026-11-01&to=2026-11-09&interval=day",
            &[
                "2026-11-01 2026-11-02 EUR 2",
                "2026-11-02 2026-11-03 EUR 3",
                "2026-11-08 2026-11-09 EUR 4",
            ][..],
        ),
        (
            "from=2026-10-31&to=2026-11-10&interval=week",
            &[
                "2026-10-31 2026-11-02 EUR 3",
                "2026-11-02 2026-11-09 EUR 7",
                "2026-11-09 2026-11-10 EUR 5",
            ],
        ),
        (
            "from=2026-10-15&to=2026-12-15&interval=month",
            &[
                "2026-10-15 2026-11-01 EUR 1",
                "2026-11-01 2026-12-01 EUR 14",
                "2026-12-01 2026-12-15 EUR 6",
            ],
        ),
        (
            "from=2028-02-29&to=2028-03-01&interval=month",
            &["2028-02-29 2028-03-01 EUR 7"],
        ),
        ("from=2028-02-01&to=2028-02-29", &[]),
        (
            "from=0001-01-01&to=9999-12-31&interval=month",
            &[
                "2026-10-01 2026-11-01 EUR 1",
                "2026-11-01 2026-12-01 EUR 14",
                "2026-12-01 2027-01-01 EUR 6",
                "2028-02-01 2028-03-01 EUR 7",
            ],
        ),
    ] {
        assert_eq!(short(&stage.revenue(query).await), expected, "{query}");
    }
    let nothing = stage.revenue("from=2020-01-01&to=2020-02-01").await;
    assert_eq!(nothing, json!({ "items": [], "totals": [] }));
}

#[tokio::test]
async fn a_report_has_a_row_a_currency_and_can_be_of_some() {
    let stage = Stage::new().await;
    stage
        .moved("o-1", 1, "JPY", &[("2026-11-20", placed(1))])
        .await;
    stage
        .moved(
            "o-2",
            2,
            "EUR",
            &[("2026-11-20", placed(2)), ("2026-11-21", placed(4))],
        )
        .await;
    stage
        .moved("o-3", 3, "CLF", &[("2026-11-21", placed(8))])
        .await;
    let days = "from=2026-11-20&to=2026-11-22";
    let all = stage.revenue(days).await;
    assert_eq!(
        short(&all),
        [
            "2026-11-20 2026-11-21 EUR 2",
            "2026-11-20 2026-11-21 JPY 1",
            "2026-11-21 2026-11-22 CLF 8",
            "2026-11-21 2026-11-22 EUR 4",
        ]
    );
    let totals: Vec<&str> = all["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|total| total["currency"].as_str().unwrap())
        .collect();
    assert_eq!(totals, ["CLF", "EUR", "JPY"]);
    let some = stage.revenue(&format!("{days}&currency=JPY,CLF")).await;
    assert_eq!(
        short(&some),
        ["2026-11-20 2026-11-21 JPY 1", "2026-11-21 2026-11-22 CLF 8"]
    );
    let none = stage.revenue(&format!("{days}&currency=USD")).await;
    assert_eq!(none, json!({ "items": [], "totals": [] }));
}

#[tokio::test]
async fn a_day_is_one_in_utc_whatever_the_sessions_zone_and_what_took_itself_back_is_left_out() {
    let stage = Stage::new().await;
    let database: String = sqlx::query_scalar("select current_database()")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    sqlx::query(&format!(
        "alter database {database} set timezone = 'Pacific/Auckland'"
    ))
    .execute(&stage.pool)
    .await
    .unwrap();
    stage
        .moved(
            "o-1",
            1,
            "EUR",
            &[
                ("2026-11-01", placed(5)),
                ("2026-11-02", Movements::default()),
            ],
        )
        .await;
    let up = Movements {
        gross: 7,
        ..Movements::default()
    };
    let down = Movements {
        gross: -7,
        ..Movements::default()
    };
    stage.moved("o-2", 2, "EUR", &[("2026-11-03", up)]).await;
    stage.moved("o-3", 3, "EUR", &[("2026-11-03", down)]).await;
    let report = stage
        .revenue("from=2026-11-01&to=2026-11-04&interval=day")
        .await;
    assert_eq!(short(&report), ["2026-11-01 2026-11-02 EUR 5"]);
    let month = stage
        .revenue("from=2026-11-01&to=2026-11-04&interval=month")
        .await;
    assert_eq!(short(&month), ["2026-11-01 2026-11-04 EUR 5"]);
}

#[tokio::test]
async fn what_an_order_moved_before_is_replaced_not_added() {
    let stage = Stage::new().await;
    let first = ("2026-11-20", placed(100));
    for at in 1..4 {
        stage.moved("o-1", at, "EUR", &[first]).await;
    }
    stage
        .moved("o-1", 4, "EUR", &[first, ("2026-11-21", taken_back())])
        .await;
    let report = stage
        .revenue("from=2026-11-01&to=2026-12-01&interval=month")
        .await;
    assert_eq!(report["totals"][0]["orders"], 1);
    assert_eq!(report["totals"][0]["net"], 75);
}

#[tokio::test]
async fn every_wrong_parameter_of_a_report_is_named() {
    let stage = Stage::new().await;
    for (query, name) in [
        ("", "from"),
        ("from=2026-11-20", "to"),
        ("to=2026-11-20", "from"),
        ("from=&to=2026-11-20", "from"),
        ("from=2026-11-20&to=2026-11-20", "to"),
        ("from=2026-11-21&to=2026-11-20", "to"),
        ("from=2026-11-20T00:00:00Z&to=2026-11-21", "from"),
        ("from=2026-11-20&to=2026-11-21T00:00:00Z", "to"),
        ("from=2026-02-29&to=2026-11-21", "from"),
        ("from=2026-11-20&to=2026-11-31", "to"),
        ("from=2026-11-20&to=2026-11-21&currency=", "currency"),
        ("from=2026-11-20&to=2026-11-21&currency=eur", "currency"),
        ("from=2026-11-20&to=2026-11-21&currency=EUR,XAU", "currency"),
        ("from=2026-11-20&to=2026-11-21&interval=year", "interval"),
        (
            "from=2026-11-20&to=2026-11-21&interval=day,week",
            "interval",
        ),
        ("from=2026-11-20&to=2026-11-21&interval=", "interval"),
        ("from=2026-11-20&from=2026-11-20&to=2026-11-21", "from"),
        ("from=2026-11-20&to=2026-11-21&limit=5", "limit"),
        ("from=2026-11-20&to=2026-11-21&cursor=x", "cursor"),
    ] {
        let path = format!("/v1/reports/revenue?{query}");
        let body = stage.get(&path).await.problem(400, "bad-parameter");
        let detail = body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with(&format!("`{name}` ")),
            "{query}: {detail}"
        );
    }
}
