//! The way to the owner of a channel, wherever the owner is.

use crate::{
    ChannelList, EngineConfig, EngineStats, EnterRefusal, History, Join, LinkError, ListenRefusal,
    Member, Occupancy, OriginId, Outlet, Position, Publish, PublishError, Published, Topic,
    Witness, channel::audience::Seat, local::Local, witness::Nobody,
};
use contract::{AppId, ChannelName, Pattern, SocketId, UserId};
use std::sync::Arc;

/// A handle to all channels. Cheap to clone.
///
/// Times are Unix milliseconds and are the caller's. Methods that may have to ask another node are
/// `async`; on the in-process link they are ready at once.
#[derive(Clone)]
pub struct Router(Link);

/// How owners are reached.
#[derive(Clone)]
enum Link {
    Local(Arc<Local>),
}

impl Router {
    /// All shards in this process, and nobody who sees what happens on their channels.
    pub fn local(config: EngineConfig) -> Self {
        Self::seen_by(Arc::new(Nobody), config)
    }

    /// All shards in this process.
    pub fn seen_by(witness: Arc<dyn Witness>, config: EngineConfig) -> Self {
        Self(Link::Local(Arc::new(Local::new(&config, &witness))))
    }

    /// Adds a place that holds sockets. Its id is not given out again.
    pub fn register(&self, outlet: Arc<dyn Outlet>) -> OriginId {
        match &self.0 {
            Link::Local(local) => local.register(&outlet),
        }
    }

    /// Forgets a place and every connection there, and tells the others what that changes.
    pub fn remove_origin(&self, origin: OriginId, now_ms: u64) {
        match &self.0 {
            Link::Local(local) => {
                local.listeners().remove_origin(origin);
                local.each().for_each(|mut shard| shard.remove_origin(origin, now_ms));
            }
        }
    }

    /// Publishes: one place in the channel's order, one delivery to each origin with subscribers.
    ///
    /// Errors: [`PublishError`]; the message has had no effect then.
    pub async fn publish(&self, publish: Publish, now_ms: u64) -> Result<Published, PublishError> {
        self.try_publish_now(publish, now_ms).unwrap_or(Err(PublishError::Unavailable))
    }

    /// As [`Router::publish`] where the owner can be asked without waiting.
    ///
    /// Errors: the message itself, when the owner is elsewhere.
    pub fn try_publish_now(
        &self,
        publish: Publish,
        now_ms: u64,
    ) -> Result<Result<Published, PublishError>, Box<Publish>> {
        match &self.0 {
            Link::Local(local) => Ok(local.publish(publish, now_ms)),
        }
    }

    /// Asks for a subscription. The answer reaches the origin as `Delivery::Joined` or `Refused`,
    /// in the channel's order.
    pub fn join(&self, join: Join, now_ms: u64) {
        match &self.0 {
            Link::Local(local) => local.owner(&join.topic).join(join, now_ms),
        }
    }

    /// Ends a subscription; nothing happens if there is none. If it was the last one of a member,
    /// that member is gone after `grace_ms`, unless it is back by then: so a reconnect is not seen.
    pub fn leave(
        &self,
        topic: &Topic,
        origin: OriginId,
        socket: SocketId,
        now_ms: u64,
        announce_count: bool,
        grace_ms: u64,
    ) {
        let seat = Seat { origin, socket };
        match &self.0 {
            Link::Local(local) => {
                local.owner(topic).leave(topic, seat, announce_count, grace_ms, now_ms);
            }
        }
    }

    /// Makes a connection that hears a channel a member of it. `MemberAdded` goes to everyone
    /// there, the newcomer too; if the user was there already only the info is replaced.
    ///
    /// Errors: [`EnterRefusal`]; nothing has changed then.
    pub fn enter(
        &self,
        topic: &Topic,
        origin: OriginId,
        socket: SocketId,
        member: Member,
        max_members: u32,
        now_ms: u64,
    ) -> Result<(), EnterRefusal> {
        let seat = Seat { origin, socket };
        match &self.0 {
            Link::Local(local) => {
                local.owner(topic).enter(topic, seat, member, max_members, now_ms)
            }
        }
    }

    /// Ends a membership at once; the subscription stays. Nothing happens if there is none.
    pub fn exit(&self, topic: &Topic, origin: OriginId, socket: SocketId, now_ms: u64) {
        match &self.0 {
            Link::Local(local) => local.owner(topic).exit(topic, Seat { origin, socket }, now_ms),
        }
    }

    /// Has a connection hear the events of all channels of its app whose names match, users' own
    /// left out. They reach the origin as `Delivery::Event`, once however many reasons there are;
    /// nothing else of these channels does.
    ///
    /// Errors: `Full`; then it does not listen.
    pub fn listen(
        &self,
        app: &AppId,
        pattern: &Pattern,
        origin: OriginId,
        socket: SocketId,
    ) -> Result<(), ListenRefusal> {
        match &self.0 {
            Link::Local(local) => local.listeners().listen(app, pattern, Seat { origin, socket }),
        }
    }

    /// Ends listening; nothing happens if the connection did not listen to this pattern.
    pub fn unlisten(&self, app: &AppId, pattern: &Pattern, origin: OriginId, socket: SocketId) {
        match &self.0 {
            Link::Local(local) => {
                local.listeners().unlisten(app, pattern, Seat { origin, socket });
            }
        }
    }

