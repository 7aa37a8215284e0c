//! The bytes of a body, bounded in size and time.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _};

use crate::refusal::Refusal;

/// What is still read, and dropped, of a body that is too large, and for how long.
const MOST_DRAINED: usize = 16 << 20;
const LONGEST_DRAIN: Duration = Duration::from_secs(2);

/// A whole body of at most `limit` bytes.
pub(super) async fn read(
    body: Body,
    headers: &HeaderMap,
    limit: usize,
    deadline: Instant,
) -> Result<Bytes, Refusal> {
    let mut source = body.into_data_stream();
    if announced(headers).is_some_and(|length| length > limit) {
        drain(&mut source).await;
        return Err(Refusal::TooLarge { limit });
    }
    let mut bytes = BytesMut::new();
    loop {
        let next = tokio::time::timeout_at(deadline.into(), source.next()).await;
        match next.map_err(|_| Refusal::Overloaded)? {
            None => return Ok(bytes.freeze()),
            Some(Err(_)) => return Err(broken()),
            Some(Ok(piece)) if bytes.len() + piece.len() > limit => {
                drain(&mut source).await;
                return Err(Refusal::TooLarge { limit });
            }
            Some(Ok(piece)) => bytes.extend_from_slice(&piece),
        }
    }
}

/// Reads on and drops what it reads, up to a bound: a caller who is still sending would not see an
/// answer on a connection that is closed before its time.
pub(crate) async fn drain<E>(source: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) {
    let draining = async {
        let mut dropped = 0;
        while dropped < MOST_DRAINED {
            match source.next().await {
                Some(Ok(piece)) => dropped += piece.len(),
                Some(Err(_)) | None => return,
            }
        }
    };
    // Whoever still sends after that has had enough time.
    let _ = tokio::time::timeout(LONGEST_DRAIN, draining).await;
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn broken() -> Refusal {
    Refusal::Malformed {
        detail: "the body ended before its time".to_owned(),
    }
}
