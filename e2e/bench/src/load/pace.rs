//! When the next message may be published.

use super::options::Options;
use crate::sys::clock::ns;
use std::time::Duration;

pub enum Pace {
    /// As soon as there is room: so many deliveries may be outstanding.
    Window { deliveries: u64, per_message: u64 },
    /// At fixed times, whatever the server does.
    Rate { interval_ns: u64, next_due_ns: u64 },
}

impl Pace {
    pub fn new(options: &Options, start_ns: u64) -> Self {
        match options.rate {
            Some(rate) => {
                let interval_ns = ns(Duration::from_secs(1)) / u64::from(rate);
                Self::Rate { interval_ns, next_due_ns: start_ns }
            }
            None => {
                let per_message = u64::from(options.receivers().div_ceil(options.channels));
                Self::Window { deliveries: per_message * u64::from(options.window), per_message }
            }
        }
    }

    /// The time to stamp on the next message, if one may be published now.
    pub fn due(&self, now_ns: u64, outstanding: u64) -> Option<u64> {
        match self {
            Self::Window { deliveries, per_message } => {
                (outstanding + per_message <= *deliveries).then_some(now_ns)
            }
            Self::Rate { next_due_ns, .. } => (*next_due_ns <= now_ns).then_some(*next_due_ns),
        }
    }

    pub fn published(&mut self) {
        if let Self::Rate { interval_ns, next_due_ns } = self {
            *next_due_ns += *interval_ns;
        }
    }

    /// How long nothing will be due without an event.
    pub fn rest(&self, now_ns: u64) -> Duration {
        const LONGEST: Duration = Duration::from_millis(20);
        const WHILE_LATE: Duration = Duration::from_millis(1);
        match self {
            Self::Window { .. } => LONGEST,
            Self::Rate { next_due_ns, .. } if *next_due_ns <= now_ns => WHILE_LATE,
            Self::Rate { next_due_ns, .. } => {
                Duration::from_nanos(next_due_ns - now_ns).min(LONGEST)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_what_is_outstanding() {
        let pace = Pace::Window { deliveries: 30, per_message: 10 };
        assert_eq!(pace.due(5, 20), Some(5));
        assert_eq!(pace.due(5, 21), None);
        let without_subscribers = Pace::Window { deliveries: 0, per_message: 0 };
        assert_eq!(without_subscribers.due(5, 0), Some(5));
    }

    #[test]
    fn a_late_message_keeps_the_time_it_was_due() {
        let mut pace = Pace::Rate { interval_ns: 100, next_due_ns: 1_000 };
        assert_eq!(pace.due(999, 0), None);
        assert_eq!(pace.due(1_250, 0), Some(1_000));
        pace.published();
        assert_eq!(pace.due(1_250, 0), Some(1_100));
        pace.published();
        pace.published();
        assert_eq!(pace.due(1_250, 0), None);
        assert_eq!(pace.rest(1_250), Duration::from_nanos(50));
    }
}
