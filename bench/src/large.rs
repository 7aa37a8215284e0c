//! Whether an append costs the same in a log of millions as in an empty one.

use std::sync::Arc;

use anyhow::Result;

use crate::cell::Cell;
use crate::store::Ours;
use crate::workload::STREAM_EVENTS;
use crate::{Arguments, database, load, progress};

/// Writers of the cells.
const WRITERS: [usize; 2] = [1, 64];

/// Streams that one statement fills.
const CHUNK: i64 = 20_000;

/// Fills one log, and measures both in turn.
pub(crate) async fn measure(arguments: &Arguments, events: i64) -> Result<Vec<Cell>> {
    let server = &arguments.postgres_url;
    let full = Arc::new(Ours::open(server, "bench_large").await?);
    let mut streams = events / STREAM_EVENTS;
    progress(&format!("filling a log of {events} events …"));
    while streams > 0 {
        let head = full.store.head(1).await?.position;
        full.fill(&format!("large-{streams}-"), streams.min(CHUNK))
            .await?;
        full.record_keys(head).await?;
        streams -= CHUNK;
    }
    full.vacuum().await?;
    let mut cells = Vec::new();
    for writers in WRITERS {
        for log in ["empty", "full"] {
            cells.push(Cell::new(format!("large/{log}/{writers}"), "commands"));
        }
    }
    for round in 0..arguments.rounds {
        // Empty at the beginning of each round, so that it does not become large itself.
        let empty = Arc::new(Ours::open(server, "bench_empty").await?);
        for (index, cell) in cells.iter_mut().enumerate() {
            database::settle(server).await?;
            let log = Arc::clone(if index % 2 == 0 { &empty } else { &full });
            let sample = load::closed(WRITERS[index / 2], arguments.duration(), move |writer| {
                let log = Arc::clone(&log);
                async move { log.append_new(writer).await }
            });
            cell.take(round, sample.await?);
        }
        empty.close().await;
    }
    full.close().await;
    database::remove(server, "bench_large").await?;
    database::remove(server, "bench_empty").await?;
    Ok(cells)
}
