//! How many events to read from the log at once: many small ones or few large ones, never much memory.

use event_store::StoredEvent;

/// A page should hold about so many bytes of payload and metadata.
const BYTES: usize = 4 * 1024 * 1024;

/// The first page, of events whose size is not known.
const FIRST: usize = 128;

/// The size of the next page, by what the last one held.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageSize {
    events: usize,
    most: usize,
}

impl PageSize {
    /// At most `most` events.
    pub(super) fn new(most: usize) -> Self {
        Self {
            events: FIRST.min(most),
            most,
        }
    }

    /// Events to ask for.
    pub(super) fn limit(self) -> u32 {
        u32::try_from(self.events).unwrap_or(u32::MAX)
    }

    /// Learns from a page that was read. One with fewer events than asked for says nothing about a full one.
    pub(super) fn learn(&mut self, page: &[StoredEvent]) {
        let bytes: usize = page
            .iter()
            .map(|event| event.payload.len() + event.metadata.len())
            .sum();
        if bytes > BYTES {
            self.events = (self.events / 2).max(1);
        } else if page.len() >= self.events && bytes <= BYTES / 2 {
            self.events = (self.events * 2).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn page(events: usize, bytes: usize) -> Vec<StoredEvent> {
        let event = StoredEvent {
            position: 1,
            event_id: Uuid::nil(),
            aggregate_type: String::new(),
            aggregate_id: String::new(),
            sequence: 1,
            event_type: String::new(),
            event_version: String::new(),
            payload: "x".repeat(bytes),
            metadata: String::new(),
            recorded_at: DateTime::UNIX_EPOCH,
            slot: 0,
        };
        vec![event; events]
    }

    #[test]
    fn pages_of_small_events_grow_to_the_most() {
        let mut size = PageSize::new(1_000);
        for _ in 0..5 {
            size.learn(&page(size.events, 500));
        }
        assert_eq!(size.events, 1_000);
        size.learn(&page(3, 500));
        assert_eq!(size.events, 1_000, "the log's end says nothing");
    }

    #[test]
    fn pages_of_large_events_shrink_to_one_at_least() {
        let mut size = PageSize::new(1_000);
        for _ in 0..20 {
            size.learn(&page(size.events, 5 * 1024 * 1024));
        }
        assert_eq!(size.events, 1);
    }
}
