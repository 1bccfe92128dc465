use super::{decode, encode, encode_event};
use crate::dialects::relay::{
    fixtures,
    frame::{ClientEvent, Inbound, Outbound, Subscribe},
    linter, vectors,
};
use realtime::{Encodings, Event, Member, Payload, Position, Sender, Topic};

fn subscribe<'a>(channel: &'a str, auth: Option<&'a str>, data: Option<&'a str>) -> Inbound<'a> {
    Inbound::Subscribe(Subscribe {
        channel: channel.into(),
        auth: auth.map(Into::into),
        channel_data: data.map(Into::into),
    })
}

fn unsubscribe(channel: &str) -> Inbound<'_> {
    Inbound::Unsubscribe { channel: channel.into() }
}

fn client_event<'a>(data: &'a str) -> Inbound<'a> {
    Inbound::ClientEvent(ClientEvent {
        name: "client-typing".into(),
        channel: "presence-room".into(),
        data: data.into(),
    })
}

#[test]
fn a_subscribe_is_read_in_every_form_that_clients_send() {
    let chat = || subscribe("chat", None, None);
    let signed = || subscribe("presence-room", Some("my-key:00"), Some(r#"{"user_id":1}"#));
    for (text, expected) in [
        (vectors::frame("4.3 subscribe"), chat()),
        (vectors::frame("4.3 subscribe, object"), chat()),
        (vectors::frame("4.3 subscribe, channel beside"), chat()),
        (r#"{"event":"relay:subscribe","channel":"chat"}"#, chat()),
        (r#"{"event":"relay:subscribe","channel":"chat","data":""}"#, chat()),
        (r#"{"event":"pusher:subscribe","data":{"channel":"chat"}}"#, chat()),
        (r#"{"event":"relay:subscribe","channel":"x","data":{"channel":"chat"}}"#, chat()),
        (r#"{"event":"relay:subscribe","data":{"channel":"chat","auth":null,"more":1}}"#, chat()),
        (
            r#"{"event":"relay:subscribe","data":"{\"channel\":\"presence-room\",\"auth\":\"my-key:00\",\"channel_data\":\"{\\\"user_id\\\":1}\"}"}"#,
            signed(),
        ),
        (
            r#"{"event":"relay:subscribe","channel":"presence-room","data":{"auth":"my-key:00","channel_data":"{\"user_id\":1}"}}"#,
            signed(),
        ),
    ] {
        assert_eq!(decode(text), expected, "{text}");
    }
}

#[test]
fn a_subscribe_that_cannot_be_read_says_why() {
    for (data, why) in [
        ("{}", "channel is required"),
        (r#"{"channel":""}"#, "channel is required"),
        (r#"{"channel":1}"#, "channel is required"),
        (r#""{\"channel\":1}""#, "channel is required"),
        ("1", "data must be an object, or a string that holds one"),
        ("[]", "data must be an object, or a string that holds one"),
        (r#""[]""#, "data must be an object, or a string that holds one"),
        (r#""{""#, "data: syntax error at byte 1"),
        (r#"{"channel":"a","channel":"b"}"#, "channel is given twice"),
        (r#"{"channel":"a","auth":1}"#, "auth must be a string"),
        (
            r#"{"channel":"presence-a","auth":"a:b","channel_data":{"user_id":1}}"#,
            "channel_data must be a string that holds JSON",
        ),
        (
            r#""{\"channel\":\"presence-a\",\"channel_data\":{\"user_id\":1}}""#,
            "channel_data must be a string that holds JSON",
        ),
    ] {
        let text = format!(r#"{{"event":"relay:subscribe","data":{data}}}"#);
        assert_eq!(decode(&text), Inbound::BadSubscribe(why.into()), "{text}");
    }
}

#[test]
fn the_other_frames_are_read_in_both_prefixes() {
    for (text, expected) in [
        (vectors::frame("4.3 ping"), Inbound::Ping),
        (r#"{"event":"relay:ping"}"#, Inbound::Ping),
        (r#"{"event":"pusher:ping","data":{}}"#, Inbound::Ping),
        (vectors::frame("4.3 unsubscribe"), unsubscribe("chat")),
        (r#"{"event":"pusher:unsubscribe","data":{"channel":"chat"}}"#, unsubscribe("chat")),
        (r#"{"event":"relay:unsubscribe","channel":"chat"}"#, unsubscribe("chat")),
        (vectors::frame("4.3 client event"), client_event(r#"{"a":1}"#)),
    ] {
        assert_eq!(decode(text), expected, "{text}");
    }
}

#[test]
fn what_a_client_event_carries_goes_out_as_text() {
    for (data, expected) in [
        (r#""plain""#, "plain"),
        (r#"{ "a" : [1, 2] }"#, r#"{"a":[1,2]}"#),
        ("[1]", "[1]"),
        ("0", "0"),
        ("false", "false"),
        (r#""""#, ""),
    ] {
        let text =
            format!(r#"{{"event":"client-typing","channel":"presence-room","data":{data}}}"#);
        assert_eq!(decode(&text), client_event(expected), "{text}");
    }
}

#[test]
fn what_makes_no_sense_is_ignored() {
    for text in [
        "",
        "{",
        "null",
        "[]",
        "hello",
        "{}",
        r#"{"event":1}"#,
        r#"{"event":"relay:pong"}"#,
        r#"{"event":"relay:signin","data":{}}"#,
        r#"{"event":"relay:connection_established","data":{}}"#,
        r#"{"event":"pusher_internal:member_added","channel":"a","data":"{}"}"#,
        r#"{"event":"message","channel":"chat","data":"{}"}"#,
        r#"{"event":"client-a","channel":1,"data":"{}"}"#,
        r#"{"event":"client-a","data":"{}"}"#,
        r#"{"event":"relay:unsubscribe","data":{}}"#,
        r#"{"event":"relay:unsubscribe","data":"{"}"#,
        r#"{"event":"relay:ping","event":"relay:ping"}"#,
        r#"{"event":"relay:ping"} x"#,
    ] {
        assert_eq!(decode(text), Inbound::Ignored, "{text}");
    }
}

fn member(id: &str, id_is_number: bool, info: Option<&str>) -> Member {
    Member { user: id.parse().unwrap(), id_is_number, info: info.map(Into::into) }
}

#[track_caller]
fn check(frame: Outbound<'_>, expected: &str) {
    let text = encode(&frame);
    let text = std::str::from_utf8(&text).expect("UTF-8");
    linter::lint(text);
    assert_eq!(text, expected);
}

#[test]
fn system_events_are_the_sheets_byte_for_byte() {
    let (room, chat) = ("presence-room", "chat");
    let one = member("1", true, Some(r#"{"name":"One"}"#));
    let two = member("u2", false, Some(r#"{"name":"Two"}"#));
    let second = member("2", true, Some(r#"{"name":"Two"}"#));
    let socket = fixtures::socket();
    let greeting = Outbound::Established { socket, activity_timeout_s: 120 };
    check(greeting, vectors::frame("4.1 established"));
    check(Outbound::Pong, vectors::frame("4.2 pong"));
    check(Outbound::Subscribed { channel: chat, roster: None }, vectors::frame("4.2 subscribed"));
    check(
        Outbound::Subscribed { channel: room, roster: Some(&[one, two]) },
        vectors::frame("4.2 roster"),
    );
    check(
        Outbound::Subscribed { channel: room, roster: Some(&[]) },
        vectors::frame("4.2 empty roster"),
    );
    let added = Outbound::MemberAdded { channel: room, member: &second };
    check(added, vectors::frame("4.2 member_added"));
    let removed = Outbound::MemberRemoved { channel: room, member: &second };
    check(removed, vectors::frame("4.2 member_removed"));
    let error = Outbound::Error {
        code: 4009,
        message: "Invalid signature",
        channel: Some("private-user.1"),
    };
    check(error, vectors::frame("4.2 error"));
}

#[test]
fn a_member_without_info_has_an_empty_one_under_both_names() {
    check(
        Outbound::MemberAdded { channel: "presence-a", member: &member("\"x\"", false, None) },
        r#"{"event":"relay:member_added","channel":"presence-a","data":{"id":"\"x\"","user_info":{},"info":{}}}"#,
    );
}

fn event(name: &str, data: Payload) -> Event {
    Event {
        topic: Topic { app: fixtures::APP.parse().unwrap(), channel: "chat".parse().unwrap() },
        position: Position { epoch: 1, seq: 1 },
        name: name.parse().unwrap(),
        data,
        sender: Sender::server(),
        except: None,
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    }
}

#[test]
fn published_data_goes_out_as_a_string_whatever_it_was() {
    let text = |text: &str| Payload::Text(text.into());
    for (event, expected) in [
        (event("message", text(r#"{"text":"Hello"}"#)), vectors::frame("4.4 event")),
        (event("e", text("hello")), r#"{"event":"e","channel":"chat","data":"hello"}"#),
        (event("e", text("")), r#"{"event":"e","channel":"chat","data":""}"#),
        (
            event("message", Payload::Json("[1]".into())),
            r#"{"event":"message","channel":"chat","data":"[1]"}"#,
        ),
    ] {
        let said = encode_event(&event);
        let said = std::str::from_utf8(&said).expect("UTF-8");
        linter::lint(said);
        assert_eq!(said, expected);
    }
}
