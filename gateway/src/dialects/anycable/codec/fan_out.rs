//! What subscribers of a stream get, as whole WebSocket frames.

use super::encode::{HEAD, push_member, push_string, tail};
use crate::{
    hub::{topics::Due, voice::Voice},
    wire::frame,
};
use bytes::Bytes;
use realtime::{Member, Topic};

/// Of a voice's flags: the subscriber is told who comes and goes.
pub const SHOWS_PRESENCE: u8 = 1;
/// Where an event keeps its part behind the identifier.
const SLOT: usize = 2;

/// What is due to a voice whose tag is the subscription's identifier; nothing when it is not told.
///
/// A message is written once per event; each identifier under which it is heard costs a copy.
pub fn frame_due(voice: &Voice, _topic: &Topic, due: &Due) -> Bytes {
    let identifier = voice.tag.as_deref().unwrap_or(r#""""#);
    match due {
        Due::Event(event) => {
            let tail = event.encoded.get_or_encode(SLOT, || tail(event).into());
            framed(&[HEAD.as_bytes(), identifier.as_bytes(), tail])
        }
        Due::MemberAdded(member) => presence(voice, identifier, |out| {
            out.push_str(r#"{"type":"join","#);
            push_member(out, member);
            out.push('}');
        }),
        Due::MemberRemoved(member) => presence(voice, identifier, |out| push_leave(out, member)),
        Due::Count(_) => Bytes::new(),
    }
}

fn push_leave(out: &mut String, member: &Member) {
    out.push_str(r#"{"type":"leave","id":"#);
    push_string(out, member.user.as_str());
    out.push('}');
}

fn presence(voice: &Voice, identifier: &str, push_message: impl FnOnce(&mut String)) -> Bytes {
    if voice.flags & SHOWS_PRESENCE == 0 {
        return Bytes::new();
    }
    let mut out = String::with_capacity(identifier.len() + 128);
    out.push_str(r#"{"type":"presence","identifier":"#);
    out.push_str(identifier);
    out.push_str(r#","message":"#);
    push_message(&mut out);
    out.push('}');
    framed(&[out.as_bytes()])
}

fn framed(parts: &[&[u8]]) -> Bytes {
    let payload = parts.iter().map(|part| part.len()).sum();
    let mut buf = Vec::with_capacity(payload + frame::MAX_SERVER_HEADER);
    frame::push_header(&mut buf, frame::Opcode::Text, payload);
    for part in parts {
        buf.extend_from_slice(part);
    }
    buf.into()
}
