//! All entries that match, as a stream of lines.
//!
//! The stream is read page by page, each by a statement of its own when the client has taken the one before: what is held
//! for a client is one page, and a slow one holds no connection to the database. It ends at the position at which it began,
//! so that it is complete and ends although events go on.

use std::io;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::stream;
use service_kit::Problem;
use service_kit::problem::chain;

use super::csv;
use super::entries::{Entries, StoredEntry};
use super::filter::Filter;
use super::list::AuditTrail;
use crate::answer;
use crate::request::{MediaType, Question};
use crate::views::{Generation, Items, Views};

/// Entries of a page.
const PAGE: u16 = 500;

/// A stream under way.
struct Export {
    views: Views,
    media: MediaType,
    /// What is to be read next.
    query: Entries,
    /// What is to be sent next.
    ready: Option<Items<StoredEntry>>,
    head: Option<&'static str>,
}

/// The stream.
pub(super) async fn respond(
    views: &Views,
    question: &Question<AuditTrail>,
) -> Result<Response, Problem> {
    let parameters = question.parameters(&Filter::PARAMETERS)?;
    let filter = Filter::from_parameters(&parameters)?;
    let mut query = Entries {
        generation: Generation::Live,
        after: filter.after_position(),
        filter,
        up_to: i64::MAX,
        limit: PAGE,
    };
    let found = views.read_fresh(&query, question.freshness).await?;
    query.generation = Generation::Of(found.generation);
    query.up_to = found.position;
    let export = Export {
        views: views.clone(),
        media: question.media,
        query,
        ready: Some(found.rows),
        head: (question.media == MediaType::Csv).then_some(csv::HEAD),
    };
    let chunks = stream::try_unfold(export, Export::next);
    Ok(answer::streamed(
        Body::from_stream(chunks),
        question.media,
        found.position,
    ))
}

impl Export {
    /// The next chunk. An error breaks the answer off, so that nobody takes a part for the whole.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if let Some(head) = self.head.take() {
            return Ok(Some((Bytes::from_static(head.as_bytes()), self)));
        }
        let Some(page) = self.ready.take() else {
            return Ok(None);
        };
        let Some(last) = page.items.last() else {
            return Ok(None);
        };
        self.query.after = last.position;
        let chunk = self.written(&page.items)?;
        if page.more {
            let found = self.views.read(&self.query).await.map_err(|error| {
                tracing::warn!(error = chain(&error), "an export broke off");
                io::Error::other("the views cannot be read")
            })?;
            self.ready = Some(found.rows);
        }
        Ok(Some((chunk, self)))
    }

    fn written(&self, entries: &[StoredEntry]) -> io::Result<Bytes> {
        let length = entries.iter().map(|entry| entry.json.len() + 1).sum();
        let mut chunk = String::with_capacity(length);
        for entry in entries {
            if self.media == MediaType::Csv {
                csv::write(&entry.json, &mut chunk)?;
            } else {
                chunk.push_str(&entry.json);
                chunk.push('\n');
            }
        }
        Ok(chunk.into())
    }
}
