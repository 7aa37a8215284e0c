//! Arguments of `orders up`.

use std::path::PathBuf;

use crate::data_dir;

/// Arguments of `orders up`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Up {
    /// Print one line of JSON when ready, for scripts
    #[arg(long)]
    pub(crate) json: bool,
    /// Remove all orders of this data directory first
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Run each service as a process of its own
    #[arg(long)]
    pub(crate) split: bool,
    /// Number of projectors that share the work
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) projectors: u16,
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = ".local", env = data_dir::VARIABLE)]
    pub(crate) data_dir: PathBuf,
    /// Port of the command API on 127.0.0.1; 0 takes a free one [default: 8081]
    #[arg(long, value_name = "PORT")]
    pub(crate) command_port: Option<u16>,
    /// Port of the query API on 127.0.0.1; 0 takes a free one [default: 8082]
    #[arg(long, value_name = "PORT")]
    pub(crate) query_port: Option<u16>,
}

impl Up {
    /// A platform for the demo's time.
    pub(crate) fn for_demo(
        data_dir: PathBuf,
        command_port: Option<u16>,
        query_port: Option<u16>,
    ) -> Self {
        Self {
            json: false,
            fresh: false,
            split: false,
            projectors: 1,
            data_dir,
            command_port,
            query_port,
        }
    }
}
