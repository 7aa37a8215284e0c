//! One thread that starts all children and lasts as long as the process.

use std::io;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{Child, Program};

struct Request {
    command: std::process::Command,
    reply: oneshot::Sender<io::Result<tokio::process::Child>>,
}

/// Starts programs.
///
/// The kernel sends a parent-death signal when the *thread* that made the child ends. A thread of
/// the async runtime may end at any time, this one does not.
#[derive(Debug, Clone)]
pub(crate) struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the thread; call it within the async runtime.
    pub(crate) fn start() -> Result<Self> {
        let runtime = Handle::current();
        let (requests, received) = mpsc::channel::<Request>();
        // Held by the thread itself, so that the queue never closes and the thread never ends.
        let kept = requests.clone();
        thread::Builder::new()
            .name("children".to_owned())
            .spawn(move || {
                let _open = kept;
                let _runtime = runtime.enter();
                for Request { command, reply } in received {
                    let spawned = tokio::process::Command::from(command).spawn();
                    // Nobody waits any more: dropping the child is all there is to do.
                    drop(reply.send(spawned));
                }
            })
            .context("cannot start a thread")?;
        Ok(Self { requests })
    }

    /// Starts `program` as our child.
    pub(crate) async fn spawn(&self, program: Program) -> Result<Child> {
        let name = program.name();
        let command = program.into_command()?;
        let (reply, answer) = oneshot::channel();
        self.requests
            .send(Request { command, reply })
            .ok()
            .context("the thread that starts programs is gone")?;
        let child = answer
            .await
            .context("the thread that starts programs is gone")?
            .with_context(|| format!("cannot start {name}"))?;
        Child::new(name, child)
    }
}
