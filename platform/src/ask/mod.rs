//! `orders get`, `list`, `timeline`, `tail` and `projections`: what the query API knows, for a person at a terminal or for a script.

mod client;
mod get;
mod list;
mod projections;
mod table;
mod tail;
mod timeline;

use std::path::PathBuf;

pub(crate) use get::Get;
pub(crate) use list::List;
pub(crate) use projections::Projections;
pub(crate) use tail::Tail;
pub(crate) use timeline::Timeline;

use crate::data_dir;

/// What every question needs.
#[derive(Debug, clap::Args)]
pub(crate) struct Asking {
    /// The query API [default: that of the platform that runs on the data directory]
    #[arg(long, value_name = "URL", env = "QUERY_API_URL")]
    url: Option<String>,
    /// Who asks [default: the token of the platform that runs on the data directory]
    #[arg(
        long,
        value_name = "TOKEN",
        env = "ORDERS_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// Where to look for a running platform
    #[arg(long, value_name = "DIR", default_value = ".local", env = data_dir::VARIABLE)]
    data_dir: PathBuf,
    /// Print JSON as the API answers it, one value a line, instead of a table
    #[arg(long)]
    json: bool,
}
