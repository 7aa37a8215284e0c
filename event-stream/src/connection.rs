//! The connection to the broker as all of us use it.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;

/// No answer of the broker takes longer, or it counts as away.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest pause between two attempts to connect again.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Why no client could be made. That the broker is away is none: see [`connect`].
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The URL cannot be read.
    #[error("NATS_URL is not the URL of a NATS server")]
    Url(#[source] std::io::Error),
    /// The client could not be made.
    #[error("no client could be made for NATS_URL")]
    Client(#[source] async_nats::ConnectError),
}

/// Makes a client for the broker at `url`, which may hold credentials (`nats://user:password@host:4222`). A cluster's
/// servers are separated by commas; the first one's credentials are those of all.
///
/// Returns at once, connected or not: the platform takes commands while the broker is away, so the client connects,
/// and connects again, in the background for as long as it lives. `name` is what the broker's monitoring shows.
pub async fn connect(url: &str, name: &str) -> Result<Client, ConnectionError> {
    let servers = url
        .split(',')
        .map(|server| server.trim().parse())
        .collect::<Result<Vec<ServerAddr>, _>>()
        .map_err(ConnectionError::Url)?;
    options_with_credentials(servers.first())
        .name(name)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .connection_timeout(Duration::from_secs(5))
        .request_timeout(Some(REQUEST_TIMEOUT))
        // A broker that is frozen or cut off is noticed after two of these.
        .ping_interval(Duration::from_secs(5))
        .reconnect_delay_callback(pause_before)
        .event_callback(|event| async move { report(&event) })
        .connect(servers)
        .await
        .map_err(ConnectionError::Client)
}

/// The client takes credentials from its options alone and passes over those of a URL.
fn options_with_credentials(server: Option<&ServerAddr>) -> ConnectOptions {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = server.map(|server| (server.username(), server.password()));
    match credentials {
        None | Some((None, _)) => ConnectOptions::new(),
        Some((Some(token), None)) => ConnectOptions::with_token(decoded(token)),
        Some((Some(user), Some(password))) => {
            ConnectOptions::with_user_and_password(decoded(user), decoded(password))
        }
    }
}

fn pause_before(attempt: usize) -> Duration {
    let doubled = 10u64.saturating_mul(1 << attempt.min(10));
    jittered(Duration::from_millis(doubled).min(LONGEST_PAUSE))
}

/// Between half of `pause` and all of it, so that many clients do not come back in step.
pub fn jittered(pause: Duration) -> Duration {
    // The last bits of a random UUID are as good as any generator here.
    let thousandths = uuid::Uuid::new_v4().as_u128() % 500;
    let share = u32::try_from(thousandths).unwrap_or(0);
    pause * (1000 - share) / 1000
}

fn report(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to the broker"),
        Event::Disconnected => tracing::warn!("the broker is away"),
        Event::SlowConsumer(subscription) => {
            tracing::warn!(
                nats.subscription = subscription,
                "the broker sends faster than messages are taken"
            );
        }
        Event::ServerError(error) => tracing::warn!(%error, "the broker reports an error"),
        Event::ClientError(error) => tracing::debug!(%error, "no connection to the broker"),
        other => tracing::debug!(event = %other, "the broker's connection changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_cap_and_differ() {
        for attempt in 0..100 {
            let pause = pause_before(attempt);
            assert!(
                pause >= Duration::from_millis(5) && pause <= LONGEST_PAUSE,
                "{attempt}: {pause:?}"
            );
        }
        let different: std::collections::HashSet<_> = (0..50).map(|_| pause_before(20)).collect();
        assert!(different.len() > 10);
    }
}
