//! `GET /v1/audit/events`: a page as JSON, or all that match as a stream of lines.

use axum::extract::State;
use axum::response::Response;
use service_kit::{Problem, ProblemType, Scope};

use super::entries::Entries;
use super::export;
use super::filter::Filter;
use crate::answer;
use crate::request::{CursorOf, MediaType, Parameters, Question, Terms};
use crate::views::{Generation, Views};

/// For whoever may read the audit trail.
#[derive(Debug)]
pub(crate) struct AuditTrail;

impl Terms for AuditTrail {
    const SCOPE: Scope = Scope::AuditRead;
    const OFFERED: &'static [MediaType] = &[MediaType::Json, MediaType::Ndjson, MediaType::Csv];
}

/// Entries by position.
pub(crate) async fn list(
    State(views): State<Views>,
    question: Question<AuditTrail>,
) -> Result<Response, Problem> {
    if question.media == MediaType::Json {
        page(&views, &question).await
    } else {
        export::respond(&views, &question).await
    }
}

async fn page(views: &Views, question: &Question<AuditTrail>) -> Result<Response, Problem> {
    let parameters = question.parameters(&known())?;
    let query = entries(&parameters)?;
    let found = views.read_fresh(&query, question.freshness).await?;
    let page = found.rows;
    let next = page.items.last().filter(|_| page.more).map(|last| {
        let words = query.filter.words();
        let cursor = CursorOf(&words).write(found.generation, &last.position.into());
        question.next_page(&parameters, cursor)
    });
    let documents: Vec<String> = page.items.into_iter().map(|entry| entry.json).collect();
    Ok(answer::list(&documents, next.as_ref(), found.position))
}

/// The parameters of a page.
pub(crate) fn known() -> Vec<&'static str> {
    [&Filter::PARAMETERS[..], &Parameters::OF_LISTS].concat()
}

/// The page that a query asks for.
pub(crate) fn entries(parameters: &Parameters) -> Result<Entries, Problem> {
    let filter = Filter::from_parameters(parameters)?;
    let page = parameters.page()?;
    let words = filter.words();
    let (generation, after) = match page.cursor {
        None => (Generation::Live, filter.after_position()),
        Some(cursor) => {
            let (generation, key) = CursorOf(&words).read(cursor)?;
            let key = key.as_i64();
            let position = key.ok_or_else(|| Problem::new(ProblemType::BadCursor))?;
            (Generation::Of(generation), position)
        }
    };
    Ok(Entries {
        generation,
        filter,
        after,
        up_to: i64::MAX,
        limit: page.limit,
    })
}
