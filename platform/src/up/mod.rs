//! `orders up`: the whole platform on this machine.

mod announcement;
mod arguments;
mod broker_watch;
mod keeper;
mod platform;
mod running;
mod servers;
mod services;

pub(crate) use arguments::Up;
pub(crate) use platform::{Platform, Ready};
pub(crate) use running::Running;

use anyhow::Result;

use crate::data_dir::DataDir;
use crate::{nats, postgres, terminal};

/// Exit code of a start that was interrupted, as shells know it.
const INTERRUPTED: u8 = 130;

impl Up {
    /// Starts everything, says so, and runs until it is told to stop.
    pub(crate) async fn run(self) -> Result<u8> {
        crate::log::for_platform()?;
        let mut signals = crate::signals::Signals::listen()?;
        let mut platform = Platform::open(&self)?;
        let started = tokio::select! {
            started = platform.start(&self) => Some(started),
            _ = signals.next() => None,
        };
        let result = match started {
            Some(Ok(ready)) => {
                terminal::answer(&announcement::of(&ready, self.json));
                signals.next().await;
                terminal::note("Stopping …");
                Ok(0)
            }
            Some(Err(error)) => Err(error),
            None => Ok(INTERRUPTED),
        };
        platform.stop_or_hasten(&mut signals).await;
        result
    }
}

/// Removes everything that a platform stored in this directory, and ends what was left running on it.
async fn begin_anew(dir: &DataDir) -> Result<()> {
    services::end_left_over(dir).await;
    nats::remove(dir).await?;
    postgres::remove(dir).await?;
    dir.forget()
}
