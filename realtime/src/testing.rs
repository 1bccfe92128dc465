//! Places that write down what they are told, and short ways to say things to an engine.

use crate::{
    CacheAnswer, Delivery, EngineConfig, Join, Member, OriginId, Outlet, Payload, Publish,
    PublishError, Published, Router, Seen, Topic, Witness,
};
use contract::{
    AppId, SocketId, UserId,
    webhooks::{HookKind, HookSet},
};
use std::{
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// An origin that keeps every delivery.
#[derive(Default)]
pub struct Recorder {
    told: Mutex<Vec<Delivery>>,
    is_full: AtomicBool,
}

impl Outlet for Recorder {
    fn has_room(&self) -> bool {
        !self.is_full.load(Ordering::Relaxed)
    }
    fn deliver(&self, delivery: Delivery) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(delivery);
    }
}

impl Recorder {
    pub fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    /// What has come since the last call.
    pub fn take(&self) -> Vec<Delivery> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same in short words.
    pub fn heard(&self) -> Vec<String> {
        self.take().iter().map(in_words).collect()
    }
}

/// A witness that writes down what it sees, and wants to see nothing until it is told to.
#[derive(Default)]
pub struct Notebook {
    wanted: AtomicU8,
    seen: Mutex<Vec<(Topic, u64, Seen)>>,
}

impl Witness for Notebook {
    fn wants(&self, _: &AppId) -> HookSet {
        HookSet::from_bits(self.wanted.load(Ordering::Relaxed))
    }
    fn saw(&self, topic: &Topic, at_ms: u64, what: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push((topic.clone(), at_ms, what));
    }
}

impl Notebook {
    pub fn want(&self, kinds: &[HookKind]) {
        let kinds: HookSet = kinds.iter().copied().collect();
        self.wanted.store(kinds.bits(), Ordering::Relaxed);
    }

    pub fn want_all(&self) {
        self.want(&HookKind::ALL);
    }

    /// What was seen since the last call.
    pub fn take(&self) -> Vec<(Topic, u64, Seen)> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same in short words, of one channel after the other.
    pub fn saw(&self) -> Vec<String> {
        self.take()
            .iter()
            .map(|(_, at_ms, seen)| format!("{at_ms} {}", seen_in_words(seen)))
            .collect()
    }
}

pub fn seen_in_words(seen: &Seen) -> String {
    match seen {
        Seen::Occupied => "occupied".into(),
        Seen::Vacated => "vacated".into(),
        Seen::MemberAdded { user } => format!("added {}", user.as_str()),
        Seen::MemberRemoved { user } => format!("removed {}", user.as_str()),
        Seen::ClientEvent { name, data, socket, user } => {
            let user = user.as_ref().map_or("nobody", |user| user.as_str());
            format!("{} {} of {} as {user}", name.as_str(), data.as_str(), socket.bits())
        }
        Seen::CacheMiss => "miss".into(),
        Seen::Count { subscriptions } => format!("count {subscriptions}"),
    }
}

/// A delivery as a test reads it.
pub fn in_words(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Event(event) => format!("event {} {}", event.position.seq, event.data.as_str()),
        Delivery::Joined(joined) => {
            let mut words = format!("joined {}", joined.socket.bits());
            if let Some(roster) = &joined.roster {
                let users: Vec<&str> = roster.iter().map(|member| member.user.as_str()).collect();
                words += &format!(" [{}]", users.join(" "));
            }
            match &joined.cached {
                CacheAnswer::NotACache => {}
                CacheAnswer::Miss => words += " miss",
                CacheAnswer::Hit(event) => words += &format!(" hit {}", event.data.as_str()),
            }
            words
        }
        Delivery::Refused { socket, reason, .. } => format!("refused {}: {reason}", socket.bits()),
        Delivery::MemberAdded { member, .. } => format!("added {}", member.user),
        Delivery::MemberRemoved { member, .. } => format!("removed {}", member.user),
        Delivery::Count { subscriptions, .. } => format!("count {subscriptions}"),
        Delivery::Watched { user, online: true, .. } => format!("online {user}"),
        Delivery::Watched { user, online: false, .. } => format!("offline {user}"),
        Delivery::Terminate { user, .. } => format!("terminate {user}"),
    }
}

/// An engine with one origin, app `1`, and small words for its methods.
pub struct Desk {
    pub router: Router,
    pub origin: OriginId,
    pub told: Arc<Recorder>,
    pub notes: Arc<Notebook>,
}

/// Bounds small enough to be reached; one shard, so that all channels share them.
pub fn one_shard() -> EngineConfig {
    EngineConfig { shards: 1, first_epoch: 1000, ..EngineConfig::default() }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new(one_shard())
    }
}

