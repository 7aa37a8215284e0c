//! Following operations to their end: bars at a terminal, lines elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::asked::Asked;
use super::{NOT_WELL, show};
use crate::ask::client::{Client, is_passing};
use crate::signals::Signals;
use crate::terminal;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two looks when the query API does not answer.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);
/// Between two lines of one phase, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// After which a person is told that no projector has begun.
const BEGIN: Duration = Duration::from_secs(10);
/// Exit code of a watch that was interrupted.
const INTERRUPTED: u8 = 130;

/// Follows them all to their end, and prints what became of them. Ctrl-C ends only the watching.
pub(super) async fn follow(client: &Client, all: &mut [Asked], json: bool) -> Result<u8> {
    let mut signals = Signals::listen()?;
    let mut display = Display::new(all, json);
    let watched = tokio::select! {
        watched = watch(client, all, &mut display) => Some(watched),
        _ = signals.next() => None,
    };
    display.finish();
    let Some(watched) = watched else {
        for asked in all.iter().filter(|asked| !asked.has_ended()) {
            terminal::note(&show::goes_on(asked));
        }
        return Ok(INTERRUPTED);
    };
    watched?;
    if !json {
        for asked in all.iter() {
            for line in show::ended(asked) {
                terminal::answer(&line);
            }
        }
    }
    let well = all.iter().all(|asked| !asked.is_not_well());
    Ok(if well { 0 } else { NOT_WELL })
}

async fn watch(client: &Client, all: &mut [Asked], display: &mut Display) -> Result<()> {
    for (index, asked) in all.iter().enumerate() {
        display.show(index, asked);
    }
    let begun = Instant::now();
    let mut away = false;
    let mut told = false;
    while all.iter().any(|asked| !asked.has_ended()) {
        tokio::time::sleep(if away { PAUSE_AFTER_ERROR } else { PAUSE }).await;
        let mut lost = false;
        for (index, asked) in all.iter_mut().enumerate() {
            if asked.has_ended() {
                continue;
            }
            match asked.look(client).await {
                Ok(true) => display.show(index, asked),
                Ok(false) => {}
                Err(error) if is_passing(&error) => {
                    if !away && !lost {
                        display.note(&format!(
                            "it is tried again: {}",
                            terminal::sentence(&error)
                        ));
                    }
                    lost = true;
                }
                Err(error) => return Err(error),
            }
        }
        away = lost;
        let idle = all.iter().any(Asked::has_not_begun);
        if idle && !told && begun.elapsed() > BEGIN {
            display.note("No projector has begun with it yet: is one running?");
            told = true;
        }
    }
    Ok(())
}

/// Where progress is shown.
enum Display {
    /// At a terminal.
    Bars(MultiProgress, Vec<ProgressBar>),
    /// A line when a phase begins, and now and then within it: the phase and the time of the last line of each.
    Lines(Vec<Option<(String, Instant)>>),
    /// Every change, for programs.
    Json,
}

impl Display {
    fn new(all: &[Asked], json: bool) -> Self {
        if json {
            return Self::Json;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines(vec![None; all.len()]);
        }
        let bars = MultiProgress::new();
        let added = all
            .iter()
            .map(|asked| {
                let bar = ProgressBar::new(0).with_prefix(asked.view.as_str());
                let style = "{prefix:17} {wide_bar} {human_pos}/{human_len} {msg}";
                bars.add(match ProgressStyle::with_template(style) {
                    Ok(style) => bar.with_style(style),
                    Err(_) => bar,
                })
            })
            .collect();
        Self::Bars(bars, added)
    }

    fn show(&mut self, index: usize, asked: &Asked) {
        match self {
            Self::Bars(_, bars) => {
                if let Some(bar) = bars.get(index) {
                    let count = |member: &str| asked.progress[member].as_u64().unwrap_or(0);
                    bar.set_length(count("total").max(count("done")));
                    bar.set_position(count("done"));
                    bar.set_message(show::pace(asked));
                }
            }
            Self::Lines(last) => {
                let Some(last) = last.get_mut(index) else {
                    return;
                };
                let is_new = last
                    .as_ref()
                    .is_none_or(|(phase, at)| phase != asked.phase() || at.elapsed() >= LINE_EVERY);
                // How it ended is told at the end, on its own.
                if is_new && !asked.has_ended() {
                    terminal::note(&show::progress(asked));
                    *last = Some((asked.phase().to_owned(), Instant::now()));
                }
            }
            Self::Json => terminal::answer(&asked.json()),
        }
    }

    /// A line for the person, above the bars.
    fn note(&self, line: &str) {
        match self {
            Self::Bars(bars, _) => bars.suspend(|| terminal::note(line)),
            Self::Lines(_) | Self::Json => terminal::note(line),
        }
    }

    fn finish(&self) {
        if let Self::Bars(_, bars) = self {
            for bar in bars {
                bar.finish_and_clear();
            }
        }
    }
}
