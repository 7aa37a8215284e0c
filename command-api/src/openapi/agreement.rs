//! The document and the readers say the same of every body: of one that is right, and of each that differs from it in
//! one place.

use std::collections::BTreeSet;

use domain::OrderId;
use domain::order::CommandName;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::document;
use crate::body::Finding;
use crate::commands::about::about;
use crate::commands::{self, Target};

/// What a reader refuses and a schema cannot: by what its finding says.
const BEYOND_A_SCHEMA: [&str; 10] = [
    // 1.0 is an integer to a schema.
    "without fraction and exponent",
    // Which codes there are.
    "ISO 4217",
    "currency with a minor unit",
    "ISO 3166-1",
    // Formats are notes, not rules, to a schema.
    "RFC 3339",
    "must be in the years",
    // What one element says of another.
    "is the same as in element",
    "more than one change is about the shipping",
    // Sums.
    "exceeds the",
    "would exceed",
];

/// A command, and a body that it takes.
struct Case {
    name: CommandName,
    target: Target,
    body: Value,
}

/// The example of every command, and bodies with what those leave out.
fn cases() -> Vec<Case> {
    let existing = || Target::Existing(OrderId::parse("o-1").unwrap());
    let mut cases = Vec::new();
    for name in CommandName::ALL.iter().copied() {
        let targets = match name {
            CommandName::Place => vec![Target::New, existing()],
            CommandName::Draft => vec![Target::New],
            _ => vec![existing()],
        };
        for target in targets {
            let example = about(name, &target).example.body.unwrap_or("{}");
            let body = serde_json::from_str(example).unwrap();
            cases.push(Case { name, target, body });
        }
    }
    let more = [
        (CommandName::Place, Target::New, whole_order()),
        (
            CommandName::Draft,
            Target::New,
            with(whole_order(), "draft", json!(true)),
        ),
        (
            CommandName::AddLine,
            existing(),
            whole_order()["lines"][0].clone(),
        ),
        (
            CommandName::ApplyDiscount,
            existing(),
            whole_order()["discounts"][0].clone(),
        ),
        (
            CommandName::ChangeShippingAddress,
            existing(),
            json!({ "address": whole_address() }),
        ),
        (
            CommandName::Refund,
            existing(),
            json!({ "refund_id": "f-1", "amount": 1, "reason": "r", "payment_id": "p-1", "return_id": "r-1" }),
        ),
        (
            CommandName::AddNote,
            existing(),
            json!({ "text": "t", "visibility": "internal" }),
        ),
    ];
    cases.extend(more.map(|(name, target, body)| Case { name, target, body }));
    cases
}

fn whole_address() -> Value {
    json!({
        "name": "Ada", "line1": "1 Way", "line2": "2nd floor", "city": "Berlin", "region": "BE",
        "postal_code": "10115", "country": "DE",
    })
}

fn whole_order() -> Value {
    json!({
        "order_id": "o-1", "draft": false, "currency": "EUR", "rounding": "half_even",
        "tax": { "mode": "exclusive", "level": "line" },
        "customer": { "customer_id": "c-42", "name": "Ada", "email": "ada@example.org" },
        "lines": [{
            "line_id": "1", "sku": "SKU-1", "name": "Pen", "quantity": 2, "unit_price": 1999, "tax_rate": "0.19",
            "discounts": [
                { "code": "LOYAL", "type": "percentage", "value": "10" },
                { "code": "TEN", "type": "fixed", "amount": 10 },
            ],
        }],
        "discounts": [
            { "code": "WELCOME", "type": "fixed", "amount": 1000, "applies_to": "order" },
            { "code": "SHIP", "type": "percentage", "value": "50", "applies_to": "shipping" },
        ],
        "shipping": { "method": "standard", "amount": 599, "tax_rate": "0.19" },
        "shipping_address": whole_address(), "billing_address": whole_address(), "tags": ["web"], "note": "n",
        "expected_total": 1,
    })
}

fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

/// What stands in the place of each value, one after the other.
fn others() -> Vec<Value> {
    let numbers = [
        -1_i64,
        0,
        1,
        2,
        1_000_000,
        1_000_001,
        (1 << 53) - 1,
        1 << 53,
    ]
    .map(Value::from);
    let texts = [
        "",
        "x",
        " x",
        "x ",
        "a,b",
        "a\u{7f}b",
        "a\u{85}b",
        "\u{a0}x",
        "x\0",
        "tab\there",
        "ünï",
        "a/b",
        "by-number",
        "a@b",
        "@b",
        "a@",
        "a@@",
        "a@@b",
        "a b@c",
        "EUR",
        "eur",
        "XXX",
        "DE",
        "de",
        "0",
        "00",
        "0.19",
        "0.0000001",
        "0.000001",
        "10",
        "10.0",
        "10.000001",
        "11",
        "100",
        "100.0",
        "100.00001",
        "100.1",
        "12.5",
        "1.",
        ".5",
        "-1",
        "0.0001",
        "0.00001",
        "+1",
        "1e1",
        "percentage",
        "fixed",
        "order",
        "add_line",
        "succeeded",
        "internal",
        "sellable",
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00",
    ];
    // Around every limit of length.
    let lengths = [50, 51, 255, 256, 320, 321, 4_000, 4_001];
    let mut others = vec![
        json!(null),
        json!(true),
        json!(1.5),
        json!(1.0),
        json!([]),
        json!({}),
        json!([null]),
    ];
    others.extend(numbers);
    others.extend(texts.map(Value::from));
    others.extend(lengths.map(|length| "é".repeat(length).into()));
    others.extend(lengths.map(|length| "x".repeat(length).into()));
    others.push(format!("{}@b", "x".repeat(318)).into());
    others.push(format!("{}@b", "x".repeat(319)).into());
    others
}

