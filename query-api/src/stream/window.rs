//! The newest events, kept for those who follow.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::audit::StoredEntry;

/// Entries that are kept at most.
const MAX_ENTRIES: usize = 4_096;
/// Bytes of them that are kept at most.
const MAX_BYTES: usize = 8 << 20;

/// All events behind `start` up to `end`.
#[derive(Debug)]
pub(super) struct Window {
    start: i64,
    end: i64,
    entries: VecDeque<Arc<StoredEntry>>,
    bytes: usize,
}

/// What a window has for somebody who knows all up to a position.
#[derive(Debug)]
pub(super) enum Since {
    /// These entries, and with them all up to a position.
    News(Vec<Arc<StoredEntry>>, i64),
    /// Nothing: they know as much.
    Nothing,
    /// They are behind the window.
    TooOld,
}

impl Window {
    /// An empty window at this position.
    pub(super) fn at(position: i64) -> Self {
        Self {
            start: position,
            end: position,
            entries: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Up to where it is complete.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Takes in the next entries, with which it is complete up to `end`, and lets the oldest go.
    pub(super) fn extend(&mut self, entries: Vec<StoredEntry>, end: i64) {
        for entry in entries {
            self.bytes += entry.json.len();
            self.entries.push_back(Arc::new(entry));
        }
        self.end = self.end.max(end);
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.json.len();
            self.start = oldest.position;
        }
    }

    /// What follows `position`, until it is more than `most` bytes.
    pub(super) fn since(&self, position: i64, most: usize) -> Since {
        if position < self.start {
            return Since::TooOld;
        }
        if position >= self.end {
            return Since::Nothing;
        }
        let begin = self
            .entries
            .partition_point(|entry| entry.position <= position);
        let mut bytes = 0;
        let mut news = Vec::new();
        for entry in self.entries.range(begin..) {
            if bytes > most {
                let reached = news
                    .last()
                    .map_or(position, |last: &Arc<StoredEntry>| last.position);
                return Since::News(news, reached);
            }
            bytes += entry.json.len();
            news.push(entry.clone());
        }
        Since::News(news, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: i64, bytes: usize) -> StoredEntry {
        StoredEntry {
            position,
            event_type: String::new(),
            order_id: String::new(),
            json: "x".repeat(bytes),
        }
    }

    fn news(window: &Window, position: i64, most: usize) -> (Vec<i64>, i64) {
        match window.since(position, most) {
            Since::News(entries, reached) => (
                entries.iter().map(|entry| entry.position).collect(),
                reached,
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_tells_what_one_does_not_know_yet() {
        let mut window = Window::at(10);
        assert!(matches!(window.since(10, 99), Since::Nothing));
        assert!(matches!(window.since(9, 99), Since::TooOld));
        window.extend(vec![entry(11, 1), entry(13, 1)], 15);
        assert_eq!(news(&window, 10, 99), (vec![11, 13], 15));
        assert_eq!(news(&window, 12, 99), (vec![13], 15));
        assert_eq!(news(&window, 13, 99), (vec![], 15));
        assert!(matches!(window.since(15, 99), Since::Nothing));
        assert!(matches!(window.since(20, 99), Since::Nothing));
        // No more at a time than asked for, and never nothing.
        assert_eq!(news(&window, 10, 0), (vec![11], 11));
    }

    #[test]
    fn it_keeps_so_many_and_no_more() {
        let mut window = Window::at(0);
        for position in 1..=i64::try_from(MAX_ENTRIES).unwrap() + 5 {
            window.extend(vec![entry(position, 1)], position);
        }
        assert!(matches!(window.since(4, 0), Since::TooOld));
        assert_eq!(news(&window, 5, 0), (vec![6], 6));
        // One that is larger than all room goes at once, and is read from the view.
        let next = window.end() + 1;
        window.extend(vec![entry(next, MAX_BYTES + 1)], next);
        assert_eq!(window.bytes, 0);
        assert!(matches!(window.since(next - 1, 0), Since::TooOld));
        assert!(matches!(window.since(next, 0), Since::Nothing));
    }
}
