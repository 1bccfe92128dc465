//! The one ordered way into a worker.

use contract::{
    AppId, SocketId,
    inspect::{Connections, Wanted},
};
use realtime::{Delivery, Outlet};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{Notify, mpsc};

/// Something for a worker to act on.
#[derive(Debug)]
pub enum ToWorker {
    Delivery(Delivery),
    /// Ask all clients to go elsewhere, spread over so many milliseconds.
    Drain {
        over_ms: u64,
    },
    /// Say so if this connection of the app is open here.
    Find {
        app: AppId,
        socket: SocketId,
        found: mpsc::Sender<()>,
    },
    /// Say which connections of the app are open here.
    List {
        app: AppId,
        wanted: Arc<Wanted>,
        found: mpsc::Sender<Connections>,
    },
    /// End this connection of the app, and say so if it is open here.
    Terminate {
        app: AppId,
        socket: SocketId,
        found: mpsc::Sender<()>,
    },
    /// End the connections of an app that go by this name.
    Disconnect {
        app: AppId,
        identity: Arc<str>,
        reconnect: bool,
    },
}

/// A worker's inbox. Shards push while locked, so a push is a few instructions and a wake-up only
/// when the worker may be asleep.
#[derive(Default)]
pub struct Inbox {
    waiting: Mutex<Vec<ToWorker>>,
    /// Bytes of event data waiting, for the bound.
    event_bytes: AtomicUsize,
    pub wake: Notify,
}

/// Events waiting for one worker may hold this many bytes; then publishes are refused.
const MAX_EVENT_BYTES: usize = 64 << 20;
/// What an event costs besides its data.
const EVENT_OVERHEAD: usize = 256;

impl Inbox {
    pub fn push(&self, item: ToWorker) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = waiting.is_empty();
        waiting.push(item);
        drop(waiting);
        if was_empty {
            self.wake.notify_one();
        }
    }

    /// Swaps everything that waits into `taken`, which must be empty; its memory is used next.
    pub fn swap(&self, taken: &mut Vec<ToWorker>) {
        debug_assert!(taken.is_empty());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *waiting, taken);
        drop(waiting);
        self.event_bytes.store(0, Ordering::Relaxed);
    }
}

impl Outlet for Inbox {
    fn has_room(&self) -> bool {
        self.event_bytes.load(Ordering::Relaxed) < MAX_EVENT_BYTES
    }

    fn deliver(&self, delivery: Delivery) {
        if let Delivery::Event(event) = &delivery {
            let bytes = event.data.as_str().len() + EVENT_OVERHEAD;
            self.event_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        self.push(ToWorker::Delivery(delivery));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::UserId;

    fn terminate(user: &str) -> Delivery {
        let user: UserId = user.parse().unwrap();
        Delivery::Terminate { app: "1".parse().unwrap(), user }
    }

    #[test]
    fn what_was_pushed_comes_out_once_and_in_order() {
        let inbox = Inbox::default();
        for user in ["a", "b", "c"] {
            inbox.deliver(terminate(user));
        }
        let mut taken = Vec::new();
        inbox.swap(&mut taken);
        let users: Vec<_> = taken.drain(..).map(|item| format!("{item:?}")).collect();
        assert_eq!(users.len(), 3);
        for (text, user) in users.iter().zip(["a", "b", "c"]) {
            assert!(text.contains(&format!("UserId({user})")), "{text}");
        }
        inbox.swap(&mut taken);
        assert!(taken.is_empty());
    }
}
