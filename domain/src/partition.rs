//! Which part of the log an order's events belong to.

use md5::{Digest, Md5};

/// How many slots there are; the number of partitions divides it.
pub const SLOTS: u16 = 256;

/// The slot of an order: the first byte of the MD5 of its id, as the log records it with each event.
pub fn slot(order_id: &str) -> u8 {
    Md5::digest(order_id.as_bytes())[0]
}

/// The partition of an order when there are `count` of them: `slot × count / 256`.
pub fn partition_of(order_id: &str, count: u16) -> u16 {
    let partition = u32::from(slot(order_id)) * u32::from(count) / u32::from(SLOTS);
    u16::try_from(partition).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_the_first_byte_of_the_md5() {
        // `select get_byte(decode(md5('o-1'), 'hex'), 0)` in PostgreSQL.
        assert_eq!(slot("o-1"), 171);
        assert_eq!(slot("abc"), 0x90);
    }

    #[test]
    fn partitions_divide_the_slots_evenly() {
        assert_eq!(partition_of("abc", 16), 9);
        assert_eq!(partition_of("abc", 1), 0);
        assert_eq!(partition_of("abc", 256), 0x90);
    }
}