impl Desk {
    pub fn new(config: EngineConfig) -> Self {
        let notes = Arc::new(Notebook::default());
        let router = Router::seen_by(notes.clone(), config);
        let told = Arc::new(Recorder::default());
        let origin = router.register(told.clone());
        Self { router, origin, told, notes }
    }

    /// A second origin at the same engine.
    pub fn beside(&self) -> Self {
        let told = Arc::new(Recorder::default());
        let origin = self.router.register(told.clone());
        Self { router: self.router.clone(), origin, told, notes: self.notes.clone() }
    }

    /// An engine whose witness wants to see everything.
    pub fn watched() -> Self {
        let desk = Self::default();
        desk.notes.want_all();
        desk
    }

    pub fn join(&self, channel: &str, socket: u64, now_ms: u64) {
        self.router.join(join(channel, self.origin, socket, None), now_ms);
    }

    pub fn join_counted(&self, channel: &str, socket: u64, now_ms: u64) {
        self.router.join(
            Join { announce_count: true, ..join(channel, self.origin, socket, None) },
            now_ms,
        );
    }

    pub fn join_as(&self, channel: &str, socket: u64, member: &str, now_ms: u64) {
        self.router.join(join(channel, self.origin, socket, Some(member)), now_ms);
    }

    pub fn sign_in(&self, socket: u64, id: &str, now_ms: u64) {
        self.join_as(&format!("#server-to-user-{id}"), socket, id, now_ms);
    }

    pub fn leave(&self, channel: &str, socket: u64, now_ms: u64) {
        self.router.leave(
            &topic(channel),
            self.origin,
            SocketId::from_random(socket),
            now_ms,
            false,
            0,
        );
    }

    /// Leaves as a member who may be back.
    pub fn leave_for(&self, channel: &str, socket: u64, grace_ms: u64, now_ms: u64) {
        let socket = SocketId::from_random(socket);
        self.router.leave(&topic(channel), self.origin, socket, now_ms, false, grace_ms);
    }

    pub fn leave_counted(&self, channel: &str, socket: u64, now_ms: u64) {
        self.router.leave(
            &topic(channel),
            self.origin,
            SocketId::from_random(socket),
            now_ms,
            true,
            0,
        );
    }

    pub fn sign_out(&self, socket: u64, id: &str, now_ms: u64) {
        self.leave(&format!("#server-to-user-{id}"), socket, now_ms);
    }

    pub fn watch(&self, socket: u64, ids: &[&str], now_ms: u64) -> Vec<bool> {
        let users: Vec<UserId> = ids.iter().map(|id| user(id)).collect();
        let app = "1".parse().expect("app");
        now(self.router.watch(&app, &users, self.origin, SocketId::from_random(socket), now_ms))
            .expect("room")
    }

    pub fn publish(&self, publish: Publish, now_ms: u64) -> Result<Published, PublishError> {
        now(self.router.publish(publish, now_ms))
    }

    pub fn say(&self, channel: &str, data: &str, now_ms: u64) -> Published {
        self.publish(message(channel, data), now_ms).expect("taken")
    }

    /// Publishes what history keeps.
    pub fn note(&self, channel: &str, data: &str, now_ms: u64) -> Published {
        self.publish(Publish { keep_history: true, ..message(channel, data) }, now_ms)
            .expect("taken")
    }

    /// Publishes what a cache channel keeps.
    pub fn show(&self, channel: &str, data: &str, ttl_ms: u64, now_ms: u64) -> Published {
        self.publish(Publish { cache_ttl_ms: Some(ttl_ms), ..message(channel, data) }, now_ms)
            .expect("taken")
    }
}

pub fn topic(channel: &str) -> Topic {
    Topic { app: "1".parse().expect("app"), channel: channel.parse().expect("channel") }
}

pub fn user(id: &str) -> UserId {
    id.parse().expect("user id")
}

/// `id` or `id:info`.
pub fn member(words: &str) -> Member {
    let (id, info) =
        words.split_once(':').map_or((words, None), |(id, info)| (id, Some(info.into())));
    Member::new(user(id), info)
}

pub fn join(channel: &str, origin: OriginId, socket: u64, as_member: Option<&str>) -> Join {
    Join {
        topic: topic(channel),
        origin,
        socket: SocketId::from_random(socket),
        member: as_member.map(member),
        replace_info: false,
        max_members: 100,
        announce_count: false,
    }
}

pub fn message(channel: &str, data: &str) -> Publish {
    Publish::from_server(topic(channel), "said".parse().expect("name"), Payload::Text(data.into()))
}

/// The answer of the in-process link, which never waits.
pub fn now<T>(asked: impl Future<Output = T>) -> T {
    match std::pin::pin!(asked).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the in-process link waits for nothing"),
    }
}
