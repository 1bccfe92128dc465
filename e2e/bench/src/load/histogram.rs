//! Times of all deliveries, not of a sample: 64 steps per power of two, so within 1.6 %.

const STEP_BITS: u32 = 6;
const STEPS: usize = 1 << STEP_BITS;
const BUCKETS: usize = (64 - STEP_BITS as usize + 1) * STEPS;

#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u32>,
    total: u64,
    max: u64,
}

/// Microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Quantiles {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl Histogram {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }

    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.counts[bucket(ns)] += 1;
        self.total += 1;
        self.max = self.max.max(ns);
    }

    pub fn quantiles(&self) -> Quantiles {
        let us = |share| self.quantile(share) as f64 / 1e3;
        Quantiles { p50: us(0.5), p99: us(0.99), p999: us(0.999), max: self.max as f64 / 1e3 }
    }

    fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && seen > 0 {
                return upper_end(at).min(self.max);
            }
        }
        0
    }
}

#[inline]
fn bucket(ns: u64) -> usize {
    let power = (63 - (ns | 1).leading_zeros()).saturating_sub(STEP_BITS);
    power as usize * STEPS + (ns >> power) as usize
}

/// The largest value of a bucket.
fn upper_end(bucket: usize) -> u64 {
    let power = (bucket / STEPS).saturating_sub(1);
    let steps = (bucket - power * STEPS) as u64;
    (((u128::from(steps) + 1) << power) - 1).min(u128::from(u64::MAX)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_narrow_and_in_order() {
        let mut last = 0;
        for ns in (0..2_000).chain((11..40).flat_map(|p| [(1 << p) - 1, 1 << p, (1 << p) + 1])) {
            let at = bucket(ns);
            assert!(at >= last, "{ns}");
            last = at;
            let end = upper_end(at);
            assert!(end >= ns && end as f64 <= ns as f64 * 1.016 + 1.0, "{ns} ends at {end}");
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantiles(), Quantiles::default());
        for us in 1..=1_000 {
            histogram.record(us * 1_000);
        }
        let found = histogram.quantiles();
        assert!((found.p50 - 500.0).abs() < 10.0, "{found:?}");
        assert!((found.p99 - 990.0).abs() < 20.0, "{found:?}");
        assert_eq!(found.max, 1_000.0);
    }
}
