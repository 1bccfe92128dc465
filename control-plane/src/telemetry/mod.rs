//! What Prometheus is told of this process and of what it finds in the database, on a listener that
//! only operators reach.
//!
//! Everything here is counted in memory as it happens; the database is asked when somebody asks.

mod exposition;
mod facts;
mod histogram;
mod listener;
mod process;
mod requests;
#[cfg(test)]
mod tests;
mod waits;

pub use histogram::Histogram;
pub use listener::bind;
pub use requests::count as count_request;
pub use waits::Waits;

use crate::jobs::JobKind;
use requests::Requests;
use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use time::OffsetDateTime;

/// Seconds: of answers, and of waiting for a connection to Postgres.
const SHORT: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Seconds: of webhooks.
const LONG: [f64; 11] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0];

pub struct Telemetry {
    pub requests: Requests,
    pub jobs: Jobs,
    pub webhooks: Webhooks,
    pub intake: Intake,
    started: OffsetDateTime,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            requests: Requests::default(),
            jobs: Jobs::default(),
            webhooks: Webhooks::default(),
            intake: Intake::default(),
            started: OffsetDateTime::now_utc(),
        }
    }
}

/// A number that only grows.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What became of jobs here.
#[derive(Default)]
pub struct Jobs([[Counter; JobOutcome::ALL.len()]; JobKind::ALL.len()]);

#[derive(Clone, Copy)]
pub enum JobOutcome {
    Done,
    /// It is tried again.
    Failed,
    GivenUp,
}

impl JobOutcome {
    pub const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::GivenUp];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }
}

impl Jobs {
    pub fn count(&self, kind: JobKind, outcome: JobOutcome) {
        self.0[kind as usize][outcome as usize].add(1);
    }

    fn get(&self, kind: JobKind, outcome: JobOutcome) -> u64 {
        self.0[kind as usize][outcome as usize].get()
    }
}

/// What was sent to endpoints from here.
pub struct Webhooks {
    attempts: [Counter; AttemptOutcome::ALL.len()],
    /// From a request's first byte to its answer.
    pub duration: Histogram,
    /// From when a delivery was due until it was taken.
    pub lateness: Histogram,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            attempts: Default::default(),
            duration: Histogram::new(LONG),
            lateness: Histogram::new(LONG),
        }
    }
}

#[derive(Clone, Copy)]
pub enum AttemptOutcome {
    Taken,
    /// Answered with anything but 2xx.
    Refused,
    Unanswered,
    /// The address or the request could not be used.
    NotSent,
}

impl AttemptOutcome {
    pub const ALL: [Self; 4] = [Self::Taken, Self::Refused, Self::Unanswered, Self::NotSent];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::NotSent => "not_sent",
        }
    }
}

impl Webhooks {
    pub fn count(&self, outcome: AttemptOutcome, took: Duration) {
        self.attempts[outcome as usize].add(1);
        self.duration.note(took);
    }
}

/// What gateways sent that is stored.
#[derive(Default)]
pub struct Intake {
    pub usage: Counter,
    pub refusals: Counter,
    pub uses: Counter,
    pub channel_events: Counter,
}
