//! Splitting a line's value over its units, so that any sequence of parts sums to the whole.

use super::Rounding;

/// The value of the units `from..to` (of `units`, counted in the order in which they are taken) of
/// a line worth `total`: the difference of the cumulative values `round(total × n / units)`.
///
/// Whatever the steps from 0 to `units`, their values sum to `total` exactly. Asks for
/// `0 ≤ from ≤ to ≤ units`, `units > 0` and `total ≥ 0`.
pub fn share(rounding: Rounding, total: i64, units: i64, from: i64, to: i64) -> i64 {
    let until = |n: i64| {
        // At most `total`, which is an i64 already.
        let value = rounding.divide(i128::from(total) * i128::from(n), i128::from(units));
        i64::try_from(value).unwrap_or(total)
    };
    until(to) - until(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example_5_three_units_of_1000_one_by_one() {
        let one_by_one: Vec<_> = (0..3)
            .map(|n| share(Rounding::HalfEven, 1000, 3, n, n + 1))
            .collect();
        assert_eq!(one_by_one, [333, 334, 333]);
    }

    #[test]
    fn steps_of_any_size_sum_to_the_whole() {
        for rounding in [Rounding::HalfEven, Rounding::HalfUp, Rounding::Down] {
            let steps = [(0, 2), (2, 3), (3, 3), (3, 7)];
            let sum: i64 = steps
                .iter()
                .map(|(a, b)| share(rounding, 1000, 7, *a, *b))
                .sum();
            assert_eq!(sum, 1000);
        }
    }
}
