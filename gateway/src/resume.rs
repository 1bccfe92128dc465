//! What is kept of connections for a while after they ended, so that their clients can go on.
//!
//! Neutral: a dialect says what is kept. An open connection's entry counts as part of the
//! connection; those of ended ones are bounded in time and, per app and in all, in bytes.

use contract::{AppId, SocketId};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use subtle::ConstantTimeEq;

/// Something worth keeping.
pub trait Keepsake: Clone {
    /// About how much memory it takes.
    fn bytes(&self) -> usize;
}

#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long an entry outlives its connection.
    pub ttl_ms: u64,
    pub bytes_per_app: usize,
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { ttl_ms: 300_000, bytes_per_app: 16 << 20, bytes: 128 << 20 }
    }
}

/// Entries of all apps, found by who presents the secret of a connection.
pub struct ResumeStore<S>(Arc<Mutex<Shelves<S>>>);

struct Shelves<S> {
    bounds: Bounds,
    apps: HashMap<AppId, Shelf<S>>,
    /// Bytes of entries whose connection has ended.
    bytes: usize,
    swept_ms: u64,
}

/// One app's entries.
struct Shelf<S> {
    entries: HashMap<SocketId, Entry<S>>,
    /// Whose connection has ended, and until when they are kept; the oldest first.
    ended: VecDeque<(u64, SocketId)>,
    bytes: usize,
}

struct Entry<S> {
    secret: u64,
    state: S,
    /// The connection that went on from here last.
    successor: Option<SocketId>,
    /// What it counts for, once its connection has ended.
    bytes: usize,
}

/// Apps are looked through for what has expired at least this often, given any traffic.
const SWEEP_EVERY_MS: u64 = 60_000;
/// What an entry takes besides its state.
const ENTRY_BYTES: usize = 160;
/// From successor to successor at most so far.
const MAX_HOPS: usize = 16;

impl<S: Keepsake> ResumeStore<S> {
    pub fn new(bounds: Bounds) -> Self {
        let shelves = Shelves { bounds, apps: HashMap::new(), bytes: 0, swept_ms: 0 };
        Self(Arc::new(Mutex::new(shelves)))
    }

    /// Keeps the state of an open connection until some time after the returned handle is dropped.
    pub fn keep(&self, app: &AppId, socket: SocketId, secret: u64, state: S) -> Kept<S> {
        let entry = Entry { secret, state, successor: None, bytes: 0 };
        let mut shelves = self.lock();
        shelves.apps.entry(app.clone()).or_default().entries.insert(socket, entry);
        drop(shelves);
        Kept {
            store: Self(self.0.clone()),
            app: app.clone(),
            socket,
            clock: crate::hub::clock::unix_ms,
        }
    }

    /// The state of a connection of this app, for who knows its secret. It stays: a client whose
    /// first answer was lost asks again.
    pub fn find(&self, app: &AppId, socket: SocketId, secret: u64, now_ms: u64) -> Option<S> {
        let mut shelves = self.lock();
        shelves.expire(app, now_ms);
        let entry = shelves.apps.get(app)?.entries.get(&socket)?;
        bool::from(entry.secret.ct_eq(&secret)).then(|| entry.state.clone())
    }

    /// `successor` goes on where `socket` was.
    pub fn succeed(&self, app: &AppId, socket: SocketId, successor: SocketId) {
        let mut shelves = self.lock();
        let entry = shelves.apps.get_mut(app).and_then(|shelf| shelf.entries.get_mut(&socket));
        if let Some(entry) = entry.filter(|_| socket != successor) {
            entry.successor = Some(successor);
        }
    }

    /// The connection that `socket` lives on in, as far as is known: itself for most.
    pub fn latest(&self, app: &AppId, socket: SocketId) -> SocketId {
        let shelves = self.lock();
        let Some(shelf) = shelves.apps.get(app) else { return socket };
        let mut latest = socket;
        for _ in 0..MAX_HOPS {
            match shelf.entries.get(&latest).and_then(|entry| entry.successor) {
                Some(successor) => latest = successor,
                None => break,
            }
        }
        latest
    }

    fn lock(&self) -> MutexGuard<'_, Shelves<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Keepsake> Shelves<S> {
    fn end(&mut self, app: &AppId, socket: SocketId, now_ms: u64) {
        let bounds = self.bounds;
        let Some(shelf) = self.apps.get_mut(app) else { return };
        let Some(entry) = shelf.entries.get_mut(&socket) else { return };
        entry.bytes = ENTRY_BYTES + entry.state.bytes();
        shelf.bytes += entry.bytes;
        self.bytes += entry.bytes;
        shelf.ended.push_back((now_ms + bounds.ttl_ms, socket));
        while shelf.bytes > bounds.bytes_per_app || self.bytes > bounds.bytes {
            match shelf.forget_oldest() {
                Some(bytes) => self.bytes -= bytes,
                None => break,
            }
        }
        self.expire(app, now_ms);
    }

    /// Forgets what is too old: of this app, and now and then of all.
    fn expire(&mut self, app: &AppId, now_ms: u64) {
        if let Some(shelf) = self.apps.get_mut(app) {
            self.bytes -= shelf.expire(now_ms);
        }
        if self.swept_ms + SWEEP_EVERY_MS <= now_ms {
            self.swept_ms = now_ms;
            let freed = self.apps.values_mut().map(|shelf| shelf.expire(now_ms)).sum::<usize>();
            self.bytes -= freed;
            self.apps.retain(|_, shelf| !shelf.entries.is_empty());
        }
    }
}

impl<S> Default for Shelf<S> {
    fn default() -> Self {
        Self { entries: HashMap::new(), ended: VecDeque::new(), bytes: 0 }
    }
}

