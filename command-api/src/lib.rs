//! HTTP in, commands to the domain, events to the log.
//!
//! A request's way, file by file: `router` finds the endpoint, `admission` lets the request in,
//! `body` and `commands` make it a typed command, `way` carries it out, `reply` answers.
//! `openapi` describes all that. `bulk` sends each line of an upload the same way. The service also hosts the relay, which
//! carries the log into the stream.

mod admission;
mod answer;
mod app;
mod body;
mod bulk;
mod call;
mod commands;
mod config;
mod executing;
mod fingerprint;
mod fitness;
mod measure;
mod openapi;
mod orders;
mod proposal;
mod refusal;
mod reply;
mod retention;
mod router;
mod service;
mod shapes;
mod turns;
mod way;

pub use config::Config;
pub use fitness::Durability;
pub use service::{BuildError, Service};
