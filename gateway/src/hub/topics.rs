//! Who of this worker's connections hears which channel.

use super::{connection::Connection, voice::Voice};
use crate::{directory::App, metering::Tally};
use bytes::Bytes;
use contract::{ChannelKind, SocketId};
use realtime::{Event, Member, Position, Topic};
use slab::Slab;
use smallvec::SmallVec;
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

/// A channel with at least one subscriber here, and what is due to them.
pub struct LocalTopic {
    pub topic: Topic,
    pub kind: ChannelKind,
    pub app: Arc<App>,
    groups: RefCell<Groups>,
    pub due: RefCell<Vec<Due>>,
    pub is_dirty: Cell<bool>,
    /// The last message of the channel that the subscribers here have been handed, or that came
    /// before them.
    handed: Cell<Option<Position>>,
}

/// The subscribers of one voice, in no order.
struct Group {
    voice: Voice,
    subscribers: Vec<Rc<Connection>>,
}

/// Subscribers by voice. Most channels have one voice; strangers can bring as many as there are
/// connections, so beyond a few they are found by hash.
#[derive(Default)]
struct Groups {
    all: Slab<Group>,
    #[expect(clippy::box_collection, reason = "nearly every channel does without it")]
    by_voice: Option<Box<HashMap<Voice, usize>>>,
}

/// Something for all subscribers of a channel here.
#[derive(Clone, Debug)]
pub enum Due {
    Event(Arc<Event>),
    MemberAdded(Arc<Member>),
    MemberRemoved(Arc<Member>),
    Count(u32),
}

impl Due {
    fn except(&self) -> Option<SocketId> {
        match self {
            Self::Event(event) => event.except,
            _ => None,
        }
    }
}

/// A connection's place in a topic: in which group's list it stands, and where.
pub struct Subscription {
    pub topic: Rc<LocalTopic>,
    group: usize,
    index: usize,
}

impl Groups {
    /// Up to here a look at each is as fast as a hash.
    const FEW: usize = 8;

    fn find(&self, voice: &Voice) -> Option<usize> {
        match &self.by_voice {
            Some(by_voice) => by_voice.get(voice).copied(),
            None => self.all.iter().find(|(_, group)| group.voice == *voice).map(|(at, _)| at),
        }
    }

    fn find_or_add(&mut self, voice: Voice) -> usize {
        if let Some(at) = self.find(&voice) {
            return at;
        }
        // Every signed-in connection has a channel of its own, with one voice and one subscriber.
        if self.all.is_empty() {
            self.all.reserve_exact(1);
        }
        let at =
            self.all.insert(Group { voice: voice.clone(), subscribers: Vec::with_capacity(1) });
        if let Some(by_voice) = &mut self.by_voice {
            by_voice.insert(voice, at);
        } else if self.all.len() > Self::FEW {
            let voices = self.all.iter().map(|(at, group)| (group.voice.clone(), at));
            self.by_voice = Some(Box::new(voices.collect()));
        }
        at
    }

    fn remove_if_empty(&mut self, at: usize) {
        if !self.all[at].subscribers.is_empty() {
            return;
        }
        let group = self.all.remove(at);
        if let Some(by_voice) = &mut self.by_voice {
            by_voice.remove(&group.voice);
        }
    }
}

impl LocalTopic {
    pub fn new(topic: Topic, app: Arc<App>) -> Rc<Self> {
        Rc::new(Self {
            kind: topic.channel.kind(),
            topic,
            app,
            groups: RefCell::default(),
            due: RefCell::default(),
            is_dirty: Cell::new(false),
            handed: Cell::new(None),
        })
    }

