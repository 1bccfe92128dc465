//! What the parts share while the process runs: the way out, and what there is to be done.

use super::outgoing::Outgoing;
use crate::state::State;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use uuid::Uuid;

/// An endpoint, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub organisation: Uuid,
    pub endpoint: Uuid,
}

pub struct Webhooks {
    pub outgoing: Outgoing,
    queue: Mutex<Queue>,
    /// Something new came: it is worth waiting a moment for more.
    pub(super) woken: Notify,
    /// Something was finished: what waited for it can go on at once.
    pub(super) freed: Notify,
}

#[derive(Default)]
struct Queue {
    due: HashSet<Target>,
    in_flight: HashMap<Uuid, usize>,
    /// Ask the database for everything that is due.
    look: bool,
}

impl Webhooks {
    pub fn new(outgoing: Outgoing) -> Self {
        Self { outgoing, queue: Mutex::default(), woken: Notify::new(), freed: Notify::new() }
    }

    /// These have something to be told.
    pub fn wake(&self, targets: impl IntoIterator<Item = Target>) {
        self.queue().due.extend(targets);
        self.woken.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something may be due somewhere: the deliverer looks at once.
pub fn wake(state: &State) {
    state.webhooks.queue().look = true;
    state.webhooks.woken.notify_one();
}
