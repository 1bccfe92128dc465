use super::{encode::metadata_of, *};
use crate::{
    dialects::metered::{
        errors::ErrorCode,
        frame::{Asks, Given, Outbound, Request, Welcome},
        linter::lint,
        vectors,
    },
    hub::topics::Due,
};
use bytes::Bytes;
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

fn topic(channel: &str) -> Topic {
    Topic { app: "1".parse().unwrap(), channel: channel.parse().unwrap() }
}

fn event(channel: &str, data: Payload, sender: Sender) -> Event {
    Event {
        topic: topic(channel),
        position: Position { epoch: 1, seq: 1 },
        name: "message".parse().unwrap(),
        data,
        sender,
        except: None,
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    }
}

fn json(raw: &str) -> Payload {
    Payload::Json(raw.into())
}

fn from_peer(id: &str, info: Option<&str>) -> Sender {
    let socket = "1.2".parse().unwrap();
    Sender::Socket { socket, identity: Some(Arc::new(member(id, info))) }
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// The text in a frame of a server.
fn unframed(frame: &Bytes) -> &str {
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    std::str::from_utf8(&frame[header..]).expect("UTF-8")
}

#[track_caller]
fn check(name: &str, frame: &Outbound<'_>) {
    let written = encode(frame);
    assert_eq!(text(&written), vectors::frame(name), "{name}");
    lint(text(&written));
}

#[test]
fn frames_are_written_as_the_sheet_prints_them() {
    let (one, room) = (user("u_1"), "app_abc/room-1");
    let welcome = Welcome {
        peer: &one,
        expires_at: Some(1_715_539_200),
        server_time: 1_715_535_600,
        max_message_bytes: 65_536,
        metadata: Some(vectors::frame("4 metadata")),
    };
    check("4 welcome", &Outbound::Welcome(welcome));
    check("7 welcome", &Outbound::Welcome(Welcome { metadata: None, ..welcome }));
    check("5.2 ack", &Outbound::Ack { request: "sub-1" });
    let (code, message) = (ErrorCode::ChannelNotAuthorized, "not authorized: other-app/room-1");
    check("5.2 error", &Outbound::Error { request: Some("pub-2"), code, message });
    check("5.2 pong", &Outbound::Pong { request: None });
    check("5.2 going_away", &Outbound::GoingAway { retry_after_ms: 1_000 });
    let roster =
        [member("u_1", None), member("u_2", Some(r#"{"username":"Two"}"#)), member("u_3", None)];
    check("5.2 presence", &Outbound::Snapshot { channel: room, roster: &roster, told: &one });
    check("5.2 left", &Outbound::Left { channel: room, user: &user("u_3") });
    check("7 joined", &Outbound::Joined { channel: room, member: &member("u_1", None) });
}

#[test]
fn a_welcome_of_a_publishable_key_has_an_expiry_that_is_null() {
    let welcome = Welcome {
        peer: &user("u"),
        expires_at: None,
        server_time: 1,
        max_message_bytes: 1,
        metadata: None,
    };
    let frame = encode(&Outbound::Welcome(welcome));
    let members = lint(text(&frame));
    assert!(members["expiresAt"].is_null(), "{members:?}");
}

#[test]
fn events_are_written_as_the_sheet_prints_them() {
    let two = || from_peer("u_2", Some(r#"{"username":"Two"}"#));
    let said = event("app_abc/room-1", json(r#"{"text":"hi"}"#), two());
    assert_eq!(text(&encode_event(&said, true)), vectors::frame("5.2 message"));
    let plain = vectors::frame("5.2 message").replace(r#","fromMetadata":{"username":"Two"}"#, "");
    assert_eq!(text(&encode_event(&said, false)), plain);
    let ice = json(r#"{"type":"rtc-ice","candidate":null}"#);
    for with_metadata in [false, true] {
        let direct = event("#server-to-user-u_1", ice.clone(), two());
        assert_eq!(text(&encode_event(&direct, with_metadata)), vectors::frame("5.2 direct"));
    }
    let nameless = event("app_abc/room-1", json(r#"{"n":1}"#), from_peer("u_1", None));
    assert_eq!(text(&encode_event(&nameless, true)), vectors::frame("7 message"));
    let echo = encode_echo(&member("u_2", Some(r#"{"username":"Two"}"#)), ice.as_str());
    assert_eq!(text(&echo), vectors::frame("5.2 direct"));
}

#[test]
fn senders_of_every_kind_have_a_text_that_names_them() {
    let identity = || Some(Arc::new(member("ann", Some(r#""not an object""#))));
    let socket = "1.2".parse().unwrap();
    for (sender, from) in [
        (Sender::server(), "server"),
        (Sender::Server { identity: identity() }, "ann"),
        (Sender::Socket { socket, identity: None }, "1.2"),
        (Sender::Socket { socket, identity: identity() }, "ann"),
    ] {
        let written = encode_event(&event("a", json("1"), sender), true);
        let members = lint(text(&written));
        assert_eq!(members["from"], from);
        assert!(!members.contains_key("fromMetadata"), "clients take objects only");
    }
}

#[test]
fn what_was_published_with_a_name_is_an_object_here() {
    let named = |name: &str, data: &str| {
        let mut event = event("news", Payload::Text(data.into()), Sender::server());
        event.name = name.parse().unwrap();
        lint(text(&encode_event(&event, false)))["data"].clone()
    };
    assert_eq!(
        named("update", r#"{"a":1}"#),
        serde_json::json!({"event":"update","data":"{\"a\":1}"})
    );
    assert_eq!(
        named("client-typing", "x"),
        serde_json::json!({"event":"client-typing","channel":"news","data":"x"})
    );
}

#[test]
fn data_keeps_its_bytes() {
    let raw = r#"{"b":1.10,"a":18446744073709551615, "e":1e400,"n":-0.0,"u":"\u00e9\/"}"#;
    let frame = format!(r#"{{"type":"publish","channel":"c","data":{raw}}}"#);
    let Asks::Publish { data: Some(data), .. } = decode(&frame).unwrap().asks else { panic!() };
    assert_eq!(data.as_text(), raw);
    let written = encode_event(&event("c", json(raw), Sender::server()), false);
    assert!(text(&written).contains(&format!(r#""data":{raw}}}"#)), "{}", text(&written));
}

fn given(text: &'static str) -> Given<'static> {
    Given(Some(text.into()))
}

#[test]
fn what_the_sdks_send_is_understood() {
    let subscribe = |with_metadata| Asks::Subscribe { channel: given("app/room"), with_metadata };
    assert_eq!(
        decode(vectors::frame("5.1 subscribe")),
        Ok(Request { id: Some("7f8311c1".into()), asks: subscribe(true) })
    );
    let unsubscribe = Asks::Unsubscribe { channel: given("app/room") };
    assert_eq!(
        decode(vectors::frame("5.1 unsubscribe")),
        Ok(Request { id: Some("dc9d32e2".into()), asks: unsubscribe })
    );
    assert_eq!(decode(vectors::frame("5.1 ping")), Ok(Request { id: None, asks: Asks::Ping }));
    for (name, id, expected) in
        [("5.1 publish", "ebb5cdc9", r#"{"a":1}"#), ("5.1 send", "6ef638db", r#""hi""#)]
    {
        let request = decode(vectors::frame(name)).expect(name);
        assert_eq!(request.id.as_deref(), Some(id));
        match request.asks {
            Asks::Publish { channel, data } => {
                assert_eq!(
                    (channel.text(), data.map(|d| d.as_text())),
                    ("app/room", Some(expected))
                )
            }
            Asks::Send { to, data } => {
                assert_eq!((to.text(), data.map(|d| d.as_text())), ("u_2", Some(expected)))
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn null_is_data_and_nothing_is_not() {
    for (frame, expected) in [
        (r#"{"type":"publish","channel":"c","data":null}"#, Some("null")),
        (r#"{"type":"publish","channel":"c","data":false}"#, Some("false")),
        (r#"{"type":"publish","channel":"c"}"#, None),
        (r#"{"type":"send","to":"u","data":null}"#, Some("null")),
        (r#"{"type":"send","to":"u"}"#, None),
    ] {
        let data = match decode(frame).expect(frame).asks {
            Asks::Publish { data, .. } | Asks::Send { data, .. } => data,
            other => panic!("{other:?}"),
        };
        assert_eq!(data.map(|data| data.as_text()), expected, "{frame}");
    }
}

#[test]
fn what_is_no_request_says_why_and_whose_it_was() {
    let long = format!(r#"{{"type":"ping","requestId":"{}"}}"#, "x".repeat(129));
    let deep = format!(r#"{{"type":"publish","requestId":"r","data":{}}}"#, "[".repeat(100_000));
    let many: Vec<String> = (0..65).map(|n| format!(r#""m{n}":1"#)).collect();
    let many = format!(r#"{{"type":"ping",{}}}"#, many.join(","));
    for (frame, request, why) in [
        ("", None, "not JSON"),
        ("{", None, "not JSON"),
        (r#"{"type":"ping"} x"#, None, "trailing bytes"),
        (r#"{"type":"publish","data":"\ud800"}"#, None, "lone surrogate"),
        (deep.as_str(), None, "nesting over 32"),
        ("[]", None, "must be an object"),
        ("null", None, "must be an object"),
        ("\"ping\"", None, "must be an object"),
        ("{}", None, "type must be a string"),
        (r#"{"type":1,"requestId":"r"}"#, Some("r"), "type must be a string"),
        (r#"{"type":"ping","type":"ping"}"#, None, "type is given twice"),
        (r#"{"type":"ping","x":1,"x":1}"#, None, "x is given twice"),
        (r#"{"type":"publish","data":1,"data":2}"#, None, "data is given twice"),
        (many.as_str(), None, "unknown members"),
        (r#"{"type":"ping","requestId":7}"#, None, "requestId must be a string"),
        (r#"{"type":"ping","requestId":{}}"#, None, "requestId must be a string"),
        (long.as_str(), None, "requestId must be a string of at most 128"),
        (
            r#"{"type":"subscribe","channel":"c","requestId":"r","includeSenderMetadata":1}"#,
            Some("r"),
            "includeSenderMetadata must be true or false",
        ),
    ] {
        let malformed = decode(frame).expect_err(frame);
        assert_eq!(malformed.request.as_deref(), request, "{frame:.60}");
        assert!(malformed.to_string().contains(why), "{malformed} {frame:.60}");
    }
}

#[test]
fn what_nobody_asks_for_is_passed_over() {
    let at_limit = format!(r#"{{"type":"ping","requestId":"{}"}}"#, "é".repeat(128));
    assert!(decode(&at_limit).is_ok());
    let frame = r#"{"id":"7","type":"subscribe","channel":"c","requestId":null}"#;
    assert_eq!(decode(frame).map(|request| request.id), Ok(None));
    let Ok(Request { asks: Asks::Unknown { kind }, .. }) = decode(r#"{"type":"Ping"}"#) else {
        panic!("types are compared as they are");
    };
    assert_eq!(kind, "Ping");
}

fn due(flags: Hears, channel: &str, due: &Due) -> Bytes {
    frame_due(&flags.voice(), &topic(channel), due)
}

#[test]
fn one_event_is_written_once_per_form() {
    let said = |info| Due::Event(Arc::new(event("c", json("1"), from_peer("u", info))));
    let plain = Hears::channel(false, true);
    let with = Hears::channel(true, false);
    let known = said(Some(r#"{"a":1}"#));
    assert!(!unframed(&due(plain, "c", &known)).contains("fromMetadata"));
    assert!(unframed(&due(with, "c", &known)).contains(r#""fromMetadata":{"a":1}"#));
    assert_eq!(due(with, "c", &known).as_ptr(), due(with, "c", &known).as_ptr(), "shared");
    let unknown = said(None);
    assert_eq!(due(with, "c", &unknown).as_ptr(), due(plain, "c", &unknown).as_ptr(), "one form");
}

#[test]
fn who_comes_and_goes_is_told_to_those_who_may_know() {
    let ann = Arc::new(member("ann", Some(r#"{"a":1}"#)));
    let (added, removed) = (Due::MemberAdded(ann.clone()), Due::MemberRemoved(ann));
    let may = Hears::channel(false, true);
    let joined = r#"{"type":"presence","channel":"c","joined":[{"peerId":"ann","metadata":{"a":1}}],"left":[]}"#;
    let left = r#"{"type":"presence","channel":"c","joined":[],"left":[{"peerId":"ann"}]}"#;
    assert_eq!(unframed(&due(may, "c", &added)), joined);
    assert_eq!(unframed(&due(may, "c", &removed)), left);
    for hears in [Hears::channel(true, false), Hears::pattern(true, false)] {
        assert!(due(hears, "c", &added).is_empty() && due(hears, "c", &removed).is_empty());
    }
    assert!(due(may, "c", &Due::Count(3)).is_empty(), "nobody counts here");
}

#[test]
fn a_pattern_reaches_what_its_peer_may_hear_and_never_what_is_for_one_user() {
    for (channel, to_signed, to_open) in [
        ("news", true, true),
        ("cache-news", true, true),
        ("private-a", true, false),
        ("presence-a", true, false),
        ("private-encrypted-a", true, false),
        ("#server-to-user-ann", false, false),
    ] {
        let said = Due::Event(Arc::new(event(channel, json("1"), Sender::server())));
        let reaches = |open_only| !due(Hears::pattern(false, open_only), channel, &said).is_empty();
        assert_eq!((reaches(false), reaches(true)), (to_signed, to_open), "{channel}");
        let by_name = Hears::channel(false, false);
        assert!(!due(by_name, channel, &said).is_empty(), "{channel}");
    }
}

fn snapshot(peers: usize, metadata_bytes: usize) -> serde_json::Map<String, serde_json::Value> {
    let info = format!(r#"{{"m":"{}"}}"#, "x".repeat(metadata_bytes));
    let roster: Vec<Member> =
        (0..peers).map(|n| member(&format!("u_{n:0>100}"), Some(&info))).collect();
    let told = user("nobody");
    let frame = encode(&Outbound::Snapshot { channel: "c", roster: &roster, told: &told });
    assert!(frame.len() <= MAX_SNAPSHOT_BYTES + 64, "{}", frame.len());
    lint(text(&frame))
}

#[test]
fn a_snapshot_is_one_frame_that_clients_take_whatever_it_costs() {
    let small = snapshot(120, 4_000);
    assert_eq!(small["joined"].as_array().map(Vec::len), Some(120));
    assert!(small["joined"][0].get("metadata").is_some());
    let large = snapshot(256, 4_096);
    assert_eq!(large["joined"].as_array().map(Vec::len), Some(256), "everyone");
    assert!(large["joined"][0].get("metadata").is_none(), "without metadata");
    let huge = snapshot(10_000, 10);
    let shown = huge["joined"].as_array().map(Vec::len).unwrap();
    assert!((3_000..10_000).contains(&shown), "the first of them: {shown}");
    let empty = snapshot(0, 0);
    assert_eq!(empty["joined"].as_array().map(Vec::len), Some(0));
}

proptest! {
    #[test]
    fn whatever_a_client_sends_is_answered_without_a_panic(text in ".{0,200}") {
        if let Err(malformed) = decode(&text) {
            prop_assert!(!malformed.to_string().is_empty());
        }
    }

    #[test]
    fn every_text_arrives_as_it_was(
        channel in "[^\\p{Cc}#]{1,60}", id in "[ -~]{1,60}", code in any::<char>()
    ) {
        prop_assume!(channel.len() <= 256);
        let info = serde_json::json!({ "c": code.to_string() }).to_string();
        let said = event(&channel, json(&info), from_peer(&id, Some(&info)));
        let members = lint(text(&encode_event(&said, true)));
        prop_assert_eq!(members["channel"].as_str(), Some(channel.as_str()));
        prop_assert_eq!(members["from"].as_str(), Some(id.as_str()));
        prop_assert_eq!(&members["data"], &members["fromMetadata"]);
        let who = member(&id, Some(&info));
        let joined = encode(&Outbound::Joined { channel: &channel, member: &who });
        let shown = lint(text(&joined));
        prop_assert_eq!(shown["joined"][0]["peerId"].as_str(), Some(id.as_str()));
        prop_assert_eq!(metadata_of(&who), Some(info.as_str()));
    }
}