    /// Subscriptions here, in all voices.
    pub fn len(&self) -> usize {
        self.groups.borrow().all.iter().map(|(_, g)| g.subscribers.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.groups.borrow().all.is_empty()
    }

    /// The last message handed out here, or known to be before all that are here.
    pub fn handed(&self) -> Option<Position> {
        self.handed.get()
    }

    /// Notes how far the channel was when somebody here was let in.
    pub fn starts_at(&self, position: Position) {
        let is_older = |known: Position| known.epoch == position.epoch && known.seq > position.seq;
        if !self.handed.get().is_some_and(is_older) {
            self.handed.set(Some(position));
        }
    }

    /// Whether the subscription is new.
    pub fn add(self: &Rc<Self>, connection: &Rc<Connection>, voice: Voice) -> bool {
        let mut groups = self.groups.borrow_mut();
        let group = groups.find_or_add(voice);
        let mut held = connection.subscriptions.borrow_mut();
        let is_there = |s: &Subscription| s.group == group && std::ptr::eq(&*s.topic, &**self);
        if held.iter().any(is_there) {
            return false;
        }
        let subscribers = &mut groups.all[group].subscribers;
        let index = subscribers.len();
        subscribers.push(connection.clone());
        if held.is_empty() {
            held.reserve_exact(1);
        }
        held.push(Subscription { topic: self.clone(), group, index });
        connection.hears(held.len());
        true
    }

    /// Ends one subscription of `connection`. Whether there was one.
    pub fn remove(&self, connection: &Connection, voice: &Voice) -> bool {
        let Some(group) = self.groups.borrow().find(voice) else { return false };
        self.remove_where(connection, |held| held.group == group)
    }

    /// Ends all subscriptions of `connection` and says how many there were.
    pub fn remove_all(&self, connection: &Connection) -> usize {
        std::iter::repeat_with(|| self.remove_where(connection, |_| true))
            .take_while(|removed| *removed)
            .count()
    }

    /// Takes `connection` out, wherever it stands, at a cost that does not grow with the channel.
    fn remove_where(&self, connection: &Connection, is_it: impl Fn(&Subscription) -> bool) -> bool {
        let taken = {
            let mut held = connection.subscriptions.borrow_mut();
            let at = held.iter().position(|s| std::ptr::eq(&*s.topic, self) && is_it(s));
            let Some(at) = at else { return false };
            let taken = held.swap_remove(at);
            connection.hears(held.len());
            taken
        };
        let mut groups = self.groups.borrow_mut();
        let subscribers = &mut groups.all[taken.group].subscribers;
        subscribers.swap_remove(taken.index);
        // The last subscriber now stands in the freed place and has to know.
        if let Some(moved) = subscribers.get(taken.index) {
            let mut held = moved.subscriptions.borrow_mut();
            let is_moved =
                |s: &&mut Subscription| s.group == taken.group && std::ptr::eq(&*s.topic, self);
            if let Some(entry) = held.iter_mut().find(is_moved) {
                entry.index = taken.index;
            }
        }
        groups.remove_if_empty(taken.group);
        true
    }

    /// Encodes what is due once per voice, joins it, and hands each subscriber its bytes and what
    /// they count for.
    pub fn fan_out(&self, mut give: impl FnMut(&Rc<Connection>, &Bytes, Tally)) {
        let due = std::mem::take(&mut *self.due.borrow_mut());
        let someone_excepted = due.iter().any(|d| d.except().is_some());
        for (_, group) in &self.groups.borrow().all {
            let dialect = group.voice.dialect;
            let encoded: Encoded =
                due.iter().map(|d| dialect.encode_due(&group.voice, &self.topic, d)).collect();
            let is_said = |i: usize| !encoded[i].is_empty();
            if !(0..due.len()).any(is_said) {
                continue;
            }
            let joined = join(&encoded, is_said);
            let tally = tally(&due, joined.len(), is_said);
            for subscriber in &group.subscribers {
                let is_for_them = |i: usize| due[i].except() != Some(subscriber.socket);
                if someone_excepted && !(0..due.len()).all(is_for_them) {
                    let chosen = |i: usize| is_said(i) && is_for_them(i);
                    let theirs = join(&encoded, chosen);
                    if !theirs.is_empty() {
                        give(subscriber, &theirs, self::tally(&due, theirs.len(), chosen));
                    }
                } else {
                    give(subscriber, &joined, tally);
                }
            }
        }
        let last = due.iter().rev().find_map(|due| match due {
            Due::Event(event) => Some(event.position),
            _ => None,
        });
        if last.is_some() {
            self.handed.set(last);
        }
    }
}

/// Who comes and goes is told for nothing.
fn tally(due: &[Due], bytes: usize, chosen: impl Fn(usize) -> bool) -> Tally {
    let mut tally = Tally::of_bytes(bytes);
    for (_, due) in due.iter().enumerate().filter(|(i, _)| chosen(*i)) {
        if let Due::Event(event) = due {
            tally.event(event.data.as_str().len());
        }
    }
    tally
}

type Encoded = SmallVec<[Bytes; 8]>;

/// The chosen frames in one piece; a single frame is shared, not copied.
fn join(frames: &[Bytes], chosen: impl Fn(usize) -> bool) -> Bytes {
    let mut all = frames.iter().enumerate().filter(|(i, _)| chosen(*i)).map(|(_, f)| f);
    match (all.next(), all.next()) {
        (None, _) => Bytes::new(),
        (Some(only), None) => only.clone(),
        (Some(first), Some(second)) => {
            let mut joined = Vec::with_capacity(frames.iter().map(Bytes::len).sum());
            for frame in [first, second].into_iter().chain(all) {
                joined.extend_from_slice(frame);
            }
            joined.into()
        }
    }
}
