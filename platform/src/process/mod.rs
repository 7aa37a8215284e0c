//! Other programs as our children: started with less than our rights where we are root, in their
//! own process group, and never outliving us.

mod account;
mod child;
pub(crate) mod launch;
mod spawner;

pub(crate) use account::Account;
pub(crate) use child::{Child, Output, Program};
pub(crate) use spawner::Spawner;

use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

/// How long a program may take to stop when asked, before it is killed.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Whether a process with this id exists, whoever owns it.
///
/// A zombie still has its id but does nothing any more, so it counts as gone.
pub(crate) fn is_alive(pid: Pid) -> bool {
    if matches!(kill(pid, None), Err(Errno::ESRCH)) {
        return false;
    }
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| {
        // The state follows the name, which is in parentheses and may itself hold some.
        stat.rsplit_once(')')
            .is_none_or(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    })
}

/// The command line of a running process, words separated by spaces; none when it is gone.
pub(crate) fn command_line(pid: Pid) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> = bytes
        .split(|b| *b == 0)
        .map(String::from_utf8_lossy)
        .collect();
    Some(words.join(" ").trim_end().to_owned())
}

/// Asks a process that is not our child to stop, and kills it when [`GRACE`] has passed.
pub(crate) async fn end(pid: Pid, signal: Signal) {
    // It may have ended by itself meanwhile, which is as good.
    let _ = kill(pid, signal);
    let deadline = Instant::now() + GRACE;
    while is_alive(pid) {
        if Instant::now() > deadline {
            let _ = kill(pid, Signal::SIGKILL);
        }
        sleep(Duration::from_millis(30)).await;
    }
}

/// The last line of a server's log, for an error's text.
pub(crate) fn last_words(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let last = text.lines().rfind(|line| !line.trim().is_empty());
    last.unwrap_or("it wrote no log").to_owned()
}
