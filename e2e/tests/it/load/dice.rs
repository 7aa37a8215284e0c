//! Chance that can be repeated.

/// `SplitMix64`: small, and good enough to choose faults.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice for somebody else, so that neither's throws depend on the other's timing.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// One of 0 to `below - 1`.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        let throw = self.next() % u64::try_from(below).unwrap_or(1).max(1);
        usize::try_from(throw).unwrap_or(0)
    }

    /// True once in `of` throws.
    pub(crate) fn once_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
