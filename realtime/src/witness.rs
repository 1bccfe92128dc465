//! Who hears what happens on channels beside those who are there.

use crate::{Payload, Topic};
use contract::{
    AppId, EventName, SocketId, UserId,
    webhooks::{HookKind, HookSet},
};

/// Milliseconds for which it is held back that a channel is vacated or a member gone. What is
/// undone by then is not told, and neither is its undoing. Source: spec/pusher.md §17.5.
pub const HOLD_MS: u64 = 3_000;

/// Something that has happened on a channel. Users' own channels are not among them.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The first subscription came.
    Occupied,
    /// The last one is gone, for good as far as can be told.
    Vacated,
    MemberAdded {
        user: UserId,
    },
    MemberRemoved {
        user: UserId,
    },
    /// A connection published where connections may speak to each other.
    ClientEvent {
        name: EventName,
        data: Payload,
        socket: SocketId,
        /// On presence channels: who the sender is there.
        user: Option<UserId>,
    },
    /// A connection came to a cache channel that had nothing for it.
    CacheMiss,
    /// How many connections hear the channel, where subscribers are told as well.
    Count {
        subscriptions: u32,
    },
}

impl Seen {
    pub fn kind(&self) -> HookKind {
        match self {
            Self::Occupied => HookKind::ChannelOccupied,
            Self::Vacated => HookKind::ChannelVacated,
            Self::MemberAdded { .. } => HookKind::MemberAdded,
            Self::MemberRemoved { .. } => HookKind::MemberRemoved,
            Self::ClientEvent { .. } => HookKind::ClientEvent,
            Self::CacheMiss => HookKind::CacheMiss,
            Self::Count { .. } => HookKind::SubscriptionCount,
        }
    }
}

/// Sees what happens, each transition once and those of a channel in the order in which its owner
/// decided them. Called while a shard is locked: must not block and not call back.
pub trait Witness: Send + Sync {
    /// What of an app it wants to see. Asked at each transition, so it must cost next to nothing.
    fn wants(&self, app: &AppId) -> HookSet;

    fn saw(&self, topic: &Topic, at_ms: u64, what: Seen);
}

/// Wants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Witness for Nobody {
    fn wants(&self, _: &AppId) -> HookSet {
        HookSet::NONE
    }

    fn saw(&self, _: &Topic, _: u64, _: Seen) {}
}
