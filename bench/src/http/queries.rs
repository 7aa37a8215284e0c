//! Every question that the query API answers, on views of many orders.
//!
//! | cell | what is counted |
//! |---|---|
//! | `queries/list/<what>/16` | lists of 50, by what they are filtered or sorted; 16 connections |
//! | `queries/one/<what>/16` | one order, customer, product or report; 16 connections |
//! | `queries/order/64` | orders by id, 64 connections |
//! | `queries/bare/64` | the same documents by `bench/peer`: axum, sqlx, one `SELECT`, nothing else |
//! | `queries/export` | audit entries exported as NDJSON on one connection |
//!
//! The views are those that a projector makes of a log with orders in all states; the projector and the broker go on, with
//! nothing to do. Requests of a cell differ by order, customer or product wherever the question has one.

mod questions;
mod setting;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION};
use hyper::{Request, StatusCode};

use super::client::Client;
use super::peer;
use crate::cell::{Cell, Sample};
use crate::{Arguments, database, load, machine};
use questions::Questions;
use setting::{QueryApi, Setting};

/// Connections of every question.
const CONNECTIONS: usize = 16;

/// Connections of the comparison with a bare `SELECT`.
const MANY: usize = 64;

const ORDER: &str = "queries/order/64";
const BARE: &str = "queries/bare/64";
const EXPORT: &str = "queries/export";

/// Runs every cell once a round.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Vec<Cell>> {
    let setting = Setting::make(arguments).await?;
    let questions = Questions::of(&setting).await?;
    let names = questions.names().into_iter();
    let mut cells: Vec<Cell> = names
        .chain([ORDER, BARE, EXPORT].map(str::to_owned))
        .filter(|name| arguments.wants(name))
        .map(|name| {
            let unit = if name == EXPORT {
                "entries"
            } else {
                "requests"
            };
            Cell::new(name, unit)
        })
        .collect();
    let documents = peer::Peer::of_documents(&setting.views_url, &setting.orders_table).await?;
    // What is asked wrongly is told before anything is measured.
    let client = Client::connect(&setting.api.url, 1).await?;
    for name in questions.names() {
        let path = &questions.paths(&name)?[0];
        get(&client, 0, &setting.api.bearer, path).await?;
    }
    for round in 0..arguments.rounds {
        for cell in &mut cells {
            database::settle(&arguments.postgres_url).await?;
            let sample = match cell.name.as_str() {
                EXPORT => export(arguments, &setting).await?,
                BARE => bare(arguments, &documents.url, questions.ids()).await?,
                ORDER => ask(arguments, &setting.api, MANY, questions.orders()).await?,
                name => {
                    let paths = questions.paths(name)?;
                    ask(arguments, &setting.api, CONNECTIONS, paths).await?
                }
            };
            cell.take(round, sample);
        }
    }
    documents.stop().await?;
    setting.remove(arguments).await?;
    Ok(cells)
}

/// Asks these in turn, on so many connections.
async fn ask(
    arguments: &Arguments,
    api: &QueryApi,
    connections: usize,
    paths: Arc<[String]>,
) -> Result<Sample> {
    let client = Arc::new(Client::connect(&api.url, connections).await?);
    let (bearer, next) = (Arc::clone(&api.bearer), AtomicUsize::new(0));
    load::closed(connections, arguments.duration(), move |caller| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let path = paths[number % paths.len()].clone();
        let (client, bearer) = (Arc::clone(&client), Arc::clone(&bearer));
        async move { get(&client, caller, &bearer, &path).await }
    })
    .await
}

async fn get(client: &Client, caller: usize, bearer: &str, path: &str) -> Result<()> {
    let request = Request::get(path).header(AUTHORIZATION, bearer);
    client
        .send(caller, request, Bytes::new(), StatusCode::OK)
        .await
        .with_context(|| format!("GET {path}"))?;
    Ok(())
}

/// The same orders by one `SELECT` and no more.
async fn bare(arguments: &Arguments, url: &str, ids: Arc<[String]>) -> Result<Sample> {
    let client = Arc::new(Client::connect(url, MANY).await?);
    let next = AtomicUsize::new(0);
    load::closed(MANY, arguments.duration(), move |caller| {
        let id = ids[next.fetch_add(1, Ordering::Relaxed) % ids.len()].clone();
        let client = Arc::clone(&client);
        async move { peer::read(&client, caller, &id).await }
    })
    .await
}

/// All audit entries but those that are too many, from a query API that has done nothing else.
async fn export(arguments: &Arguments, setting: &Setting) -> Result<Sample> {
    let api = QueryApi::start(arguments, &setting.views_url).await?;
    let client = Client::connect(&api.url, 1).await?;
    let after = (setting.events - arguments.export_entries).max(0);
    let request = Request::get(format!("/v1/audit/events?after_position={after}"))
        .header(AUTHORIZATION, &*api.bearer)
        .header(ACCEPT, "application/x-ndjson");
    let before = api.peak_memory()?;
    let began = Instant::now();
    let entries = client.count_lines(request).await?;
    let seconds = began.elapsed().as_secs_f64();
    let expected = u64::try_from(setting.events - after)?;
    ensure!(entries == expected, "{entries} of {expected} entries came");
    let process = api.process()?.to_string();
    let cpu = machine::cpu_seconds(&process).context("the query API has ended")?;
    Ok(Sample::new(entries, seconds)
        .with("peak memory, MiB", api.peak_memory()?)
        .with("before it, MiB", before)
        .with("CPU s of the query API", cpu))
}
