//! The way to the owner of a channel, wherever the owner is.

use crate::{
    ChannelList, EngineConfig, EngineStats, History, Join, LinkError, Member, Occupancy, OriginId,
    Outlet, Position, Publish, PublishError, Published, Topic, channel::audience::Seat,
    local::Local,
};
use contract::{AppId, ChannelName, SocketId, UserId};
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
    /// All shards in this process.
    pub fn local(config: EngineConfig) -> Self {
        Self(Link::Local(Arc::new(Local::new(&config))))
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
                local.each().for_each(|mut shard| shard.remove_origin(origin, now_ms))
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
            Link::Local(local) => Ok(local.owner(&publish.topic).publish(publish, now_ms)),
        }
    }

    /// Asks for a subscription. The answer reaches the origin as `Delivery::Joined` or `Refused`,
    /// in the channel's order.
    pub fn join(&self, join: Join, now_ms: u64) {
        match &self.0 {
            Link::Local(local) => local.owner(&join.topic).join(join, now_ms),
        }
    }

    /// Ends a subscription; nothing happens if there is none.
    pub fn leave(
        &self,
        topic: &Topic,
        origin: OriginId,
        socket: SocketId,
        now_ms: u64,
        announce_count: bool,
    ) {
        match &self.0 {
            Link::Local(local) => {
                local.owner(topic).leave(topic, Seat { origin, socket }, announce_count, now_ms);
            }
        }
    }

    /// Who hears a channel, and what it has for newcomers.
    pub async fn occupancy(&self, topic: &Topic, now_ms: u64) -> Result<Occupancy, LinkError> {
        match &self.0 {
            Link::Local(local) => Ok(local.owner(topic).occupancy(topic, now_ms)),
        }
    }

    /// Who is on a presence channel, in order of arrival.
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

    /// Has every connection that is signed in as the user closed.
    pub async fn terminate_user(&self, app: &AppId, user: &UserId) -> Result<(), LinkError> {
        let topic = of_user(app, user);
        match &self.0 {
            Link::Local(local) => local.owner(&topic).terminate(&topic),
        }
        Ok(())
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
