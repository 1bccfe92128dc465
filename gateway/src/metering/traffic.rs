//! What the whole gateway does, by kind of channel, for dashboards. Source: spec/pusher.md §18.3.

use contract::ChannelKind;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters of one gateway; added to once per message or subscription, never per delivery.
#[derive(Debug, Default)]
pub struct Traffic {
    subscribed: [AtomicU64; SUBSCRIPTION_LABELS.len()],
    unsubscribed: [AtomicU64; SUBSCRIPTION_LABELS.len()],
    latency: [[Histogram; RECIPIENTS.len()]; SUBSCRIPTION_LABELS.len()],
    keyed_publishes: AtomicU64,
    duplicates: AtomicU64,
}

/// The values of `channel_type`.
pub const SUBSCRIPTION_LABELS: [&str; 5] =
    ["public", "private", "presence", "private_encrypted", "cache"];

/// The values of `recipient_count_bucket`, with the largest count of each.
pub const RECIPIENTS: [(&str, u64); 4] =
    [("1-10", 10), ("11-100", 100), ("101-1000", 1_000), ("1001+", u64::MAX)];

/// Upper bounds of the latency buckets, milliseconds; one more counts everything.
pub const BOUNDS_MS: [f64; 13] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];

/// How long messages took from their acceptance to the sockets of one worker.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    sum_ms: AtomicU64,
}

impl Traffic {
    /// Users' own channels are no subscriptions to those who look at dashboards.
    pub fn subscribed(&self, kind: ChannelKind) {
        if kind == ChannelKind::User {
            return;
        }
        self.subscribed[label(kind)].fetch_add(1, Relaxed);
    }

    pub fn unsubscribed(&self, kind: ChannelKind) {
        if kind == ChannelKind::User {
            return;
        }
        self.unsubscribed[label(kind)].fetch_add(1, Relaxed);
    }

    /// One message reached the sockets of one worker.
    pub fn fanned_out(&self, kind: ChannelKind, recipients: u64, ms: u64) {
        let bucket = RECIPIENTS.iter().position(|(_, most)| recipients <= *most).unwrap_or(0);
        self.latency[label(kind)][bucket].add(ms);
    }

    /// A publish carried an idempotency key.
    pub fn keyed_publish(&self, is_duplicate: bool) {
        self.keyed_publishes.fetch_add(1, Relaxed);
        self.duplicates.fetch_add(u64::from(is_duplicate), Relaxed);
    }

    /// Per label: subscribed and unsubscribed.
    pub fn subscriptions(&self) -> [(u64, u64); SUBSCRIPTION_LABELS.len()] {
        std::array::from_fn(|at| {
            (self.subscribed[at].load(Relaxed), self.unsubscribed[at].load(Relaxed))
        })
    }

    /// Publishes with a key, and those of them that were duplicates.
    pub fn keyed_publishes(&self) -> (u64, u64) {
        (self.keyed_publishes.load(Relaxed), self.duplicates.load(Relaxed))
    }

    /// Every histogram that has something in it, with its two labels.
    pub fn latencies(&self) -> impl Iterator<Item = (&'static str, &'static str, &Histogram)> {
        SUBSCRIPTION_LABELS.iter().zip(&self.latency).flat_map(|(kind, by_count)| {
            let named = RECIPIENTS.iter().zip(by_count);
            named
                .filter(|(_, histogram)| histogram.count() > 0)
                .map(|((recipients, _), histogram)| (*kind, *recipients, histogram))
        })
    }
}

impl Histogram {
    fn add(&self, ms: u64) {
        let at = BOUNDS_MS.iter().position(|bound| ms as f64 <= *bound).unwrap_or(BOUNDS_MS.len());
        self.buckets[at].fetch_add(1, Relaxed);
        self.sum_ms.fetch_add(ms, Relaxed);
    }

    /// How many were at most as long as each bound, the last being all.
    pub fn cumulative(&self) -> [u64; BOUNDS_MS.len() + 1] {
        let mut sum = 0;
        self.buckets.each_ref().map(|bucket| {
            sum += bucket.load(Relaxed);
            sum
        })
    }

    pub fn count(&self) -> u64 {
        self.cumulative()[BOUNDS_MS.len()]
    }

    pub fn sum_ms(&self) -> u64 {
        self.sum_ms.load(Relaxed)
    }
}

fn label(kind: ChannelKind) -> usize {
    let name = kind.metric_label();
    SUBSCRIPTION_LABELS.iter().position(|label| *label == name).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_label() {
        for kind in [
            ChannelKind::Public,
            ChannelKind::PublicCache,
            ChannelKind::Private,
            ChannelKind::PrivateCache,
            ChannelKind::Encrypted,
            ChannelKind::EncryptedCache,
            ChannelKind::Presence,
            ChannelKind::PresenceCache,
            ChannelKind::User,
        ] {
            assert_eq!(SUBSCRIPTION_LABELS[label(kind)], kind.metric_label());
        }
    }

    #[test]
    fn a_latency_is_counted_in_every_bucket_that_holds_it() {
        let traffic = Traffic::default();
        for ms in [0, 1, 7, 9_999] {
            traffic.fanned_out(ChannelKind::Public, 11, ms);
        }
        let shown: Vec<_> = traffic.latencies().collect();
        let [("public", "11-100", histogram)] = shown[..] else { panic!("{shown:?}") };
        assert_eq!(histogram.cumulative(), [1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]);
        assert_eq!((histogram.count(), histogram.sum_ms()), (4, 10_007));
    }
}
