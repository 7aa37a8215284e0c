//! `POST /v1/bulk`: many commands in one request, one a line, answered line by line.
//!
//! An upload is read no faster than its lines are carried out and its answers taken. Lines run side
//! by side, so that the log writes them in large batches, but for those that must not overtake each
//! other ([`chains`]). An upload whose caller goes away is read no further; what was read is finished.

mod chains;
pub(crate) mod envelope;
mod line;
mod lines;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use service_kit::Actor;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;

use self::chains::{Chains, Turn};
use self::line::Reading;
use self::lines::{LARGEST_LINE, LARGEST_UPLOAD, Lines, Next};
use crate::admission::media_type::{self, NDJSON};
use crate::admission::{self, parameters};
use crate::app::App;
use crate::call::Origin;
use crate::refusal::Refusal;
use crate::reply;

/// Uploads that are read at a time. Each may hold a line of the largest size in memory.
pub(crate) const MOST_UPLOADS: usize = 64;

/// The most lines of an upload that are carried out.
const MOST_LINES: usize = 10_000;

/// Answers that wait for the caller, or for the answer of a line before them.
const MOST_WAITING: usize = 1_024;

/// How long a caller may leave its answers untaken.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a stopping service goes on telling an upload's lines that it is stopping.
const FAREWELL: Duration = Duration::from_secs(2);

/// Takes an upload; the answer begins at once.
pub(crate) async fn upload(State(app): State<App>, request: Request) -> Response {
    let (upload, body) = match admit(app.clone(), request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return reply::response(Err(refusal), &app.query_url),
    };
    let (answers, mut answered) = mpsc::channel(MOST_WAITING);
    let (waiting, finished) = mpsc::channel(MOST_WAITING);
    // Not part of this request's own work: a caller who goes away does not end what was begun.
    app.uploads.spawn(upload.read(Lines::new(body), waiting));
    app.uploads.spawn(answer(finished, answers));
    let answers = stream::poll_fn(move |context| answered.poll_recv(context));
    let headers = [(CONTENT_TYPE, NDJSON), (CACHE_CONTROL, "no-store")];
    (
        headers,
        Body::from_stream(answers.map(Ok::<_, std::convert::Infallible>)),
    )
        .into_response()
}

/// Lets an upload in. Scopes are looked at line by line.
async fn admit(app: App, request: Request) -> Result<(Upload, BodyDataStream), Refusal> {
    let (parts, body) = request.into_parts();
    let actor = admission::authenticated(&app, &parts).await?;
    if !media_type::is(NDJSON, &parts.headers) {
        return Err(Refusal::NotJson { expected: NDJSON });
    }
    admission::accepted(NDJSON, &parts.headers)?;
    parameters::none(parts.uri.query())?;
    let place = Arc::clone(&app.upload_room)
        .try_acquire_owned()
        .map_err(|_| Refusal::Overloaded)?;
    let origin = Arc::new(admission::origin(&actor, &parts));
    let chains = Chains::default();
    let upload = Upload {
        app,
        actor,
        origin,
        chains,
        _place: place,
    };
    Ok((upload, body.into_data_stream()))
}

/// An upload that is being read.
struct Upload {
    app: App,
    actor: Actor,
    origin: Arc<Origin>,
    chains: Chains,
    /// Held while it is read.
    _place: OwnedSemaphorePermit,
}

impl Upload {
    /// Begins line after line and hands on what becomes of each, in the order of the lines; ends when
    /// the upload does, its caller is gone, or the service must.
    async fn read(mut self, mut lines: Lines<BodyDataStream>, begun: mpsc::Sender<Begun>) {
        let stopping = self.app.stopping.clone();
        let overdue = async move {
            stopping.cancelled().await;
            tokio::time::sleep(FAREWELL).await;
        };
        let mut overdue = std::pin::pin!(overdue);
        for index in 0.. {
            let next = tokio::select! {
                next = lines.next() => Some(next),
                () = &mut overdue => None,
            };
            let name = next.as_ref().map_or("stopping", Next::name);
            let Some(reading) = self.reading(index, next.as_ref()) else {
                tracing::info!(bulk.lines = index, bulk.end = name, "an upload was read");
                return;
            };
            let line = self.begin(index, reading).await;
            if begun.send(line).await.is_err() {
                tracing::info!(bulk.lines = index + 1, "an upload's answers are not taken");
                return;
            }
            if matches!(next, None | Some(Next::TooMuch)) {
                tracing::info!(
                    bulk.lines = index + 1,
                    bulk.end = name,
                    "an upload was cut off"
                );
                admission::drain(lines.source()).await;
                return;
            }
        }
    }

    /// What comes next as the line `index`, if it is one that is answered. `None` is a service that
    /// cannot wait any longer.
    fn reading(&self, index: usize, next: Option<&Next>) -> Option<Reading> {
        let refusal = match next {
            Some(Next::End | Next::Broken) => return None,
            None => Refusal::Stopping,
            Some(Next::TooMuch) => Refusal::TooLarge {
                limit: LARGEST_UPLOAD,
            },
            Some(_) if index >= MOST_LINES => Refusal::TooManyLines { limit: MOST_LINES },
            Some(Next::LongLine) => Refusal::TooLarge {
                limit: LARGEST_LINE,
            },
            Some(Next::Line(_)) if self.app.stopping.is_cancelled() => Refusal::Stopping,
            Some(Next::Line(text)) => {
                let limit = self.app.request_deadline;
                return Some(line::read(text, &self.actor, &self.origin, limit));
            }
        };
        Some(Reading::Refused(refusal))
    }

    /// Begins a line as soon as there is room for it.
    async fn begin(&mut self, index: usize, reading: Reading) -> Begun {
        let origin = Arc::clone(&self.origin);
        let call = match reading {
            Reading::Refused(refusal) => {
                return Begun::Answered(line::answer(index, Err(refusal), &origin));
            }
            Reading::Call(call) => call,
        };
        let turn: Turn = self.chains.join(line::links(&call));
        // Never closed.
        let room = Arc::clone(&self.app.bulk_room).acquire_owned().await.ok();
        let app = self.app.clone();
        let running = self.app.uploads.spawn(async move {
            let _room = room;
            let _done = turn.wait().await;
            let outcome = line::carry_out(&app, *call).await;
            line::answer(index, outcome, &origin)
        });
        Begun::Running {
            index,
            running,
            origin: Arc::clone(&self.origin),
        }
    }
}

/// A line that was begun.
enum Begun {
    /// It needed no work.
    Answered(Bytes),
    /// It is being carried out.
    Running {
        index: usize,
        running: JoinHandle<Bytes>,
        origin: Arc<Origin>,
    },
}

/// Answers lines in their order, until the caller takes no more answers: then, by dropping the
/// channel, this also ends the reading.
async fn answer(mut begun: mpsc::Receiver<Begun>, answers: mpsc::Sender<Bytes>) {
    while let Some(line) = begun.recv().await {
        let text = match line {
            Begun::Answered(text) => text,
            Begun::Running {
                index,
                running,
                origin,
            } => running.await.unwrap_or_else(|failure| {
                tracing::error!(error = %failure, "a line of an upload has failed");
                line::answer(index, Err(Refusal::Failed), &origin)
            }),
        };
        if !matches!(
            tokio::time::timeout(PATIENCE, answers.send(text)).await,
            Ok(Ok(()))
        ) {
            return;
        }
    }
}
