//! What can be asked about channels, and the answers.

use crate::{Event, Position};
use contract::{ChannelKind, ChannelName};
use std::sync::Arc;

/// Who hears a channel, and what it holds for newcomers.
#[derive(Clone, Debug, Default)]
pub struct Occupancy {
    /// Connections subscribed.
    pub subscriptions: u32,
    /// Distinct users among those who joined as somebody.
    pub users: u32,
    pub cached: Option<Cached>,
}

impl Occupancy {
    pub fn is_occupied(&self) -> bool {
        self.subscriptions > 0
    }
}

/// The last event of a cache channel.
#[derive(Clone, Debug)]
pub struct Cached {
    pub event: Arc<Event>,
    /// Milliseconds for which it will still be there.
    pub ttl_ms: u64,
}

/// Occupied channels of one app, by name.
#[derive(Clone, Debug, Default)]
pub struct ChannelList {
    pub channels: Vec<(ChannelName, Occupancy)>,
    /// More channels matched than were asked for.
    pub truncated: bool,
}

/// Recent events of a channel, oldest first.
#[derive(Clone, Debug)]
pub struct History {
    pub events: Vec<Arc<Event>>,
    /// The channel's last message, transient ones included. Nothing for a channel the owner does not hold.
    pub last: Option<Position>,
    /// Whether `events` start right after the position that was asked for. If not, messages in
    /// between are lost to the asker, and `events` are the most recent ones there are.
    pub recovered: bool,
    /// More events follow than were asked for.
    pub more: bool,
}

/// Figures of the whole engine at one moment, each exact per shard.
#[derive(Clone, Debug, Default)]
pub struct EngineStats {
    /// Channels with at least one subscription, by kind; user channels are users signed in.
    pub occupied: [u64; ChannelKinds::COUNT],
    /// Channels held for their history or cached event alone.
    pub idle: u64,
    /// Subscriptions, signed-in connections included.
    pub subscriptions: u64,
    /// Estimated bytes of history and cached events.
    pub retained_bytes: u64,
    /// Channels forgotten before their time to make room, since the start.
    pub evicted: u64,
}

impl EngineStats {
    pub fn occupied_of(&self, kind: ChannelKind) -> u64 {
        self.occupied[kind as usize]
    }

    /// Occupied channels of all kinds but users' own.
    pub fn occupied_channels(&self) -> u64 {
        self.occupied.iter().sum::<u64>() - self.occupied_of(ChannelKind::User)
    }
}

/// The kinds as indices of an array.
pub struct ChannelKinds;

impl ChannelKinds {
    pub const COUNT: usize = ChannelKind::User as usize + 1;
}
