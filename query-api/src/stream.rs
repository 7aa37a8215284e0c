//! Server-sent events: what happens, as it happens.
//!
//! One task follows the view for all clients and keeps the newest events in a window; who is behind the window reads the
//! view by itself, page by page, until it has caught up.

mod follower;
mod frame;
mod hub;
mod start;
mod window;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use futures::stream;
use read_model::OrderId;
use service_kit::{Problem, ProblemType, Scope};

use crate::answer;
use crate::audit;
use crate::orders;
use crate::request::{MediaType, Question, Terms};
use crate::views::Views;
use follower::Follower;
pub(crate) use hub::Hub;
pub(crate) use start::Start;

const AFTER_POSITION: &str = "after_position";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// For whoever may read orders and takes server-sent events.
#[derive(Debug)]
pub(crate) struct LiveOrders;

impl Terms for LiveOrders {
    const SCOPE: Scope = Scope::OrdersRead;
    const OFFERED: &'static [MediaType] = &[MediaType::EventStream];
}

/// The events of all orders.
pub(crate) async fn all(
    State(views): State<Views>,
    State(hub): State<Hub>,
    question: Question<LiveOrders>,
) -> Result<Response, Problem> {
    let after = start_of(&question)?;
    respond(views, &hub, &question, None, after).await
}

/// The events of one order.
pub(crate) async fn of_order(
    State(views): State<Views>,
    State(hub): State<Hub>,
    question: Question<LiveOrders>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let after = start_of(&question)?;
    let order_id = orders::order_id(path)?;
    respond(views, &hub, &question, Some(order_id), after).await
}

async fn respond(
    views: Views,
    hub: &Hub,
    question: &Question<LiveOrders>,
    order_id: Option<OrderId>,
    after: Option<i64>,
) -> Result<Response, Problem> {
    let freshness = question.freshness.and_at_least(after.unwrap_or(0));
    // Joined before the start is read, so that nothing falls between the two.
    let subscription = hub.subscribe();
    let start = Start { order_id };
    let found = views.read_fresh(&start, freshness).await?;
    if !found.rows {
        return Err(answer::not_found_at("order", found.position));
    }
    let after = after.unwrap_or(found.position);
    let follower = Follower::new(views, subscription, start.order_id, after);
    let chunks = stream::unfold(follower, Follower::next);
    Ok(answer::streamed(
        Body::from_stream(chunks),
        question.media,
        found.position,
    ))
}

/// Behind which position the client wants to go on; nothing if from now on.
fn start_of(question: &Question<LiveOrders>) -> Result<Option<i64>, Problem> {
    let parameters = question.parameters(&[AFTER_POSITION])?;
    let after = parameters.parsed(AFTER_POSITION, audit::position)?;
    Ok(last_event_id(question.headers())?.or(after))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let mut values = headers.get_all(LAST_EVENT_ID).iter();
    let malformed =
        |what: &str| Problem::new(ProblemType::Malformed).detail(format!("Last-Event-ID {what}"));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().unwrap_or_default();
            audit::position(text).map(Some).map_err(malformed)
        }
        (Some(_), Some(_)) => Err(malformed("is there twice")),
    }
}
