//! What all subscribers of a channel get alike, as whole WebSocket frames.

use super::encode::{encode, event_bytes, push_event};
use crate::{
    dialects::{Dialect, neutral, relay::frame::Outbound},
    hub::{topics::Due, voice::Voice},
    wire::frame,
};
use bytes::Bytes;
use realtime::{Event, Topic};

/// Anything that is due to a channel's subscribers, as a frame; empty where this dialect has no
/// word for it. Members are shown on presence channels only. Source: spec/relay.md §4.2.
pub fn frame_due(_: &Voice, topic: &Topic, due: &Due) -> Bytes {
    let channel = topic.channel.as_str();
    let shows_members = topic.channel.kind().is_presence();
    let told = match due {
        Due::Event(event) => {
            let slot = Dialect::Relay.slot();
            return event.encoded.get_or_encode(slot, || frame_event(event)).clone();
        }
        Due::MemberAdded(member) if shows_members => Outbound::MemberAdded { channel, member },
        Due::MemberRemoved(member) if shows_members => Outbound::MemberRemoved { channel, member },
        Due::MemberAdded(_) | Due::MemberRemoved(_) | Due::Count(_) => return Bytes::new(),
    };
    frame::text(&encode(&told))
}

/// An event with the header of its frame, in one buffer.
fn frame_event(event: &Event) -> Bytes {
    let data = neutral::text(event);
    let mut out = frame::text_with_room(event_bytes(event, &data));
    push_event(&mut out, event, &data);
    frame::with_header(out)
}
