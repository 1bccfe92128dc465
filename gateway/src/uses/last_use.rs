//! The note of one credential's last use.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Unix seconds of a credential's last use here, and how much of it the control plane knows. One
/// object for as long as the credential is held, whatever else about it changes. Small, since there
/// may be a million credentials: its seconds reach to the year 2106.
#[derive(Debug, Default)]
pub struct LastUse {
    /// 0 is never.
    at_s: AtomicU32,
    reported_s: AtomicU32,
}

impl LastUse {
    /// It is being used. Stores only what is news, so that threads which use one credential do
    /// not take its cache line from each other with every request.
    pub fn note(&self, now_s: u64) {
        let now_s = seconds(now_s);
        if self.at_s.load(Relaxed) < now_s {
            self.at_s.store(now_s, Relaxed);
        }
    }

    /// Unix seconds of a use that the control plane does not know.
    pub fn unreported(&self) -> Option<u64> {
        let at_s = self.at_s.load(Relaxed);
        (at_s > self.reported_s.load(Relaxed)).then_some(u64::from(at_s))
    }

    /// The control plane knows of the use at `at_s`.
    pub fn reported(&self, at_s: u64) {
        self.reported_s.fetch_max(seconds(at_s), Relaxed);
    }
}

fn seconds(at_s: u64) -> u32 {
    u32::try_from(at_s).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_to_be_reported_until_it_was() {
        let last_use = LastUse::default();
        assert_eq!(last_use.unreported(), None);
        last_use.note(10);
        assert_eq!(last_use.unreported(), Some(10));
        assert_eq!(last_use.unreported(), Some(10), "asking changes nothing");
        last_use.note(11);
        last_use.reported(10);
        assert_eq!(last_use.unreported(), Some(11), "used since");
        last_use.reported(11);
        assert_eq!(last_use.unreported(), None);
    }

    #[test]
    fn a_clock_that_goes_back_takes_nothing_back() {
        let last_use = LastUse::default();
        last_use.note(10);
        last_use.note(9);
        assert_eq!(last_use.unreported(), Some(10));
    }
}
