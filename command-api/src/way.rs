//! The way of a command: the one function that every endpoint and every line of a bulk upload calls.
//!
//! | step | who | refused with |
//! |---|---|---|
//! | who asks, may they, is it JSON, with a key | [`admission`](crate::admission) | 401 to 400 |
//! | the body as a typed command | [`commands`] | 422 `invalid-request` |
//! | the key | [`Executing`], the log | replay, 422 `key-reused`, 409 `key-in-use` |
//! | the order as it is | [`Orders`], kept or from the log in one statement with the key | 404, 412 |
//! | `decide` | [`domain`] | 409 |
//! | the events, with the key | [`Appender`] | 503 |
//! | the answer | [`Answer`], from the events | |
//!
//! The append checks again what was accepted here, so that may rest on an order that this process has kept. Nobody
//! checks a refusal again, so it is always judged on events that were just read.

use std::time::Duration;

use chrono::Utc;
use domain::OrderId;
use domain::Timestamp;
use domain::order::{Order, OrderCommand, OrderEvent};
use event_store::{Appender, EventStore, KeyToRecord, Outcome, RecordedKey};
use read_model::order::OrderFold;
use uuid::Uuid;

use crate::answer::Answer;
use crate::call::Call;
use crate::commands::{self, Target};
use crate::executing::Executing;
use crate::fitness::Fitness;
use crate::orders::{Known, Orders};
use crate::proposal::{Proposal, order_id};
use crate::refusal::Refusal;
use crate::turns::Turns;

/// How often a command is decided anew because others changed its order meanwhile.
const MOST_ATTEMPTS: u32 = 20;

/// What carrying out commands needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Commands {
    pub(crate) store: EventStore,
    pub(crate) appender: Appender,
    pub(crate) executing: Executing,
    pub(crate) turns: Turns,
    pub(crate) orders: Orders,
    pub(crate) fitness: Fitness,
}

/// What is to become of a command that was not refused.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a command, and it is taken apart at once"
)]
enum Judged {
    /// These events, upon this order.
    Accepted(Known, Vec<OrderEvent>),
    /// Nothing: its key has had its effect.
    Replayed(RecordedKey),
}

impl Commands {
    /// Carries a command out, or says why not.
    pub(crate) async fn carry_out(&self, call: &Call) -> Result<Answer, Refusal> {
        let command = commands::read(call.name, &call.target, &call.body)?;
        let mut decided = judge_new_order(&command)?.filter(|_| !call.is_dry_run());

        self.fitness.admit()?;
        let key = call.key_to_record()?;
        let _execution = key.map(|key| self.executing.begin(key.id)).transpose()?;
        let order_id = order_id(&command, &call.target).ok_or(Refusal::NoSuchOrder)?;
        let _turn = within(call, self.turns.wait(order_id)).await?;

        let mut stale = None;
        for attempt in 0..MOST_ATTEMPTS {
            let judged = match decided.take() {
                // Nothing to load: if the order's id or the key is known, the append tells.
                Some(events) => Judged::Accepted(Known::default(), events),
                None => {
                    self.judge(call, &command, order_id, stale.take(), key)
                        .await?
                }
            };
            let (known, events) = match judged {
                Judged::Accepted(known, events) => (known, events),
                Judged::Replayed(recorded) => return self.replay(call, &recorded).await,
            };
            if call.is_dry_run() {
                let answer = Answer::dry_run(order_id, known.fold(), &events);
                self.orders.keep(order_id, known);
                return answer;
            }
            let proposal = Proposal::new(call, &command, order_id, known, events)?;
            match self.appender.append(proposal.append(key)).await? {
                Outcome::Appended {
                    first_position,
                    recorded_at,
                } => {
                    let (answer, known) = proposal.answer(key, first_position, recorded_at);
                    self.orders.keep(order_id, known);
                    return answer;
                }
                Outcome::Replay(recorded) => return self.replay(call, &recorded).await,
                Outcome::KeyReused => return Err(Refusal::KeyReused),
                Outcome::Conflict => {
                    stale = Some(proposal.into_known());
                    within(call, pause(attempt)).await?;
                }
            }
        }
        Err(Refusal::Contention)
    }

