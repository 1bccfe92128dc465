//! The shards of this process.

use crate::{
    EngineConfig, EngineStats, OriginId, Outlet, Publish, PublishError, Published, Topic, Witness,
    listeners::Listeners,
    placement::shard_of,
    shard::{Budget, Shard},
};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

/// All shards, each behind its own lock.
pub struct Local {
    shards: Box<[Padded]>,
    listeners: Listeners,
    placement_key: u64,
    next_origin: AtomicU32,
}

/// A shard on cache lines of its own, so that neighbours' locks do not disturb each other.
#[repr(align(128))]
struct Padded(Mutex<Shard>);

impl Local {
    pub fn new(config: &EngineConfig, witness: &Arc<dyn Witness>) -> Self {
        let budget = Arc::new(Budget::new(config.retained_max_bytes));
        let shard = |_| Padded(Mutex::new(Shard::new(config, budget.clone(), witness.clone())));
        Self {
            shards: (0..config.shards.max(1)).map(shard).collect(),
            listeners: Listeners::default(),
            placement_key: config.placement_key,
            next_origin: AtomicU32::new(0),
        }
    }

    /// The owner of a topic. Nothing is awaited and nothing outside is called back while it is held.
    pub fn owner(&self, topic: &Topic) -> MutexGuard<'_, Shard> {
        let at = shard_of(topic, self.placement_key, self.shards.len() as u32);
        lock(&self.shards[at as usize])
    }

    /// Takes a message. Patterns are tried before the owner is locked: a customer's patterns must not
    /// hold up other customers' channels.
    #[inline]
    pub fn publish(&self, publish: Publish, now_ms: u64) -> Result<Published, PublishError> {
        let listening = self.listeners.of(&publish.topic);
        self.owner(&publish.topic).publish(publish, listening.as_ref(), now_ms)
    }

    /// Every shard, one after the other.
    pub fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Shard>> {
        self.shards.iter().map(lock)
    }

    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    pub fn register(&self, outlet: &Arc<dyn Outlet>) -> OriginId {
        let origin = OriginId(self.next_origin.fetch_add(1, Ordering::Relaxed));
        self.each().for_each(|mut shard| shard.add_origin(origin, outlet.clone()));
        origin
    }

    pub fn stats(&self) -> EngineStats {
        let mut stats = EngineStats::default();
        self.each().for_each(|shard| shard.count_into(&mut stats));
        stats
    }
}

/// A panic in an outlet must not take a thousandth of all channels with it.
fn lock(shard: &Padded) -> MutexGuard<'_, Shard> {
    shard.0.lock().unwrap_or_else(PoisonError::into_inner)
}