    /// Who hears a channel, and what it has for newcomers.
    pub async fn occupancy(&self, topic: &Topic, now_ms: u64) -> Result<Occupancy, LinkError> {
        match &self.0 {
            Link::Local(local) => Ok(local.owner(topic).occupancy(topic, now_ms)),
        }
    }

    /// Who joined a channel as somebody, in order of arrival.
    pub async fn members(&self, topic: &Topic) -> Result<Vec<Member>, LinkError> {
        match &self.0 {
            Link::Local(local) => Ok(local.owner(topic).members(topic)),
        }
    }

    /// The first `limit` occupied channels of an app by name, of those that start with `prefix`.
    /// Users' own channels are not among them; `cached` is not set.
    pub async fn channels(
        &self,
        app: &AppId,
        prefix: &str,
        limit: usize,
    ) -> Result<ChannelList, LinkError> {
        match &self.0 {
            Link::Local(local) => {
                let mut list = ChannelList::default();
                for shard in local.each() {
                    shard.channels(app, prefix, &mut list.channels);
                    drop(shard);
                    if list.channels.len() >= limit.saturating_mul(2).max(1024) {
                        keep_first(&mut list, limit);
                    }
                }
                keep_first(&mut list, limit);
                Ok(list)
            }
        }
    }

    /// Watches users: the answer says of each whether they are online, and `Delivery::Watched`
    /// reaches the origin at each change from then on.
    ///
    /// Errors: `Unavailable` also when there is no room for one of them; then none is watched.
    pub async fn watch(
        &self,
        app: &AppId,
        users: &[UserId],
        origin: OriginId,
        socket: SocketId,
        now_ms: u64,
    ) -> Result<Vec<bool>, LinkError> {
        let Link::Local(local) = &self.0;
        let seat = Seat { origin, socket };
        let mut online = Vec::with_capacity(users.len());
        for user in users {
            let topic = of_user(app, user);
            // The lock is given back before anything is undone.
            let watched = local.owner(&topic).watch(&topic, seat, now_ms);
            match watched {
                Ok(is_online) => online.push(is_online),
                Err(_full) => {
                    self.unwatch(app, &users[..online.len()], origin, socket);
                    return Err(LinkError::Unavailable);
                }
            }
        }
        Ok(online)
    }

    /// Ends watching.
    pub fn unwatch(&self, app: &AppId, users: &[UserId], origin: OriginId, socket: SocketId) {
        let Link::Local(local) = &self.0;
        for user in users {
            let topic = of_user(app, user);
            local.owner(&topic).unwatch(&topic, Seat { origin, socket });
        }
    }

    /// Has every connection that is signed in as the user closed, and says how many these are.
    pub async fn terminate_user(&self, app: &AppId, user: &UserId) -> Result<u32, LinkError> {
        let topic = of_user(app, user);
        match &self.0 {
            Link::Local(local) => Ok(local.owner(&topic).terminate(&topic)),
        }
    }

    /// Whether a connection is signed in as the user, or was less than the absence delay ago.
    pub async fn user_online(&self, app: &AppId, user: &UserId) -> Result<bool, LinkError> {
        let topic = of_user(app, user);
        match &self.0 {
            Link::Local(local) => Ok(local.owner(&topic).is_online(&topic)),
        }
    }

    /// Up to `limit` events: those after a position, or the latest. See [`History`].
    pub async fn history(
        &self,
        topic: &Topic,
        after: Option<Position>,
        limit: usize,
        now_ms: u64,
    ) -> Result<History, LinkError> {
        match &self.0 {
            Link::Local(local) => Ok(local.owner(topic).history(topic, after, limit, now_ms)),
        }
    }

    /// Takes over what an earlier engine's witness was told: that the channel is occupied, and that
    /// these users are there. What is not so again within the usual time is told to be over; what is
    /// so again is not told a second time.
    ///
    /// `is_certain` is asked while nothing can happen on the channel, and must not call back: if it
    /// says no, nothing is taken over. Whether it was.
    pub fn recall(
        &self,
        topic: &Topic,
        is_occupied: bool,
        users: Vec<UserId>,
        now_ms: u64,
        is_certain: impl FnOnce() -> bool,
    ) -> bool {
        let Link::Local(local) = &self.0;
        let mut owner = local.owner(topic);
        let is_certain = is_certain();
        if is_certain {
            owner.recall(topic, is_occupied, users, now_ms);
        }
        is_certain
    }

    /// Does what is due by time. Call it every 100 to 250 ms, from one place.
    pub fn tick(&self, now_ms: u64) {
        match &self.0 {
            Link::Local(local) => local.each().for_each(|mut shard| shard.tick(now_ms)),
        }
    }

    pub fn stats(&self) -> EngineStats {
        match &self.0 {
            Link::Local(local) => local.stats(),
        }
    }
}

fn of_user(app: &AppId, user: &UserId) -> Topic {
    Topic { app: app.clone(), channel: ChannelName::of_user(user) }
}

fn keep_first(list: &mut ChannelList, limit: usize) {
    list.channels.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    list.truncated |= list.channels.len() > limit;
    list.channels.truncate(limit);
}
