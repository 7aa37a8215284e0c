//! The lines of an upload, as they arrive.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures::{Stream, StreamExt as _};

/// The most bytes of one line, without its newline.
pub(crate) const LARGEST_LINE: usize = 1 << 20;

/// The most bytes of an upload.
pub(crate) const LARGEST_UPLOAD: usize = 16 << 20;

/// How long the next bytes may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes next in an upload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A line, without its newline.
    Line(Bytes),
    /// A line that is longer than [`LARGEST_LINE`]; its text is gone.
    LongLine,
    /// The upload is larger than [`LARGEST_UPLOAD`]; what follows is not looked at.
    TooMuch,
    /// The upload was read to its end.
    End,
    /// The caller went away, or fell silent. What came of its last line is no line: a command that
    /// was cut off may look like another, valid one.
    Broken,
}

impl Next {
    /// What it is, for logs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Next::Line(_) => "line",
            Next::LongLine => "long line",
            Next::TooMuch => "too much",
            Next::End => "end",
            Next::Broken => "broken",
        }
    }
}

/// Splits an upload into lines. A newline ends a line; what follows the last one is a line too,
/// unless it is empty.
pub(crate) struct Lines<S> {
    source: S,
    buffer: BytesMut,
    /// How much of the buffer holds no newline.
    searched: usize,
    /// Bytes of the upload so far.
    taken: usize,
    /// Whether the rest of a long line is being dropped.
    dropping: bool,
    ended: bool,
}

impl<S, E> Lines<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    /// The lines of `source`.
    pub(crate) fn new(source: S) -> Self {
        Lines {
            source,
            buffer: BytesMut::new(),
            searched: 0,
            taken: 0,
            dropping: false,
            ended: false,
        }
    }

    /// Waits for the next line. Dropping this future loses nothing.
    pub(crate) async fn next(&mut self) -> Next {
        loop {
            if let Some(next) = self.next_in_buffer() {
                return next;
            }
            if self.taken > LARGEST_UPLOAD {
                return Next::TooMuch;
            }
            if self.ended {
                return self.rest();
            }
            match tokio::time::timeout(PATIENCE, self.source.next()).await {
                Ok(Some(Ok(bytes))) => self.take(&bytes),
                Ok(None) => self.ended = true,
                Ok(Some(Err(_))) | Err(_) => return Next::Broken,
            }
        }
    }

    /// Where the bytes come from, when no more lines are wanted.
    pub(crate) fn source(&mut self) -> &mut S {
        &mut self.source
    }

    fn take(&mut self, bytes: &Bytes) {
        let room = LARGEST_UPLOAD.saturating_sub(self.taken);
        self.taken += bytes.len();
        self.buffer
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn next_in_buffer(&mut self) -> Option<Next> {
        let newline = self.buffer[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n');
        let Some(offset) = newline else {
            self.searched = self.buffer.len();
            if self.searched > LARGEST_LINE {
                self.dropping = true;
                self.buffer.clear();
                self.searched = 0;
            }
            return None;
        };
        let line = self.buffer.split_to(self.searched + offset).freeze();
        self.buffer.advance(1);
        self.searched = 0;
        Some(self.line(line))
    }

    fn rest(&mut self) -> Next {
        if self.buffer.is_empty() && !self.dropping {
            return Next::End;
        }
        let line = self.buffer.split().freeze();
        self.searched = 0;
        self.line(line)
    }

    fn line(&mut self, line: Bytes) -> Next {
        if std::mem::take(&mut self.dropping) || line.len() > LARGEST_LINE {
            return Next::LongLine;
        }
        Next::Line(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    async fn read(chunks: Vec<Result<Bytes, ()>>) -> Vec<Next> {
        let mut lines = Lines::new(stream::iter(chunks));
        let mut read = Vec::new();
        loop {
            let next = lines.next().await;
            let last = matches!(next, Next::End | Next::Broken | Next::TooMuch);
            read.push(next);
            if last {
                return read;
            }
        }
    }

    fn chunks(texts: &[&'static str]) -> Vec<Result<Bytes, ()>> {
        texts
            .iter()
            .map(|text| Ok(Bytes::from_static(text.as_bytes())))
            .collect()
    }

    fn line(text: &'static str) -> Next {
        Next::Line(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn lines_are_put_together_from_pieces() {
        let read = read(chunks(&["on", "e\ntw", "", "o\n", "three"])).await;
        assert_eq!(read, [line("one"), line("two"), line("three"), Next::End]);
    }

    #[tokio::test]
    async fn a_final_newline_is_not_a_line_but_an_empty_line_is() {
        assert_eq!(read(chunks(&["one\n"])).await, [line("one"), Next::End]);
        assert_eq!(
            read(chunks(&["one\n\ntwo\n"])).await,
            [line("one"), line(""), line("two"), Next::End]
        );
        assert_eq!(read(chunks(&[])).await, [Next::End]);
    }

    #[tokio::test]
    async fn a_line_that_is_cut_off_is_no_line() {
        let mut broken = chunks(&["one\ntwo"]);
        broken.push(Err(()));
        assert_eq!(read(broken).await, [line("one"), Next::Broken]);
    }

    #[tokio::test]
    async fn a_long_line_is_dropped_alone() {
        let mut upload = vec![b'x'; LARGEST_LINE + 1];
        upload.extend_from_slice(b"\nnext\n");
        let pieces = upload
            .chunks(70_000)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        assert_eq!(
            read(pieces).await,
            [Next::LongLine, line("next"), Next::End]
        );
        let whole = vec![Ok(Bytes::from(upload))];
        assert_eq!(read(whole).await, [Next::LongLine, line("next"), Next::End]);
        let unended = vec![Ok(Bytes::from(vec![b'x'; 3 * LARGEST_LINE]))];
        assert_eq!(read(unended).await, [Next::LongLine, Next::End]);
        let longest = vec![Ok(Bytes::from(vec![b'x'; LARGEST_LINE]))];
        assert!(matches!(
            read(longest).await[..],
            [Next::Line(_), Next::End]
        ));
    }

    #[tokio::test]
    async fn an_upload_ends_at_its_limit() {
        let mut upload = vec![b'\n'; 2];
        upload.extend(vec![b'x'; LARGEST_LINE / 2]);
        upload.push(b'\n');
        let piece = Bytes::from(vec![b'x'; LARGEST_UPLOAD]);
        let read = read(vec![Ok(Bytes::from(upload)), Ok(piece)]).await;
        assert_eq!(read.len(), 4, "{read:?}");
        assert_eq!(read[3], Next::TooMuch);
        let exact = vec![b'\n'; 3];
        let mut exactly = Lines::new(stream::iter(vec![Ok::<_, ()>(Bytes::from(exact))]));
        exactly.taken = LARGEST_UPLOAD - 3;
        for _ in 0..3 {
            assert_eq!(exactly.next().await, line(""));
        }
        assert_eq!(exactly.next().await, Next::End);
    }
}
