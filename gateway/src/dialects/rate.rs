//! How often one connection may do something.

/// A bucket of a second's worth that refills evenly. Eight bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    /// Microseconds at which the bucket is full again.
    full_at_us: u64,
}

impl Rate {
    /// Whether one more is within `per_s`; if so it is counted.
    pub fn allows(&mut self, now_ms: u64, per_s: u32) -> bool {
        let one_us = 1_000_000 / u64::from(per_s.max(1));
        let now_us = now_ms * 1_000;
        let full_at_us = self.full_at_us.max(now_us) + one_us;
        let allowed = full_at_us - now_us <= one_us * u64::from(per_s.max(1));
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
    fn a_second_holds_its_number_and_refills_evenly() {
        let mut rate = Rate::default();
        let taken = |rate: &mut Rate, at| (0..20).filter(|_| rate.allows(at, 10)).count();
        assert_eq!(taken(&mut rate, 5_000), 10);
        assert_eq!(taken(&mut rate, 5_099), 0);
        assert_eq!(taken(&mut rate, 5_100), 1);
        assert_eq!(taken(&mut rate, 5_400), 3);
        assert_eq!(taken(&mut rate, 60_000), 10);
    }
}
