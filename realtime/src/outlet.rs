//! What shards tell the places that hold sockets.

use crate::{
    Event, Member, Topic,
    join::{JoinRefusal, Joined},
};
use contract::{AppId, SocketId, UserId};
use std::sync::Arc;

/// A place that holds sockets: one worker thread of one gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginId(pub u32);

/// One thing for one origin. Deliveries of one topic reach an origin in the order in which the
/// owner decided them; an origin must keep that order towards every socket.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// To every subscriber of the topic here and to everyone here who listens to a pattern of
    /// channels it falls under, once each, but not to `event.except`.
    Event(Arc<Event>),
    /// To one connection: it is in. Later deliveries of the topic are for it too, earlier are not.
    Joined(Box<Joined>),
    /// To one connection: it is not in.
    Refused {
        topic: Topic,
        socket: SocketId,
        reason: JoinRefusal,
    },
    /// To every subscriber here (one whose join caused it is not one yet, one that entered is).
    MemberAdded {
        topic: Topic,
        member: Arc<Member>,
    },
    MemberRemoved {
        topic: Topic,
        member: Arc<Member>,
    },
    /// To every subscriber here: how many connections hear the channel.
    Count {
        topic: Topic,
        subscriptions: u32,
    },
    /// To the connections here that watch `user`.
    Watched {
        app: AppId,
        user: UserId,
        online: bool,
    },
    /// To the connections here that are signed in as `user`: they are to be closed.
    Terminate {
        app: AppId,
        user: UserId,
    },
}

/// The way to an origin. Called while a shard is locked: must not block and not call back.
pub trait Outlet: Send + Sync {
    /// Whether another event may be queued. Asked of every origin concerned before an event gets
    /// its place in the order, so that a publish is taken by all of them or refused.
    fn has_room(&self) -> bool;

    /// Hands a delivery over; always taken. What is not an event is bounded by the number of
    /// sockets, and events by `has_room`.
    fn deliver(&self, delivery: Delivery);
}