    /// Decides about a command: on what is kept of its order, if that leads to events. Else, and for a dry run, on the
    /// order as the log has it now; `stale` is an order that the log has just said to be old.
    async fn judge(
        &self,
        call: &Call,
        command: &OrderCommand,
        order_id: &OrderId,
        stale: Option<Known>,
        key: Option<KeyToRecord>,
    ) -> Result<Judged, Refusal> {
        let mut held = stale;
        if held.is_none() {
            held = self.orders.take(order_id);
            if let Some(known) = held.take_if(|_| !call.is_dry_run()) {
                match decide(call, command, known.fold()) {
                    Ok(events) => return Ok(Judged::Accepted(known, events)),
                    Err(_) => held = Some(known),
                }
            }
        }
        let load = self.orders.load(order_id, held, key.map(|key| key.id));
        let (known, recorded) = within(call, load).await??;
        let decided = match recorded {
            Some(recorded) => Ok(Judged::Replayed(recorded)),
            None => match decide(call, command, known.fold()) {
                Ok(events) => return Ok(Judged::Accepted(known, events)),
                Err(refusal) => Err(refusal),
            },
        };
        self.orders.keep(order_id, known);
        decided
    }

    /// The answer that the key's command got, from the events that it led to.
    async fn replay(&self, call: &Call, recorded: &RecordedKey) -> Result<Answer, Refusal> {
        if call
            .key_to_record()?
            .is_none_or(|key| key.request != recorded.request)
        {
            return Err(Refusal::KeyReused);
        }
        let load = self
            .store
            .load(&recorded.aggregate_type, &recorded.aggregate_id);
        let events = within(call, load).await??;
        Answer::replay(&events, recorded)
    }
}

/// What a new order's own body breaks is wrong whatever became of its key or its id, so it is judged
/// before them; what it leads to need not be decided again. Nothing for other commands.
fn judge_new_order(command: &OrderCommand) -> Result<Option<Vec<OrderEvent>>, Refusal> {
    match command {
        OrderCommand::Place(_) | OrderCommand::Draft(_) => {
            let events = Order::default().decide(command, now());
            events
                .map(Some)
                .map_err(|error| Refusal::of_new_order(&error))
        }
        _ => Ok(None),
    }
}

/// What the command leads to on this order, if it is the one that the caller meant.
fn decide(
    call: &Call,
    command: &OrderCommand,
    order: &OrderFold,
) -> Result<Vec<OrderEvent>, Refusal> {
    check_version(call, order)?;
    let events = order.order().decide(command, now());
    events.map_err(|error| Refusal::rule(error, order.order()))
}

/// Whether the order is there, if it has to be, and is one that the caller meant.
fn check_version(call: &Call, order: &OrderFold) -> Result<(), Refusal> {
    let current = order.version();
    if call.target != Target::New && current == 0 {
        return Err(Refusal::NoSuchOrder);
    }
    match &call.if_match {
        Some(expected) if !expected.holds(current) => Err(Refusal::VersionMismatch { current }),
        _ => Ok(()),
    }
}

/// Waits for what goes before the append, and not beyond the deadline: nothing is in the log yet.
async fn within<T>(call: &Call, work: impl Future<Output = T>) -> Result<T, Refusal> {
    tokio::time::timeout_at(call.deadline.into(), work)
        .await
        .map_err(|_| Refusal::Overloaded)
}

/// A pause of random length, none after the first attempt and then up to a millisecond more after
/// each. Commands of this process take turns, so the other is a replica, and who pauses for longer
/// than it takes to carry a command out gives way to it again and again.
async fn pause(attempt: u32) {
    let random = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
    tokio::time::sleep((Duration::from_millis(1) * attempt).mul_f64(random)).await;
}

/// This service's clock decides nothing but whether an authorization has expired.
fn now() -> Timestamp {
    Timestamp::from_datetime(Utc::now())
}
