use super::*;
use crate::{
    dialects::pusher::{
        VOICE,
        fixtures::socket,
        frame::{
            ClientEvent, Given, Inbound, Outbound, RefusalEvent, RefusalKind, Subscribe,
            SubscribeRefusal,
        },
        linter::lint,
        vectors,
    },
    hub::topics::Due,
};
use contract::UserId;
use proptest::prelude::*;
use realtime::{Encodings, Event, Member, Payload, Position, Sender, Topic};
use std::sync::Arc;

fn user(id: &str) -> UserId {
    id.parse().expect(id)
}

fn member(id: &str, info: Option<&str>) -> Member {
    Member::new(user(id), info.map(Into::into))
}

fn event(channel: &str, name: &str, data: &str, sender: Sender) -> Event {
    Event {
        topic: Topic { app: "1".parse().unwrap(), channel: channel.parse().unwrap() },
        position: Position { epoch: 1, seq: 1 },
        name: name.parse().unwrap(),
        data: Payload::Text(data.into()),
        sender,
        except: None,
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    }
}

#[track_caller]
fn check(name: &str, frame: Outbound<'_>) {
    let written = encode(&frame);
    let text = std::str::from_utf8(&written).expect("UTF-8");
    assert_eq!(text, vectors::frame(name), "{name}");
    lint(text);
}

