//! Logs: events with stable dotted fields, as JSON for machines or readable on a terminal.
//!
//! They go to standard error, since a program's standard output is for what it was asked. No personal data, bodies or secrets.

use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{ConfigError, Vars};

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a person.
    Terminal,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "terminal" => Ok(Self::Terminal),
            _ => Err("must be `json` or `terminal`"),
        }
    }
}

/// Everything that is worth a line. The broker's client is silent, since it reports each attempt to connect at level error,
/// and `event-stream` says the same once.
pub const DEFAULT_FILTER: &str = "info,async_nats=off";

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// `LOG_FORMAT`: `json` or `terminal`. Default: `terminal` if standard error is one, else `json`.
    pub format: LogFormat,
    /// `LOG`: levels by target, such as `info,sqlx=warn`. Default: [`DEFAULT_FILTER`].
    ///
    /// By default only refused and failed requests have a line. `info,service_kit::edge=debug` shows each request,
    /// `service_kit::edge=trace` those of `/health/*` and `/metrics` too.
    pub filter: String,
}

impl LogSettings {
    /// Reads `LOG_FORMAT` and `LOG`.
    pub fn from_vars(vars: &Vars) -> Result<Self, ConfigError> {
        let mut reader = vars.reader();
        let default = if std::io::stderr().is_terminal() {
            LogFormat::Terminal
        } else {
            LogFormat::Json
        };
        let format = reader.or("LOG_FORMAT", default);
        let filter = reader.or("LOG", DEFAULT_FILTER.to_owned());
        if let Err(error) = EnvFilter::try_new(&filter) {
            reader.reject("LOG", error);
        }
        reader.finish(Self { format, filter })
    }
}

/// The log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter says nothing that can be understood.
    #[error("the log's filter is invalid")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody has set up this process's log already.
    #[error("the log is set up already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Sets up this process's log. Once a process.
pub fn init(settings: &LogSettings) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&settings.filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .finish()
            .try_init()?,
        LogFormat::Terminal => lines
            .with_ansi(std::io::stderr().is_terminal())
            .finish()
            .try_init()?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_checked() {
        let vars = Vars::from_map([("LOG_FORMAT", "json"), ("LOG", "warn")]);
        let settings = LogSettings::from_vars(&vars).unwrap();
        assert_eq!(settings.format, LogFormat::Json);
        assert_eq!(settings.filter, "warn");
        let vars = Vars::from_map([("LOG_FORMAT", "xml"), ("LOG", "sqlx=loudly")]);
        assert_eq!(
            LogSettings::from_vars(&vars).unwrap_err().mistakes().len(),
            2
        );
    }
}
