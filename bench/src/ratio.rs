//! The figures that the project wants to keep, each a ratio of two cells of the same run.

use serde::Serialize;

use crate::cell::Cell;

/// A ratio, what it should be, and what it is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ratio {
    pub(crate) what: &'static str,
    pub(crate) goal: String,
    pub(crate) value: f64,
    pub(crate) met: bool,
}

enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

use Goal::{AtLeast, AtMost};

/// All whose cells were run.
#[expect(clippy::too_many_lines, reason = "one list of all that is promised")]
pub(crate) fn of(cells: &[Cell]) -> Vec<Ratio> {
    let find = |name: &str| cells.iter().find(|cell| cell.name == name);
    let rate = |name: &str| find(name)?.rate();
    let slowest_list = || {
        let lists = cells
            .iter()
            .filter(|cell| cell.name.starts_with("queries/list/"));
        lists
            .filter_map(|cell| cell.latency(|latency| latency.p99))
            .reduce(f64::max)
    };
    let note = |name: &str, note: &str| find(name)?.notes().get(note).copied();
    let p50 = |name: &str| find(name)?.latency(|latency| latency.p50);
    let p99 = |name: &str| find(name)?.latency(|latency| latency.p99);
    let rows: [(&str, Goal, Option<f64>, Option<f64>); 26] = [
        (
            "64 writers ÷ the function in batches of 100",
            AtLeast(0.8),
            rate("append/ours/64"),
            rate("append/function/100"),
        ),
        (
            "64 writers ÷ postgres-es",
            AtLeast(6.0),
            rate("append/ours/64"),
            rate("append/postgres-es/64"),
        ),
        (
            "64 writers ÷ disintegrate",
            AtLeast(6.0),
            rate("append/ours/64"),
            rate("append/disintegrate/64"),
        ),
        (
            "one writer, p50 ÷ bare INSERT",
            AtMost(1.5),
            p50("append/ours/1"),
            p50("append/bare/1"),
        ),
        (
            "load ten and append one, 64 writers ÷ postgres-es",
            AtLeast(7.0),
            rate("load/ours/64"),
            rate("load/postgres-es/64"),
        ),
        (
            "load ten and append one, 64 writers ÷ bare SELECT and INSERT",
            AtLeast(1.0),
            rate("load/ours/64"),
            rate("load/bare/64"),
        ),
        (
            "append one to an order that is kept, 64 writers ÷ postgres-es, which loads ten",
            AtLeast(7.0),
            rate("load/ours-kept/64"),
            rate("load/postgres-es/64"),
        ),
        (
            "append one to an order that is kept, 64 writers ÷ bare SELECT and INSERT",
            AtLeast(1.0),
            rate("load/ours-kept/64"),
            rate("load/bare/64"),
        ),
        (
            "reading forward, decoded ÷ bare streamed SELECT, decoded",
            AtLeast(0.9),
            rate("read/ours"),
            rate("read/bare"),
        ),
        (
            "reading forward, rows ÷ bare streamed SELECT, rows",
            AtLeast(0.9),
            rate("read/ours-rows"),
            rate("read/bare-rows"),
        ),
        (
            "append rate, relay on ÷ off",
            AtLeast(0.9),
            rate("relay/on/64"),
            rate("relay/off/64"),
        ),
        (
            "POST, 64 connections ÷ peer",
            AtLeast(5.0),
            rate("http/post/ours/64"),
            rate("http/post/peer/64"),
        ),
        (
            "POST, 64 connections, p99 ÷ peer",
            AtMost(1.0),
            p99("http/post/ours/64"),
            p99("http/post/peer/64"),
        ),
        (
            "GET, 64 connections ÷ peer",
            AtLeast(1.0),
            rate("http/get/ours/64"),
            rate("http/get/peer/64"),
        ),
        (
            "append p50, large log ÷ empty log",
            AtMost(1.2),
            p50("large/full/1"),
            p50("large/empty/1"),
        ),
        (
            "append p99, large log ÷ empty log",
            AtMost(1.2),
            p99("large/full/1"),
            p99("large/empty/1"),
        ),
        (
            "acknowledged → visible at half of the top rate, p50 µs",
            AtMost(10_000.0),
            p50("visible/50/1"),
            Some(1.0),
        ),
        (
            "acknowledged → visible at half of the top rate, p99 µs",
            AtMost(50_000.0),
            p99("visible/50/1"),
            Some(1.0),
        ),
        (
            "POST that views keep up with, one projector ÷ peer",
            AtLeast(3.0),
            rate("visible/keeps-up/1"),
            rate("visible/top/peer"),
        ),
        (
            "POST that views keep up with, two projectors ÷ peer",
            AtLeast(3.0),
            rate("visible/keeps-up/2"),
            rate("visible/top/peer"),
        ),
        (
            "order by id, 64 connections ÷ bare SELECT of its document",
            AtLeast(0.85),
            rate("queries/order/64"),
            rate("queries/bare/64"),
        ),
        (
            "the slowest list, 16 connections, p99 µs",
            AtMost(50_000.0),
            slowest_list(),
            Some(1.0),
        ),
        (
            "rebuild of the orders view, events/s",
            AtLeast(100_000.0),
            rate("rebuild/ours"),
            Some(1.0),
        ),
        (
            "rebuild of the orders view, events/s ÷ cqrs-es",
            AtLeast(30.0),
            rate("rebuild/ours"),
            rate("rebuild/cqrs-es"),
        ),
        (
            "rebuild from the large log, events/s ÷ the other",
            AtLeast(0.8),
            rate("rebuild/large"),
            rate("rebuild/ours"),
        ),
        (
            "rebuild from the large log, peak memory ÷ the other",
            AtMost(1.2),
            note("rebuild/large", "peak memory, MiB"),
            note("rebuild/ours", "peak memory, MiB"),
        ),
    ];
    let judged = rows.into_iter().filter_map(|(what, goal, ours, other)| {
        // Nothing was done in a cell that was too short.
        let value = Some(ours? / other?).filter(|value| value.is_finite())?;
        let (goal, met) = match goal {
            AtLeast(bound) => (format!("≥ {bound}"), value >= bound),
            AtMost(bound) => (format!("≤ {bound}"), value <= bound),
        };
        Some(Ratio {
            what,
            goal,
            value,
            met,
        })
    });
    judged.collect()
}