/// The pointers of all values within `value`.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The body, and all that differ from it in one place.
fn variations(body: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    places(body, "", &mut found);
    let mut all = vec![body.clone()];
    let mut varied = |place: &str, change: &dyn Fn(&mut Value)| {
        let mut other = body.clone();
        change(other.pointer_mut(place).unwrap());
        all.push(other);
    };
    for place in &found {
        for value in others() {
            varied(place, &|there| *there = value.clone());
        }
        match body.pointer(place).unwrap() {
            Value::Object(members) => {
                varied(place, &|there| there["unknown"] = json!(1));
                varied(place, &|there| there["unknown"] = Value::Null);
                for name in members.keys() {
                    varied(place, &|there| {
                        there.as_object_mut().unwrap().shift_remove(name);
                    });
                }
            }
            Value::Array(elements) if !elements.is_empty() => {
                for size in [2, 20, 21, 50, 51, 500, 501] {
                    varied(place, &|there| {
                        *there = (0..size).map(|n| numbered(&elements[0], n)).collect();
                    });
                }
            }
            _ => {}
        }
    }
    all
}

/// An element like another one with a name of its own.
fn numbered(element: &Value, number: usize) -> Value {
    let mut element = element.clone();
    match &mut element {
        Value::String(text) => *text = number.to_string(),
        Value::Object(members) => {
            let names = ["line_id", "code"];
            for name in names
                .iter()
                .filter(|name| members.contains_key(**name))
                .collect::<Vec<_>>()
            {
                members[*name] = number.to_string().into();
            }
            if let Some(Value::Object(line)) = members.get_mut("line") {
                line["line_id"] = number.to_string().into();
            }
        }
        _ => {}
    }
    element
}

/// The schema of the body of this path.
fn validator(document: &Value, path: &str) -> Validator {
    let body =
        &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let schema = json!({ "allOf": [body], "components": document["components"] });
    jsonschema::draft202012::new(&schema).unwrap()
}

/// What the service reads of a body that comes to its path.
fn read(case: &Case, body: &Value) -> Result<(), Vec<Finding>> {
    let mut body = body.clone();
    let name = match case.target {
        Target::New if commands::take_draft(&mut body) => CommandName::Draft,
        Target::New => CommandName::Place,
        Target::Existing(_) => case.name,
    };
    commands::read(name, &case.target, &body).map(drop)
}

#[test]
fn the_document_takes_what_the_service_reads() {
    let document = document();
    let mut compared = 0;
    for case in cases() {
        let path = match &case.target {
            Target::New => "/v1/orders".to_owned(),
            Target::Existing(_) => format!("/v1/orders/{{order_id}}/{}", case.name),
        };
        let validator = validator(&document, &path);
        assert_eq!(read(&case, &case.body), Ok(()), "{path}");
        for body in variations(&case.body) {
            let described = validator.is_valid(&body);
            compared += 1;
            match read(&case, &body) {
                Ok(()) => assert!(
                    described,
                    "{path} takes {body}: {:?}",
                    validator.validate(&body)
                ),
                Err(findings) if described => {
                    let known = |finding: &Finding| {
                        BEYOND_A_SCHEMA
                            .iter()
                            .any(|rule| finding.detail.contains(rule))
                    };
                    assert!(
                        findings.iter().all(known),
                        "{path} refuses {body}: {findings:?}"
                    );
                }
                Err(_) => {}
            }
        }
    }
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn every_member_of_every_body_is_in_some_case() {
    let document = document();
    let mut seen = BTreeSet::new();
    for case in cases() {
        let mut found = Vec::new();
        places(&case.body, "", &mut found);
        seen.extend(
            found
                .iter()
                .filter_map(|place| Some(place.rsplit_once('/')?.1.to_owned())),
        );
    }
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path.starts_with("/v1/orders") {
            members(&document, &methods["post"]["requestBody"], &mut described);
        }
    }
    let missing: Vec<_> = described.difference(&seen).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

/// The names of all members that a schema describes, itself or by reference.
fn members(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                found.extend(properties.keys().cloned());
            }
            if let Some(Value::String(reference)) = object.get("$ref") {
                members(document, document.pointer(&reference[1..]).unwrap(), found);
            }
            // An example is no schema.
            object
                .iter()
                .filter(|(name, _)| *name != "examples")
                .for_each(|(_, value)| members(document, value, found));
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|value| members(document, value, found)),
        _ => {}
    }
}
