//! Bounds of what channels remember: who is charged, and who is forgotten first.

use super::{
    Shard,
    slot::{Slot, Weight},
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Retained bytes of all shards together.
pub struct Budget {
    used: AtomicUsize,
    max_bytes: usize,
}

impl Budget {
    pub fn new(max_bytes: usize) -> Self {
        Self { used: AtomicUsize::new(0), max_bytes }
    }

    fn move_charge(&self, from: usize, to: usize) {
        if to >= from {
            self.used.fetch_add(to - from, Ordering::Relaxed);
        } else {
            self.used.fetch_sub(from - to, Ordering::Relaxed);
        }
    }

    fn is_overdrawn(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.max_bytes
    }
}

/// Bytes of a channel that is there for its memory alone, beside that memory and its name: the
/// slot, what vectors and tables keep in reserve, and what the allocator adds to each piece.
const IDLE_CHANNEL_BYTES: usize = 3 * size_of::<Slot>() / 2 + 128;

impl Shard {
    /// Charges the channel for what it holds now, lists it if it is idle, forgets it if it is
    /// nobody's and empty.
    pub(super) fn settle_memory(&mut self, slot: u32, after: Weight, touch: bool) {
        let held = &mut self.slots[slot as usize];
        let idle_bytes =
            if after.is_idle { IDLE_CHANNEL_BYTES + held.topic.channel.as_str().len() } else { 0 };
        let is_nobodys = held.channel.is_forgettable();
        let charge = if is_nobodys { 0 } else { after.retained_bytes + idle_bytes };
        let charged = std::mem::replace(&mut held.charged, charge);
        if charge != charged {
            self.tally.retained_bytes = self.tally.retained_bytes + charge - charged;
            self.budget.move_charge(charged, charge);
        }
        let is_listed = held.is_listed;
        if is_nobodys {
            self.idle.remove(&mut self.slots, slot);
            self.remove(slot);
        } else if !after.is_idle {
            self.idle.remove(&mut self.slots, slot);
        } else if touch || !is_listed {
            self.idle.remove(&mut self.slots, slot);
            self.idle.push(&mut self.slots, slot);
        }
    }

    /// Comes back to the budget, if this shard is one of those that overdraw it: idle channels are
    /// forgotten, the one longest unused first; then history of the channel that grew.
    pub(super) fn make_room(&mut self, grown: Option<u32>, now_ms: u64) {
        while self.tally.retained_bytes > self.bounds.retained_share && self.budget.is_overdrawn() {
            if self.evict_oldest(grown, now_ms) {
                continue;
            }
            let shortened = grown.is_some_and(|slot| {
                self.slots.contains(slot as usize)
                    && self.act_quietly(slot, false, |channel, _| channel.forget_oldest())
            });
            if !shortened {
                return;
            }
        }
    }

    /// Forgets the idle channel that was not used for the longest time, unless it is `spared`.
    pub(super) fn evict_oldest(&mut self, spared: Option<u32>, now_ms: u64) -> bool {
        let Some(slot) = self.idle.oldest().filter(|&slot| Some(slot) != spared) else {
            return false;
        };
        let Slot { topic, channel, charged, .. } = &mut self.slots[slot as usize];
        channel.is_being_forgotten(topic, now_ms, &self.outlets);
        let charged = *charged;
        self.tally.retained_bytes -= charged;
        self.budget.move_charge(charged, 0);
        self.tally.evicted += 1;
        self.idle.remove(&mut self.slots, slot);
        self.remove(slot);
        true
    }
}
