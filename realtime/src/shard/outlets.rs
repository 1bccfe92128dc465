//! The ways to the origins, as one shard has them: no lock but the shard's own.

use crate::{Delivery, OriginId, Outlet, channel::Origins};
use std::sync::Arc;

/// Outlets by origin id. Ids are given out once, from 0.
#[derive(Default)]
pub struct Outlets(Vec<Option<Arc<dyn Outlet>>>);

impl Outlets {
    pub fn add(&mut self, origin: OriginId, outlet: Arc<dyn Outlet>) {
        let at = origin.0 as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at] = Some(outlet);
    }

    pub fn remove(&mut self, origin: OriginId) {
        if let Some(outlet) = self.0.get_mut(origin.0 as usize) {
            *outlet = None;
        }
    }

    pub fn has(&self, origin: OriginId) -> bool {
        self.get(origin).is_some()
    }

    fn get(&self, origin: OriginId) -> Option<&dyn Outlet> {
        self.0.get(origin.0 as usize)?.as_deref()
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
}
