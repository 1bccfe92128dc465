//! Token buckets of an app, made when first needed and gone with the app.

use crate::{
    admission::refusal::{Refusal, Rule},
    directory::AppState,
};
use contract::AppLimits;
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{
    fmt,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

pub struct Rates {
    publishes: Bucket,
    reads: Bucket,
}

impl Rates {
    pub fn new(limits: &AppLimits) -> Self {
        Self {
            publishes: Bucket::new(limits.max_publishes_per_s, Rule::Publishes),
            reads: Bucket::new(limits.max_reads_per_s, Rule::Reads),
        }
    }

    pub fn publish(&self, events: u32) -> Result<(), Refusal> {
        self.publishes.take(events)
    }

    pub fn read(&self) -> Result<(), Refusal> {
        self.reads.take(1)
    }
}

impl AppState {
    fn rates(&self) -> &Rates {
        self.rates.get_or_init(|| Arc::new(Rates::new(&self.limits)))
    }

    /// Takes `events` from the app's publish rate: channels of a trigger, items of a batch.
    pub fn charge_publish(&self, events: u32) -> Result<(), Refusal> {
        self.rates().publish(events)
    }

    /// Takes one request from the app's read rate.
    pub fn charge_read(&self) -> Result<(), Refusal> {
        self.rates().read()
    }
}

/// How often a secret key may publish: a bucket of a second's worth that refills evenly.
#[derive(Debug)]
pub struct KeyRate {
    per_s: u32,
    /// Unix microseconds at which the bucket is full again.
    full_at_us: AtomicU64,
}

impl KeyRate {
    pub fn new(per_s: u32) -> Self {
        Self { per_s, full_at_us: AtomicU64::new(0) }
    }

    /// The same use of another rate.
    pub fn changed_to(&self, per_s: u32) -> Self {
        Self { per_s, full_at_us: AtomicU64::new(self.full_at_us.load(Relaxed)) }
    }

    pub fn per_s(&self) -> u32 {
        self.per_s
    }

    /// Takes `events`, or as many as the bucket holds. `now_ms` is Unix time.
    pub fn take(&self, events: u32, now_ms: u64) -> Result<(), Refusal> {
        let per_s = self.per_s.max(1);
        let holds = per_s.max(Bucket::SMALLEST);
        let (now_us, one_us) = (now_ms * 1_000, 1_000_000 / u64::from(per_s));
        let (whole_us, more_us) =
            (one_us * u64::from(holds), one_us * u64::from(events.min(holds)));
        // A bucket cannot be emptier than empty: then the clock was set back, which must not close
        // the key for as long.
        let fit = |full_at_us: u64| match full_at_us > now_us + whole_us {
            true => now_us,
            false => full_at_us.max(now_us),
        };
        let taken = self.full_at_us.fetch_update(Relaxed, Relaxed, |full_at_us| {
            let full_at_us = fit(full_at_us) + more_us;
            (full_at_us - now_us <= whole_us).then_some(full_at_us)
        });
        taken.map(drop).map_err(|full_at_us| {
            let wait_us = (fit(full_at_us) + more_us).saturating_sub(now_us + whole_us);
            let (rule, limit) = (Rule::KeyPublishes, self.per_s);
            Refusal::RateLimited { retry_after_ms: wait_us.div_ceil(1_000).max(1), rule, limit }
        })
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rates(…)")
    }
}

struct Bucket {
    rule: Rule,
    per_second: u32,
    capacity: u32,
    limiter: DefaultDirectRateLimiter,
}

impl Bucket {
    /// The largest batch must fit into the smallest bucket, or it could never be sent.
    const SMALLEST: u32 = 10;

    fn new(per_second: u32, rule: Rule) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let capacity = per_second.max(Self::SMALLEST);
        let burst = NonZeroU32::new(capacity).unwrap_or(NonZeroU32::MIN);
        let limiter = RateLimiter::direct(Quota::per_second(rate).allow_burst(burst));
        Self { rule, per_second, capacity, limiter }
    }

    /// A request for more than the bucket holds takes all of it.
    fn take(&self, n: u32) -> Result<(), Refusal> {
        let Some(n) = NonZeroU32::new(n.min(self.capacity)) else {
            return Ok(());
        };
        match self.limiter.check_n(n) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                let retry_after_ms = wait.as_millis().max(1) as u64;
                let limit = self.per_second;
                Err(Refusal::RateLimited { retry_after_ms, rule: self.rule, limit })
            }
            Err(_) => Err(Refusal::Internal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(max_publishes_per_s: u32) -> Rates {
        Rates::new(&AppLimits { max_publishes_per_s, ..AppLimits::default() })
    }

    #[test]
    fn the_bucket_holds_at_its_size_and_refuses_one_more() {
        let rates = rates(20);
        for _ in 0..20 {
            assert_eq!(rates.publish(1), Ok(()));
        }
        let Err(Refusal::RateLimited { retry_after_ms, rule, limit }) = rates.publish(1) else {
            panic!("the 21st publish was taken");
        };
        assert_eq!((rule, limit), (Rule::Publishes, 20));
        assert!((1..=50).contains(&retry_after_ms), "{retry_after_ms} ms");
        assert_eq!(rates.read(), Ok(()), "reads have a bucket of their own");
    }

    #[test]
    fn a_key_publishes_at_its_own_rate() {
        let rate = KeyRate::new(20);
        let now = 1_000_000;
        let taken = |rate: &KeyRate, at| (0..100).filter(|_| rate.take(1, at).is_ok()).count();
        assert_eq!(taken(&rate, now), 20);
        let limited = |retry_after_ms| {
            Err(Refusal::RateLimited { retry_after_ms, rule: Rule::KeyPublishes, limit: 20 })
        };
        assert_eq!(rate.take(1, now), limited(50));
        assert_eq!(taken(&rate, now + 100), 2);
        let slower = rate.changed_to(10);
        assert_eq!(taken(&slower, now + 100), 0, "a change does not fill the bucket");
        assert_eq!(taken(&slower, now + 60_000), 10);
        assert_eq!(slower.take(1, now), Ok(()), "the clock was set back");
    }

    #[test]
    fn a_batch_of_ten_fits_the_smallest_key() {
        let rate = KeyRate::new(1);
        assert_eq!(rate.take(10, 1_000_000), Ok(()));
        assert!(rate.take(1, 1_000_999).is_err() && rate.take(1, 1_001_000).is_ok());
    }

    #[test]
    fn a_batch_of_ten_fits_the_smallest_limit_once() {
        let rates = rates(1);
        assert_eq!(rates.publish(10), Ok(()));
        assert!(rates.publish(10).is_err());
    }

    #[test]
    fn more_than_the_bucket_takes_all_of_it() {
        let rates = rates(20);
        assert_eq!(rates.publish(100), Ok(()));
        assert!(rates.publish(1).is_err());
    }
}
