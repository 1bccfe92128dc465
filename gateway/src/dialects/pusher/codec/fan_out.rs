//! What all subscribers of a channel get alike, as whole WebSocket frames.

use super::encode::{encode, event_bytes, push_event};
use crate::{dialects::pusher::frame::Outbound, hub::topics::Due, wire::frame};
use bytes::{Buf, Bytes};
use realtime::{Event, Topic};

/// Room for the longest header of a frame from a server. Source: RFC 6455 §5.2.
const HEADER_ROOM: usize = 10;

/// An event with the header of its frame, in one buffer.
pub fn frame_event(event: &Event) -> Bytes {
    let mut out = String::with_capacity(HEADER_ROOM + event_bytes(event));
    out.push_str("\0\0\0\0\0\0\0\0\0\0");
    push_event(&mut out, event);
    with_header(out.into_bytes())
}

/// Anything that is due to a channel's subscribers, as a frame.
pub fn frame_due(topic: &Topic, due: &Due) -> Bytes {
    let channel = topic.channel.as_str();
    let text = match due {
        Due::Event(event) => return frame_event(event),
        Due::MemberAdded(member) => encode(&Outbound::MemberAdded { channel, member }),
        Due::MemberRemoved(user) => encode(&Outbound::MemberRemoved { channel, user }),
        Due::Count(subscriptions) => {
            encode(&Outbound::Count { channel, subscriptions: *subscriptions })
        }
    };
    frame::text(&text)
}

/// Puts the header into the end of the room left for it and cuts off the rest of the room.
fn with_header(mut buf: Vec<u8>) -> Bytes {
    const TEXT: u8 = 0x81;
    let payload = buf.len() - HEADER_ROOM;
    let start = match payload {
        0..=125 => {
            buf[8..10].copy_from_slice(&[TEXT, payload as u8]);
            8
        }
        126..=0xffff => {
            buf[6..8].copy_from_slice(&[TEXT, 126]);
            buf[8..10].copy_from_slice(&(payload as u16).to_be_bytes());
            6
        }
        _ => {
            buf[..2].copy_from_slice(&[TEXT, 127]);
            buf[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            0
        }
    };
    let mut framed = Bytes::from(buf);
    framed.advance(start);
    framed
}
