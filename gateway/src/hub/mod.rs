//! Which of this worker's sockets get which bytes.
//!
//! One hub per worker thread; nothing in it is shared between threads but the inbox. A message
//! takes this way: a shard pushes a `Delivery` into the inbox, the flusher takes everything that
//! waits there, adds it to what is due on each local topic, encodes it once per dialect, and
//! writes each socket once. Nothing waits in order to be joined: the flusher runs as soon as the
//! thread is free.

pub mod clock;
pub mod connection;
pub mod effect;
mod flush;
pub mod inbox;
pub mod inspect;
mod listeners;
mod outgoing;
mod perform;
pub mod session;
mod sweep;
#[cfg(test)]
mod tests;
pub mod topics;
pub mod voice;

use crate::{
    directory::{KillSubscription, News},
    state::Gateway,
};
use actix_rt as rt;
use connection::Connection;
use contract::{AppId, SocketId, UserId, live::LiveKind};
use effect::Left;
use inbox::Inbox;
use listeners::Listeners;
use realtime::{OriginId, Topic};
use rustc_hash::FxBuildHasher;
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use topics::LocalTopic;
use voice::Voice;

/// Socket ids are random numbers of our own, so the cheap hash is safe for them. Topics and users
/// are named by strangers and keep the seeded default.
type BySocket<T> = HashMap<SocketId, T, FxBuildHasher>;

/// Who wants to be told when a user comes or goes.
type Watchers = HashMap<(AppId, UserId), Vec<Rc<Connection>>>;

/// A worker's sockets and what they listen to.
pub struct Hub {
    pub gateway: Arc<Gateway>,
    origin: OriginId,
    inbox: Arc<Inbox>,
    connections: RefCell<BySocket<Rc<Connection>>>,
    topics: RefCell<HashMap<Topic, Rc<LocalTopic>>>,
    watchers: RefCell<Watchers>,
    listeners: RefCell<Listeners>,
    /// Set once the clients have been asked to go elsewhere.
    draining: Cell<bool>,
}

thread_local!(static HERE: OnceCell<Rc<Hub>> = const { OnceCell::new() });

impl Hub {
    /// This worker's hub; the first call on a thread makes it and starts its tasks.
    pub fn here(gateway: &Arc<Gateway>) -> Rc<Hub> {
        HERE.with(|here| here.get_or_init(|| Hub::start(gateway.clone())).clone())
    }

    fn start(gateway: Arc<Gateway>) -> Rc<Hub> {
        let inbox = Arc::new(Inbox::default());
        let origin = gateway.router.register(inbox.clone());
        gateway.enrol(inbox.clone());
        let hub = Rc::new(Hub {
            gateway,
            origin,
            inbox,
            connections: RefCell::default(),
            topics: RefCell::default(),
            watchers: RefCell::default(),
            listeners: RefCell::default(),
            draining: Cell::new(false),
        });
        rt::spawn(flusher(hub.clone()));
        rt::spawn(sweeper(hub.clone()));
        rt::spawn(killer(hub.clone(), hub.gateway.directory.subscribe_kills()));
        hub
    }

    pub fn add(&self, connection: &Rc<Connection>) {
        self.tell(
            connection,
            clock::unix_ms(),
            LiveKind::ConnectionOpened { socket_id: connection.socket },
        );
        self.connections.borrow_mut().insert(connection.socket, connection.clone());
    }

    fn tell(&self, connection: &Connection, now: u64, what: LiveKind) {
        let dialect = connection.dialect.common_name();
        self.gateway.live.emit(&connection.app, now, Some(dialect), |_| what);
    }

    fn find(&self, socket: SocketId) -> Option<Rc<Connection>> {
        self.connections.borrow().get(&socket).cloned()
    }

    /// Subscribes a connection that its channel's owner let in.
    fn subscribe(&self, connection: &Rc<Connection>, topic: Topic, voice: Voice) {
        let kind = topic.channel.kind();
        let mut topics = self.topics.borrow_mut();
        let local = match topics.get(&topic) {
            Some(local) => local,
            None => topics
                .entry(topic.clone())
                .or_insert_with(|| LocalTopic::new(topic, connection.app.clone())),
        };
        if local.add(connection, voice) {
            self.gateway.traffic.subscribed(kind);
        }
    }

    /// Ends the subscription in one voice, or those in all.
    fn unsubscribe(&self, connection: &Connection, topic: &Topic, voice: Option<&Voice>) {
        let Some(local) = self.topics.borrow().get(topic).cloned() else { return };
        let ended = match voice {
            Some(voice) => usize::from(local.remove(connection, voice)),
            None => local.remove_all(connection),
        };
        for _ in 0..ended {
            self.gateway.traffic.unsubscribed(topic.channel.kind());
        }
        if local.is_empty() {
            self.topics.borrow_mut().remove(topic);
        }
    }

    /// Takes a connection that has ended out of everything it was part of.
    pub fn forget(&self, connection: &Rc<Connection>) {
        self.connections.borrow_mut().remove(&connection.socket);
        self.unwatch_all(connection);
        self.unlisten_all(connection);
        let now = clock::unix_ms();
        self.tell(connection, now, LiveKind::ConnectionClosed { socket_id: connection.socket });
        let app = connection.app.state();
        // What the conversation asked to join counts as joined for the owner, answered or not.
        let left = connection.conversation.borrow_mut().end();
        for Left { channel, grace_ms } in left {
            let topic = Topic { app: connection.app.id.clone(), channel };
            self.unsubscribe(connection, &topic, None);
            let (count, grace) = (app.settings.subscription_counting, u64::from(grace_ms));
            self.gateway.router.leave(&topic, self.origin, connection.socket, now, count, grace);
        }
    }
}

/// Runs whenever something is in the inbox, behind the tasks that were ready before.
async fn flusher(hub: Rc<Hub>) {
    let mut taken = Vec::new();
    loop {
        hub.inbox.wake.notified().await;
        hub.inbox.swap(&mut taken);
        hub.take_in(&mut taken);
    }
}

/// Closes what depends on something that ended or allows less, and says so when it is done.
async fn killer(hub: Rc<Hub>, mut kills: KillSubscription) {
    while let Some(notice) = kills.recv().await {
        match &notice.news {
            News::Ended(kill) => hub.kill(kill),
            News::Narrowed(app) => hub.narrowed(app),
        }
        notice.acknowledge();
    }
}

/// Looks after silence, slowness and deadlines once a second, for all connections in one pass.
async fn sweeper(hub: Rc<Hub>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        hub.sweep(clock::now_ms());
    }
}
