//! When something is tried again, and how long an endpoint is left alone.

use contract::credential::random_bytes;
use std::time::Duration;

const fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// Between one try and the next; after the last, the delivery is dead.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    minutes(5),
    minutes(30),
    minutes(120),
    minutes(300),
    minutes(600),
    minutes(600),
];
/// What a server asks for with `Retry-After` counts within these.
const LEAST_ASKED: Duration = Duration::from_secs(1);
const MOST_ASKED: Duration = minutes(60);
/// An endpoint rests after so many failures in a row: so long at first, so long at most.
const FAILURES_BEFORE_REST: i32 = 5;
const FIRST_REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = minutes(5);

/// The part by which a wait is longer or shorter, one for a whole batch, so that what belongs
/// together comes again together.
#[derive(Clone, Copy)]
pub struct Jitter(f64);

impl Jitter {
    /// Within 20 % either way.
    pub fn random() -> Self {
        let random = random_bytes::<1>().map_or(128, |[byte]| byte);
        Self(0.8 + 0.4 * f64::from(random) / 255.0)
    }
}

/// How long to wait after the `tries`-th try was in vain; none: that was the last.
pub fn wait_after(tries: i32, jitter: Jitter, asked: Option<Duration>) -> Option<Duration> {
    let place = usize::try_from(tries - 1).ok()?;
    let wait = WAITS.get(place)?.mul_f64(jitter.0);
    // Coming later than asked is as good; coming earlier than planned would use up the tries.
    Some(asked.map_or(wait, |asked| wait.max(within_bounds(asked))))
}

pub fn within_bounds(asked: Duration) -> Duration {
    asked.clamp(LEAST_ASKED, MOST_ASKED)
}

/// How long nothing at all is sent, after so many failures in a row.
pub fn rest_after(failures: i32) -> Option<Duration> {
    let beyond = u32::try_from(failures - FAILURES_BEFORE_REST).ok()?;
    Some(FIRST_REST.saturating_mul(1 << beyond.min(10)).min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_further_and_further_apart_and_end() {
        let exact = |tries| wait_after(tries, Jitter(1.0), None).map(|wait| wait.as_secs());
        let waits: Vec<_> = (1..=9).map_while(exact).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!((exact(8), exact(9), exact(0)), (None, None, None));
        for _ in 0..100 {
            let wait = wait_after(2, Jitter::random(), None).unwrap().as_secs_f64();
            assert!((240.0..=360.0).contains(&wait), "{wait}");
        }
    }

    #[test]
    fn what_a_server_asks_for_is_honoured_within_bounds() {
        let asked = |tries, seconds| {
            let asked = Some(Duration::from_secs(seconds));
            wait_after(tries, Jitter(1.0), asked).map(|wait| wait.as_secs())
        };
        assert_eq!(asked(1, 60), Some(60));
        assert_eq!(asked(1, 0), Some(5));
        assert_eq!(asked(1, 86_400), Some(3_600));
        assert_eq!(asked(3, 60), Some(1_800), "later is as good");
        assert_eq!(asked(8, 60), None, "the last try is the last");
        assert_eq!(within_bounds(Duration::ZERO), Duration::from_secs(1));
    }

    #[test]
    fn an_endpoint_that_fails_and_fails_is_left_alone() {
        let rests: Vec<_> = (4..=10).map(|n| rest_after(n).map(|rest| rest.as_secs())).collect();
        assert_eq!(rests[..2], [None, Some(30)]);
        assert_eq!(rests[2..], [Some(60), Some(120), Some(240), Some(300), Some(300)]);
        assert_eq!(rest_after(i32::MAX), Some(LONGEST_REST));
    }
}
