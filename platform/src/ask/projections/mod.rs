//! `orders projections`: how the views are, and what the projectors are asked to do about it.

mod asked;
mod following;
mod replay;
mod show;

use std::io::IsTerminal as _;

use anyhow::Result;
use read_model::View;
use serde_json::Value;

use self::asked::{Asked, Kind};
use self::replay::Replay;
use super::Asking;
use super::client::Client;
use crate::terminal;

/// Exit code when something failed, or when a verification found differences.
const NOT_WELL: u8 = 1;

/// Arguments of `orders projections`.
#[derive(Debug, clap::Args)]
pub(crate) struct Projections {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List every view, and how it is
    #[command(after_help = LIST_HELP)]
    List(Status),
    /// Show how a view is: how far, what it could not take in, whether it is built anew
    #[command(after_help = STATUS_HELP)]
    Status(StatusOf),
    /// Build a view anew from the log, while the old one serves
    #[command(after_help = REBUILD_HELP)]
    Rebuild(Rebuild),
    /// Compare a view with the log, row by row
    #[command(after_help = VERIFY_HELP)]
    Verify(Verify),
    /// Go back to the generation of a view that was live before
    #[command(after_help = REVERT_HELP)]
    Revert(Revert),
    /// Try orders again that a view could not take in, and have a faulted view go on
    #[command(after_help = RETRY_HELP)]
    Retry(Retry),
    /// Show how one order's document came about, event by event
    #[command(after_help = REPLAY_HELP)]
    Replay(Replay),
}

const LIST_HELP: &str = "\
Examples:
  orders projections list
  orders projections list --json";

const STATUS_HELP: &str = "\
Examples:
  orders projections status orders
  orders projections status";

const REBUILD_HELP: &str = "\
A view of which a rebuild is under way is not built twice: that one is followed.
Ctrl-C ends the watching, not the rebuild.

Exit code: 0 done (without --watch: asked for), 1 failed, 2 wrong arguments, 130 interrupted.

Examples:
  orders projections rebuild orders --watch
  orders projections rebuild --all --watch --json";

const VERIFY_HELP: &str = "\
Without --fix nothing is changed. At a terminal it is followed to its end; elsewhere only with --watch.
Ctrl-C ends the watching, not the verification.

Exit code: 0 no differences (not followed: asked for), 1 differences, fixed or not, or failed,
2 wrong arguments, 130 interrupted.

Examples:
  orders projections verify customers
  orders projections verify --all --fix --watch";

const REVERT_HELP: &str = "\
The generation before is kept for 15 minutes at least after a rebuild, and follows the log.
At a terminal it is followed to its end; elsewhere only with --watch.

Exit code: 0 done (not followed: asked for), 1 failed, 2 wrong arguments, 130 interrupted.

Example:
  orders projections revert orders";

const RETRY_HELP: &str = "\
What is shown is how the view is when the request was written down: ask for its status a second later.

Example:
  orders projections retry orders
  orders projections status orders";

const REPLAY_HELP: &str = "\
Each event with what it changed, oldest first, then the document as it is served.

Examples:
  orders projections replay --order o-42
  orders projections replay --order o-42 --json";

/// Arguments of `orders projections list`.
#[derive(Debug, clap::Args)]
struct Status {
    #[command(flatten)]
    asking: Asking,
}

/// Arguments of `orders projections status`.
#[derive(Debug, clap::Args)]
struct StatusOf {
    /// The view [default: all]
    #[arg(value_parser = view)]
    name: Option<View>,
    #[command(flatten)]
    asking: Asking,
}

/// One view or all.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The view
    #[arg(value_parser = view)]
    name: Option<View>,
    /// Every view
    #[arg(long)]
    all: bool,
}

/// Arguments of `orders projections rebuild`.
#[derive(Debug, clap::Args)]
struct Rebuild {
    #[command(flatten)]
    which: Which,
    /// Follow it to its end
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    asking: Asking,
}

/// Arguments of `orders projections verify`.
#[derive(Debug, clap::Args)]
struct Verify {
    #[command(flatten)]
    which: Which,
    /// Replace rows that differ
    #[arg(long)]
    fix: bool,
    /// Follow it to its end [default: at a terminal]
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    asking: Asking,
}

/// Arguments of `orders projections revert`.
#[derive(Debug, clap::Args)]
struct Revert {
    /// The view
    #[arg(value_parser = view)]
    name: View,
    /// Follow it to its end [default: at a terminal]
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    asking: Asking,
}

/// Arguments of `orders projections retry`.
#[derive(Debug, clap::Args)]
struct Retry {
    /// The view
    #[arg(value_parser = view)]
    name: View,
    #[command(flatten)]
    asking: Asking,
}

