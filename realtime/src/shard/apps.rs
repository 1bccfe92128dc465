//! Which channels of an app are occupied, so that a question about one app reads no other's.

use super::slot::{NOWHERE, Slot};
use contract::{AppId, ChannelKind};
use hashbrown::HashMap;
use slab::Slab;

/// Slots of the occupied channels of each app, users' own channels left out.
#[derive(Default)]
pub struct Apps(HashMap<AppId, Vec<u32>>);

impl Apps {
    pub fn of(&self, app: &AppId) -> &[u32] {
        self.0.get(app).map_or(&[], Vec::as_slice)
    }

    pub fn add(&mut self, slots: &mut Slab<Slot>, slot: u32) {
        let held = &mut slots[slot as usize];
        if held.channel.kind() == ChannelKind::User {
            return;
        }
        let of_app = self.0.entry_ref(&held.topic.app).or_default();
        held.at_app = of_app.len() as u32;
        of_app.push(slot);
    }

    pub fn remove(&mut self, slots: &mut Slab<Slot>, slot: u32) {
        let held = &mut slots[slot as usize];
        let at = std::mem::replace(&mut held.at_app, NOWHERE) as usize;
        let Some(of_app) = self.0.get_mut(&held.topic.app) else { return };
        if at >= of_app.len() {
            return;
        }
        of_app.swap_remove(at);
        if of_app.is_empty() {
            self.0.remove(&held.topic.app);
        } else if let Some(&moved) = of_app.get(at) {
            slots[moved as usize].at_app = at as u32;
        }
    }
}
