//! Where a reader of the log is.

use uuid::Uuid;

/// The event that a reader holds: it has read all up to this position.
///
/// The event's id is part of it, because after a failover that lost events a position can belong to another event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The position of the event held; 0 before the first.
    pub position: i64,
    /// The id of the event held; `None` before the first, or where the reader has only a position and takes any
    /// event there for its own.
    pub event_id: Option<Uuid>,
}

impl Cursor {
    /// Before the first event.
    pub const START: Self = Self {
        position: 0,
        event_id: None,
    };

    /// After this event.
    pub fn at(position: i64, event_id: Uuid) -> Self {
        Self {
            position,
            event_id: Some(event_id),
        }
    }
}

/// One of `count` partitions. An order is in that of its slot: `slot × count / 256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartitionOf {
    /// Which one: 0 to `count − 1`.
    pub index: u16,
    /// How many there are: a power of two up to 256.
    pub count: u16,
}

impl PartitionOf {
    /// The slots of this partition, first and last.
    pub(crate) fn slots(self) -> (i16, i16) {
        let first_of = |index: u16| (u32::from(index) * 256).div_ceil(u32::from(self.count.max(1)));
        let slot = |slot: u32| i16::try_from(slot).unwrap_or(i16::MAX);
        (
            slot(first_of(self.index)),
            slot(first_of(self.index + 1)) - 1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_is_in_the_partition_that_the_rule_names() {
        for count in [1, 2, 16, 128, 256] {
            for slot in 0..256_i16 {
                let index = u16::try_from(slot).unwrap() * count / 256;
                let (first, last) = PartitionOf { index, count }.slots();
                assert!(
                    (first..=last).contains(&slot),
                    "slot {slot} of {count} partitions"
                );
            }
        }
    }
}
