//! The `orders` program: the operator's commands, and the whole platform on one machine.

mod ask;
mod cli;
mod data_dir;
mod demo;
mod elsewhere;
mod http;
mod log;
mod migrations;
mod nats;
mod port;
mod postgres;
mod process;
mod programs;
mod secret;
mod servers;
mod service;
mod signals;
mod state;
mod terminal;
mod token;
mod up;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use nix::sys::stat::{Mode, umask};

use cli::{Cli, Command};

/// Documents and JSON are many small allocations on every thread; the system's allocator spent two fifths of a
/// command's time on them (`docs/adr/0005`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Programs that we download are run by another user where we are root. What nobody else may read
    // is written with a mode of its own.
    umask(Mode::from_bits_truncate(0o022));
    match run(Cli::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::note(&format!("orders: {}", terminal::sentence(&error)));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Up(up) => runtime()?.block_on(up.run()),
        Command::Demo(demo) => runtime()?.block_on(demo.run()),
        Command::Get(get) => runtime()?.block_on(get.run()),
        Command::List(list) => runtime()?.block_on(list.run()),
        Command::Timeline(timeline) => runtime()?.block_on(timeline.run()),
        Command::Tail(tail) => runtime()?.block_on(tail.run()),
        Command::Projections(projections) => runtime()?.block_on(projections.run()),
        Command::Token(token) => runtime()?.block_on(token.run()),
        Command::Migrate(migrate) => runtime()?.block_on(migrate.run()),
        Command::Service(service) => runtime()?.block_on(service.run()),
        Command::Servers(servers) => runtime()?.block_on(servers.run()),
        Command::Launch(launch) => Err(launch.run()),
        Command::Reach(reach) => reach.run().map(|()| 0),
        Command::Sweep(sweep) => sweep.run().map(|()| 0),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("cannot start the async runtime")
}
