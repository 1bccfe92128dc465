//! What subscribers of a stream get as events. Source: spec/anycable.md §9.

use super::text::{Form, push_data, push_frame, push_id, push_message};
use crate::{
    dialects::{Dialect, anycable::codec, json, neutral},
    hub::{topics::Due, voice::Voice},
};
use bytes::Bytes;
use realtime::{Event, Topic};

/// Flags of a voice beside those of the socket dialect.
const RAW: u8 = 1 << 6;
const WHOLE: u8 = 1 << 7;

/// How a subscriber that the socket dialect would tell in `voice` is told here.
pub fn voice(voice: Voice, form: Form) -> Voice {
    let Voice { flags, tag, .. } = voice;
    let flags = match form {
        // Neither who comes nor what the subscription is called goes into bare messages.
        Form { raw: true, whole: false } => return Voice::with_flags(Dialect::AnyCableEvents, RAW),
        Form { raw, whole } => flags | if raw { RAW } else { 0 } | if whole { WHOLE } else { 0 },
    };
    Voice { dialect: Dialect::AnyCableEvents, flags, tag }
}

/// What is due, as an event; nothing where the voice is not told.
///
/// A message's event is the same for everybody who wants bare messages: it is written once.
pub fn frame_due(voice: &Voice, topic: &Topic, due: &Due) -> Bytes {
    match due {
        Due::Event(event) if !voice.has(WHOLE) => {
            let slot = Dialect::AnyCableEvents.slot();
            event.encoded.get_or_encode(slot, || encode_event(event).into()).clone()
        }
        due => frame_whole(voice, topic, due),
    }
}

/// The socket's frame, put into an event.
fn frame_whole(voice: &Voice, topic: &Topic, due: &Due) -> Bytes {
    let form = Form { raw: voice.has(RAW), whole: voice.has(WHOLE) };
    let own = Voice {
        dialect: Dialect::AnyCable,
        flags: voice.flags & !(RAW | WHOLE),
        tag: voice.tag.clone(),
    };
    let framed = codec::frame_due(&own, topic, due);
    let mut out = String::new();
    if let Ok(frame) = std::str::from_utf8(payload(&framed)) {
        push_frame(&mut out, frame, form);
    }
    out.into()
}

/// What a frame of our own, which is whole and not masked, holds. Source: RFC 6455 §5.2.
fn payload(framed: &[u8]) -> &[u8] {
    let at = match framed.get(1) {
        None => return &[],
        Some(126) => 4,
        Some(127) => 10,
        Some(_) => 2,
    };
    framed.get(at..).unwrap_or_default()
}

fn encode_event(event: &Event) -> String {
    let message = neutral::value(event);
    let mut out = String::with_capacity(message.len() + event.topic.channel.as_str().len() + 48);
    match message.starts_with('"').then(|| json::parse(&message)) {
        Some(Ok(text)) => push_message(&mut out, text),
        _ => push_data(&mut out, &message),
    }
    if event.kept {
        let mut epoch = String::new();
        codec::push_epoch(&mut epoch, event.position.epoch);
        let mut offset = itoa::Buffer::new();
        push_id(&mut out, offset.format(event.position.seq), &epoch, event.topic.channel.as_str());
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use realtime::{Encodings, Member, Payload, Position, Sender};
    use std::sync::Arc;

    const PLAIN: Form = Form { raw: false, whole: false };
    const RAW_FORM: Form = Form { raw: true, whole: false };
    const WHOLE_FORM: Form = Form { raw: false, whole: true };

    fn topic() -> Topic {
        Topic { app: "1".parse().unwrap(), channel: "chat/1".parse().unwrap() }
    }

    fn event(data: Payload, kept: bool) -> Due {
        Due::Event(Arc::new(Event {
            topic: topic(),
            position: Position { epoch: 35, seq: 7 },
            name: "message".parse().unwrap(),
            data,
            sender: Sender::server(),
            except: None,
            idempotency_key: None,
            at_ms: 0,
            kept,
            encoded: Encodings::default(),
        }))
    }

    fn told(form: Form, due: &Due) -> String {
        let own = Voice {
            dialect: Dialect::AnyCable,
            flags: codec::SHOWS_PRESENCE,
            tag: Some(r#""i""#.into()),
        };
        let bytes = frame_due(&voice(own, form), &topic(), due);
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_message_is_bare_unless_the_frame_is_wanted() {
        let json = |raw: &str| Payload::Json(raw.into());
        let long = format!("[{}1]", "1,".repeat(200));
        for (data, bare, value) in [
            (json(r#"{"n":1}"#), "data: {\"n\":1}\n", r#"{"n":1}"#),
            (json(r#""two\nlines""#), "data: two\ndata: lines\n", r#""two\nlines""#),
            (json("[1,\n2]"), "data: [1,\ndata: 2]\n", "[1,\n2]"),
            (json(&long), &format!("data: {long}\n"), &long),
            (
                Payload::Text("hi".into()),
                "data: {\"event\":\"message\",\"data\":\"hi\"}\n",
                r#"{"event":"message","data":"hi"}"#,
            ),
        ] {
            let (kept, passing) = (event(data.clone(), true), event(data, false));
            for form in [PLAIN, RAW_FORM] {
                assert_eq!(told(form, &kept), format!("{bare}id: 7/z/chat/1\n\n"));
                assert_eq!(told(form, &passing), format!("{bare}\n"));
            }
            let frame =
                format!(r#"{{"identifier":"i","message":{value}"#).replace('\n', "\ndata: ");
            let at = r#","stream_id":"chat/1","epoch":"z","offset":7"#;
            let whole = format!("data: {frame}{at}}}\nid: 7/z/chat/1\n\n");
            assert_eq!(told(WHOLE_FORM, &kept), whole);
            assert_eq!(told(WHOLE_FORM, &passing), format!("data: {frame}}}\n\n"));
        }
    }

    #[test]
    fn who_comes_is_told_to_those_who_want_more_than_messages() {
        let user = "u1".parse().unwrap();
        let member = Arc::new(Member { user, id_is_number: false, info: None });
        let due = Due::MemberAdded(member);
        let expected = "event: presence\ndata: {\"type\":\"presence\",\"identifier\":\"i\",\"message\":{\"type\":\"join\",\"id\":\"u1\"}}\n\n";
        assert_eq!(told(PLAIN, &due), expected);
        assert_eq!(told(WHOLE_FORM, &due), expected);
        assert_eq!(told(RAW_FORM, &due), "");
        assert_eq!(told(PLAIN, &Due::Count(3)), "");
    }

    #[test]
    fn messages_are_written_once_for_all_who_want_them_bare() {
        let due = event(Payload::Json("1".into()), true);
        let own = |tag: &str| Voice { dialect: Dialect::AnyCable, flags: 0, tag: Some(tag.into()) };
        let bytes = |tag, form| frame_due(&voice(own(tag), form), &topic(), &due);
        let (a, b) = (bytes("\"a\"", PLAIN), bytes("\"b\"", RAW_FORM));
        assert_eq!(a.as_ptr(), b.as_ptr());
    }
}
