//! What quotas, invoices and dashboards count, per app.
//!
//! Hot paths add once per batch, not once per frame: a worker sums up locally and calls
//! `add_delivered(n, bytes)` when it has written what was waiting.

mod recent;
mod traffic;

pub use recent::Seen;
pub use traffic::{BOUNDS_MS, SUBSCRIPTION_LABELS, Traffic};

use crate::admission::Refusal;
use contract::{ChannelName, EventName, RefusalCode};
use recent::Recent;
use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// One app's counters. Nothing is allocated before the app is first used.
#[derive(Debug, Default)]
pub struct Counters(OnceLock<Box<Cells>>);

/// Totals since the process started, or since the app appeared.
#[derive(Debug, Default)]
pub struct Cells {
    published: AtomicU64,
    delivered: AtomicU64,
    socket_messages_in: AtomicU64,
    socket_bytes_in: AtomicU64,
    socket_bytes_out: AtomicU64,
    http_bytes_in: AtomicU64,
    http_bytes_out: AtomicU64,
    connections_opened: AtomicU64,
    connections_closed: AtomicU64,
    requests: [AtomicU64; Totals::STATUS_CLASSES],
    refusals: [AtomicU64; RefusalCode::COUNT],
    recent: Recent,
}

/// The counters at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub published: u64,
    pub delivered: u64,
    pub socket_messages_in: u64,
    pub socket_bytes_in: u64,
    pub socket_bytes_out: u64,
    pub http_bytes_in: u64,
    pub http_bytes_out: u64,
    pub connections_opened: u64,
    pub connections_closed: u64,
    /// API requests answered with 1xx to 5xx.
    pub requests: [u64; Totals::STATUS_CLASSES],
    /// In the order of [`RefusalCode::ALL`].
    pub refusals: [u64; RefusalCode::COUNT],
}

impl Counters {
    fn cells(&self) -> &Cells {
        self.0.get_or_init(Box::default)
    }

    /// An event was accepted; each channel of each item counts. `at_ms` is Unix time.
    pub fn note_published(&self, channel: ChannelName, event: EventName, at_ms: u64) {
        let cells = self.cells();
        cells.published.fetch_add(1, Relaxed);
        cells.recent.note(channel, event, at_ms);
    }

    /// The app's last events, oldest first.
    pub fn recent(&self) -> Vec<Seen> {
        self.0.get().map(|cells| cells.recent.all()).unwrap_or_default()
    }

    /// Frames with events written to sockets, and the bytes of all frames.
    pub fn add_delivered(&self, frames: u64, bytes: u64) {
        self.cells().delivered.fetch_add(frames, Relaxed);
        self.cells().socket_bytes_out.fetch_add(bytes, Relaxed);
    }

    /// Bytes written to sockets that carried no event.
    pub fn add_socket_bytes_out(&self, bytes: u64) {
        self.cells().socket_bytes_out.fetch_add(bytes, Relaxed);
    }

    pub fn add_socket_in(&self, messages: u64, bytes: u64) {
        self.cells().socket_messages_in.fetch_add(messages, Relaxed);
        self.cells().socket_bytes_in.fetch_add(bytes, Relaxed);
    }

    pub fn add_request(&self, status: u16, bytes_in: u64, bytes_out: u64) {
        let class = usize::from(status / 100).clamp(1, Totals::STATUS_CLASSES) - 1;
        let cells = self.cells();
        cells.requests[class].fetch_add(1, Relaxed);
        cells.http_bytes_in.fetch_add(bytes_in, Relaxed);
        cells.http_bytes_out.fetch_add(bytes_out, Relaxed);
    }

    pub fn add_refusal(&self, refusal: &Refusal) {
        self.cells().refusals[refusal.index()].fetch_add(1, Relaxed);
    }

    pub fn connection_opened(&self) {
        self.cells().connections_opened.fetch_add(1, Relaxed);
    }

    pub fn connection_closed(&self) {
        self.cells().connections_closed.fetch_add(1, Relaxed);
    }

    /// `None` for an app that was never used.
    pub fn totals(&self) -> Option<Totals> {
        self.0.get().map(|cells| cells.totals())
    }
}

impl Cells {
    fn totals(&self) -> Totals {
        let get = |cell: &AtomicU64| cell.load(Relaxed);
        Totals {
            published: get(&self.published),
            delivered: get(&self.delivered),
            socket_messages_in: get(&self.socket_messages_in),
            socket_bytes_in: get(&self.socket_bytes_in),
            socket_bytes_out: get(&self.socket_bytes_out),
            http_bytes_in: get(&self.http_bytes_in),
            http_bytes_out: get(&self.http_bytes_out),
            connections_opened: get(&self.connections_opened),
            connections_closed: get(&self.connections_closed),
            requests: self.requests.each_ref().map(get),
            refusals: self.refusals.each_ref().map(get),
        }
    }
}

impl Totals {
    pub const STATUS_CLASSES: usize = 5;

    /// Every pair of this and another set of totals, summed: for apps shown together.
    pub fn add(&mut self, other: &Totals) {
        self.published += other.published;
        self.delivered += other.delivered;
        self.socket_messages_in += other.socket_messages_in;
        self.socket_bytes_in += other.socket_bytes_in;
        self.socket_bytes_out += other.socket_bytes_out;
        self.http_bytes_in += other.http_bytes_in;
        self.http_bytes_out += other.http_bytes_out;
        self.connections_opened += other.connections_opened;
        self.connections_closed += other.connections_closed;
        for (sum, n) in self.requests.iter_mut().zip(other.requests) {
            *sum += n;
        }
        for (sum, n) in self.refusals.iter_mut().zip(other.refusals) {
            *sum += n;
        }
    }

    pub fn all_requests(&self) -> u64 {
        self.requests.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unused_app_has_no_counters() {
        assert_eq!(Counters::default().totals(), None);
    }

    #[test]
    fn what_is_added_is_in_the_totals() {
        let counters = Counters::default();
        for _ in 0..3 {
            counters.note_published("chat".parse().unwrap(), "e".parse().unwrap(), 1);
        }
        counters.add_delivered(2, 80);
        counters.add_socket_bytes_out(20);
        counters.add_socket_in(1, 10);
        counters.add_request(200, 100, 2);
        counters.add_request(404, 1, 1);
        counters.add_request(999, 0, 0);
        counters.add_refusal(&Refusal::AppDisabled);
        let totals = counters.totals().expect("used");
        assert_eq!((totals.published, totals.delivered), (3, 2));
        assert_eq!((totals.socket_bytes_out, totals.socket_bytes_in), (100, 10));
        assert_eq!((totals.requests, totals.http_bytes_in), ([0, 1, 0, 1, 1], 101));
        assert_eq!(totals.refusals[Refusal::AppDisabled.index()], 1);
        let mut sum = totals.clone();
        sum.add(&totals);
        assert_eq!((sum.published, sum.all_requests()), (6, 6));
    }
}
