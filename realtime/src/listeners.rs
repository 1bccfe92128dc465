//! Connections that listen to patterns of channels.
//!
//! They are known to all shards alike and looked up with each publish, so an app without any must
//! cost it next to nothing: one relaxed load of its mark.

use crate::{
    OriginId, Topic,
    channel::audience::{Audience, Seat},
};
use contract::{AppId, ChannelKind, Pattern, SocketId};
use hashbrown::HashMap;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use std::sync::{
    Arc, PoisonError, RwLock, RwLockWriteGuard,
    atomic::{AtomicU32, Ordering},
};

/// Different patterns listened to in one app, at most: each is tried on every event of the app.
pub const MAX_PATTERNS: usize = 1_000;
/// Connections that listen to a pattern in one app, counted once per pattern, at most.
pub const MAX_SEATS: usize = 10_000;

/// Why a connection does not listen to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenRefusal {
    #[error("the app has as many pattern subscriptions as it may")]
    Full,
}

/// Who listens to what, app by app.
pub struct Listeners {
    marks: Box<[AtomicU32; MARKS]>,
    apps: RwLock<HashMap<AppId, OfApp>>,
}

/// Apps share marks; one that shares its mark with an app that has listeners pays for a look.
const MARKS: usize = 4096;

#[derive(Default)]
struct OfApp {
    by_pattern: HashMap<String, Listened>,
    seats: usize,
}

struct Listened {
    pattern: Pattern,
    /// Shared with the publish that is looking at it.
    audience: Arc<Audience>,
}

impl Default for Listeners {
    fn default() -> Self {
        let marks = Box::new([const { AtomicU32::new(0) }; MARKS]);
        Self { marks, apps: RwLock::default() }
    }
}

impl Listeners {
    /// Adds a listener; nothing happens if it was there.
    pub fn listen(&self, app: &AppId, pattern: &Pattern, seat: Seat) -> Result<(), ListenRefusal> {
        let mut apps = self.write();
        if !apps.contains_key(app) {
            apps.insert(app.clone(), OfApp::default());
            self.mark(app).fetch_add(1, Ordering::Relaxed);
        }
        let Some(of_app) = apps.get_mut(app) else { return Ok(()) };
        of_app.listen(pattern, seat)
    }

    pub fn unlisten(&self, app: &AppId, pattern: &Pattern, seat: Seat) {
        let mut apps = self.write();
        if let Some(of_app) = apps.get_mut(app) {
            of_app.unlisten(pattern, seat);
            if of_app.seats == 0 {
                apps.remove(app);
                self.mark(app).fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    pub fn remove_origin(&self, gone: OriginId) {
        self.write().retain(|app, of_app| {
            of_app.remove_origin(gone);
            if of_app.seats == 0 {
                self.mark(app).fetch_sub(1, Ordering::Relaxed);
            }
            of_app.seats > 0
        });
    }

    /// Who listens to the channel. A user's own channel is nobody else's to hear.
    #[inline]
    pub fn of(&self, topic: &Topic) -> Listening {
        if self.mark(&topic.app).load(Ordering::Relaxed) == 0 {
            return Listening::default();
        }
        self.look(topic)
    }

    #[cold]
    fn look(&self, topic: &Topic) -> Listening {
        if topic.channel.kind() == ChannelKind::User {
            return Listening::default();
        }
        let apps = self.apps.read().unwrap_or_else(PoisonError::into_inner);
        let Some(of_app) = apps.get(&topic.app) else { return Listening::default() };
        let name = topic.channel.as_str();
        let matching = of_app.by_pattern.values().filter(|listened| listened.pattern.matches(name));
        Listening(matching.map(|listened| listened.audience.clone()).collect())
    }

    fn mark(&self, app: &AppId) -> &AtomicU32 {
        // Ids are random digits, so their last ones tell apps apart well enough.
        let last = app.as_str().bytes().rev().take(4);
        let at = last.fold(0_usize, |at, byte| at * 10 + usize::from(byte & 0x0F));
        &self.marks[at % MARKS]
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<AppId, OfApp>> {
        self.apps.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfApp {
    fn listen(&mut self, pattern: &Pattern, seat: Seat) -> Result<(), ListenRefusal> {
        let is_new = match self.by_pattern.get(pattern.as_str()) {
            Some(listened) if listened.audience.contains(seat) => return Ok(()),
            Some(_) => false,
            None => true,
        };
        if self.seats >= MAX_SEATS || (is_new && self.by_pattern.len() >= MAX_PATTERNS) {
            return Err(ListenRefusal::Full);
        }
        let listened = self
            .by_pattern
            .entry_ref(pattern.as_str())
            .or_insert_with(|| Listened { pattern: pattern.clone(), audience: Arc::default() });
        self.seats += usize::from(Arc::make_mut(&mut listened.audience).insert(seat));
        Ok(())
    }

    fn unlisten(&mut self, pattern: &Pattern, seat: Seat) {
        let Some(listened) = self.by_pattern.get_mut(pattern.as_str()) else { return };
        self.seats -= usize::from(Arc::make_mut(&mut listened.audience).remove(seat));
        if listened.audience.is_empty() {
            self.by_pattern.remove(pattern.as_str());
        }
    }

    fn remove_origin(&mut self, gone: OriginId) {
        self.by_pattern.retain(|_, listened| {
            if listened.audience.origins().any(|origin| origin == gone) {
                self.seats -= Arc::make_mut(&mut listened.audience).remove_origin(gone).len();
            }
            !listened.audience.is_empty()
        });
    }
}

/// The listeners of one channel, pattern by pattern: a connection may be in several.
#[derive(Default)]
pub struct Listening(SmallVec<[Arc<Audience>; 2]>);

impl Listening {
    /// Origins that have listeners but no `subscribers`, each once.
    pub fn origins_beside(&self, subscribers: &Audience) -> SmallVec<[OriginId; 4]> {
        let mut beside = SmallVec::new();
        for origin in self.0.iter().flat_map(|audience| audience.origins()) {
            let is_known = subscribers.origins().chain(beside.iter().copied());
            if !is_known.into_iter().any(|other| other == origin) {
                beside.push(origin);
            }
        }
        beside
    }

    /// Connections that listen and are neither `subscribers` nor excepted, each once.
    pub fn count_beside(&self, subscribers: &Audience, except: Option<SocketId>) -> u32 {
        match self.0.as_slice() {
            [] => 0,
            [only] => {
                let both = only.common(subscribers);
                let excepted = except.map_or(0, |socket| {
                    only.seats_of(socket).filter(|seat| !subscribers.contains(*seat)).count()
                });
                only.len() - both - excepted as u32
            }
            several => {
                let seats = several.iter().flat_map(|audience| audience.seats());
                let counts =
                    |seat: &Seat| Some(seat.socket) != except && !subscribers.contains(*seat);
                seats.filter(counts).collect::<FxHashSet<Seat>>().len() as u32
            }
        }
    }
}
