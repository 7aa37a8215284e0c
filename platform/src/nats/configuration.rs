//! The broker's configuration file.

use std::path::Path;

use anyhow::{Context, Result};
use event_stream::StreamSettings;
use serde_json::{Value, json};

use super::{PROJECTOR, RELAY, SUBSCRIBER};
use crate::state::NatsState;

/// Bytes that the broker may store: the stream's limit, and room for what consumers need.
const MAX_FILE_STORE: i64 = 2 << 30;
const MAX_MEMORY_STORE: i64 = 64 << 20;

/// The file's text. The broker reads JSON as well as its own notation.
pub(super) fn render(
    state: &NatsState,
    port: u16,
    monitor_port: u16,
    store: &Path,
) -> Result<String> {
    // The services' variable: they and the broker have to mean the same stream.
    let stream = std::env::var("STREAM_NAME")
        .ok()
        .filter(|name| !name.trim().is_empty());
    let stream = stream.unwrap_or_else(|| StreamSettings::default().name);
    let user = |name: &str, publish: Vec<String>, subscribe: Vec<String>| -> Result<Value> {
        let password = state.passwords.get(name).with_context(|| {
            format!(
                "state.json holds no password of {name}: restore it, or begin anew with --fresh"
            )
        })?;
        Ok(json!({
            "user": name,
            "password": password.expose(),
            "permissions": { "publish": publish, "subscribe": subscribe },
        }))
    };
    let configuration = json!({
        "server_name": "orders",
        "listen": format!("127.0.0.1:{port}"),
        "http": format!("127.0.0.1:{monitor_port}"),
        "jetstream": {
            "store_dir": store,
            "max_file_store": MAX_FILE_STORE,
            "max_memory_store": MAX_MEMORY_STORE,
        },
        "authorization": { "users": [
            user(RELAY, vec!["orders.>".to_owned(), "$JS.API.>".to_owned()], subscriptions())?,
            user(PROJECTOR, reading(&stream, true), subscriptions())?,
            user(SUBSCRIBER, reading(&stream, false), subscriptions())?,
        ] },
    });
    serde_json::to_string_pretty(&configuration).context("cannot write the broker's configuration")
}

/// Events as they pass by, and answers to one's own requests.
fn subscriptions() -> Vec<String> {
    vec!["orders.>".to_owned(), "_INBOX.>".to_owned()]
}

/// What a consumer of the stream has to ask the broker: about the stream, for consumers of it, for messages. Nothing
/// that changes the stream. Who may, takes consumers away as well.
fn reading(stream: &str, removing_consumers: bool) -> Vec<String> {
    let mut subjects = vec![
        "$JS.API.INFO".to_owned(),
        "$JS.API.STREAM.NAMES".to_owned(),
        "$JS.API.STREAM.LIST".to_owned(),
        format!("$JS.API.STREAM.INFO.{stream}"),
        format!("$JS.API.STREAM.MSG.GET.{stream}"),
        format!("$JS.API.DIRECT.GET.{stream}"),
        format!("$JS.API.DIRECT.GET.{stream}.>"),
        format!("$JS.API.CONSUMER.NAMES.{stream}"),
        format!("$JS.API.CONSUMER.LIST.{stream}"),
        format!("$JS.API.CONSUMER.CREATE.{stream}"),
        format!("$JS.API.CONSUMER.CREATE.{stream}.>"),
        format!("$JS.API.CONSUMER.DURABLE.CREATE.{stream}.*"),
        format!("$JS.API.CONSUMER.INFO.{stream}.*"),
        format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.*"),
        format!("$JS.ACK.{stream}.>"),
    ];
    if removing_consumers {
        subjects.push(format!("$JS.API.CONSUMER.DELETE.{stream}.*"));
    }
    subjects
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::secret::Secret;

    #[test]
    fn only_the_relay_may_publish_events_or_change_the_stream() {
        let passwords = super::super::USERS
            .iter()
            .map(|u| ((*u).to_owned(), Secret::generate()));
        let state = NatsState {
            passwords: passwords.collect::<BTreeMap<_, _>>(),
            port: None,
            monitor_port: None,
        };
        let text = render(&state, 1, 2, Path::new("/store")).unwrap();
        let configuration: Value = serde_json::from_str(&text).unwrap();
        let users = configuration["authorization"]["users"].as_array().unwrap();
        assert_eq!(users.len(), 3);
        for user in users {
            let publish = user["permissions"]["publish"].to_string();
            let may = publish.contains("\"orders.") || publish.contains("$JS.API.>");
            assert_eq!(may, user["user"] == RELAY, "{publish}");
            let changes = [
                "PURGE",
                "STREAM.DELETE",
                "STREAM.UPDATE",
                "STREAM.CREATE",
                "MSG.DELETE",
            ];
            assert!(
                !changes.iter().any(|change| publish.contains(change)),
                "{publish}"
            );
        }
    }
}
