//! What was seen and is not written yet.

use realtime::{Seen, Topic};
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Bytes that may wait to be written: seconds of a disk that takes its time.
const MAX_BYTES: usize = 32 << 20;
/// An event takes so much beside its payload, an estimate.
const EVENT_BYTES: usize = 256;

/// What the witness saw, once.
#[derive(Debug)]
pub struct Noted {
    pub topic: Topic,
    pub at_ms: u64,
    pub what: Seen,
}

impl Noted {
    fn bytes(&self) -> usize {
        match &self.what {
            Seen::ClientEvent { data, .. } => EVENT_BYTES + data.as_str().len(),
            _ => EVENT_BYTES,
        }
    }
}

/// Filled under the locks of shards, so that holding it is never more than moving an event.
#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    noted: Vec<Noted>,
    bytes: usize,
    is_closed: bool,
}

/// What the writer is to do next.
#[derive(Debug)]
pub enum Next {
    Write(Vec<Noted>),
    /// Nothing came for as long as it waited.
    Nothing,
    End,
}

impl Queue {
    /// Whether there was room. The last quarter is kept for what is no chatter.
    pub fn push(&self, noted: Noted, is_chatter: bool) -> bool {
        let bytes = noted.bytes();
        let max = if is_chatter { MAX_BYTES / 4 * 3 } else { MAX_BYTES };
        let mut state = self.lock();
        if state.bytes + bytes > max || state.is_closed {
            return false;
        }
        state.bytes += bytes;
        state.noted.push(noted);
        let is_first = state.noted.len() == 1;
        drop(state);
        if is_first {
            self.filled.notify_one();
        }
        true
    }

    pub fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    pub fn len(&self) -> usize {
        self.lock().noted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn next(&self, patience: Duration) -> Next {
        let is_quiet = |state: &mut State| state.noted.is_empty() && !state.is_closed;
        let waited = self.filled.wait_timeout_while(self.lock(), patience, is_quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match (state.noted.is_empty(), state.is_closed) {
            (false, _) => {
                state.bytes = 0;
                Next::Write(std::mem::take(&mut state.noted))
            }
            (true, true) => Next::End,
            (true, false) => Next::Nothing,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