impl<S> Shelf<S> {
    fn forget_oldest(&mut self) -> Option<usize> {
        let (_, socket) = self.ended.pop_front()?;
        let bytes = self.entries.remove(&socket).map_or(0, |entry| entry.bytes);
        self.bytes -= bytes;
        Some(bytes)
    }

    fn expire(&mut self, now_ms: u64) -> usize {
        let mut freed = 0;
        while self.ended.front().is_some_and(|(until_ms, _)| *until_ms <= now_ms) {
            freed += self.forget_oldest().unwrap_or(0);
        }
        freed
    }
}

/// An open connection's entry. Dropping it starts the time for which the entry is still kept.
#[must_use]
pub struct Kept<S: Keepsake> {
    store: ResumeStore<S>,
    app: AppId,
    socket: SocketId,
    clock: fn() -> u64,
}

impl<S: Keepsake> Kept<S> {
    pub fn update(&self, change: impl FnOnce(&mut S)) {
        let mut shelves = self.store.lock();
        let shelf = shelves.apps.get_mut(&self.app);
        if let Some(entry) = shelf.and_then(|shelf| shelf.entries.get_mut(&self.socket)) {
            change(&mut entry.state);
        }
    }
}

impl<S: Keepsake> Drop for Kept<S> {
    fn drop(&mut self) {
        let now_ms = (self.clock)();
        self.store.lock().end(&self.app, self.socket, now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keepsake for String {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    const SECRET: u64 = 77;

    fn store(bounds: Bounds) -> (ResumeStore<String>, AppId) {
        (ResumeStore::new(bounds), "1".parse().unwrap())
    }

    fn socket(n: u64) -> SocketId {
        SocketId::from_random(n)
    }

    fn keep(store: &ResumeStore<String>, app: &AppId, n: u64) -> Kept<String> {
        let mut kept = store.keep(app, socket(n), SECRET, format!("state {n}"));
        kept.clock = || 1_000;
        kept
    }

    fn has(store: &ResumeStore<String>, app: &AppId, n: u64, now_ms: u64) -> bool {
        store.find(app, socket(n), SECRET, now_ms).is_some()
    }

    #[test]
    fn only_the_secret_and_the_app_open_an_entry() {
        let (store, app) = store(Bounds::default());
        let kept = keep(&store, &app, 1);
        kept.update(|state| state.push_str(", changed"));
        assert_eq!(store.find(&app, socket(1), SECRET, 0).as_deref(), Some("state 1, changed"));
        assert_eq!(store.find(&app, socket(1), SECRET + 1, 0), None);
        assert_eq!(store.find(&app, socket(2), SECRET, 0), None);
        assert_eq!(store.find(&"2".parse().unwrap(), socket(1), SECRET, 0), None);
    }

    #[test]
    fn an_entry_outlives_its_connection_for_so_long_and_no_longer() {
        let (store, app) = store(Bounds { ttl_ms: 300, ..Bounds::default() });
        let open = keep(&store, &app, 1);
        drop(keep(&store, &app, 2));
        assert!(has(&store, &app, 2, 1_299) && has(&store, &app, 2, 1_299));
        assert!(!has(&store, &app, 2, 1_300));
        assert!(has(&store, &app, 1, 1_000_000), "an open connection's time does not run");
        drop(open);
        assert!(!has(&store, &app, 1, 1_300));
        assert_eq!(store.lock().bytes, 0);
    }

    #[test]
    fn the_oldest_ended_entry_of_the_app_makes_room() {
        let one = ENTRY_BYTES + "state 1".len();
        let (store, app) = store(Bounds { bytes_per_app: 2 * one, ..Bounds::default() });
        let open = keep(&store, &app, 9);
        let other: AppId = "2".parse().unwrap();
        drop(keep(&store, &other, 5));
        for n in 1..=3 {
            drop(keep(&store, &app, n));
        }
        let left: Vec<u64> =
            [1, 2, 3, 9].into_iter().filter(|n| has(&store, &app, *n, 1_000)).collect();
        assert_eq!(left, [2, 3, 9]);
        assert!(has(&store, &other, 5, 1_000), "another app pays nothing for it");
        drop(open);
    }

    #[test]
    fn all_apps_together_have_a_bound() {
        let one = ENTRY_BYTES + "state 1".len();
        let (store, app) = store(Bounds { bytes: 2 * one, ..Bounds::default() });
        let other: AppId = "2".parse().unwrap();
        drop(keep(&store, &other, 1));
        drop(keep(&store, &app, 2));
        drop(keep(&store, &app, 3));
        assert!(has(&store, &other, 1, 1_000) && has(&store, &app, 3, 1_000));
        assert!(!has(&store, &app, 2, 1_000));
        assert_eq!(store.lock().bytes, 2 * one);
    }

    #[test]
    fn apps_with_nothing_left_are_forgotten() {
        let (store, app) = store(Bounds { ttl_ms: 300, ..Bounds::default() });
        drop(keep(&store, &app, 1));
        let other: AppId = "2".parse().unwrap();
        assert!(!has(&store, &other, 1, 1_000 + SWEEP_EVERY_MS));
        assert!(store.lock().apps.is_empty());
    }

    #[test]
    fn a_connection_lives_on_in_its_last_successor() {
        let (store, app) = store(Bounds::default());
        let _kept: Vec<_> = (1..=3).map(|n| keep(&store, &app, n)).collect();
        store.succeed(&app, socket(1), socket(2));
        store.succeed(&app, socket(2), socket(3));
        assert_eq!(store.latest(&app, socket(1)), socket(3));
        assert_eq!(store.latest(&app, socket(8)), socket(8));
        store.succeed(&app, socket(3), socket(1));
        assert!((1..=3).map(socket).any(|s| s == store.latest(&app, socket(1))), "it ends");
    }
}
