//! Durations, counted by how long they are.

use contract::exposition::Samples;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

const BUCKETS: usize = 11;

pub struct Histogram {
    /// Seconds, growing.
    bounds: [f64; BUCKETS],
    /// The last counts what is longer than all bounds.
    counts: [AtomicU64; BUCKETS + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    pub const fn new(bounds: [f64; BUCKETS]) -> Self {
        Self {
            bounds,
            counts: [const { AtomicU64::new(0) }; BUCKETS + 1],
            sum_us: AtomicU64::new(0),
        }
    }

    pub fn note(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(BUCKETS);
        self.counts[bucket].fetch_add(1, Relaxed);
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// Writes the parts of a family of the kind histogram.
    pub fn write(&self, samples: &mut Samples<'_>, labels: &[(&str, &str)]) {
        let mut total = 0;
        for (at, count) in self.counts.iter().enumerate() {
            total += count.load(Relaxed);
            let bound = self.bounds.get(at).map_or("+Inf".to_owned(), f64::to_string);
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
            samples.add_part("_bucket", &labels, total);
        }
        let sum = self.sum_us.load(Relaxed) as f64 / 1e6;
        samples.add_part("_sum", labels, sum);
        samples.add_part("_count", labels, total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::exposition::{Kind, Text};

    #[test]
    fn buckets_add_up_and_bounds_belong_to_theirs() {
        let histogram = Histogram::new([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
        for ms in [500, 1_000, 1_001, 60_000] {
            histogram.note(Duration::from_millis(ms));
        }
        let mut text = Text::new();
        text.family("h", Kind::Histogram, "Help.", |samples| {
            histogram.write(samples, &[("a", "b")]);
        });
        let text = text.finish();
        for line in [
            r#"h_bucket{a="b",le="1"} 2"#,
            r#"h_bucket{a="b",le="2"} 3"#,
            r#"h_bucket{a="b",le="11"} 3"#,
            r#"h_bucket{a="b",le="+Inf"} 4"#,
            r#"h_sum{a="b"} 62.501"#,
            r#"h_count{a="b"} 4"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
    }
}
