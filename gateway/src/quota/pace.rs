//! How much an app is likely to need until the next answer.

/// The current rate of something that only grows: quick to rise, slow to fall.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    since_ms: u64,
    total: u64,
    per_s: f64,
    last_change_ms: u64,
}

impl Pace {
    /// Shorter stretches say little about a rate.
    const WINDOW_MS: u64 = 250;
    /// What is kept of a rate from one second to the next.
    const KEPT_PER_S: f64 = 0.5;
    /// An app that did nothing for so long is idle.
    const IDLE_MS: u64 = 2_000;

    pub fn start(total: u64, now_ms: u64) -> Self {
        Self { since_ms: now_ms, total, per_s: 0.0, last_change_ms: now_ms }
    }

    /// Notes the total at a moment, and answers the rate per second.
    pub fn note(&mut self, total: u64, now_ms: u64) -> f64 {
        let more = total.saturating_sub(self.total) as f64;
        let elapsed_ms = now_ms.saturating_sub(self.since_ms);
        if more > 0.0 {
            self.last_change_ms = now_ms;
        }
        if elapsed_ms < Self::WINDOW_MS {
            // So many within less than a second are at least so many per second.
            return self.per_s.max(more);
        }
        let seconds = elapsed_ms as f64 / 1_000.0;
        let fallen = self.per_s * Self::KEPT_PER_S.powf(seconds);
        self.per_s = fallen.max(more / seconds);
        (self.since_ms, self.total) = (now_ms, total);
        self.per_s
    }

    pub fn is_idle(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.last_change_ms) >= Self::IDLE_MS
    }

    /// Milliseconds since the total last grew.
    pub fn idle_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.last_change_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_rises_at_once_and_falls_by_half_a_second() {
        let mut pace = Pace::start(1_000, 0);
        assert_eq!(pace.note(1_000, 500), 0.0);
        assert_eq!(pace.note(1_400, 600), 400.0, "within the window at least what was used");
        assert_eq!(pace.note(1_500, 1_000), 1_000.0);
        assert_eq!(pace.note(1_500, 2_000), 500.0);
        assert_eq!(pace.note(2_300, 3_000), 800.0);
    }

    #[test]
    fn two_quiet_seconds_are_idle() {
        let mut pace = Pace::start(0, 0);
        pace.note(1, 1_000);
        assert!(!pace.is_idle(2_999));
        assert!(pace.is_idle(3_000));
        pace.note(2, 3_000);
        assert_eq!((pace.is_idle(3_000), pace.idle_ms(3_500)), (false, 500));
    }
}
