//! What the parts share while the process runs: the way out, and whose turn it is.
//!
//! Places are limited so that endpoints that take nothing never keep the others waiting: an
//! endpoint has few turns at once, and those that are failing have one each and some of all places.

use super::{outgoing::Outgoing, rounds::Rounds};
use crate::state::State;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use uuid::Uuid;

/// Requests of one process at once; of these, to endpoints that are failing; to one endpoint.
const PLACES: u32 = 64;
const FAILING_PLACES: u32 = 24;
const OF_ONE: usize = 4;
/// How many of them ask the database at once: the API needs it too.
const DATABASE_PLACES: usize = 4;

/// An endpoint, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub organisation: Uuid,
    pub endpoint: Uuid,
}

/// An endpoint that has something due.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub target: Target,
    pub is_failing: bool,
}

#[derive(Clone)]
pub struct Webhooks {
    pub outgoing: Arc<Outgoing>,
    pub(super) rounds: Rounds,
    queue: Arc<Mutex<Queue>>,
    places: Arc<Semaphore>,
    failing_places: Arc<Semaphore>,
    database: Arc<Semaphore>,
    /// Something new came: it is worth waiting a moment for more.
    pub(super) woken: Arc<Notify>,
    /// Something was finished: what waited for it can go on at once.
    pub(super) freed: Arc<Notify>,
}

#[derive(Default)]
struct Queue {
    /// In the order in which they came, each once.
    waiting: VecDeque<Target>,
    queued: HashSet<Target>,
    under_way: HashMap<Target, usize>,
    failing: HashSet<Target>,
    /// The database is to be asked for everything that is due.
    look: bool,
}

impl Queue {
    fn push(&mut self, target: Target) {
        if self.queued.insert(target) {
            self.waiting.push_back(target);
        }
    }

    fn has_room(&self, target: Target) -> bool {
        let most = if self.failing.contains(&target) { 1 } else { OF_ONE };
        self.under_way.get(&target).is_none_or(|turns| *turns < most)
    }
}

impl Webhooks {
    pub fn new(outgoing: Outgoing) -> Self {
        Self {
            outgoing: Arc::new(outgoing),
            rounds: Rounds::default(),
            queue: Arc::default(),
            places: Arc::new(Semaphore::new(PLACES as usize)),
            failing_places: Arc::new(Semaphore::new(FAILING_PLACES as usize)),
            database: Arc::new(Semaphore::new(DATABASE_PLACES)),
            woken: Arc::default(),
            freed: Arc::default(),
        }
    }

    /// These have something new to be told.
    pub fn wake(&self, targets: impl IntoIterator<Item = Target>) {
        let mut queue = self.queue();
        let mut any = false;
        for target in targets {
            queue.push(target);
            any = true;
        }
        drop(queue);
        if any {
            self.woken.notify_one();
        }
    }

    /// There may be more for this one, at once.
    pub(super) fn again(&self, target: Target) {
        self.queue().push(target);
        self.freed.notify_one();
    }

    /// All that is due, by the database.
    pub(super) fn found(&self, due: Vec<Due>) {
        let mut queue = self.queue();
        queue.failing.clear();
        for Due { target, is_failing } in due {
            if is_failing {
                queue.failing.insert(target);
            }
            queue.push(target);
        }
    }

    pub(super) fn look_again(&self) {
        self.queue().look = true;
    }

    pub(super) fn take_look(&self) -> bool {
        std::mem::take(&mut self.queue().look)
    }

    /// The next endpoint that has something due and room for a request. Nothing is waited for.
    pub(super) fn next_turn(&self) -> Option<Turn> {
        let mut queue = self.queue();
        for _ in 0..queue.waiting.len() {
            let target = queue.waiting.pop_front()?;
            match self.places_for(&queue, target) {
                Some(places) => {
                    queue.queued.remove(&target);
                    *queue.under_way.entry(target).or_default() += 1;
                    return Some(Turn { target, webhooks: self.clone(), places });
                }
                None => queue.waiting.push_back(target),
            }
        }
        None
    }

    fn places_for(&self, queue: &Queue, target: Target) -> Option<Vec<OwnedSemaphorePermit>> {
        if !queue.has_room(target) {
            return None;
        }
        let mut places = Vec::with_capacity(2);
        if queue.failing.contains(&target) {
            places.push(self.failing_places.clone().try_acquire_owned().ok()?);
        }
        places.push(self.places.clone().try_acquire_owned().ok()?);
        Some(places)
    }

    /// Only an error when the semaphore is closed, and nobody does that.
    pub(super) async fn database_place(&self) -> Option<SemaphorePermit<'_>> {
        self.database.acquire().await.ok()
    }

    pub(super) async fn all_done(&self) {
        let _ = self.places.acquire_many(PLACES).await;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request to one endpoint may be made. Dropping it gives its place back.
pub struct Turn {
    pub target: Target,
    webhooks: Webhooks,
    places: Vec<OwnedSemaphorePermit>,
}

impl Turn {
    /// How it went, for what comes after.
    pub(super) fn ended(&self, is_taken: bool) {
        let mut queue = self.webhooks.queue();
        match is_taken {
            true => queue.failing.remove(&self.target),
            false => queue.failing.insert(self.target),
        };
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut queue = self.webhooks.queue();
        if let Some(turns) = queue.under_way.get_mut(&self.target) {
            *turns -= 1;
            if *turns == 0 {
                queue.under_way.remove(&self.target);
            }
        }
        drop(queue);
        self.places.clear();
        self.webhooks.freed.notify_one();
    }
}

/// Something may be due somewhere: the deliverer looks at once.
pub fn wake(state: &State) {
    state.webhooks.look_again();
    state.webhooks.woken.notify_one();
}
