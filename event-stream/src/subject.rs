//! The stream's subjects: `<prefix>.<partition>.<aggregate type>.<event type>`.
//!
//! No order id: unique subjects nearly halve publishing and grow the broker's memory.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const OUTSIDE_TOKENS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The broker closes a connection that sends a line over 4 KiB; what a token loses by its cut stands in the headers.
const LONGEST_TOKEN: usize = 255;

/// The partition that an event's slot belongs to.
pub(crate) fn partition_of(slot: i16, partitions: u16) -> u16 {
    let slot = u32::from(slot.unsigned_abs().min(255));
    u16::try_from(slot * u32::from(partitions) / 256).unwrap_or(0)
}

/// The subject of one event's message.
pub(crate) fn of_event(
    prefix: &str,
    partition: u16,
    aggregate_type: &str,
    event_type: &str,
) -> String {
    format!(
        "{prefix}.{partition}.{}.{}",
        token(aggregate_type),
        token(event_type)
    )
}

/// The subjects of one partition.
pub(crate) fn of_partition(prefix: &str, partition: u16) -> String {
    format!("{prefix}.{partition}.>")
}

/// All subjects of the stream.
pub(crate) fn of_stream(prefix: &str) -> String {
    format!("{prefix}.>")
}

/// `text` as one token: percent-encoded outside `[A-Za-z0-9_-]`, never empty, never long.
fn token(text: &str) -> String {
    let mut encoded = utf8_percent_encode(text, OUTSIDE_TOKENS).to_string();
    encoded.truncate(LONGEST_TOKEN);
    if encoded.is_empty() {
        "_".to_owned()
    } else {
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_partition_aggregate_and_type() {
        assert_eq!(
            of_event("orders.v1", 7, "order", "OrderPlaced"),
            "orders.v1.7.order.OrderPlaced"
        );
    }

    #[test]
    fn no_content_breaks_a_subject() {
        assert_eq!(token("a.b *>ü\r\n%"), "a%2Eb%20%2A%3E%C3%BC%0D%0A%25");
        assert_eq!(token(""), "_");
        assert_eq!(token(&"ü".repeat(2000)).len(), LONGEST_TOKEN);
    }

    #[test]
    fn slots_spread_over_partitions_in_order() {
        assert_eq!(partition_of(0, 16), 0);
        assert_eq!(partition_of(15, 16), 0);
        assert_eq!(partition_of(16, 16), 1);
        assert_eq!(partition_of(255, 16), 15);
        assert_eq!(partition_of(255, 1), 0);
        assert_eq!(partition_of(255, 256), 255);
    }
}
