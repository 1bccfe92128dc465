//! What happens on channels, for the servers of those who want to hear of it.
//!
//! The engine decides that something has happened, once per transition. A gateway numbers it, keeps
//! it on disk until the control plane has it, and tells only what somebody wants to hear.

use crate::{AppId, ChannelName, EventName, SocketId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A kind of channel event. Source: spec/pusher.md §17.2.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum HookKind {
            $($(#[$doc])* $variant),+
        }

        impl HookKind {
            pub const ALL: [HookKind; [$($text),+].len()] = [$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

kinds! {
    /// The first subscription came.
    ChannelOccupied = "channel_occupied",
    /// The last one is gone, and nobody came back for three seconds.
    ChannelVacated = "channel_vacated",
    MemberAdded = "member_added",
    /// The last connection of a user is gone, and none came back for three seconds.
    MemberRemoved = "member_removed",
    /// A connection published.
    ClientEvent = "client_event",
    /// Somebody came to a cache channel that had nothing for them.
    CacheMiss = "cache_miss",
    /// How many connections hear a channel has changed.
    SubscriptionCount = "subscription_count",
}

impl HookKind {
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Some of the kinds. On the wire a list of their names; names that are not known are passed over,
/// so that a newer control plane can speak to an older gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HookSet(u8);

impl HookSet {
    pub const NONE: Self = Self(0);

    pub const fn contains(self, kind: HookKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    #[must_use]
    pub const fn with(self, kind: HookKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn kinds(self) -> impl Iterator<Item = HookKind> {
        HookKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// For a place that holds it as a number.
    pub const fn bits(self) -> u8 {
        self.0
    }

    pub fn from_bits(bits: u8) -> Self {
        HookKind::ALL.into_iter().filter(|kind| Self(bits).contains(*kind)).collect()
    }
}

impl FromIterator<HookKind> for HookSet {
    fn from_iter<I: IntoIterator<Item = HookKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for HookSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.kinds().map(HookKind::as_str))
    }
}

impl<'de> Deserialize<'de> for HookSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        Ok(names.iter().filter_map(|name| HookKind::from_text(name)).collect())
    }
}

/// What has happened on a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Happening {
    ChannelOccupied,
    ChannelVacated,
    MemberAdded {
        user_id: UserId,
    },
    MemberRemoved {
        user_id: UserId,
    },
    ClientEvent {
        event: EventName,
        /// The payload as it was published.
        data: String,
        socket_id: SocketId,
        /// On presence channels: who the sender is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    CacheMiss,
    SubscriptionCount {
        subscription_count: u32,
    },
}

impl Happening {
    pub const fn kind(&self) -> HookKind {
        match self {
            Self::ChannelOccupied => HookKind::ChannelOccupied,
            Self::ChannelVacated => HookKind::ChannelVacated,
            Self::MemberAdded { .. } => HookKind::MemberAdded,
            Self::MemberRemoved { .. } => HookKind::MemberRemoved,
            Self::ClientEvent { .. } => HookKind::ClientEvent,
            Self::CacheMiss => HookKind::CacheMiss,
            Self::SubscriptionCount { .. } => HookKind::SubscriptionCount,
        }
    }
}

/// One thing that happened on one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelEvent {
    /// Grows by one per event of a gateway's process, from 1. Events of one channel are numbered in
    /// the order in which its owner decided them.
    pub seq: u64,
    pub app: AppId,
    pub channel: ChannelName,
    /// Unix milliseconds at which it happened.
    pub at_ms: u64,
    #[serde(flatten)]
    pub what: Happening,
}

/// `POST /internal/v1/channel-events`: answered with 204 once they are stored. An event whose
/// (gateway, boot, seq) is there already is passed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelEventBatch {
    pub gateway: String,
    /// A fresh id for each start of the process.
    pub boot: String,
    /// In order of `seq`.
    pub events: Vec<ChannelEvent>,
}

impl ChannelEventBatch {
    pub const MAX_EVENTS: usize = 1_000;
    pub const MAX_BYTES: usize = 4 << 20;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_travel_as_names_and_pass_over_those_of_the_future() {
        let set: HookSet = [HookKind::CacheMiss, HookKind::ChannelOccupied].into_iter().collect();
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, r#"["channel_occupied","cache_miss"]"#);
        let newer = r#"["cache_miss","member_promoted","channel_occupied"]"#;
        assert_eq!(serde_json::from_str::<HookSet>(newer).unwrap(), set);
        assert_eq!(HookSet::from_bits(set.bits()), set);
        assert!(HookSet::from_bits(1 << 7).is_empty());
    }

    #[test]
    fn an_event_is_one_flat_object_under_the_name_of_its_kind() {
        let event = ChannelEvent {
            seq: 7,
            app: "41".parse().unwrap(),
            channel: "presence-room".parse().unwrap(),
            at_ms: 5,
            what: Happening::MemberAdded { user_id: "u1".parse().unwrap() },
        };
        let text = serde_json::to_string(&event).unwrap();
        let expected = r#"{"seq":7,"app":"41","channel":"presence-room","at_ms":5,"name":"member_added","user_id":"u1"}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<ChannelEvent>(&text).unwrap(), event);
        for kind in HookKind::ALL {
            assert_eq!(HookKind::from_text(kind.as_str()), Some(kind));
        }
    }
}
