//! How often a client may speak. Source: spec/metered.md §10.

/// Messages a second in the long run, and at once. Source: spec/metered.md §10.
const PER_S: u64 = 100;
const BURST: u64 = 200;
const ONE_US: u64 = 1_000_000 / PER_S;

/// A bucket that refills evenly. Eight bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    /// Microseconds at which the bucket is full again.
    full_at_us: u64,
}

impl Rate {
    /// Whether one more message is within the limit; if so it is counted.
    pub(super) fn allows(&mut self, now_ms: u64) -> bool {
        let now_us = now_ms * 1_000;
        let full_at_us = self.full_at_us.max(now_us) + ONE_US;
        let allowed = full_at_us - now_us <= ONE_US * BURST;
        if allowed {
            self.full_at_us = full_at_us;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_at_once_then_a_hundred_a_second() {
        let mut rate = Rate::default();
        let taken = |rate: &mut Rate, at| (0..500).filter(|_| rate.allows(at)).count();
        assert_eq!(taken(&mut rate, 5_000), 200);
        assert_eq!(taken(&mut rate, 5_009), 0);
        assert_eq!(taken(&mut rate, 5_010), 1);
        assert_eq!(taken(&mut rate, 6_010), 100);
        assert_eq!(taken(&mut rate, 60_000), 200);
    }
}
