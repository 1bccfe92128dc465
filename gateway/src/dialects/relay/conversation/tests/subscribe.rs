use super::talk::{NOTHING, Talk, error, signed, succeeded};
use crate::dialects::relay::{fixtures, vectors};
use realtime::{CacheAnswer, Encodings, Event, JoinRefusal, Payload, Position, Sender, Topic};
use std::sync::Arc;

#[test]
fn the_first_frame_is_the_greeting() {
    let said = Talk::new().hear(|c, cx, out| c.greeting(cx, out));
    assert_eq!(said, [vectors::frame("4.1 established")]);
}

#[test]
fn a_public_channel_needs_nothing() {
    for frame in ["4.3 subscribe", "4.3 subscribe, object", "4.3 subscribe, channel beside"] {
        let mut talk = Talk::new();
        assert_eq!(talk.say(vectors::frame(frame)), ["join chat"]);
        assert_eq!(talk.let_in("chat", None), [succeeded("chat"), "hear chat".into()]);
    }
}

#[test]
fn every_signature_of_the_sheet_is_taken_and_none_with_a_flipped_bit() {
    for vectors::Signed { channel, auth, data } in vectors::signatures() {
        let data = data.map(|data| format!(r#","channel_data":{}"#, serde_json::json!(data)));
        let data = data.unwrap_or_default();
        let taken = Talk::new().subscribe(channel, &format!(r#","auth":"{auth}"{data}"#));
        assert!(taken[0].starts_with("join "), "{taken:?}");
        for at in auth.len() - 64..auth.len() {
            let mut flipped = auth.as_bytes().to_vec();
            flipped[at] = if flipped[at] == b'0' { b'1' } else { b'0' };
            let flipped = std::str::from_utf8(&flipped).unwrap();
            let refused = Talk::new().subscribe(channel, &format!(r#","auth":"{flipped}"{data}"#));
            assert_eq!(refused, [error(4009, "Invalid signature", Some(channel))], "{at}");
        }
    }
}

#[test]
fn a_refusal_is_one_error_that_names_the_channel_and_the_connection_stays() {
    let wrong = format!(r#","auth":"{}:{}""#, fixtures::KEY, "0".repeat(64));
    let former = fixtures::auth(fixtures::KEY, fixtures::SECRET, "1.1:private-a");
    let former = format!(r#","auth":"{former}""#);
    let nameless = signed("presence-a", Some("{}"));
    let unnamed = signed("presence-a", None);
    let colon = signed("presence-a:b", Some(r#"{"user_id":1}"#));
    let form = "Invalid signature: auth must be key:hex";
    let no_id = "channel_data must have a user_id or id that is a string or a number";
    let no_colon = "The channel name must not contain : on private and presence channels";
    let reserved = "The channel name names that start with # are reserved";
    for (channel, more, why) in [
        ("private-a", wrong.as_str(), "Invalid signature"),
        ("private-a", &former, "Invalid signature"),
        ("private-a", "", "auth is required"),
        ("private-a", r#","auth":"""#, "auth is required"),
        ("private-a", r#","auth":"abc""#, form),
        ("private-a", r#","auth":":00""#, "Invalid signature: the app key before it is empty"),
        ("private-encrypted-a", "", "auth is required"),
        ("private-cache-a", "", "auth is required"),
        ("presence-a", "", "auth is required"),
        ("presence-a", &unnamed, "channel_data is required"),
        ("presence-a", &nameless, no_id),
        ("presence-a:b", &colon, no_colon),
        ("private-a:b", "", no_colon),
        ("#server-to-user-ann", "", reserved),
    ] {
        let mut talk = Talk::new();
        assert_eq!(talk.subscribe(channel, more), [error(4009, why, Some(channel))], "{channel}");
        assert_eq!(talk.end(), NOTHING, "{channel}");
    }
    let said = Talk::new().subscribe("", "");
    assert_eq!(said, [error(4000, "channel is required", None)]);
    let long = "c".repeat(200);
    assert_eq!(Talk::new().subscribe(&long, ""), [format!("join {long}")]);
    let why = "The channel name must be 1 to 200 bytes long, is 201";
    let said = Talk::new().subscribe(&"c".repeat(201), "");
    assert_eq!(said, [error(4009, why, Some(&long))]);
}

#[test]
fn data_may_be_signed_along_or_not_on_a_private_channel() {
    let data = r#"{"x":1}"#;
    for with in [None, Some(data)] {
        let auth = fixtures::channel_auth("private-a", with);
        let more = format!(r#","auth":"{auth}","channel_data":"{{\"x\":1}}""#);
        assert_eq!(Talk::new().subscribe("private-a", &more), ["join private-a"], "{with:?}");
    }
}

#[test]
fn the_signature_covers_the_characters_as_they_came() {
    for data in [
        r#"{"user_id":1}"#,
        r#"{ "user_id" : 1 }"#,
        r#"{"user_info":{"n":1.0},"user_id":1}"#,
        "{\"user_id\":1,\n\"user_info\":\"\\u00e9\u{e9}\"}",
    ] {
        let said = Talk::new().subscribe_signed("presence-a", Some(data));
        assert!(said[0].starts_with("join presence-a as 1"), "{said:?}");
    }
}

#[test]
fn any_active_key_of_the_app_may_sign() {
    let auth = fixtures::auth(fixtures::NEXT_KEY, fixtures::NEXT_SECRET, "123.456:private-a");
    let said = Talk::new().subscribe("private-a", &format!(r#","auth":"{auth}""#));
    assert_eq!(said, ["join private-a"]);
}

#[test]
fn a_repeated_subscribe_says_success_again() {
    let mut talk = Talk::new();
    assert_eq!(talk.subscribe("chat", ""), ["join chat"]);
    assert_eq!(talk.subscribe("chat", ""), NOTHING, "the answer to both is on its way");
    let both = [succeeded("chat"), succeeded("chat"), "hear chat".into()];
    assert_eq!(talk.let_in("chat", None), both);
    assert_eq!(talk.subscribe("chat", ""), [succeeded("chat")]);
    talk.join("private-a", None);
    assert_eq!(talk.subscribe_signed("private-a", None), [succeeded("private-a")]);
    let refused = talk.subscribe("private-a", "");
    assert_eq!(refused, [error(4009, "auth is required", Some("private-a"))]);
    assert_eq!(talk.unsubscribe("private-a"), ["leave private-a"], "it was still on the channel");
}

#[test]
fn an_unsubscribe_is_not_answered() {
    let mut talk = Talk::new();
    assert_eq!(talk.unsubscribe("chat"), NOTHING);
    talk.join("chat", None);
    assert_eq!(talk.say(vectors::frame("4.3 unsubscribe")), ["leave chat"]);
    assert_eq!(talk.unsubscribe("chat"), NOTHING);
    assert_eq!(talk.subscribe("chat", ""), ["join chat"]);
}

#[test]
fn an_answer_to_a_request_given_up_is_not_taken_for_the_answer_to_the_next() {
    let mut talk = Talk::new();
    assert_eq!(talk.subscribe("chat", ""), ["join chat"]);
    assert_eq!(talk.unsubscribe("chat"), ["leave chat"]);
    assert_eq!(talk.subscribe("chat", ""), ["join chat"]);
    assert_eq!(talk.let_in("chat", None), NOTHING, "the first request's answer");
    assert_eq!(talk.let_in("chat", None), [succeeded("chat"), "hear chat".into()]);
    assert_eq!(talk.let_in("chat", None), NOTHING, "an answer nobody waits for");
    talk.unsubscribe("chat");
    talk.subscribe("chat", "");
    talk.unsubscribe("chat");
    assert_eq!(talk.let_in("chat", None), NOTHING, "no longer wanted");
    assert_eq!(talk.end(), NOTHING);
}

#[test]
fn what_a_cache_channel_holds_comes_right_after_the_success() {
    let event = Event {
        topic: Topic { app: fixtures::APP.parse().unwrap(), channel: "cache-a".parse().unwrap() },
        position: Position { epoch: 1, seq: 1 },
        name: "moved".parse().unwrap(),
        data: Payload::Text("{}".into()),
        sender: Sender::server(),
        except: Some(fixtures::socket()),
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    };
    let moved = r#"{"event":"moved","channel":"cache-a","data":"{}"}"#;
    for (cached, expected) in [
        (CacheAnswer::Miss, vec![succeeded("cache-a"), "hear cache-a".into()]),
        (
            CacheAnswer::Hit(Arc::new(event)),
            vec![succeeded("cache-a"), moved.into(), "hear cache-a".into()],
        ),
    ] {
        let mut talk = Talk::new();
        talk.subscribe("cache-a", "");
        assert_eq!(talk.let_in_with("cache-a", None, cached), expected);
    }
}

#[test]
fn channels_per_connection_hold_at_the_limit_and_fail_one_past_it() {
    let mut talk = Talk::with(|record| record.limits.max_channels_per_connection = 2);
    assert_eq!(talk.subscribe("one", ""), ["join one"]);
    assert_eq!(talk.subscribe("two", ""), ["join two"]);
    let why = "A connection may subscribe to at most 2 channels";
    assert_eq!(talk.subscribe("three", ""), [error(4100, why, Some("three"))]);
    talk.let_in("one", None);
    talk.unsubscribe("one");
    assert_eq!(talk.subscribe("three", ""), ["join three"]);
}

#[test]
fn an_overloaded_owner_is_a_refusal_like_any_other() {
    let mut talk = Talk::new();
    talk.subscribe("chat", "");
    let why = "The service is over capacity, try again later";
    let said = talk.keep_out("chat", JoinRefusal::Overloaded);
    assert_eq!(said, [error(4100, why, Some("chat"))]);
    assert_eq!(talk.subscribe("chat", ""), ["join chat"]);
}

#[test]
fn a_ping_has_exactly_one_pong_and_nothing_else_has_one() {
    let mut talk = Talk::new();
    for _ in 0..3 {
        assert_eq!(talk.say(vectors::frame("4.3 ping")), [vectors::frame("4.2 pong")]);
    }
    for text in ["", "{", r#"{"event":"relay:pong"}"#, r#"{"event":"unknown","data":"x"}"#] {
        assert_eq!(talk.say(text), NOTHING, "{text}");
    }
    assert_eq!(talk.hear(|c, cx, out| c.on_binary(cx, out)), NOTHING);
    assert_eq!(talk.hear(|c, cx, out| c.on_tick(cx, out)), NOTHING);
}
