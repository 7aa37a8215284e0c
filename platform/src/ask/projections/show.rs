//! How projections and operations look to a person.

use indicatif::{HumanCount, HumanFloatCount};
use serde_json::Value;

use super::asked::Asked;
use crate::ask::table::{self, Column, plain, time};

const COLUMNS: &[Column] = &[
    Column::Left("VIEW"),
    Column::Left("STATUS"),
    Column::Right("GENERATION"),
    Column::Right("SHAPE"),
    Column::Right("POSITION"),
    Column::Right("BEHIND"),
    Column::Right("PARKED"),
    Column::Left("REBUILD"),
];

/// A table of projections.
pub(super) fn list(projections: &[Value]) -> Vec<String> {
    let rows: Vec<Vec<String>> = projections
        .iter()
        .map(|projection| {
            vec![
                plain(&projection["name"]),
                plain(&projection["status"]),
                plain(&projection["generation"]),
                plain(&projection["shape_version"]),
                plain(&projection["position"]),
                plain(&projection["lag_events"]),
                parked(projection).len().to_string(),
                match &projection["rebuild"] {
                    Value::Null => "-".to_owned(),
                    rebuild => how_far(rebuild),
                },
            ]
        })
        .collect();
    table::lines(COLUMNS, &rows)
}

fn parked(projection: &Value) -> &[Value] {
    let parked = projection["parked_orders"].as_array();
    parked.map_or(&[], Vec::as_slice)
}

