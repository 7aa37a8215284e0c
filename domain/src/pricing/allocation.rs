//! Splitting one amount over several by largest remainder.

/// Splits `amount` in proportion to `weights`: each gets its quota cut off, and what is then
/// missing goes, one unit each, to the largest remainders, ties by order. The parts sum to
/// `amount`, and none exceeds its weight as long as `amount` does not exceed their sum.
///
/// Without any weight there is nothing to split over, and `amount` must be 0.
pub(super) fn by_largest_remainder(amount: i128, weights: &[i128]) -> Vec<i128> {
    let sum: i128 = weights.iter().sum();
    if sum == 0 {
        debug_assert_eq!(amount, 0, "nothing to split over");
        return vec![0; weights.len()];
    }
    let mut parts: Vec<i128> = weights.iter().map(|weight| amount * weight / sum).collect();
    let missing = amount - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    // A stable sort: of equal remainders the earlier line stays first.
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(amount * weights[index] % sum));
    for index in by_remainder
        .into_iter()
        .take(usize::try_from(missing).unwrap_or(0))
    {
        parts[index] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::by_largest_remainder;

    #[test]
    fn equal_weights_favour_the_first() {
        assert_eq!(
            by_largest_remainder(1000, &[1000, 1000, 1000]),
            [334, 333, 333]
        );
    }

    #[test]
    fn the_largest_remainder_comes_first_wherever_it_is() {
        // Quotas 0.5, 2.75, 1.75.
        assert_eq!(by_largest_remainder(5, &[2, 11, 7]), [0, 3, 2]);
        // Quotas 3.25, 1.25, 0.5: the smallest weight has the largest remainder.
        assert_eq!(by_largest_remainder(5, &[13, 5, 2]), [3, 1, 1]);
    }

    #[test]
    fn what_weighs_nothing_gets_nothing() {
        assert_eq!(by_largest_remainder(10, &[0, 3, 0]), [0, 10, 0]);
        assert_eq!(by_largest_remainder(0, &[0, 0]), [0, 0]);
        assert_eq!(by_largest_remainder(0, &[]), [0; 0]);
    }
}
