use super::*;
use crate::{
    dialects::{
        Dialect,
        anycable::{
            fixtures,
            frame::{From, HistoryAsk, Identifier, Inbound, Outbound, PresenceAsk},
            linter::lint,
            vectors,
        },
        json,
    },
    hub::{topics::Due, voice::Voice},
};
use realtime::{Encodings, Event, Member, Payload, Position, Sender, Topic};
use std::{borrow::Cow, sync::Arc};

const ID: &str = r#"{"channel":"$pubsub","stream_name":"room/1"}"#;

fn event(data: Payload, kept: bool) -> Event {
    Event {
        topic: Topic { app: fixtures::APP.parse().unwrap(), channel: "room/1".parse().unwrap() },
        position: Position { epoch: read_epoch("vei4").unwrap(), seq: 3 },
        name: "message".parse().unwrap(),
        data,
        sender: Sender::server(),
        except: None,
        idempotency_key: None,
        at_ms: 0,
        kept,
        encoded: Encodings::default(),
    }
}

fn member(info: Option<&str>) -> Member {
    Member { user: "u1".parse().unwrap(), id_is_number: false, info: info.map(Arc::from) }
}

#[test]
fn commands_are_read_as_clients_write_them() {
    let identifier = || Cow::Borrowed(ID);
    let quoted = serde_json::to_string(ID).unwrap();
    let read = |text: &str| {
        let text = text.replace("ID", &quoted);
        format!("{:?}", decode(&text).expect("a command"))
    };
    let expect = |inbound: Inbound<'_>| format!("{inbound:?}");
    let seven = || PresenceAsk { id: "7".into(), info: Some(r#"{"name":"Seven"}"#) };
    for (text, expected) in [
        (
            r#"{"command":"subscribe","identifier":ID}"#,
            Inbound::Subscribe { identifier: identifier(), history: None, presence: None },
        ),
        (
            r#"{"command":"subscribe","identifier":ID,"presence":{"id":"7","info":{"name":"Seven"}}}"#,
            Inbound::Subscribe { identifier: identifier(), history: None, presence: Some(seven()) },
        ),
        (
            r#"{"command":"unsubscribe","identifier":ID}"#,
            Inbound::Unsubscribe { identifier: identifier() },
        ),
        (
            r#"{"command":"message","identifier":ID,"data":"{\"action\":\"$presence:join\"}"}"#,
            Inbound::Message,
        ),
        (
            r#"{"command":"whisper","identifier":ID,"data":{"n": 1.0}}"#,
            Inbound::Whisper { identifier: identifier(), data: r#"{"n": 1.0}"# },
        ),
        (
            r#"{"command":"history","identifier":ID}"#,
            Inbound::History { identifier: identifier(), history: None },
        ),
        (
            r#"{"command":"join","identifier":ID,"presence":{"id":7}}"#,
            Inbound::Join {
                identifier: identifier(),
                presence: PresenceAsk { id: "7".into(), info: None },
            },
        ),
        (
            r#"{"command":"leave","identifier":ID,"presence":{"id":"x"}}"#,
            Inbound::Leave { identifier: identifier() },
        ),
        (
            r#"{"command":"presence","identifier":ID}"#,
            Inbound::Presence { identifier: identifier(), records: true },
        ),
        (
            r#"{"command":"presence","identifier":ID,"data":{"return_records":false}}"#,
            Inbound::Presence { identifier: identifier(), records: false },
        ),
        (
            r#"{"command":"presence","identifier":ID,"data":"{}"}"#,
            Inbound::Presence { identifier: identifier(), records: true },
        ),
        (r#"{"command":"pong","unheard":[1]}"#, Inbound::Pong),
        (r#"{"command":"ping"}"#, Inbound::Ping),
    ] {
        assert_eq!(read(text), expect(expected), "{text}");
    }
}

#[test]
fn frames_that_make_no_sense_are_passed_over() {
    let deep = format!(r#"{{"command":"ping","x":{}}}"#, "[".repeat(100_000));
    for text in [
        "",
        "{",
        "ping",
        "[]",
        "null",
        "\"ping\"",
        "{}",
        r#"{"command":7}"#,
        r#"{"command":"dance","identifier":"i"}"#,
        r#"{"command":"subscribe"}"#,
        r#"{"command":"subscribe","identifier":{"channel":"$pubsub"}}"#,
        r#"{"command":"subscribe","identifier":null}"#,
        r#"{"command":"whisper","identifier":"i"}"#,
        r#"{"command":"whisper","identifier":"i","data":null}"#,
        r#"{"command":"join","identifier":"i"}"#,
        r#"{"command":"join","identifier":"i","presence":{}}"#,
        r#"{"command":"join","identifier":"i","presence":{"id":true}}"#,
        r#"{"command":"ping","command":"ping"}"#,
        r#"{"command":"ping"} x"#,
        r#"{"command":"subscribe","identifier":"\ud800"}"#,
        &deep,
    ] {
        let shown: String = text.chars().take(60).collect();
        assert!(decode(text).is_err(), "{shown}");
    }
}

#[test]
fn what_was_seen_is_read_leniently() {
    let vei4 = read_epoch("vei4").unwrap();
    let at = |seq| From::Position(Position { epoch: vei4, seq });
    let asked = |history: &str| {
        let text = format!(r#"{{"command":"history","identifier":"i","history":{history}}}"#);
        match decode(&text) {
            Ok(Inbound::History { history, .. }) => history.map(|ask| ask.of("room/1")),
            other => panic!("{other:?}"),
        }
    };
    for (history, expected) in [
        (r#"{"since":1795231798,"streams":{}}"#, Some(From::Since(1_795_231_798))),
        (r#"{"since":1795231798.75}"#, Some(From::Since(1_795_231_798))),
        (r#"{"since":5,"streams":{"room/1":{"offset":42,"epoch":"vei4"}}}"#, Some(at(42))),
        (r#"{"since":false,"streams":{"room/1":{"offset":42,"epoch":"vei4"}}}"#, Some(at(42))),
        (r#"{"since":"5","streams":{}}"#, Some(From::Nothing)),
        (r#"{"since":5,"streams":{"other":{"offset":1,"epoch":"a"}}}"#, Some(From::Since(5))),
        (r#"{"streams":{"room/1":{"offset":1,"epoch":"vEi4"}}}"#, Some(From::Nowhere)),
        (r#"{"streams":{"room/1":{"offset":1,"epoch":""}}}"#, Some(From::Nowhere)),
        (r#"{"since":5,"streams":{"room/1":{"offset":"1","epoch":"a"}}}"#, Some(From::Since(5))),
        (r#"{"since":5,"streams":{"room/1":{"offset":-1,"epoch":"a"}}}"#, Some(From::Since(5))),
        (r#"{"since":5,"streams":{"room/1":null}}"#, Some(From::Since(5))),
        (r#"{"since":5,"streams":[]}"#, Some(From::Since(5))),
        (r#"{"since":0}"#, None),
        (r#"{"since":false}"#, None),
        ("{}", None),
        ("null", None),
        ("7", None),
    ] {
        assert_eq!(asked(history), expected, "{history}");
    }
}

#[test]
fn epochs_have_one_form() {
    for epoch in [0, 1, 35, 36, 1_463_260, u64::MAX] {
        let mut text = String::new();
        push_epoch(&mut text, epoch);
        assert_eq!(read_epoch(&text), Some(epoch), "{text}");
    }
    for text in ["", "A", "01", "a/b", "-1", "+1", "zzzzzzzzzzzzzz", "й"] {
        assert_eq!(read_epoch(text), None, "{text}");
    }
}

#[test]
fn our_own_frames_are_the_sheets() {
    let id = Identifier::new(ID);
    let al = [member(Some(r#"{"name":"Al"}"#))];
    for (name, frame) in [
        ("5.5 ping", Outbound::Ping { message: 1_795_231_913 }),
        ("5.6 restart", Outbound::Disconnect { reason: "server_restart", reconnect: true }),
        ("6.2 confirm", Outbound::Confirm(&id)),
        ("6.2 reject", Outbound::Reject(&id)),
        ("6.2 confirm history", Outbound::ConfirmHistory(&id)),
        ("6.2 reject history", Outbound::RejectHistory(&id)),
        ("6.2 info", Outbound::Present { identifier: &id, members: &al, records: true }),
        ("6.2 nobody", Outbound::Present { identifier: &id, members: &[], records: true }),
        ("6.2 no presence", Outbound::NoPresence(&id)),
    ] {
        let text = encode(&frame);
        lint(std::str::from_utf8(&text).unwrap());
        assert_eq!(text, vectors::frame(name, ID), "{name}");
    }
    let counted = Outbound::Present { identifier: &id, members: &al, records: false };
    assert!(encode(&counted).ends_with(br#"{"type":"info","total":1}}"#));
}

#[test]
fn a_welcome_says_what_came_back_even_if_it_is_nothing() {
    let sid = "pconpOF0JVn7vUEvTvCLd";
    let ids = [Identifier::new(ID), Identifier::new("x")];
    for (restored, tail) in [
        (None, "}".to_owned()),
        (Some(&ids[..0]), r#","restored":true,"restored_ids":[]}"#.to_owned()),
        (
            Some(&ids[..]),
            format!(
                r#","restored":true,"restored_ids":[{},"x"]}}"#,
                serde_json::to_string(ID).unwrap()
            ),
        ),
    ] {
        let text = encode(&Outbound::Welcome { sid, restored });
        lint(std::str::from_utf8(&text).unwrap());
        assert_eq!(text, format!(r#"{{"type":"welcome","sid":"{sid}"{tail}"#));
    }
}

/// The payload of a whole frame of at most 125 or 65535 bytes.
fn payload(frame: &[u8]) -> &str {
    let header = if frame[1] == 126 { 4 } else { 2 };
    assert_eq!(frame[0], 0x81, "a text");
    std::str::from_utf8(&frame[header..]).unwrap()
}

fn due(flags: u8, due: &Due) -> String {
    let tag = Some(Identifier::new(ID).tag());
    let voice = Voice { dialect: Dialect::AnyCable, flags, tag };
    let topic = event(Payload::Text("".into()), true).topic;
    let frame = frame_due(&voice, &topic, due);
    if frame.is_empty() {
        return String::new();
    }
    lint(payload(&frame));
    payload(&frame).to_owned()
}

#[test]
fn a_position_stands_only_with_what_is_kept() {
    let hello = |kept| Due::Event(Arc::new(event(Payload::Json(r#"{"hello":1}"#.into()), kept)));
    assert_eq!(due(0, &hello(true)), vectors::frame("6.2 data", ID));
    assert_eq!(due(0, &hello(false)), vectors::frame("6.2 transient", ID));
    let identifier = Identifier::new(ID);
    let kept = event(Payload::Json(r#"{"hello":1}"#.into()), true);
    assert_eq!(encode_event(&identifier, &kept), vectors::frame("6.2 data", ID));
}

#[test]
fn presence_is_told_to_who_can_tell_it_from_a_message() {
    let joined = Due::MemberAdded(Arc::new(member(Some(r#"{"name":"Al"}"#))));
    let left = Due::MemberRemoved(Arc::new(member(Some(r#"{"name":"Al"}"#))));
    assert_eq!(due(SHOWS_PRESENCE, &joined), vectors::frame("6.2 join", ID));
    assert_eq!(due(SHOWS_PRESENCE, &left), vectors::frame("6.2 leave", ID));
    for silent in [joined, left, Due::Count(3)] {
        assert_eq!(due(0, &silent), "");
    }
    assert_eq!(due(SHOWS_PRESENCE, &Due::Count(3)), "");
}

#[test]
fn one_event_is_encoded_once_for_all_identifiers() {
    let shared = Arc::new(event(Payload::Json("1".into()), true));
    let due = Due::Event(shared.clone());
    for name in ["a", "b"] {
        let tag = Some(Identifier::new(name).tag());
        let voice = Voice { dialect: Dialect::AnyCable, flags: 0, tag };
        let frame = frame_due(&voice, &shared.topic, &due);
        assert!(payload(&frame).starts_with(&format!(r#"{{"identifier":"{name}","message":1,"#)));
    }
    let tail = shared.encoded.get_or_encode(2, || panic!("it is there"));
    assert!(tail.starts_with(b",\"message\":1,"));
}

#[test]
fn long_messages_get_long_headers() {
    for bytes in [10, 125, 126, 65_535, 65_536, 100_000] {
        let value = format!("\"{}\"", "x".repeat(bytes));
        let event = Arc::new(event(Payload::Json(value.into()), false));
        let voice = Voice { dialect: Dialect::AnyCable, flags: 0, tag: None };
        let frame = frame_due(&voice, &event.topic, &Due::Event(event.clone()));
        let header = match frame[1] {
            127 => 10,
            126 => 4,
            _ => 2,
        };
        assert_eq!(frame.len() - header, bytes + r#"{"identifier":"","message":""}"#.len());
    }
}

#[test]
fn a_publications_data_becomes_the_value_it_holds() {
    for (data, message) in [
        (r#"{"t":1}"#, r#"{"t":1}"#),
        ("plain text", r#""plain text""#),
        ("42", "42"),
        ("false", "false"),
        ("\"\"", "\"\""),
        ("null", "\"null\""),
        ("", "\"\""),
        (" {\"a\" : 1} ", "{\"a\" : 1}"),
        (
            r#"{"n":12345678901234567890,"f":1.0,"b":1,"a":2}"#,
            r#"{"n":12345678901234567890,"f":1.0,"b":1,"a":2}"#,
        ),
        ("{\"broken\":", r#""{\"broken\":""#),
        ("line\nbreak", r#""line\nbreak""#),
    ] {
        assert_eq!(message_in(data).as_deref(), Ok(message), "{data:?}");
        json::parse(&message_in(data).expect(data)).expect("a value");
    }
}

#[test]
fn identifiers_are_bytes() {
    for text in [ID, "", "ключ / \"key\"", "a\u{0}\n\\"] {
        let id = Identifier::new(text);
        assert_eq!(id.text(), text);
        assert_eq!(serde_json::from_str::<String>(id.as_json()).unwrap(), text);
    }
    let other = r#"{"stream_name":"room/1","channel":"$pubsub"}"#;
    assert_ne!(Identifier::new(ID), Identifier::new(other), "never normalised");
}

#[test]
fn nothing_asked_is_no_question() {
    assert_eq!(HistoryAsk::new(None, None), None);
    assert_eq!(HistoryAsk::new(Some(0), None), None);
}
