//! Joining a channel: what is asked, and what the owner answers.

use crate::{Event, OriginId, Position, Topic};
use contract::{SocketId, UserId};
use std::sync::Arc;

/// A user on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    /// The id was given as a whole number in JSON, and is to be written as one where ids may be
    /// numbers.
    pub id_is_number: bool,
    /// The text of a JSON value, passed on unchanged.
    pub info: Option<Arc<str>>,
}

impl Member {
    /// A user whose id was given as text.
    pub fn new(user: UserId, info: Option<Arc<str>>) -> Self {
        Self { user, id_is_number: false, info }
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.user.as_str().len() + self.info.as_ref().map_or(0, |info| info.len())
    }
}

/// The request of one connection to hear a channel.
#[derive(Clone, Debug)]
pub struct Join {
    pub topic: Topic,
    pub origin: OriginId,
    pub socket: SocketId,
    /// Who joins, to be seen by the others: on any channel but a user's own, where nobody is seen.
    /// Without a member the connection hears and is counted, but is not among those present.
    pub member: Option<Member>,
    /// Whether `member.info` takes the place of what an earlier connection of the user said.
    pub replace_info: bool,
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

/// Why a connection was not made a member of a channel it hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnterRefusal {
    #[error("the connection does not hear the channel")]
    NotJoined,
    #[error("the connection is another member already")]
    OtherMember,
    #[error("the channel has its maximum of {max} members")]
    MembersFull { max: u32 },
}

/// The answer to a join.
#[derive(Clone, Debug)]
pub struct Joined {
    pub topic: Topic,
    pub socket: SocketId,
    /// Set on presence channels, and on others that have members.
    pub roster: Option<Arc<Roster>>,
    pub cached: CacheAnswer,
    /// The channel's last message before the join.
    pub position: Position,
}
