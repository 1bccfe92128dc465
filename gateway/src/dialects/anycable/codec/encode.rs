//! What we say, written straight into one buffer. Source: spec/anycable.md §6.2.

use super::epoch::push_epoch;
use crate::dialects::{
    anycable::frame::{Identifier, Outbound},
    json::{self, Kind, NotJson, Problem, push_escaped},
    neutral,
};
use bytes::Bytes;
use realtime::{Event, Member};

pub fn encode(frame: &Outbound<'_>) -> Bytes {
    match *frame {
        Outbound::Pong => Bytes::from_static(br#"{"type":"pong"}"#),
        Outbound::Ping { message } => {
            Bytes::from(format!(r#"{{"type":"ping","message":{message}}}"#))
        }
        Outbound::Welcome { sid, restored } => {
            let mut out = format!(r#"{{"type":"welcome","sid":"{sid}""#);
            if let Some(identifiers) = restored {
                out.push_str(r#","restored":true,"restored_ids":["#);
                for (at, identifier) in identifiers.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    out.push_str(identifier.as_json());
                }
                out.push(']');
            }
            out.push('}');
            out.into()
        }
        Outbound::Disconnect { reason, reconnect } => Bytes::from(format!(
            r#"{{"type":"disconnect","reason":"{reason}","reconnect":{reconnect}}}"#
        )),
        Outbound::Confirm(identifier) => about("confirm_subscription", identifier),
        Outbound::Reject(identifier) => about("reject_subscription", identifier),
        Outbound::ConfirmHistory(identifier) => about("confirm_history", identifier),
        Outbound::RejectHistory(identifier) => about("reject_history", identifier),
        Outbound::Present { identifier, members, records } => {
            presence(identifier, &presence_set(members, records))
        }
        Outbound::NoPresence(identifier) => presence(identifier, r#"{"type":"error","total":0}"#),
    }
}

fn about(kind: &str, identifier: &Identifier) -> Bytes {
    Bytes::from(format!(r#"{{"type":"{kind}","identifier":{}}}"#, identifier.as_json()))
}

fn presence(identifier: &Identifier, message: &str) -> Bytes {
    let identifier = identifier.as_json();
    format!(r#"{{"type":"presence","identifier":{identifier},"message":{message}}}"#).into()
}

/// `{"type":"info","total":…,"records":[…]}`, as clients and back ends read it alike. No records
/// are no key. Source: spec/anycable.md §4.5.
pub fn presence_set(members: &[Member], records: bool) -> String {
    let mut out = String::with_capacity(48 + if records { members.len() * 64 } else { 0 });
    out.push_str(r#"{"type":"info","total":"#);
    out.push_str(itoa::Buffer::new().format(members.len()));
    if records && !members.is_empty() {
        out.push_str(r#","records":["#);
        for (at, member) in members.iter().enumerate() {
            out.push_str(if at == 0 { "{" } else { ",{" });
            push_member(&mut out, member);
            out.push('}');
        }
        out.push(']');
    }
    out.push('}');
    out
}

/// `"id":…,"info":…`.
pub(super) fn push_member(out: &mut String, member: &Member) {
    out.push_str(r#""id":"#);
    push_string(out, member.user.as_str());
    if let Some(info) = &member.info {
        out.push_str(r#","info":"#);
        out.push_str(info);
    }
}

/// An event for one subscription, without its frame's header.
pub fn encode_event(identifier: &Identifier, event: &Event) -> Bytes {
    let tail = tail(event);
    let mut out = String::with_capacity(HEAD.len() + identifier.as_json().len() + tail.len());
    out.push_str(HEAD);
    out.push_str(identifier.as_json());
    out.push_str(&tail);
    out.into()
}

pub(super) const HEAD: &str = r#"{"identifier":"#;

/// Everything behind the identifier: the same for all subscribers of all identifiers. A position
/// stands only with what is kept, because clients go on from there.
pub(super) fn tail(event: &Event) -> String {
    let message = neutral::value(event);
    let mut out = String::with_capacity(message.len() + event.topic.channel.as_str().len() + 80);
    out.push_str(r#","message":"#);
    out.push_str(&message);
    if event.kept {
        out.push_str(r#","stream_id":"#);
        push_string(&mut out, event.topic.channel.as_str());
        out.push_str(r#","epoch":""#);
        push_epoch(&mut out, event.position.epoch);
        out.push_str(r#"","offset":"#);
        out.push_str(itoa::Buffer::new().format(event.position.seq));
    }
    out.push('}');
    out
}

/// What becomes of a publication's `data`: the JSON value it holds, byte for byte, else the text
/// itself as a JSON string. The text `null` counts as text. Source: spec/anycable.md §6.5.
///
/// Errors: what is JSON to most readers and not to us, so that passing it on as a text would make
/// it another message.
pub fn message_in(data: &str) -> Result<String, Problem> {
    match json::parse(data) {
        Ok(value) if value.kind() != Kind::Null => Ok(value.as_text().to_owned()),
        Err(NotJson { problem: problem @ (Problem::TooDeep | Problem::LoneSurrogate), .. }) => {
            Err(problem)
        }
        Ok(_) | Err(_) => {
            let mut text = String::with_capacity(data.len() + 2);
            push_string(&mut text, data);
            Ok(text)
        }
    }
}

/// Writes `text` as a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}
