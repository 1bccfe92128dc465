//! Who of this worker's connections hears which channel.

use super::connection::Connection;
use crate::{dialects::Dialect, directory::App};
use bytes::Bytes;
use contract::{ChannelKind, SocketId, UserId};
use realtime::{Event, Member, Topic};
use smallvec::SmallVec;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

/// A channel with at least one subscriber here, and what is due to them.
pub struct LocalTopic {
    pub topic: Topic,
    pub kind: ChannelKind,
    pub app: Arc<App>,
    groups: RefCell<Vec<Group>>,
    pub due: RefCell<Vec<Due>>,
    pub is_dirty: Cell<bool>,
}

/// The subscribers of one dialect, in no order.
struct Group {
    dialect: Dialect,
    subscribers: Vec<Rc<Connection>>,
}

/// Something for all subscribers of a channel here.
#[derive(Clone, Debug)]
pub enum Due {
    Event(Arc<Event>),
    MemberAdded(Arc<Member>),
    MemberRemoved(UserId),
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

/// A connection's place in a topic: where in its group's list it stands.
pub struct Subscription {
    pub topic: Rc<LocalTopic>,
    index: usize,
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
        })
    }

    /// Subscribers here, of all dialects.
    pub fn len(&self) -> usize {
        self.groups.borrow().iter().map(|g| g.subscribers.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.groups.borrow().iter().all(|g| g.subscribers.is_empty())
    }

    pub fn add(self: &Rc<Self>, connection: &Rc<Connection>) {
        let mut groups = self.groups.borrow_mut();
        let at = match groups.iter().position(|g| g.dialect == connection.dialect) {
            Some(at) => at,
            None => {
                groups.push(Group { dialect: connection.dialect, subscribers: Vec::new() });
                groups.len() - 1
            }
        };
        let subscribers = &mut groups[at].subscribers;
        let index = subscribers.len();
        subscribers.push(connection.clone());
        let mut held = connection.subscriptions.borrow_mut();
        held.push(Subscription { topic: self.clone(), index });
        connection.hears(held.len());
    }

    /// Takes `connection` out, wherever it stands, at a cost that does not grow with the channel.
    pub fn remove(&self, connection: &Connection) -> bool {
        let taken = {
            let mut held = connection.subscriptions.borrow_mut();
            let Some(at) = held.iter().position(|s| std::ptr::eq(&*s.topic, self)) else {
                return false;
            };
            let taken = held.swap_remove(at);
            connection.hears(held.len());
            taken
        };
        let mut groups = self.groups.borrow_mut();
        let Some(group) = groups.iter_mut().find(|g| g.dialect == connection.dialect) else {
            return false;
        };
        group.subscribers.swap_remove(taken.index);
        // The last subscriber now stands in the freed place and has to know.
        if let Some(moved) = group.subscribers.get(taken.index) {
            let mut held = moved.subscriptions.borrow_mut();
            if let Some(entry) = held.iter_mut().find(|s| std::ptr::eq(&*s.topic, self)) {
                entry.index = taken.index;
            }
        }
        true
    }

    /// Encodes what is due once per dialect, joins it, and hands each subscriber its bytes.
    pub fn fan_out(&self, mut give: impl FnMut(&Rc<Connection>, &Bytes)) -> Handed {
        let due = std::mem::take(&mut *self.due.borrow_mut());
        let mut handed = Handed::default();
        let someone_excepted = due.iter().any(|d| d.except().is_some());
        for group in self.groups.borrow().iter().filter(|g| !g.subscribers.is_empty()) {
            let encoded: Encoded =
                due.iter().map(|d| group.dialect.encode_due(&self.topic, d)).collect();
            let joined = join(&encoded, |_| true);
            for subscriber in &group.subscribers {
                let is_for_them = |i: usize| due[i].except() != Some(subscriber.socket);
                if someone_excepted && !(0..due.len()).all(is_for_them) {
                    let theirs = join(&encoded, is_for_them);
                    handed.add((0..due.len()).filter(|&i| is_for_them(i)).count(), theirs.len());
                    if !theirs.is_empty() {
                        give(subscriber, &theirs);
                    }
                } else {
                    handed.add(due.len(), joined.len());
                    give(subscriber, &joined);
                }
            }
        }
        handed
    }
}

/// What a fan-out handed to connections, for the meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handed {
    pub frames: u64,
    pub bytes: u64,
}

impl Handed {
    fn add(&mut self, frames: usize, bytes: usize) {
        self.frames += frames as u64;
        self.bytes += bytes as u64;
    }
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
