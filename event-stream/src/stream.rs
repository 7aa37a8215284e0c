//! The stream, set up as asked for or refused.

use async_nats::jetstream::context::{
    CreateStreamError, GetStreamError, GetStreamErrorKind, UpdateStreamError,
};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, PurgeError, RawMessageError, RawMessageErrorKind, RetentionPolicy,
    StorageType, Stream,
};
use async_nats::jetstream::{Context, ErrorCode};
use uuid::Uuid;

use crate::message::{Message, source_of};
use crate::{StreamSettings, subject};

/// At most this many messages are looked at for one of ours.
const LOOKED_AT: u64 = 1_000;

/// Why the stream cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The broker did not say whether it has the stream.
    #[error("the broker did not answer about the stream")]
    Unanswered(#[from] GetStreamError),
    /// The broker did not make the stream.
    #[error("the broker did not make the stream")]
    NotMade(#[source] CreateStreamError),
    /// The broker did not change the stream to what was asked for.
    #[error("the broker did not change the stream")]
    NotChanged(#[source] UpdateStreamError),
    /// The broker did not hand a message out.
    #[error("the broker did not hand out a message of the stream")]
    Unreadable(#[from] RawMessageError),
    /// The broker did not remove the stream's messages.
    #[error("the broker did not purge the stream")]
    NotPurged(#[source] PurgeError),
    /// The broker made something else than was asked for; an older one leaves out what it does not know.
    #[error("the stream {stream} has {field} {has} where {asked} was asked for")]
    Echo {
        /// The stream's name.
        stream: String,
        /// The setting that differs.
        field: &'static str,
        /// What the broker says it has.
        has: String,
        /// What was asked for.
        asked: String,
    },
    /// Another platform publishes there.
    #[error(
        "the stream {stream} holds events of another log ({theirs}, ours is {ours}): choose another stream name or broker, or remove that stream"
    )]
    AnotherLog {
        /// The stream's name.
        stream: String,
        /// The log that the stream's messages name.
        theirs: Uuid,
        /// The log whose events were to be published.
        ours: Uuid,
    },
}

/// Makes the stream if there is none, changes its limits if they are others, and compares what the broker says it
/// has with what was asked. Asks for nothing that a broker of version 2.9 lacks.
///
/// A stream whose newest event is one of another log than `log` is refused ([`StreamError::AnotherLog`]).
pub async fn ensure_stream(
    jetstream: &Context,
    settings: &StreamSettings,
    log: Uuid,
) -> Result<Stream, StreamError> {
    prepare(jetstream, settings, log)
        .await
        .map(|(stream, _)| stream)
}

/// [`ensure_stream`], with the newest event of `log` among the stream's last messages and its sequence there.
pub(crate) async fn prepare(
    jetstream: &Context,
    settings: &StreamSettings,
    log: Uuid,
) -> Result<(Stream, Option<(u64, Message)>), StreamError> {
    let asked = configuration(settings);
    let mut stream = match jetstream.get_stream(&settings.name).await {
        Ok(stream) => stream,
        Err(error) if is_missing(&error) => jetstream
            .create_stream(&asked)
            .await
            .map_err(StreamError::NotMade)?,
        Err(error) => return Err(error.into()),
    };
    if compare(&stream.cached_info().config, &asked).is_err() {
        jetstream
            .update_stream(&asked)
            .await
            .map_err(StreamError::NotChanged)?;
        stream = jetstream.get_stream(&settings.name).await?;
    }
    compare(&stream.cached_info().config, &asked)?;
    let newest = newest_of_log(&stream, log).await?;
    Ok((stream, newest))
}

/// The stream as it is, or `None` if there is none.
pub(crate) async fn find_stream(
    jetstream: &Context,
    name: &str,
) -> Result<Option<Stream>, StreamError> {
    match jetstream.get_stream(name).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The newest event of `log` among the stream's last messages.
async fn newest_of_log(stream: &Stream, log: Uuid) -> Result<Option<(u64, Message)>, StreamError> {
    let Info { state, .. } = stream.cached_info();
    if state.messages == 0 {
        return Ok(None);
    }
    ours_at_or_below(stream, state.last_sequence, state.first_sequence, log).await
}

/// The last event of `log` at or below `sequence`, with its sequence; not one below `lowest`, nor one that stands
/// below 1,000 messages of others.
///
/// By sequence, never by subject: after the last message was deleted, the broker finds nothing by subject although
/// messages are left.
pub(crate) async fn ours_at_or_below(
    stream: &Stream,
    sequence: u64,
    lowest: u64,
    log: Uuid,
) -> Result<Option<(u64, Message)>, StreamError> {
    let lowest = lowest.max(sequence.saturating_sub(LOOKED_AT - 1));
    for sequence in (lowest..=sequence).rev() {
        let found = match stream.get_raw_message(sequence).await {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => continue,
            Err(error) => return Err(error.into()),
        };
        match source_of(&found.headers) {
            Some(theirs) if theirs != log => {
                return Err(StreamError::AnotherLog {
                    stream: stream.cached_info().config.name.clone(),
                    theirs,
                    ours: log,
                });
            }
            _ => {
                if let Some(ours) = Message::decode(&found.headers, &found.payload, log) {
                    return Ok(Some((sequence, ours)));
                }
            }
        }
    }
    Ok(None)
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(refusal) if refusal.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn configuration(settings: &StreamSettings) -> Config {
    Config {
        name: settings.name.clone(),
        subjects: vec![subject::of_stream(&settings.subject_prefix)],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::Old,
        max_bytes: settings.max_bytes,
        max_age: settings.max_age,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        num_replicas: settings.replicas,
        ..Config::default()
    }
}

/// Whether the broker has what was asked for, setting by setting.
fn compare(has: &Config, asked: &Config) -> Result<(), StreamError> {
    /// One setting as it is compared and shown.
    fn shown(value: impl std::fmt::Debug) -> String {
        format!("{value:?}")
    }
    let settings = [
        ("subjects", shown(&has.subjects), shown(&asked.subjects)),
        ("retention", shown(has.retention), shown(asked.retention)),
        ("storage", shown(has.storage), shown(asked.storage)),
        ("discard", shown(has.discard), shown(asked.discard)),
        ("max_bytes", shown(has.max_bytes), shown(asked.max_bytes)),
        ("max_age", shown(has.max_age), shown(asked.max_age)),
        (
            "max_msgs",
            shown(has.max_messages),
            shown(asked.max_messages),
        ),
        (
            "max_msgs_per_subject",
            shown(has.max_messages_per_subject),
            shown(asked.max_messages_per_subject),
        ),
        (
            "max_consumers",
            shown(has.max_consumers),
            shown(asked.max_consumers),
        ),
        (
            "num_replicas",
            shown(has.num_replicas),
            shown(asked.num_replicas),
        ),
        ("no_ack", shown(has.no_ack), shown(asked.no_ack)),
        ("sealed", shown(has.sealed), shown(asked.sealed)),
    ];
    match settings.into_iter().find(|(_, has, asked)| has != asked) {
        None => Ok(()),
        Some((field, has, asked_for)) => Err(StreamError::Echo {
            stream: asked.name.clone(),
            field,
            has,
            asked: asked_for,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_limits_is_not_what_was_asked_for() {
        let asked = configuration(&StreamSettings::default());
        assert!(compare(&asked, &asked).is_ok());
        let has = Config {
            max_bytes: -1,
            ..asked.clone()
        };
        let error = compare(&has, &asked).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the stream ORDERS has max_bytes -1 where 1073741824 was asked for"
        );
    }
}