#[test]
fn frames_are_written_as_the_sheet_prints_them() {
    let refusal = SubscribeRefusal { kind: RefusalKind::Auth, error: "Invalid signature".into() };
    let user_data =
        r#"{"id":"user-123","user_info":{"name":"Blue"},"watchlist":["user-456","user-789"]}"#;
    let roster = [member("user-123", Some(r#"{"name":"Blue"}"#)), member("user-456", None)];
    let green = member("user-789", Some(r#"{"name":"Green"}"#));
    let (u456, u789) = (user("user-456"), user("user-789"));
    let room = "private-room.42";
    let presence = "presence-room.1";
    check("2.2 established", Outbound::Established { socket: socket(), activity_timeout_s: 120 });
    check("2.5 pong", Outbound::Pong);
    check("4.2 succeeded", Outbound::Subscribed { channel: room, roster: None });
    check(
        "4.3 subscription_error",
        Outbound::SubscriptionError {
            event: RefusalEvent::Public,
            channel: room,
            refusal: &refusal,
        },
    );
    check("5.2 succeeded", Outbound::Subscribed { channel: presence, roster: Some(&roster) });
    check("5.3 member_added", Outbound::MemberAdded { channel: presence, member: &green });
    check("5.3 member_removed", Outbound::MemberRemoved { channel: presence, user: &u789 });
    check("8 miss", Outbound::CacheMiss { channel: "cache-bus.7" });
    check("10 count", Outbound::Count { channel: "news", subscriptions: 12 });
    check("11.1 success", Outbound::SignedIn { user_data });
    check("11.4 watchlist", Outbound::Watchlist { online: &[&u456], offline: &[&u789] });
    let message = "App key unknown_key does not exist";
    check("12.1 error", Outbound::Error { code: Some(4001), message });
}

#[test]
fn events_are_written_as_the_sheet_prints_them() {
    let from = |id| Sender::Socket { socket: socket(), identity: Some(Arc::new(member(id, None))) };
    for (name, event) in [
        (
            "6 event",
            event("private-room.42", "message.created", r#"{"body":"hello"}"#, Sender::server()),
        ),
        (
            "7 received",
            event("presence-room.1", "client-typing", r#"{"is_typing":true}"#, from("user-123")),
        ),
        (
            "8 hit",
            event(
                "cache-bus.7",
                "location.updated",
                r#"{"lat":51.5,"lng":-0.12}"#,
                Sender::server(),
            ),
        ),
        (
            "11.2 event",
            event(
                "#server-to-user-user-123",
                "notification.created",
                r#"{"body":"Export ready"}"#,
                Sender::server(),
            ),
        ),
    ] {
        assert_eq!(encode_event(&event), vectors::frame(name), "{name}");
    }
    let elsewhere = event("private-room.42", "client-x", "1", from("user-123"));
    let expected = r#"{"event":"client-x","channel":"private-room.42","data":"1"}"#;
    assert_eq!(encode_event(&elsewhere), expected);
}

#[test]
fn an_empty_roster_has_an_object_for_a_hash() {
    let written = encode(&Outbound::Subscribed { channel: "presence-x", roster: Some(&[]) });
    lint(std::str::from_utf8(&written).unwrap());
    assert!(written.ends_with(br#"\"count\":0,\"ids\":[],\"hash\":{}}}"}"#));
}

#[track_caller]
fn reads(text: &str, expected: Inbound<'_>) {
    assert_eq!(decode(text), Ok(expected), "{text}");
}

fn subscribe<'a>(channel: &'a str, auth: Given<'a>, channel_data: Given<'a>) -> Inbound<'a> {
    Inbound::Subscribe(Subscribe { channel: channel.into(), auth, channel_data })
}

fn given(text: &str) -> Given<'_> {
    Given::Text(text.into())
}

#[test]
fn frames_of_the_sheet_are_read() {
    let member = r#"{"user_id":"user-123","user_info":{"name":"Blue"}}"#;
    let auth = "vk_demo_7d3c1f0a:7a3f4bc5ad25865df155bba4e5214d6a9cdef70fb2c98082a28070daa5cb9723";
    reads(vectors::frame("2.5 ping"), Inbound::Ping);
    let news = |auth| subscribe("news", auth, Given::Absent);
    reads(vectors::frame("4.1 public, pusher-js"), news(given("")));
    reads(vectors::frame("4.1 public, Pysher"), news(Given::Absent));
    reads(vectors::frame("4.1 presence"), subscribe("presence-room.1", given(auth), given(member)));
    reads(
        vectors::frame("4.5 unsubscribe"),
        Inbound::Unsubscribe { channel: "presence-room.1".into() },
    );
    reads(
        vectors::frame("7 sent"),
        Inbound::ClientEvent(ClientEvent {
            name: "client-typing".into(),
            channel: given("presence-room.1"),
            data: r#"{"is_typing":true}"#.into(),
        }),
    );
}

#[test]
fn what_sdks_write_differently_is_read_alike() {
    for text in [
        r#"{"event":"pusher:ping"}"#,
        r#"{"event":"pusher:ping","data":""}"#,
        r#" { "data" : null , "event" : "pusher:ping" } "#,
        r#"{"event":"pusher:ping","data":[1,2],"unknown":{"a":1}}"#,
    ] {
        reads(text, Inbound::Ping);
    }
    reads(
        r#"{"event":"pusher:subscribe","data":"{\"channel\":\"news\",\"auth\":7}"}"#,
        subscribe("news", Given::NotText, Given::Absent),
    );
    reads(
        r#"{"event":"pusher:signin","data":{"auth":null,"user_data":{}}}"#,
        Inbound::SignIn { auth: Given::Absent, user_data: Given::NotText },
    );
}

#[test]
fn client_data_goes_out_byte_for_byte() {
    for (sent, expected) in [
        (r#"{"a": [1, 2.50],  "b":null}"#, r#"{"a":[1,2.50],"b":null}"#),
        (r#""plain \u00e9 \ud83d\ude00""#, "plain é 😀"),
        ("12345678901234567890.10", "12345678901234567890.10"),
        (r#"{"e":"\u0041\/ x"}"#, r#"{"e":"\u0041\/ x"}"#),
        ("null", "null"),
        ("\"\"", ""),
    ] {
        let text = format!(r#"{{"event":"client-x","channel":"private-a","data":{sent}}}"#);
        match decode(&text) {
            Ok(Inbound::ClientEvent(event)) => assert_eq!(event.data, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_not_a_frame_is_refused_by_name() {
    for (text, expected) in [
        ("", "Invalid JSON: syntax error at byte 0"),
        ("[]", "Invalid message: it must be an object"),
        (r#"{"event":"pusher:ping"}x"#, "Invalid JSON: trailing bytes at byte 23 in event"),
        (r#"{"data":{}}"#, "Invalid message: event is missing"),
        (r#"{"event":null}"#, "Invalid message: event is missing"),
        (r#"{"event":1}"#, "Invalid message: event must be a string"),
        (r#"{"event":"a","event":"a"}"#, "Invalid message: event is given twice"),
        (r#"{"event":"a","x":1,"x":1}"#, "Invalid message: x is given twice"),
        (r#"{"event":"pusher:subscribe"}"#, "Invalid message: data.channel is missing"),
        (
            r#"{"event":"pusher:subscribe","data":{"channel":1}}"#,
            "Invalid message: data.channel must be a string",
        ),
        (
            r#"{"event":"pusher:subscribe","data":{"channel":"a","channel":"b"}}"#,
            "Invalid message: channel is given twice",
        ),
        (
            r#"{"event":"pusher:subscribe","data":"news"}"#,
            "Invalid message: data: syntax error at byte 0",
        ),
        (r#"{"event":"\ud800"}"#, "Invalid JSON: lone surrogate at byte 16 in event"),
    ] {
        assert_eq!(decode(text).map_err(|e| e.to_string()), Err(expected.into()), "{text}");
    }
}

proptest! {
    /// The text behind the header is the frame, whatever the length of the header.
    #[test]
    fn framed_events_are_the_text_behind_a_header(data in ".{0,40}", times in 0usize..2000, name in "[^\\p{Cc}]{1,20}") {
        let event = event("private-a", &name, &data.repeat(times), Sender::server());
        let text = encode_event(&event);
        let topic = event.topic.clone();
        let framed = frame_due(&VOICE, &topic, &Due::Event(Arc::new(event)));
        prop_assert_eq!(&framed, &crate::wire::frame::text(&text));
        let parsed: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let expected = data.repeat(times);
        prop_assert_eq!(parsed["data"].as_str(), Some(expected.as_str()));
        prop_assert_eq!(parsed["event"].as_str(), Some(name.as_str()));
    }

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let _ = decode(&text);
    }
}
