//! The report: JSON for programs, Markdown for people, the ratios on the terminal.
#![expect(
    clippy::print_stdout,
    reason = "the report is for a person at a terminal, too"
)]

use std::fmt::{Error, Write};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::Arguments;
use crate::cell::Cell;
use crate::machine::Machine;
use crate::ratio::{self, Ratio};

/// Writes `<time>.json` and `<time>.md` and prints the ratios.
pub(crate) fn write(arguments: &Arguments, machine: &Machine, cells: &[Cell]) -> Result<()> {
    let ratios = ratio::of(cells);
    let directory = &arguments.results;
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let name = machine.began_at.format("%Y%m%dT%H%M%SZ").to_string();
    let json = json!({
        "machine": machine,
        "rounds": arguments.rounds,
        "seconds_a_cell": arguments.seconds,
        "ratios": ratios,
        "cells": cells,
    });
    let markdown = markdown(arguments, machine, cells, &ratios)?;
    for (ending, text) in [
        ("json", serde_json::to_string_pretty(&json)?),
        ("md", markdown),
    ] {
        let path = directory.join(format!("{name}.{ending}"));
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    println!("\n{}", of_ratios(&ratios)?);
    Ok(())
}

fn markdown(
    arguments: &Arguments,
    machine: &Machine,
    cells: &[Cell],
    ratios: &[Ratio],
) -> Result<String, Error> {
    let mut text = String::new();
    writeln!(
        text,
        "# Benchmark of {}\n",
        machine.began_at.format("%Y-%m-%d %H:%M UTC")
    )?;
    writeln!(
        text,
        "{} cores of {}, {}, Linux {}. Commit {}. Load average {} before, {} after: figures are good only where the \
         machine had nothing else to do. Each cell ran {} × {} s, a fifth more before it as a warm-up, in rounds over \
         all cells; medians of the rounds. The whole took {:.0} s.\n",
        machine.cores,
        machine.cpu,
        machine.memory,
        machine.kernel,
        machine.commit,
        machine.load_average,
        machine.load_average_at_the_end,
        arguments.rounds,
        arguments.seconds,
        machine.took_seconds,
    )?;
    let pairs = |pairs: &[(String, String)]| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("`{name}` {value}"))
            .collect();
        pairs.join(", ")
    };
    writeln!(text, "PostgreSQL: {}.\n", pairs(&machine.settings))?;
    writeln!(text, "Versions: {}.\n", pairs(&machine.versions))?;
    writeln!(text, "## Ratios\n\n{}", of_ratios(ratios)?)?;
    writeln!(text, "## Cells\n\n{}", of_cells(cells)?)?;
    Ok(text)
}

fn of_ratios(ratios: &[Ratio]) -> Result<String, Error> {
    let mut table = "| ratio | goal | value | |\n|---|---|---|---|\n".to_owned();
    for Ratio {
        what,
        goal,
        value,
        met,
    } in ratios
    {
        let met = if *met { "met" } else { "**missed**" };
        writeln!(table, "| {what} | {goal} | {value:.2} | {met} |")?;
    }
    Ok(table)
}

fn of_cells(cells: &[Cell]) -> Result<String, Error> {
    let mut table = "| cell | a second | of | p50 µs | p90 µs | p99 µs | max µs | |\n|---|---|---|---|---|---|---|---|\n".to_owned();
    for cell in cells {
        let rate = cell
            .rate()
            .map_or_else(String::new, |rate| format!("{rate:.0}"));
        write!(table, "| {} | {rate} | {} |", cell.name, cell.unit)?;
        for latency in [
            cell.latency(|latency| latency.p50),
            cell.latency(|latency| latency.p90),
            cell.latency(|latency| latency.p99),
            cell.latency(|latency| latency.max),
        ] {
            let latency = latency.map_or_else(String::new, |micros| format!("{micros:.0}"));
            write!(table, " {latency} |")?;
        }
        let notes: Vec<String> = cell
            .notes()
            .iter()
            .map(|(name, value)| format!("{name}: {value:.2}"))
            .collect();
        writeln!(table, " {} |", notes.join("; "))?;
    }
    Ok(table)
}
