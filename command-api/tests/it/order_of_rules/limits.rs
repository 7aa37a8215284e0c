//! Limits come last.

use serde_json::{Value, json};

use super::{
    add, cancel, draft, hold, new_line, off_shipping, refused, revise, set_shipping, shipping,
};
use crate::api::order;

fn lines(count: usize) -> Value {
    (0..count).map(|line| new_line(&line.to_string())).collect()
}

#[tokio::test]
async fn of_a_draft() {
    let mut full = draft(order("o-1"));
    full["lines"] = lines(500);
    let percentage =
        |code: usize| json!({"code": format!("C{code}"), "type": "percentage", "value": "1"});
    full["discounts"] = (0..20).map(percentage).collect();
    full["tags"] = (0..50).map(|tag| json!(tag.to_string())).collect();
    let cases = [
        ("add-line", new_line("7"), "id-taken"),
        ("add-line", new_line("500"), "too-many-lines"),
        ("apply-discount", percentage(7), "code-used"),
        (
            "apply-discount",
            json!({"code": "C20", "type": "fixed", "amount": 501}),
            "discount-exceeds-base",
        ),
        ("apply-discount", percentage(20), "too-many-discounts"),
        ("tag", json!({"tag": "7"}), "tag-present"),
        ("tag", json!({"tag": "50"}), "too-many-tags"),
    ];
    refused(full, &[], &cases).await;
}

#[tokio::test]
async fn of_a_revision() {
    let mut full = order("o-1");
    full["lines"] = lines(500);
    full["shipping"] = shipping(100);
    full["discounts"] = json!([off_shipping()]);
    let more = |change: Value, rule| ("revise", revise(&[add("500"), change]), rule);
    let cases = [
        more(add("7"), "id-taken"),
        more(cancel("7", 2), "quantity-exceeds-open"),
        more(set_shipping(50), "discount-exceeds-base"),
        more(set_shipping(150), "too-many-lines"),
    ];
    refused(full, &[], &cases).await;
}

#[tokio::test]
async fn of_holds() {
    let names: Vec<_> = (0..20).map(|n| format!("h-{n}")).collect();
    let holds: Vec<_> = names.iter().map(|name| hold(name)).collect();
    let [(command, taken), (_, more)] = [hold("h-7"), hold("h-20")];
    let cases = [
        (command, taken, "id-taken"),
        (command, more, "too-many-holds"),
    ];
    refused(order("o-1"), &holds, &cases).await;
}
