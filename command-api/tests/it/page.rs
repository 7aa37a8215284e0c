//! `docs/commands.md`: its examples as requests, and the answers that it shows.

use std::collections::HashMap;
use std::path::PathBuf;

use reqwest::Method;
use serde_json::ser::Formatter;
use serde_json::{Map, Serializer, Value, json};

use crate::api::{Answer, address};

/// Where the page is.
pub(crate) fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md"))
}

/// Writes these answers between these lines of the page.
pub(crate) fn write(answers: &[((usize, usize), String)]) {
    let page = std::fs::read_to_string(path()).unwrap();
    let mut lines: Vec<_> = page.lines().collect();
    for ((begin, end), shown) in answers.iter().rev() {
        lines.splice(*begin..*end, shown.lines());
    }
    std::fs::write(path(), lines.join("\n") + "\n").unwrap();
}

/// One `curl`, and the answer that the page shows for it.
pub(crate) struct Example {
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) method: Method,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
    /// The answer that the page shows.
    pub(crate) shown: String,
    /// The lines of the page between which that answer stands.
    pub(crate) place: (usize, usize),
}

impl Example {
    /// A header that the example sends.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Its body as JSON, if it is.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_str(self.body.as_deref()?).ok()
    }
}

/// The examples of a page: each `sh` block that is a `curl`, with the block after it.
pub(crate) fn examples(page: &str, variables: &HashMap<&str, String>) -> Vec<Example> {
    let lines: Vec<_> = page.lines().collect();
    let end = |from: usize| {
        from + lines[from..]
            .iter()
            .position(|line| *line == "```")
            .unwrap()
    };
    let mut examples = Vec::new();
    for begin in 0..lines.len() {
        if lines[begin] != "```sh" || !lines[begin + 1].starts_with("curl ") {
            continue;
        }
        let command = begin + 1..end(begin + 1);
        let words = words(&lines[command.clone()].join("\n"), variables);
        let answer = command.end + 2;
        assert_eq!(lines[answer], "```text", "{words:?} has no answer");
        let place = (answer + 1, end(answer + 1));
        let shown = lines[place.0..place.1].join("\n");
        examples.push(example(&words, shown, place));
    }
    examples
}

fn example(words: &[String], shown: String, place: (usize, usize)) -> Example {
    let mut example = Example {
        path: String::new(),
        method: Method::GET,
        headers: Vec::new(),
        body: None,
        shown,
        place,
    };
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap().clone();
        match word.as_str() {
            "-X" => example.method = value().parse().unwrap(),
            "-H" => {
                let header = value();
                let (name, value) = header.split_once(": ").unwrap();
                example.headers.push((name.to_owned(), value.to_owned()));
            }
            "--json" | "--data-binary" | "-d" => {
                let content = match word.as_str() {
                    "--json" => Some("application/json"),
                    "-d" => Some("application/x-www-form-urlencoded"),
                    _ => None,
                };
                let content = content.map(|kind| ("Content-Type".to_owned(), kind.to_owned()));
                example.headers.extend(content);
                example.method = Method::POST;
                let data = value();
                example.body = Some(data.strip_prefix('@').map_or(data.clone(), file));
            }
            path => path.clone_into(&mut example.path),
        }
    }
    example
}

/// The words of a command as a shell would pass them on; it knows as much of a shell as the page needs.
fn words(command: &str, variables: &HashMap<&str, String>) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            ('\\', None) if rest.peek() == Some(&'\n') => {}
            (' ' | '\n', None) => words.extend(word.take()),
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\\', Some('"')) => word.get_or_insert_default().extend(rest.next()),
            ('$', Some('"')) => {
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| c.is_ascii_uppercase() || *c == '_') {
                    name.push(c);
                }
                word.get_or_insert_default()
                    .push_str(&variables[name.as_str()]);
            }
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What a file of the page holds.
fn file(name: &str) -> String {
    let new = |order_id: &str| {
        json!({
            "order_id": order_id, "currency": "EUR", "customer": {"customer_id": "c-42"},
            "shipping_address": address(),
        })
    };
    let cup = |line_id: usize| {
        json!({
            "line_id": line_id.to_string(), "sku": "CUP", "name": "Cup", "quantity": 1,
            "unit_price": 350,
        })
    };
    match name {
        "draft-of-500-lines.json" => {
            let mut draft = new("o-500-lines");
            draft["draft"] = json!(true);
            draft["lines"] = (1..=500).map(cup).collect();
            draft.to_string()
        }
        "draft-of-20-discounts.json" => {
            let mut draft = new("o-20-discounts");
            draft["draft"] = json!(true);
            draft["lines"] = json!([cup(1)]);
            let discount =
                |n: usize| json!({"code": format!("CODE-{n}"), "type": "fixed", "amount": 1});
            draft["discounts"] = (1..=20).map(discount).collect();
            draft.to_string()
        }
        "order-of-50-tags.json" => {
            let mut order = new("o-50-tags");
            order["lines"] = json!([cup(1)]);
            order["tags"] = (1..=50).map(|n| json!(format!("tag-{n}"))).collect();
            order.to_string()
        }
        "20-holds.ndjson" => {
            let hold = |n: usize| {
                let data = json!({"hold_id": format!("h-{n}"), "reason": "fraud_check"});
                let key = format!("twenty-holds-{n}");
                let line = json!({
                    "command": "hold", "order_id": "o-50-tags", "idempotency_key": key,
                    "data": data,
                });
                format!("{line}\n")
            };
            (1..=20).map(hold).collect()
        }
        "2-mebibytes.json" => json!({"text": "x".repeat(2 << 20)}).to_string(),
        unknown => panic!("the page names a file {unknown:?} that nobody made"),
    }
}

/// An answer as the page shows it.
pub(crate) fn shown(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    if answer.header("content-type") == Some("application/x-ndjson") {
        return format!("HTTP {status}");
    }
    format!("HTTP {status}\n{}", shown_body(&answer.body))
}

/// The members of an answer's body that matter to the page.
pub(crate) fn shown_body(body: &Value) -> String {
    let problem = [
        "type",
        "detail",
        "errors",
        "current_version",
        "order_status",
        "version",
    ];
    let success = ["order_status", "version", "events"];
    let members = if body.get("type").is_some() {
        &problem[..]
    } else {
        &success[..]
    };
    let shown: Map<_, _> = members
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), body.get(name)?.clone())))
        .map(|(name, value)| match name.as_str() {
            "events" => (name, types(&value)),
            _ => (name, value),
        })
        .collect();
    spaced(&Value::Object(shown))
}

fn types(events: &Value) -> Value {
    let events = events.as_array().unwrap().iter();
    events.map(|event| json!({"type": event["type"]})).collect()
}

/// JSON on one line, with a space after each comma and colon.
fn spaced(value: &Value) -> String {
    struct Spaced;
    impl Formatter for Spaced {
        fn begin_array_value<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
            first: bool,
        ) -> std::io::Result<()> {
            to.write_all(if first { b"" } else { b", " })
        }

        fn begin_object_key<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
            first: bool,
        ) -> std::io::Result<()> {
            to.write_all(if first { b"" } else { b", " })
        }

        fn begin_object_value<W: ?Sized + std::io::Write>(
            &mut self,
            to: &mut W,
        ) -> std::io::Result<()> {
            to.write_all(b": ")
        }
    }
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Spaced);
    serde::Serialize::serialize(value, &mut serializer).unwrap();
    String::from_utf8(text).unwrap()
}
