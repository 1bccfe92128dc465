//! Channels held only for what they remember, in the order in which they were last used.

use super::slot::{NOWHERE, Slot};
use slab::Slab;

/// A doubly linked list through the slots.
pub struct IdleList {
    oldest: u32,
    newest: u32,
    len: usize,
}

impl Default for IdleList {
    fn default() -> Self {
        Self { oldest: NOWHERE, newest: NOWHERE, len: 0 }
    }
}

impl IdleList {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NOWHERE).then_some(self.oldest)
    }

    pub fn push(&mut self, slots: &mut Slab<Slot>, slot: u32) {
        let older = std::mem::replace(&mut self.newest, slot);
        match older {
            NOWHERE => self.oldest = slot,
            _ => slots[older as usize].newer = slot,
        }
        let held = &mut slots[slot as usize];
        (held.older, held.newer, held.is_listed) = (older, NOWHERE, true);
        self.len += 1;
    }

    pub fn remove(&mut self, slots: &mut Slab<Slot>, slot: u32) {
        let held = &mut slots[slot as usize];
        if !std::mem::replace(&mut held.is_listed, false) {
            return;
        }
        let (older, newer) = (held.older, held.newer);
        match older {
            NOWHERE => self.oldest = newer,
            _ => slots[older as usize].newer = newer,
        }
        match newer {
            NOWHERE => self.newest = older,
            _ => slots[newer as usize].older = older,
        }
        self.len -= 1;
    }
}
