//! Joining a channel: what is asked, and what the owner answers.

use crate::{Event, OriginId, Position, Topic};
use contract::{SocketId, UserId};
use std::sync::Arc;

/// A user on a presence channel. `info` is the text of a JSON value, passed on unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub info: Option<Arc<str>>,
}

/// The request of one connection to hear a channel.
#[derive(Clone, Debug)]
pub struct Join {
    pub topic: Topic,
    pub origin: OriginId,
    pub socket: SocketId,
    /// Who joins: on presence channels, and on a user's own channel. Nobody elsewhere.
    pub member: Option<Member>,
    pub max_members: u32,
    /// Whether subscribers are told how many they are.
    pub announce_count: bool,
}

/// Everyone present when a connection joined, the newcomer included, in order of arrival.
pub type Roster = Vec<Member>;

/// What a cache channel had for a newcomer.
#[derive(Clone, Debug)]
pub enum CacheAnswer {
    NotACache,
    Miss,
    Hit(Arc<Event>),
}

/// Why the owner did not let a connection in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    #[error("the channel has its maximum of {max} members")]
    MembersFull { max: u32 },
    #[error("the service holds as many channels as it can")]
    Overloaded,
}

/// The answer to a join.
#[derive(Clone, Debug)]
pub struct Joined {
    pub topic: Topic,
    pub socket: SocketId,
    /// Set on presence channels.
    pub roster: Option<Arc<Roster>>,
    pub cached: CacheAnswer,
    /// The channel's last message before the join.
    pub position: Position,
}
