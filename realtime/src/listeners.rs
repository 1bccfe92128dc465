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
const MARKS: usize = 1 << MARK_BITS;
const MARK_BITS: u32 = 12;

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

    /// Who listens to the channel, if anybody does. A user's own channel is nobody else's to hear.
    #[inline]
    pub fn of(&self, topic: &Topic) -> Option<Listening> {
        match self.mark(&topic.app).load(Ordering::Relaxed) {
            0 => None,
            _ => self.look(topic),
        }
    }

    #[cold]
    fn look(&self, topic: &Topic) -> Option<Listening> {
        if topic.channel.kind() == ChannelKind::User {
            return None;
        }
        let apps = self.apps.read().unwrap_or_else(PoisonError::into_inner);
        let name = topic.channel.as_str();
        let all = apps.get(&topic.app)?.by_pattern.values();
        let matching = all.filter(|listened| listened.pattern.matches(name));
        let found: SmallVec<_> = matching.map(|listened| listened.audience.clone()).collect();
        (!found.is_empty()).then_some(Listening(found))
    }

    #[inline]
    fn mark(&self, app: &AppId) -> &AtomicU32 {
        // Ids are random, so their last bytes tell apps apart well enough; all short ones share one.
        let last = app.as_str().as_bytes().last_chunk().map_or(0, |last| u32::from_le_bytes(*last));
        &self.marks[(last.wrapping_mul(0x9E37_79B1) >> (32 - MARK_BITS)) as usize]
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
pub struct Listening(SmallVec<[Arc<Audience>; 2]>);

/// Those who listen and do not subscribe.
pub struct Beside {
    /// Origins that have only such, each once.
    pub origins: SmallVec<[OriginId; 4]>,
    /// Connections that get the event, each once.
    pub connections: u32,
}

impl Listening {
    pub fn beside(&self, subscribers: &Audience, except: Option<SocketId>) -> Beside {
        let mut origins = SmallVec::new();
        for origin in self.0.iter().flat_map(|audience| audience.origins()) {
            let mut known = subscribers.origins().chain(origins.iter().copied());
            if !known.any(|other| other == origin) {
                origins.push(origin);
            }
        }
        Beside { origins, connections: self.count(subscribers, except) }
    }

    fn count(&self, subscribers: &Audience, except: Option<SocketId>) -> u32 {
        if let [only] = self.0.as_slice() {
            let excepted = except.map_or(0, |socket| {
                only.seats_of(socket).filter(|&seat| !subscribers.contains(seat)).count()
            });
            return only.len() - only.common(subscribers) - excepted as u32;
        }
        let seats = self.0.iter().flat_map(|audience| audience.seats());
        let counts = |seat: &Seat| Some(seat.socket) != except && !subscribers.contains(*seat);
        seats.filter(counts).collect::<FxHashSet<Seat>>().len() as u32
    }
}
