//! The number that people read out on the telephone.

use crate::Timestamp;

/// The order number, made of the envelope of `OrderPlaced`: its year (UTC) and its position in the
/// log, at least six digits. So it needs no counter and is never given twice.
pub fn order_number(occurred_at: Timestamp, position: i64) -> String {
    format!("{:04}-{position:06}", occurred_at.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_year_and_at_least_six_digits() {
        let time = Timestamp::parse("2027-01-01T00:30:00+01:00").unwrap();
        assert_eq!(order_number(time, 123), "2026-000123");
        assert_eq!(order_number(time, 12_345_678), "2026-12345678");
    }
}
