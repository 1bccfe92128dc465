//! What channels do by themselves: alarms that are set, and memory that grows old.

use super::{
    Shard,
    slot::{NEVER, Slot},
};
use std::{cmp::Reverse, collections::BinaryHeap};

/// Every channel is looked at for expired memory once in this many milliseconds.
const SWEEP_MS: u64 = 30_000;

/// When to wake which channel, soonest first. Only the soonest alarm of a channel counts: one that
/// was set for later before stays, and is passed over.
#[derive(Default)]
pub struct Alarms {
    due: BinaryHeap<Reverse<Alarm>>,
    /// The next slot to be looked at, and how far in time that has come.
    sweep_at: usize,
    swept_ms: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alarm {
    due_ms: u64,
    slot: u32,
    generation: u32,
}

impl Alarms {
    pub fn set(&mut self, slot: u32, held: &mut Slot) {
        if let Some(due_ms) = held.channel.wake_at_ms()
            && due_ms < held.alarm_ms
        {
            held.alarm_ms = due_ms;
            self.due.push(Reverse(Alarm { due_ms, slot, generation: held.generation }));
        }
    }

    fn pop(&mut self, now_ms: u64) -> Option<Alarm> {
        self.due.peek().filter(|alarm| alarm.0.due_ms <= now_ms)?;
        self.due.pop().map(|Reverse(alarm)| alarm)
    }
}

impl Shard {
    /// Does what is due. Call it a few times a second.
    pub fn tick(&mut self, now_ms: u64) {
        while let Some(alarm) = self.alarms.pop(now_ms) {
            let Some(held) = self.slots.get_mut(alarm.slot as usize) else { continue };
            if held.generation == alarm.generation && held.alarm_ms == alarm.due_ms {
                held.alarm_ms = NEVER;
                self.act_quietly(alarm.slot, false, |channel, cx| {
                    channel.wake(cx.topic, now_ms, cx.outlets)
                });
            }
        }
        self.sweep(now_ms);
        self.make_room(None, now_ms);
    }

    /// Looks at as many channels as the time since the last sweep asks for.
    fn sweep(&mut self, now_ms: u64) {
        let elapsed_ms = now_ms.saturating_sub(self.alarms.swept_ms).min(SWEEP_MS);
        let due = self.slots_end * elapsed_ms as usize / SWEEP_MS as usize;
        if due == 0 && elapsed_ms < SWEEP_MS {
            return;
        }
        self.alarms.swept_ms = now_ms;
        for _ in 0..due {
            if self.alarms.sweep_at >= self.slots_end {
                self.alarms.sweep_at = 0;
            }
            let slot = self.alarms.sweep_at as u32;
            self.alarms.sweep_at += 1;
            if self.slots.get(slot as usize).is_some_and(|held| held.channel.retained_bytes() > 0) {
                self.act_quietly(slot, false, |channel, cx| channel.expire(cx.history, now_ms));
            }
        }
    }
}
