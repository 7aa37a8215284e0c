//! What is counted of commands, single ones and lines of bulk uploads alike.

use std::time::Duration;

use axum::http::StatusCode;
use domain::order::CommandName;

/// Counts a command by its name and the status of its answer, and how long it took.
pub(crate) fn command(name: CommandName, status: StatusCode, took: Duration) {
    let status = status.as_str().to_owned();
    metrics::counter!("commands_total", "command" => name.as_str(), "status" => status)
        .increment(1);
    metrics::histogram!("command_duration_seconds", "command" => name.as_str())
        .record(took.as_secs_f64());
}
