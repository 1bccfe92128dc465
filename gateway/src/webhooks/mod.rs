//! What happens on channels, on its way to the control plane, which tells the customers' servers.
//!
//! ```text
//! interest  what of which app somebody wants to hear of, as the directory says
//! queue     what the engine's witness saw, in order; bounded
//! writer    a thread: numbers, writes to the spool, then lets it be shipped
//! spool     `webhooks/{boot}/{ms}-{seq}.log`: a line per event, with its checksum
//! standing  `webhooks/{boot}/standing.log`: what was told and is not over, for the next start
//! shipper   posts what waits, the oldest first, and deletes what is stored
//! ```
//! An event counts as kept once it is written. From there on it is told at least once: under the
//! same (gateway, boot, seq) however often, which the control plane passes over.

mod interest;
mod line;
mod queue;
mod shipper;
mod spool;
mod standing;
#[cfg(test)]
mod tests;
mod writer;

pub use interest::Interest;
pub use shipper::{ShipError, Shipper};
pub use spool::Spool;

use crate::{config::Config, directory::Directory, hub::clock};
use contract::{
    AppId,
    webhooks::{HookKind, HookSet},
};
use queue::{Noted, Queue};
use realtime::{Router, Seen, Topic, Witness};
use standing::{Standing, Stands};
use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
};
use writer::Writer;

/// The engine's witness, and all that its notes go through.
pub struct Webhooks {
    gateway: String,
    interest: Arc<Interest>,
    queue: Queue,
    pub spool: Spool,
    pub health: Health,
    directory: Directory,
    router: OnceLock<Router>,
    /// What stood at the end of the start before, until the engine knows.
    stood: Mutex<HashMap<Topic, Stands>>,
    /// Something that began or ended could not be kept.
    has_gaps: AtomicBool,
    writing: Mutex<Option<JoinHandle<()>>>,
}

/// How telling goes, for `/metrics`.
#[derive(Debug, Default)]
pub struct Health {
    kept: [AtomicU64; HookKind::ALL.len()],
    dropped: [AtomicU64; HookKind::ALL.len()],
    /// Events that the control plane has stored.
    pub shipped: AtomicU64,
    /// Requests that did not get through.
    pub failures: AtomicU64,
    /// Events and lines set aside.
    pub set_aside: AtomicU64,
    /// Channels that stand as occupied, and members that stand as present.
    pub standing: AtomicU64,
}

impl Health {
    pub fn kept(&self, kind: HookKind) -> u64 {
        self.kept[kind as usize].load(Relaxed)
    }

    pub fn dropped(&self, kind: HookKind) -> u64 {
        self.dropped[kind as usize].load(Relaxed)
    }

    fn count_kept(&self, kind: HookKind) {
        self.kept[kind as usize].fetch_add(1, Relaxed);
    }

    fn count_dropped(&self, kind: HookKind) {
        self.dropped[kind as usize].fetch_add(1, Relaxed);
    }
}

/// What matters less when there is no room for everything: the others say that something begins or
/// ends, and one that is missing leaves a wrong picture behind.
fn is_chatter(kind: HookKind) -> bool {
    matches!(kind, HookKind::ClientEvent | HookKind::SubscriptionCount | HookKind::CacheMiss)
}

impl Webhooks {
    /// Takes over what earlier starts left, and begins to keep what is seen.
    ///
    /// Errors: there can be no thread.
    pub fn open(config: &Config, boot: &str, directory: &Directory) -> io::Result<Arc<Self>> {
        let spool = Spool::open(&config.state_dir, boot, config.webhook_spool_bytes);
        let standing = Standing::take_over(spool.folder(), boot);
        let webhooks = Arc::new(Self {
            gateway: config.gateway_id.clone(),
            interest: directory.interest().clone(),
            queue: Queue::default(),
            spool,
            health: Health::default(),
            directory: directory.clone(),
            router: OnceLock::new(),
            stood: Mutex::new(standing.copy()),
            has_gaps: AtomicBool::new(false),
            writing: Mutex::default(),
        });
        let writing = Writer::start(webhooks.clone(), standing)?;
        *webhooks.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
        Ok(webhooks)
    }

    /// The engine whose witness this is. What stood at the end of the start before is over unless it
    /// is so again within the usual time: called right before connections can begin to come.
    pub fn begin(&self, router: &Router) {
        if self.router.set(router.clone()).is_ok() {
            let mut stood = self.stood.lock().unwrap_or_else(PoisonError::into_inner);
            for (topic, stands) in std::mem::take(&mut *stood) {
                self.recall(&topic, &stands, || true);
            }
        }
    }

    /// Tells the engine what stands told; what is not so it will say is over. Whether it was certain
    /// that it stands.
    fn recall(&self, topic: &Topic, stands: &Stands, is_certain: impl FnOnce() -> bool) -> bool {
        let Some(router) = self.router.get() else { return false };
        let users = stands.users.iter().cloned().collect();
        router.recall(topic, stands.is_occupied, users, clock::unix_ms(), is_certain)
    }

    fn dropped(&self, kind: HookKind) {
        self.health.count_dropped(kind);
        if !is_chatter(kind) {
            self.has_gaps.store(true, Relaxed);
        }
    }

    /// Events that are not written yet.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Writes what was seen, and then no more. Blocks until that is done.
    pub fn close(&self) {
        self.queue.close();
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writing.is_some_and(|writing| writing.join().is_err()) {
            tracing::error!("the webhooks' writer ended badly");
        }
    }
}

impl Witness for Webhooks {
    #[inline]
    fn wants(&self, app: &AppId) -> HookSet {
        self.interest.of(app)
    }

    fn saw(&self, topic: &Topic, at_ms: u64, what: Seen) {
        let kind = what.kind();
        if !self.queue.push(Noted { topic: topic.clone(), at_ms, what }, is_chatter(kind)) {
            self.dropped(kind);
        }
    }
}
