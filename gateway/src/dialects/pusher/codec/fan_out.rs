//! What all subscribers of a channel get alike, as whole WebSocket frames.

use super::encode::{encode, event_bytes, push_event};
use crate::{
    dialects::{Dialect, neutral, pusher::frame::Outbound},
    hub::{topics::Due, voice::Voice},
    wire::frame,
};
use bytes::Bytes;
use realtime::{Event, Topic};

/// Anything that is due to a channel's subscribers, as a frame. Who is present is told on presence
/// channels only.
pub fn frame_due(_: &Voice, topic: &Topic, due: &Due) -> Bytes {
    let channel = topic.channel.as_str();
    let shows_members = topic.channel.kind().is_presence();
    let text = match due {
        Due::Event(event) => {
            let slot = Dialect::Pusher.slot();
            return event.encoded.get_or_encode(slot, || frame_event(event)).clone();
        }
        Due::MemberAdded(member) if shows_members => {
            encode(&Outbound::MemberAdded { channel, member })
        }
        Due::MemberRemoved(member) if shows_members => {
            encode(&Outbound::MemberRemoved { channel, user: &member.user })
        }
        Due::MemberAdded(_) | Due::MemberRemoved(_) => return Bytes::new(),
        Due::Count(subscriptions) => {
            encode(&Outbound::Count { channel, subscriptions: *subscriptions })
        }
    };
    frame::text(&text)
}

/// An event with the header of its frame, in one buffer.
fn frame_event(event: &Event) -> Bytes {
    let data = neutral::text(event);
    let mut out = frame::text_with_room(event_bytes(event, &data));
    push_event(&mut out, event, &data);
    frame::with_header(out)
}
