//! What we say, written straight into one buffer.
//!
//! Frames with a channel carry `data` as a string; `pusher:error` and `pusher:signin_success`
//! carry an object; absent keys are left out and never `null`. Source: spec/pusher.md §2.4.

use crate::dialects::{
    json::{push_escaped, written_bytes},
    neutral,
    pusher::frame::Outbound,
};
use bytes::Bytes;
use contract::UserId;
use realtime::{Event, Member, Sender};

pub fn encode(frame: &Outbound<'_>) -> Bytes {
    match *frame {
        Outbound::Pong => Bytes::from_static(br#"{"event":"pusher:pong","data":{}}"#),
        Outbound::Established { socket, activity_timeout_s } => Bytes::from(format!(
            r#"{{"event":"pusher:connection_established","data":"{{\"socket_id\":\"{socket}\",\"activity_timeout\":{activity_timeout_s}}}"}}"#
        )),
        Outbound::Error { code, message } => {
            let mut out = String::with_capacity(64 + message.len());
            out.push_str(r#"{"event":"pusher:error","data":{"code":"#);
            match code {
                Some(code) => out.push_str(itoa::Buffer::new().format(code)),
                None => out.push_str("null"),
            }
            out.push_str(r#","message":""#);
            push_escaped(&mut out, message);
            out.push_str("\"}}");
            out.into()
        }
        Outbound::Subscribed { channel, roster: None } => {
            on_channel("pusher_internal:subscription_succeeded", channel, "{}")
        }
        Outbound::Subscribed { channel, roster: Some(roster) } => {
            on_channel("pusher_internal:subscription_succeeded", channel, &presence(roster))
        }
        Outbound::SubscriptionError { event, channel, refusal } => {
            let (kind, status) = refusal.kind.type_and_status();
            let mut data = format!(r#"{{"type":"{kind}","error":""#);
            push_escaped(&mut data, &refusal.error);
            data.push_str(r#"","status":"#);
            data.push_str(itoa::Buffer::new().format(status));
            data.push('}');
            on_channel(event.name(), channel, &data)
        }
        Outbound::CacheMiss { channel } => on_channel("pusher:cache_miss", channel, "{}"),
        Outbound::SignedIn { user_data } => {
            let mut out = String::with_capacity(64 + written_bytes(user_data));
            out.push_str(r#"{"event":"pusher:signin_success","data":{"user_data":""#);
            push_escaped(&mut out, user_data);
            out.push_str("\"}}");
            out.into()
        }
        Outbound::MemberAdded { channel, member } => {
            let mut data = String::from(r#"{"user_id":""#);
            push_escaped(&mut data, member.user.as_str());
            data.push_str(r#"","user_info":"#);
            data.push_str(info_of(member));
            data.push('}');
            on_channel("pusher_internal:member_added", channel, &data)
        }
        Outbound::MemberRemoved { channel, user } => {
            let mut data = String::from(r#"{"user_id":""#);
            push_escaped(&mut data, user.as_str());
            data.push_str("\"}");
            on_channel("pusher_internal:member_removed", channel, &data)
        }
        Outbound::Count { channel, subscriptions } => on_channel(
            "pusher_internal:subscription_count",
            channel,
            &format!(r#"{{"subscription_count":{subscriptions}}}"#),
        ),
        Outbound::Watchlist { online, offline } => {
            let mut data = String::from(r#"{"events":["#);
            push_group(&mut data, "online", online);
            push_group(&mut data, "offline", offline);
            data.push_str("]}");
            let mut out = String::with_capacity(64 + written_bytes(&data));
            out.push_str(r#"{"event":"pusher_internal:watchlist_events","data":""#);
            push_escaped(&mut out, &data);
            out.push_str("\"}");
            out.into()
        }
    }
}

/// An event as every Pusher subscriber of its channel gets it.
pub fn encode_event(event: &Event) -> Bytes {
    let data = neutral::text(event);
    let mut out = String::with_capacity(event_bytes(event, &data));
    push_event(&mut out, event, &data);
    out.into()
}

/// At least as many bytes as [`push_event`] writes, and exactly as many for ordinary text.
pub(super) fn event_bytes(event: &Event, data: &str) -> usize {
    const FIXED: usize = r#"{"event":"","channel":"","data":"","user_id":""}"#.len();
    let user = member_of(event).map_or(0, |user| written_bytes(user.as_str()));
    FIXED
        + written_bytes(event.name.as_str())
        + written_bytes(event.topic.channel.as_str())
        + written_bytes(data)
        + user
}

pub(super) fn push_event(out: &mut String, event: &Event, data: &str) {
    let channel = event.topic.channel.as_str();
    push_channel_frame(out, event.name.as_str(), channel, data);
    if let Some(user) = member_of(event) {
        out.push_str(r#","user_id":""#);
        push_escaped(out, user.as_str());
        out.push('"');
    }
    out.push('}');
}

/// Who sent it, which is told on presence channels only. Source: spec/pusher.md §7.
fn member_of(event: &Event) -> Option<&UserId> {
    match &event.sender {
        Sender::Socket { .. } if event.topic.channel.kind().is_presence() => event.sender.user(),
        Sender::Socket { .. } | Sender::Server { .. } => None,
    }
}

fn on_channel(event: &str, channel: &str, data: &str) -> Bytes {
    let mut out =
        String::with_capacity(40 + event.len() + written_bytes(channel) + written_bytes(data));
    push_channel_frame(&mut out, event, channel, data);
    out.push('}');
    out.into()
}

/// All of a frame with a channel but the closing brace.
fn push_channel_frame(out: &mut String, event: &str, channel: &str, data: &str) {
    out.push_str(r#"{"event":""#);
    push_escaped(out, event);
    out.push_str(r#"","channel":""#);
    push_escaped(out, channel);
    out.push_str(r#"","data":""#);
    push_escaped(out, data);
    out.push('"');
}

/// `presence.hash` is an object even when empty, and every id stands in `ids` and in `hash`.
fn presence(roster: &[Member]) -> String {
    let mut data = String::with_capacity(48 + roster.len() * 64);
    data.push_str(r#"{"presence":{"count":"#);
    data.push_str(itoa::Buffer::new().format(roster.len()));
    data.push_str(r#","ids":["#);
    for (at, member) in roster.iter().enumerate() {
        push_item(&mut data, at, member.user.as_str());
    }
    data.push_str(r#"],"hash":{"#);
    for (at, member) in roster.iter().enumerate() {
        push_item(&mut data, at, member.user.as_str());
        data.push(':');
        data.push_str(info_of(member));
    }
    data.push_str("}}}");
    data
}

fn info_of(member: &Member) -> &str {
    member.info.as_deref().unwrap_or("{}")
}

fn push_group(data: &mut String, name: &str, users: &[&UserId]) {
    if users.is_empty() {
        return;
    }
    if !data.ends_with('[') {
        data.push(',');
    }
    data.push_str(r#"{"name":""#);
    data.push_str(name);
    data.push_str(r#"","user_ids":["#);
    for (at, user) in users.iter().enumerate() {
        push_item(data, at, user.as_str());
    }
    data.push_str("]}");
}

fn push_item(out: &mut String, at: usize, text: &str) {
    out.push_str(if at == 0 { "\"" } else { ",\"" });
    push_escaped(out, text);
    out.push('"');
}