/// A projection, and the orders that it could not take in.
pub(super) fn one(projection: &Value) -> Vec<String> {
    let behind = format!(
        "{} events, {}",
        count(&projection["lag_events"]),
        duration(projection["lag_seconds"].as_f64().unwrap_or(0.0))
    );
    let parked = parked(projection);
    let mut members = vec![
        ("view", plain(&projection["name"])),
        ("status", plain(&projection["status"])),
    ];
    if let Some(fault) = projection.get("fault") {
        members.push(("fault", plain(fault)));
    }
    members.extend([
        ("generation", plain(&projection["generation"])),
        ("shape", plain(&projection["shape_version"])),
        ("position", plain(&projection["position"])),
        ("head", plain(&projection["head"])),
        ("behind", behind),
        ("parked", parked.len().to_string()),
    ]);
    if !projection["rebuild"].is_null() {
        members.push(("rebuild", how_far(&projection["rebuild"])));
    }
    let mut lines: Vec<String> = members
        .into_iter()
        .map(|(name, value)| format!("{name:<12}{value}"))
        .collect();
    if !parked.is_empty() {
        let columns = [
            Column::Left("ORDER"),
            Column::Right("POSITION"),
            Column::Left("SINCE"),
            Column::Left("ERROR"),
        ];
        let rows: Vec<Vec<String>> = parked
            .iter()
            .map(|order| {
                vec![
                    plain(&order["order_id"]),
                    plain(&order["position"]),
                    time(&order["since"]),
                    plain(&order["error"]),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.extend(table::lines(&columns, &rows));
    }
    lines
}

/// An operation in one line: `orders: building, 250 of 1,000 events (25 %), 300/s, 3 s left`.
pub(super) fn progress(asked: &Asked) -> String {
    format!("{}: {}", asked.view, how_far(&asked.progress))
}

fn how_far(progress: &Value) -> String {
    let mut text = format!(
        "{}, {} of {} events",
        plain(&progress["phase"]),
        count(&progress["done"]),
        count(&progress["total"])
    );
    if let Some(percent) = percent(progress) {
        text += " (";
        text += &percent.to_string();
        text += " %)";
    }
    for part in rate_and_time(progress) {
        text += ", ";
        text += &part;
    }
    text
}

/// What stands beside a bar: `building, 300/s, 3 s left`.
pub(super) fn pace(asked: &Asked) -> String {
    let mut parts = vec![plain(&asked.progress["phase"])];
    parts.extend(rate_and_time(&asked.progress));
    parts.join(", ")
}

/// Of what has ended, neither is of interest.
fn rate_and_time(progress: &Value) -> Vec<String> {
    if matches!(progress["phase"].as_str(), Some("done" | "failed")) {
        return Vec::new();
    }
    let rate = progress["events_per_second"].as_f64();
    let left = progress["eta_seconds"].as_f64();
    let rate = rate.map(|rate| format!("{}/s", HumanFloatCount(rate.round())));
    let left = left.map(|left| format!("{} left", duration(left)));
    rate.into_iter().chain(left).collect()
}

fn percent(progress: &Value) -> Option<u64> {
    let done = progress["done"].as_u64()?;
    let total = progress["total"].as_u64()?;
    // All but all is not all.
    done.min(total).saturating_mul(100).checked_div(total)
}

fn count(value: &Value) -> String {
    match value.as_u64() {
        Some(number) => HumanCount(number).to_string(),
        None => plain(value),
    }
}

/// Seconds as people say them.
fn duration(seconds: f64) -> String {
    if seconds < 10.0 && seconds.fract() > 0.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of a float stops at the type's bounds"
    )]
    let seconds = seconds.round() as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// What became of an operation.
pub(super) fn ended(asked: &Asked) -> Vec<String> {
    let view = asked.view;
    let noun = asked.kind.noun();
    if asked.phase() == "failed" {
        let error = plain(&asked.progress["error"]);
        return vec![format!("{view}: the {noun} failed: {error}")];
    }
    let events = count(&asked.progress["done"]);
    let mut lines = vec![format!("{view}: the {noun} is done, {events} events")];
    if asked.progress.get("differences").is_some() {
        lines.extend(differences(asked));
    }
    lines
}

fn differences(asked: &Asked) -> Vec<String> {
    let found = asked.differences();
    if found.is_empty() {
        return vec![format!("{}: no differences", asked.view)];
    }
    let columns = [
        Column::Left("TABLE"),
        Column::Left("FIXED"),
        Column::Left("ROW"),
        Column::Left("DIFFERENCE"),
    ];
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|difference| {
            vec![
                plain(&difference["table"]),
                if difference["fixed"] == true {
                    "yes"
                } else {
                    "no"
                }
                .to_owned(),
                members(&difference["key"]),
                contrast(&difference["live"], &difference["expected"]),
            ]
        })
        .collect();
    let mut lines = vec![format!("{}: {} differences", asked.view, found.len())];
    lines.extend(table::lines(&columns, &rows));
    lines
}

/// The values of an object's members.
fn members(key: &Value) -> String {
    match key.as_object() {
        Some(members) => members.values().map(plain).collect::<Vec<_>>().join(" "),
        None => plain(key),
    }
}

/// What is in a view, and what should be.
fn contrast(live: &Value, expected: &Value) -> String {
    let printable = |value: &Value| plain(&Value::String(value.to_string()));
    match (live, expected) {
        (Value::Null, _) => "is missing".to_owned(),
        (_, Value::Null) => "is not in the log".to_owned(),
        (Value::Object(live), Value::Object(expected)) => {
            let mut names: Vec<&String> = live.keys().collect();
            names.extend(expected.keys().filter(|name| !live.contains_key(*name)));
            let of = |row: &serde_json::Map<String, Value>, name: &String| {
                row.get(name).cloned().unwrap_or_default()
            };
            let differing = names
                .into_iter()
                .map(|name| (name, of(live, name), of(expected, name)))
                .filter(|(_, live, expected)| live != expected)
                .map(|(name, live, expected)| {
                    format!("{name}: {}, not {}", printable(&live), printable(&expected))
                });
            differing.collect::<Vec<_>>().join("; ")
        }
        (live, expected) => format!("{}, not {}", printable(live), printable(expected)),
    }
}

/// That an operation does not end with who watches it.
pub(super) fn goes_on(asked: &Asked) -> String {
    let view = asked.view;
    let noun = asked.kind.noun();
    format!("{view}: the {noun} goes on. See `orders projections status {view}`.")
}

#[cfg(test)]
mod tests {
    use read_model::View;
    use serde_json::json;

    use super::super::asked::Kind;
    use super::*;

    fn building(done: u64, total: u64, rate: Option<f64>, left: Option<f64>) -> Value {
        json!({
            "phase": "building", "done": done, "total": total, "events_per_second": rate, "eta_seconds": left,
            "error": null,
        })
    }

    #[test]
    fn progress_is_told_with_what_is_known_of_it() {
        for (document, told) in [
            (building(0, 0, None, None), "building, 0 of 0 events"),
            (
                building(250, 1_000, None, None),
                "building, 250 of 1,000 events (25 %)",
            ),
            (
                building(1_999_999, 2_000_000, Some(100_500.4), Some(75.0)),
                "building, 1,999,999 of 2,000,000 events (99 %), 100,500/s, 75 s left",
            ),
            (
                json!({ "phase": "done", "done": 5, "total": 5, "events_per_second": 3.0, "eta_seconds": 0.0 }),
                "done, 5 of 5 events (100 %)",
            ),
        ] {
            let asked = Asked::at(Kind::Rebuild, View::Orders, document);
            assert_eq!(progress(&asked), format!("orders: {told}"));
        }
        let asked = Asked::at(
            Kind::Rebuild,
            View::Orders,
            building(1, 2, Some(3.0), Some(1.0)),
        );
        assert_eq!(pace(&asked), "building, 3/s, 1 s left");
    }

    #[test]
    fn times_are_told_as_people_say_them() {
        for (seconds, told) in [
            (0.0, "0 s"),
            (0.25, "0.2 s"),
            (59.7, "60 s"),
            (119.0, "119 s"),
            (125.0, "2 min 5 s"),
            (7_260.0, "2 h 1 min"),
        ] {
            assert_eq!(duration(seconds), told);
        }
    }

    #[test]
    fn the_end_is_told() {
        let rebuild = |document| ended(&Asked::at(Kind::Rebuild, View::Returns, document));
        let done = json!({ "phase": "done", "done": 1_042 });
        assert_eq!(
            rebuild(done),
            ["returns: the rebuild is done, 1,042 events"]
        );
        let failed = json!({ "phase": "failed", "error": "no\u{1b}[2J" });
        assert_eq!(
            rebuild(failed),
            ["returns: the rebuild failed: no\u{fffd}[2J"]
        );
        let verification = |differences: Value| {
            let document = json!({ "phase": "done", "done": 7, "differences": differences });
            ended(&Asked::at(
                Kind::Verify { fix: true },
                View::Customers,
                document,
            ))
        };
        let none = verification(json!([]));
        assert_eq!(none[1], "customers: no differences");
        let some = verification(json!([
            {
                "table": "customers", "key": { "customer_id": "c-1", "partition": 3 }, "fixed": true,
                "live": { "orders": 2, "name": "a\u{9b}2J" }, "expected": { "orders": 3, "name": "a\u{9b}2J" },
            },
            { "table": "customers", "key": { "customer_id": "c-2" }, "fixed": false, "live": null, "expected": {} },
            { "table": "customers", "key": { "customer_id": "c-3" }, "fixed": false, "live": {}, "expected": null },
        ]));
        assert_eq!(
            some[1..],
            [
                "customers: 3 differences",
                "TABLE      FIXED  ROW    DIFFERENCE",
                "customers  yes    c-1 3  orders: 2, not 3",
                "customers  no     c-2    is missing",
                "customers  no     c-3    is not in the log",
            ]
        );
    }

    #[test]
    fn a_projection_is_told_with_its_parked_orders() {
        let mut projection = json!({
            "name": "orders", "status": "live", "generation": 2, "shape_version": 1, "position": 1_042, "head": 1_050,
            "lag_events": 8, "lag_seconds": 1.25, "rebuild": null,
            "parked_orders": [
                { "order_id": "o-1", "position": 977, "error": "bad\nevent", "since": "2026-11-20T10:00:00.123456Z" },
            ],
        });
        let lines = one(&projection);
        assert_eq!(lines[6], "behind      8 events, 1.2 s");
        assert_eq!(
            lines[9..],
            [
                "ORDER  POSITION  SINCE                 ERROR",
                "o-1         977  2026-11-20T10:00:00Z  bad\u{fffd}event",
            ]
        );
        projection["status"] = "faulted".into();
        projection["fault"] = "too many".into();
        projection["rebuild"] = building(1, 4, None, None);
        let told = one(&projection).join("\n");
        assert!(told.contains("fault       too many\n"), "{told}");
        assert!(
            told.contains("rebuild     building, 1 of 4 events (25 %)\n"),
            "{told}"
        );
        let table = list(&[projection]);
        assert_eq!(
            table,
            [
                "VIEW    STATUS   GENERATION  SHAPE  POSITION  BEHIND  PARKED  REBUILD",
                "orders  faulted           2      1      1042       8       1  building, 1 of 4 events (25 %)",
            ]
        );
    }
}
