//! What we say, written straight into one buffer.
//!
//! System events carry `data` as an object, published ones as a string. Source: spec/relay.md §4.2.

use crate::dialects::{
    json::{push_escaped, written_bytes},
    neutral,
    relay::{
        frame::Outbound,
        member::{push_id, push_text},
    },
};
use bytes::Bytes;
use realtime::{Event, Member};

pub fn encode(frame: &Outbound<'_>) -> Bytes {
    match *frame {
        Outbound::Pong => Bytes::from_static(br#"{"event":"relay:pong","data":{}}"#),
        Outbound::Established { socket, activity_timeout_s } => Bytes::from(format!(
            r#"{{"event":"relay:connection_established","data":{{"socket_id":"{socket}","activity_timeout":{activity_timeout_s}}}}}"#
        )),
        Outbound::Error { code, message, channel } => {
            let mut out = String::with_capacity(64 + message.len());
            out.push_str(r#"{"event":"relay:error","data":{"code":"#);
            out.push_str(itoa::Buffer::new().format(code));
            out.push_str(r#","message":"#);
            push_text(&mut out, message);
            if let Some(channel) = channel {
                out.push_str(r#","channel":"#);
                push_text(&mut out, channel);
            }
            out.push_str("}}");
            out.into()
        }
        Outbound::Subscribed { channel, roster } => {
            let mut out = begin("relay:subscription_succeeded", channel);
            match roster {
                Some(roster) => push_presence(&mut out, roster),
                None => out.push_str("{}"),
            }
            out.push('}');
            out.into()
        }
        Outbound::MemberAdded { channel, member } => about("relay:member_added", channel, member),
        Outbound::MemberRemoved { channel, member } => {
            about("relay:member_removed", channel, member)
        }
    }
}

/// An event as every Relay subscriber of its channel gets it.
pub fn encode_event(event: &Event) -> Bytes {
    let data = neutral::text(event);
    let mut out = String::with_capacity(event_bytes(event, &data));
    push_event(&mut out, event, &data);
    out.into()
}

/// At least as many bytes as [`push_event`] writes, and exactly as many for ordinary text.
pub(super) fn event_bytes(event: &Event, data: &str) -> usize {
    const FIXED: usize = r#"{"event":"","channel":"","data":""}"#.len();
    let channel = event.topic.channel.as_str();
    FIXED + written_bytes(event.name.as_str()) + written_bytes(channel) + written_bytes(data)
}

pub(super) fn push_event(out: &mut String, event: &Event, data: &str) {
    out.push_str(r#"{"event":""#);
    push_escaped(out, event.name.as_str());
    out.push_str(r#"","channel":""#);
    push_escaped(out, event.topic.channel.as_str());
    out.push_str(r#"","data":""#);
    push_escaped(out, data);
    out.push_str("\"}");
}

/// All of a system event with a channel up to its `data`.
fn begin(event: &str, channel: &str) -> String {
    let mut out = String::with_capacity(96 + channel.len());
    out.push_str(r#"{"event":""#);
    out.push_str(event);
    out.push_str(r#"","channel":"#);
    push_text(&mut out, channel);
    out.push_str(r#","data":"#);
    out
}

fn about(event: &str, channel: &str, member: &Member) -> Bytes {
    let mut out = begin(event, channel);
    push_member(&mut out, member);
    out.push('}');
    out.into()
}

/// `ids` is an array even when empty, and every id stands in `ids` and, as text, in `hash`.
/// Source: spec/relay.md §10, traps 2 and 3.
fn push_presence(out: &mut String, roster: &[Member]) {
    out.reserve(64 + roster.len() * 96);
    out.push_str(r#"{"presence":{"count":"#);
    out.push_str(itoa::Buffer::new().format(roster.len()));
    out.push_str(r#","ids":["#);
    for (at, member) in roster.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        push_id(out, member);
    }
    out.push_str(r#"],"hash":{"#);
    for (at, member) in roster.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { "," });
        push_text(out, member.user.as_str());
        out.push(':');
        push_member(out, member);
    }
    out.push_str("}}}");
}

/// Both names of the info: some clients read `info`, others `user_info`.
/// Source: spec/relay.md §4.2, §10, trap 7.
fn push_member(out: &mut String, member: &Member) {
    let info = member.info.as_deref().unwrap_or("{}");
    out.push_str(r#"{"id":"#);
    push_id(out, member);
    out.push_str(r#","user_info":"#);
    out.push_str(info);
    out.push_str(r#","info":"#);
    out.push_str(info);
    out.push('}');
}
