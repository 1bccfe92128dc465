//! Counts of the last minutes.

use contract::dry_run::WINDOW_S;

const MINUTE_S: u64 = 60;
/// The whole minutes of the window, and the one that is running.
const MINUTES: usize = (WINDOW_S / MINUTE_S) as usize + 1;

/// How often something happened in each of the last minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    newest: u32,
    minutes: [u32; MINUTES],
}

impl Counts {
    pub fn add(&mut self, now_s: u64) {
        let minute = minute_of(now_s);
        if minute > self.newest {
            let passed = (minute - self.newest).min(MINUTES as u32);
            for back in 0..passed {
                self.minutes[slot(minute - back)] = 0;
            }
            self.newest = minute;
        }
        // A clock that was set back counts into the minute it knows.
        let count = &mut self.minutes[slot(self.newest)];
        *count = count.saturating_add(1);
    }

    /// All of the window that ends now.
    pub fn total(&self, now_s: u64) -> u64 {
        let passed = minute_of(now_s).saturating_sub(self.newest) as usize;
        let kept = MINUTES.saturating_sub(passed) as u32;
        let held = (0..kept).map(|back| self.minutes[slot(self.newest.wrapping_sub(back))]);
        held.map(u64::from).sum()
    }
}

/// Seconds that the window reaches back.
pub fn window_s(now_s: u64) -> u64 {
    WINDOW_S + now_s % MINUTE_S
}

fn minute_of(now_s: u64) -> u32 {
    (now_s / MINUTE_S) as u32
}

fn slot(minute: u32) -> usize {
    minute as usize % MINUTES
}
