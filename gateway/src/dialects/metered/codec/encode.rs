//! What we say, written straight into one buffer.
//!
//! `expiresAt` is always there, `joined` and `left` are both always there, an entry without
//! metadata has no such member: clients drop any other frame in silence. Source: spec/metered.md
//! §4, §5.2, §15.

use crate::dialects::{
    json,
    metered::frame::{Outbound, Welcome},
    neutral,
};
use bytes::Bytes;
use contract::{ChannelKind, UserId};
use realtime::{Event, Member};

/// No snapshot is larger, bytes: clients close the connection on a frame of 1,048,576 characters,
/// and a reader has room for as much and for what comes meanwhile. Source: spec/metered.md §15
/// trap 4.
pub const MAX_SNAPSHOT_BYTES: usize = 768 << 10;
/// A snapshot that would be larger with the peers' metadata does without.
const MAX_WITH_METADATA_BYTES: usize = 512 << 10;

pub fn encode(frame: &Outbound<'_>) -> Bytes {
    match *frame {
        Outbound::Welcome(welcome) => encode_welcome(&welcome).into(),
        Outbound::Ack { request } => {
            let mut out = String::with_capacity(40 + request.len());
            out.push_str(r#"{"type":"ack""#);
            push_request(&mut out, Some(request));
            out.push('}');
            out.into()
        }
        Outbound::Error { request, code, message } => {
            let mut out = String::with_capacity(96 + message.len());
            out.push_str(r#"{"type":"error""#);
            push_request(&mut out, request);
            push_text(&mut out, r#","code":"#, code.as_str());
            push_text(&mut out, r#","message":"#, message);
            out.push('}');
            out.into()
        }
        Outbound::Pong { request: None } => Bytes::from_static(br#"{"type":"pong"}"#),
        Outbound::Pong { request } => {
            let mut out = String::from(r#"{"type":"pong""#);
            push_request(&mut out, request);
            out.push('}');
            out.into()
        }
        Outbound::Snapshot { channel, roster, told } => snapshot(channel, roster, told).into(),
        Outbound::Joined { channel, member } => {
            let mut out = presence(channel, 64);
            push_peer(&mut out, member, true);
            out.push_str(r#"],"left":[]}"#);
            out.into()
        }
        Outbound::Left { channel, user } => {
            let mut out = presence(channel, 64);
            out.push_str(r#"],"left":["#);
            push_text(&mut out, r#"{"peerId":"#, user.as_str());
            out.push_str("}]}");
            out.into()
        }
        Outbound::GoingAway { retry_after_ms } => {
            format!(r#"{{"type":"going_away","retryAfterMs":{retry_after_ms}}}"#).into()
        }
    }
}

fn encode_welcome(welcome: &Welcome<'_>) -> String {
    let mut out = String::with_capacity(160 + welcome.metadata.map_or(0, str::len));
    push_text(&mut out, r#"{"type":"welcome","peerId":"#, welcome.peer.as_str());
    out.push_str(r#","expiresAt":"#);
    match welcome.expires_at {
        Some(at) => out.push_str(itoa::Buffer::new().format(at)),
        None => out.push_str("null"),
    }
    out.push_str(r#","serverTime":"#);
    out.push_str(itoa::Buffer::new().format(welcome.server_time));
    out.push_str(r#","maxMessageSize":"#);
    out.push_str(itoa::Buffer::new().format(welcome.max_message_bytes));
    if let Some(metadata) = welcome.metadata {
        out.push_str(r#","metadata":"#);
        out.push_str(metadata);
    }
    out.push('}');
    out
}

/// An event as a subscriber gets it: `direct` on a peer's own channel, else `message`.
///
/// A direct message always carries what others may know of its sender; a channel's does where
/// `with_metadata` says so. Source: spec/metered.md §3, §5.2, §7.
pub fn encode_event(event: &Event, with_metadata: bool) -> Bytes {
    let mut out = String::with_capacity(event_bytes(event));
    push_event(&mut out, event, with_metadata);
    out.into()
}

/// At least as many bytes as [`push_event`] writes for ordinary text.
pub(super) fn event_bytes(event: &Event) -> usize {
    const FIXED: usize =
        r#"{"type":"message","channel":"","from":"","data":,"fromMetadata":}"#.len();
    let metadata = event.sender.identity().and_then(|member| metadata_of(member));
    let unnamed = event.name.as_str().len() + 32;
    FIXED
        + event.topic.channel.as_str().len()
        + 128
        + metadata.map_or(0, str::len)
        + unnamed
        + event.data.as_str().len()
}

pub(super) fn push_event(out: &mut String, event: &Event, with_metadata: bool) {
    let channel = event.topic.channel.as_str();
    let is_direct = event.topic.channel.kind() == ChannelKind::User;
    let identity = event.sender.identity().filter(|_| is_direct || with_metadata);
    let metadata = identity.and_then(|member| metadata_of(member));
    let (from, data) = (neutral::from(event), neutral::value(event));
    push_message(out, (!is_direct).then_some(channel), &from, &data, metadata);
}

/// What a peer sends to itself, for the connection that sent it.
pub fn encode_echo(from: &Member, data: &str) -> Bytes {
    let metadata = metadata_of(from);
    let mut out = String::with_capacity(128 + data.len() + metadata.map_or(0, str::len));
    push_message(&mut out, None, from.user.as_str(), data, metadata);
    out.into()
}

fn push_message(
    out: &mut String,
    channel: Option<&str>,
    from: &str,
    data: &str,
    metadata: Option<&str>,
) {
    match channel {
        Some(channel) => push_text(out, r#"{"type":"message","channel":"#, channel),
        None => out.push_str(r#"{"type":"direct""#),
    }
    push_text(out, r#","from":"#, from);
    out.push_str(r#","data":"#);
    out.push_str(data);
    if let Some(metadata) = metadata {
        out.push_str(r#","fromMetadata":"#);
        out.push_str(metadata);
    }
    out.push('}');
}

/// What others may know of a member. Other dialects' info may be any value; clients take objects.
pub(super) fn metadata_of(member: &Member) -> Option<&str> {
    member.info.as_deref().filter(|info| info.starts_with('{'))
}

/// The whole roster in one frame, because clients compare the first one after a reconnect with
/// what they had. Too large a one loses its metadata, then its end. Source: spec/metered.md §7,
/// §15 trap 4.
fn snapshot(channel: &str, roster: &[Member], told: &UserId) -> String {
    let others = || roster.iter().filter(|member| member.user != *told);
    let bytes =
        |with_metadata: bool| -> usize { others().map(|m| peer_bytes(m, with_metadata)).sum() };
    let whole = bytes(true);
    let with_metadata = whole <= MAX_WITH_METADATA_BYTES;
    let mut out = presence(channel, if with_metadata { whole } else { bytes(false) });
    for (at, member) in others().enumerate() {
        if out.len() + peer_bytes(member, with_metadata) > MAX_SNAPSHOT_BYTES {
            break;
        }
        if at > 0 {
            out.push(',');
        }
        push_peer(&mut out, member, with_metadata);
    }
    out.push_str(r#"],"left":[]}"#);
    out
}

/// The head of a presence frame, up to the first of the joined; room for `bytes` more.
fn presence(channel: &str, bytes: usize) -> String {
    let mut out = String::with_capacity(64 + channel.len() + bytes.min(MAX_SNAPSHOT_BYTES));
    push_text(&mut out, r#"{"type":"presence","channel":"#, channel);
    out.push_str(r#","joined":["#);
    out
}

/// At least as many bytes as [`push_peer`] writes, with its comma: an id is printable, so at most
/// every byte of it is escaped.
fn peer_bytes(member: &Member, with_metadata: bool) -> usize {
    const FIXED: usize = r#",{"peerId":"","metadata":}"#.len();
    let metadata = metadata_of(member).filter(|_| with_metadata);
    FIXED + member.user.as_str().len() * 2 + metadata.map_or(0, str::len)
}

/// `{peerId, metadata?}`
pub fn push_peer(out: &mut String, member: &Member, with_metadata: bool) {
    push_text(out, r#"{"peerId":"#, member.user.as_str());
    if let Some(metadata) = metadata_of(member).filter(|_| with_metadata) {
        out.push_str(r#","metadata":"#);
        out.push_str(metadata);
    }
    out.push('}');
}

fn push_request(out: &mut String, request: Option<&str>) {
    if let Some(request) = request {
        push_text(out, r#","requestId":"#, request);
    }
}

/// Writes `before`, then `text` as a JSON string.
fn push_text(out: &mut String, before: &str, text: &str) {
    out.push_str(before);
    out.push('"');
    json::push_escaped(out, text);
    out.push('"');
}