impl Projections {
    /// Asks, and prints what is answered.
    pub(crate) async fn run(self) -> Result<u8> {
        match self.command {
            Command::List(list) => list_all(&list.asking).await,
            Command::Status(StatusOf { name, asking }) => match name {
                Some(view) => status(view, &asking).await,
                None => list_all(&asking).await,
            },
            Command::Rebuild(rebuild) => {
                let views = rebuild.which.views();
                ask(Kind::Rebuild, &views, rebuild.watch, &rebuild.asking).await
            }
            Command::Verify(verify) => {
                let kind = Kind::Verify { fix: verify.fix };
                let watch = verify.watch || is_terminal();
                ask(kind, &verify.which.views(), watch, &verify.asking).await
            }
            Command::Revert(revert) => {
                let watch = revert.watch || is_terminal();
                ask(Kind::Revert, &[revert.name], watch, &revert.asking).await
            }
            Command::Retry(Retry { name, asking }) => retry(name, &asking).await,
            Command::Replay(replay) => replay.run().await,
        }
    }
}

impl Which {
    fn views(&self) -> Vec<View> {
        match self.name {
            Some(view) => vec![view],
            None => View::ALL.to_vec(),
        }
    }
}

/// Whether a person reads the answer.
fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

fn view(name: &str) -> Result<View, String> {
    View::parse(name).ok_or_else(|| {
        let names: Vec<&str> = View::ALL.iter().map(|view| view.as_str()).collect();
        format!("the views are {}", names.join(", "))
    })
}

fn path(view: View) -> String {
    format!("/v1/projections/{view}")
}

async fn list_all(asking: &Asking) -> Result<u8> {
    let all = Client::find(asking)?.read("/v1/projections").await?;
    let items = all["items"].as_array().map_or(&[][..], Vec::as_slice);
    if asking.json {
        for projection in items {
            terminal::answer(&projection.to_string());
        }
    } else {
        for line in show::list(items) {
            terminal::answer(&line);
        }
    }
    Ok(0)
}

async fn status(view: View, asking: &Asking) -> Result<u8> {
    let projection = Client::find(asking)?.read(&path(view)).await?;
    print(&projection, asking);
    Ok(0)
}

async fn retry(view: View, asking: &Asking) -> Result<u8> {
    let client = Client::find(asking)?;
    let (_, projection) = client.demand(&format!("{}/retry", path(view))).await?;
    print(&projection, asking);
    Ok(0)
}

fn print(projection: &Value, asking: &Asking) {
    if asking.json {
        terminal::answer(&projection.to_string());
    } else {
        for line in show::one(projection) {
            terminal::answer(&line);
        }
    }
}

/// Asks for an operation of each of these views, all at once, and follows them if wished.
async fn ask(kind: Kind, views: &[View], watch: bool, asking: &Asking) -> Result<u8> {
    let client = Client::find(asking)?;
    let mut all = Vec::new();
    for view in views {
        all.push(Asked::new(&client, kind, *view).await?);
    }
    for asked in &all {
        if let Some(note) = asked.is_not_what_was_wanted() {
            terminal::note(&note);
        }
    }
    let unwanted = all
        .iter()
        .any(|asked| asked.is_not_what_was_wanted().is_some());
    let code = if watch {
        following::follow(&client, &mut all, asking.json).await?
    } else {
        for asked in &all {
            asked.print(asking.json);
        }
        0
    };
    Ok(if unwanted { code.max(NOT_WELL) } else { code })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Cli {
        #[command(flatten)]
        projections: Projections,
    }

    fn parse(arguments: &str) -> Result<Command, clap::error::ErrorKind> {
        Cli::try_parse_from(std::iter::once("projections").chain(arguments.split(' ')))
            .map(|cli| cli.projections.command)
            .map_err(|error| error.kind())
    }

    #[test]
    fn one_view_or_all_are_named() {
        let Ok(Command::Rebuild(one)) = parse("rebuild order-history --watch") else {
            panic!("one view");
        };
        assert_eq!(one.which.views(), [View::OrderHistory]);
        assert!(one.watch && !one.asking.json);
        let Ok(Command::Verify(all)) = parse("verify --all --fix --json") else {
            panic!("all views");
        };
        assert_eq!(all.which.views(), View::ALL);
        assert!(all.fix && !all.watch && all.asking.json);
        assert!(matches!(
            parse("status"),
            Ok(Command::Status(StatusOf { name: None, .. }))
        ));
    }

    #[test]
    fn what_is_no_view_or_both_or_neither_is_refused() {
        use clap::error::ErrorKind;
        for (arguments, kind) in [
            ("rebuild", ErrorKind::MissingRequiredArgument),
            ("rebuild orders --all", ErrorKind::ArgumentConflict),
            ("rebuild order", ErrorKind::ValueValidation),
            ("verify", ErrorKind::MissingRequiredArgument),
            ("revert", ErrorKind::MissingRequiredArgument),
            ("revert --all", ErrorKind::UnknownArgument),
            ("retry Orders", ErrorKind::ValueValidation),
            ("replay", ErrorKind::MissingRequiredArgument),
            ("replay o-1", ErrorKind::UnknownArgument),
            ("list --fix", ErrorKind::UnknownArgument),
        ] {
            assert_eq!(parse(arguments).unwrap_err(), kind, "{arguments}");
        }
    }
}
