//! What a connection's socket did not take yet.

use crate::{hub::clock, metering::Tally};
use bytes::Bytes;
use std::collections::VecDeque;

/// What the socket did not take yet. Empty queues hold no memory.
#[derive(Default)]
pub struct Outgoing {
    pub queue: VecDeque<Queued>,
    pub bytes: usize,
    /// What was taken, but may wait inside yet.
    pub taken: Tally,
    /// A task is writing this out.
    pub draining: bool,
    /// More is about to come: nothing is written yet.
    pub held: bool,
    /// Pauses in the queue, where they stand as empty frames, and how long each is.
    pub pauses: u8,
    pause_ms: u32,
    /// Since when bytes have been waiting without progress.
    pub stuck_since: Option<u64>,
}

/// Frames and what they count for, once the last byte of them is written. Empty where there is a
/// pause.
#[derive(Default)]
pub struct Queued {
    pub frames: Bytes,
    pub tally: Tally,
}

impl Outgoing {
    /// A client may put off what it is sent by so many pauses.
    const MAX_PAUSES: u8 = 20;

    /// Whether there is one more.
    pub fn push_pause(&mut self, ms: u32) -> bool {
        let fits = self.pauses < Self::MAX_PAUSES;
        if fits {
            self.pauses += 1;
            self.pause_ms = ms;
            self.queue.push_back(Queued::default());
        }
        fits
    }

    pub fn pop_pause(&mut self) -> Option<u32> {
        self.queue.pop_front_if(|front| front.frames.is_empty())?;
        self.pauses = self.pauses.saturating_sub(1);
        Some(self.pause_ms)
    }

    pub fn up_to_pause(&self) -> impl Iterator<Item = &Bytes> {
        self.queue.iter().map(|queued| &queued.frames).take_while(|frames| !frames.is_empty())
    }

    pub fn push(&mut self, frames: Bytes, tally: Tally, now: u64) {
        self.bytes += frames.len();
        self.stuck_since.get_or_insert(now);
        self.queue.push_back(Queued { frames, tally });
    }

    pub fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        self.stuck_since = self.stuck_since.map(|_| clock::now_ms());
        while written > 0 {
            let Some(front) = self.queue.front_mut() else { return };
            if written < front.frames.len() {
                front.frames = front.frames.slice(written..);
                return;
            }
            written -= front.frames.len();
            self.taken.add(front.tally);
            self.queue.pop_front();
        }
    }
}
