//! Load as clients make it who want every command carried out exactly once.

mod acknowledged;
mod client;
mod dice;

use std::sync::Arc;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use self::acknowledged::Acknowledged;
use self::client::Client;
pub(crate) use self::dice::Dice;
use crate::platform::Platform;

/// Who sends commands at a time.
const CLIENTS: u64 = 6;

/// Clients at work.
pub(crate) struct Clients {
    stop: CancellationToken,
    running: Vec<JoinHandle<Result<Acknowledged>>>,
}

impl Clients {
    /// Begins. `name` tells their orders from those of others.
    pub(crate) fn start(platform: &Arc<Platform>, name: &str, dice: &mut Dice) -> Self {
        let stop = CancellationToken::new();
        let running = (0..CLIENTS)
            .map(|number| {
                let name = format!("{name}-c{number}");
                let client = Client::new(platform.clone(), name, dice.split(), stop.clone());
                tokio::spawn(client.run())
            })
            .collect();
        Self { stop, running }
    }

    /// Whether one of them has given up.
    pub(crate) fn has_failed(&self) -> bool {
        self.running.iter().any(JoinHandle::is_finished)
    }

    /// Lets them finish what they began, and says what they were told.
    pub(crate) async fn stop(self) -> Result<Acknowledged> {
        self.stop.cancel();
        let mut acknowledged = Acknowledged::default();
        for client in self.running {
            acknowledged.extend(client.await??);
        }
        Ok(acknowledged)
    }
}
