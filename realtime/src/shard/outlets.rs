//! The ways to the origins, as one shard has them: no lock but the shard's own.

use crate::{Delivery, OriginId, Outlet, Witness, channel::Origins};
use std::sync::Arc;

/// Outlets by origin id, which are given out once, from 0. And who sees what happens.
pub struct Outlets {
    by_origin: Vec<Option<Arc<dyn Outlet>>>,
    witness: Arc<dyn Witness>,
}

impl Outlets {
    pub fn new(witness: Arc<dyn Witness>) -> Self {
        Self { by_origin: Vec::new(), witness }
    }

    pub fn add(&mut self, origin: OriginId, outlet: Arc<dyn Outlet>) {
        let at = origin.0 as usize;
        if self.by_origin.len() <= at {
            self.by_origin.resize_with(at + 1, || None);
        }
        self.by_origin[at] = Some(outlet);
    }

    pub fn remove(&mut self, origin: OriginId) {
        if let Some(outlet) = self.by_origin.get_mut(origin.0 as usize) {
            *outlet = None;
        }
    }

    pub fn has(&self, origin: OriginId) -> bool {
        self.get(origin).is_some()
    }

    fn get(&self, origin: OriginId) -> Option<&dyn Outlet> {
        self.by_origin.get(origin.0 as usize)?.as_deref()
    }
}

impl Origins for Outlets {
    fn has_room(&self, origin: OriginId) -> bool {
        self.get(origin).is_none_or(Outlet::has_room)
    }

    fn deliver(&self, origin: OriginId, delivery: Delivery) {
        if let Some(outlet) = self.get(origin) {
            outlet.deliver(delivery);
        }
    }

    fn witness(&self) -> &dyn Witness {
        self.witness.as_ref()
    }
}
