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
use std::{fmt, num::NonZeroU32, sync::Arc};

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
