//! Events to views: consume, fold, checkpoint.
//!
//! The way of an event, one file each, in this order: `partition` (what a message means), `rounds` (who writes when), `folding` (events
//! to orders), `projections` (orders to rows, a folder a view), `partition/together` (rows and checkpoints in one transaction). Around
//! it: `ownership` (who works on which partition), `checkpoints` (how far each is), `views` (the tables), `layout` (which generations of
//! them are kept), `frontier` (how far the log is), `parking` (orders that a view cannot take in), `replay` (what operators ask for).
//!
//! What holds whatever happens: rows and checkpoints are written in one transaction that begins by moving the
//! checkpoints from exactly where this worker believes them to be. A worker that was killed, paused or doubled can do
//! no harm.

mod board;
mod caught;
mod checkpoints;
mod config;
mod folding;
mod frontier;
mod lag;
mod layout;
mod ownership;
mod parking;
mod partition;
mod projections;
mod replay;
mod rounds;
mod service;
mod views;

pub use config::Config;
pub use service::{BuildError, RunError, Service};
pub use views::ViewsError;
