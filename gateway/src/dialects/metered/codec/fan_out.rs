//! What the subscribers of a channel get alike, as whole WebSocket frames.

use super::encode::{encode, event_bytes, metadata_of, push_event};
use crate::{
    dialects::{Dialect, metered::frame::Outbound},
    hub::{topics::Due, voice::Voice},
    wire::frame,
};
use bytes::Bytes;
use contract::ChannelKind;
use realtime::{Event, Topic};

/// What one subscriber wants of a channel: the flags of its voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hears(u8);

impl Hears {
    const METADATA: u8 = 1;
    const PRESENCE: u8 = 2;
    const PATTERN: u8 = 4;
    const OPEN_ONLY: u8 = 8;

    /// A channel by its name; `presence` is whether the peer may see who comes and goes.
    pub fn channel(with_metadata: bool, presence: bool) -> Self {
        Self((Self::METADATA * u8::from(with_metadata)) | (Self::PRESENCE * u8::from(presence)))
    }

    /// Every channel that fits a pattern, but for those that ask for authorisation where the peer
    /// has none to show.
    pub fn pattern(with_metadata: bool, open_only: bool) -> Self {
        let open_only = Self::OPEN_ONLY * u8::from(open_only);
        Self(Self::PATTERN | open_only | (Self::METADATA * u8::from(with_metadata)))
    }

    pub fn voice(self) -> Voice {
        Voice::with_flags(Dialect::Metered, self.0)
    }

    pub fn with_metadata(self) -> bool {
        self.0 & Self::METADATA != 0
    }

    pub fn without_presence(self) -> Self {
        Self(self.0 & !Self::PRESENCE)
    }

    pub fn presence(self) -> bool {
        self.0 & Self::PRESENCE != 0
    }

    /// A pattern never reaches what is meant for one user alone.
    fn takes(self, kind: ChannelKind) -> bool {
        let is_closed = self.0 & Self::OPEN_ONLY != 0 && kind.needs_authorisation();
        self.0 & Self::PATTERN == 0 || (kind != ChannelKind::User && !is_closed)
    }
}

/// Anything that is due on a channel; empty where this voice gets nothing of it.
pub fn frame_due(voice: &Voice, topic: &Topic, due: &Due) -> Bytes {
    let hears = Hears(voice.flags);
    let channel = topic.channel.as_str();
    let text = match due {
        Due::Event(event) if hears.takes(topic.channel.kind()) => {
            return frame_event(event, hears.with_metadata());
        }
        Due::MemberAdded(member) if hears.presence() => {
            encode(&Outbound::Joined { channel, member })
        }
        Due::MemberRemoved(member) if hears.presence() => {
            encode(&Outbound::Left { channel, user: &member.user })
        }
        Due::Event(_) | Due::MemberAdded(_) | Due::MemberRemoved(_) | Due::Count(_) => {
            return Bytes::new();
        }
    };
    frame::text(&text)
}

/// The event in its frame, made once for all who want it so. The two forms are the same where
/// nothing is to be known of the sender.
fn frame_event(event: &Event, with_metadata: bool) -> Bytes {
    let differs = event.sender.identity().is_some_and(|member| metadata_of(member).is_some());
    let with_metadata = with_metadata && differs;
    let slot = Dialect::Metered.slot() + usize::from(with_metadata);
    let encode = || {
        let mut out = frame::text_with_room(event_bytes(event));
        push_event(&mut out, event, with_metadata);
        frame::with_header(out)
    };
    event.encoded.get_or_encode(slot, encode).clone()
}
