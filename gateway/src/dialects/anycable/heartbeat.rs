//! Pings. Source: spec/anycable.md §5.5.
//!
//! Clients give up after 6 s without a frame, so the pace must not be slower than they expect; and
//! pings go out under traffic too, because clients learn from them what time it is here.

use contract::SocketId;

/// How a client wants to be pinged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    every_s: u8,
    precision: Precision,
}

/// Of the time in a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    Seconds,
    Milliseconds,
    Nanoseconds,
}

impl Default for Pace {
    fn default() -> Self {
        Self { every_s: 3, precision: Precision::Seconds }
    }
}

impl Pace {
    /// From the query's `pi` (whole seconds, 1 to 60) and `ptp` (`s`, `ms`, `ns`); what is neither
    /// is the default.
    pub fn asked(interval: Option<&str>, precision: Option<&str>) -> Self {
        let every_s = interval.and_then(|s| s.parse::<u64>().ok()).map_or(3, |s| s.clamp(1, 60));
        let precision = match precision {
            Some("ms") => Precision::Milliseconds,
            Some("ns") => Precision::Nanoseconds,
            _ => Precision::Seconds,
        };
        Self { every_s: every_s as u8, precision }
    }
}

/// When the next ping is due.
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    pace: Pace,
    next_ms: u64,
}

/// Looked at once a second, what is due before the next look goes out now.
const LOOK_AHEAD_MS: u64 = 500;

impl Heartbeat {
    /// The first ping comes after half to one and a half intervals, so that connections opened
    /// together are not pinged together.
    pub fn start(pace: Pace, socket: SocketId, now_ms: u64) -> Self {
        let interval_ms = u64::from(pace.every_s) * 1_000;
        let spread_ms = socket.bits() % interval_ms;
        Self { pace, next_ms: now_ms + interval_ms / 2 + spread_ms }
    }

    /// The ping's time, if one is due.
    pub fn due(&mut self, now_ms: u64, unix_ms: u64) -> Option<u64> {
        let interval_ms = u64::from(self.pace.every_s) * 1_000;
        if now_ms + LOOK_AHEAD_MS < self.next_ms {
            return None;
        }
        self.next_ms += interval_ms;
        if self.next_ms <= now_ms {
            self.next_ms = now_ms + interval_ms;
        }
        Some(match self.pace.precision {
            Precision::Seconds => unix_ms / 1_000,
            Precision::Milliseconds => unix_ms,
            Precision::Nanoseconds => unix_ms.saturating_mul(1_000_000),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pings(pace: Pace, socket: u64, looks_ms: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut heartbeat = Heartbeat::start(pace, SocketId::from_random(socket), 0);
        looks_ms.filter(|now_ms| heartbeat.due(*now_ms, 0).is_some()).collect()
    }

    #[test]
    fn pings_come_at_their_pace_whatever_the_first_one_waits() {
        for socket in [0, 1, 999, 1_500, 2_999, 123_456_789] {
            let at = pings(Pace::default(), socket, (0..60_000).step_by(1_000));
            assert!((1_000..=4_500).contains(&at[0]), "{at:?}");
            assert!(at.windows(2).all(|two| two[1] - two[0] == 3_000), "{at:?}");
        }
    }

    #[test]
    fn a_late_look_makes_no_volley() {
        let at = pings(Pace::default(), 0, [20_000, 20_100, 21_000, 23_000].into_iter());
        assert_eq!(at, [20_000, 23_000]);
    }

    #[test]
    fn the_query_sets_pace_and_precision_within_bounds() {
        for (interval, precision, every_s, time) in [
            (None, None, 3, 1_795_231_913),
            (Some("10"), Some("s"), 10, 1_795_231_913),
            (Some("0"), Some("ms"), 1, 1_795_231_913_123),
            (Some("3600"), Some("ns"), 60, 1_795_231_913_123_000_000),
            (Some("soon"), Some("us"), 3, 1_795_231_913),
        ] {
            let pace = Pace::asked(interval, precision);
            assert_eq!(pace.every_s, every_s, "{interval:?}");
            let mut heartbeat = Heartbeat::start(pace, SocketId::from_random(0), 0);
            assert_eq!(heartbeat.due(60_000, 1_795_231_913_123), Some(time), "{precision:?}");
        }
    }
}
