//! Waiting for a connection to Postgres.

use super::{Counter, Histogram, SHORT};
use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Instant,
};

/// Who waits for a connection.
pub struct Waits {
    waiting: AtomicU32,
    pub waited: Histogram,
    /// Waited in vain.
    pub failed: Counter,
}

impl Default for Waits {
    fn default() -> Self {
        let (waiting, failed) = (AtomicU32::new(0), Counter::default());
        Self { waiting, waited: Histogram::new(SHORT), failed }
    }
}

impl Waits {
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Relaxed)
    }

    /// Begins what has to wait for a connection.
    pub async fn through<T>(
        &self,
        begin: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let started = Instant::now();
        let begun = {
            let _waits = Waiting::new(&self.waiting);
            begin.await
        };
        self.waited.note(started.elapsed());
        if begun.is_err() {
            self.failed.add(1);
        }
        begun
    }
}

/// One that waits, also where nobody waits to the end.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicU32) -> Self {
        waiting.fetch_add(1, Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
