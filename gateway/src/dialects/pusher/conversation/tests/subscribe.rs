use super::talk::Talk;
use crate::dialects::pusher::{fixtures, upgrade::ClientHint, vectors};
use contract::directory::AppRecord;
use realtime::{CacheAnswer, Encodings, Event, JoinRefusal, Payload, Position, Sender, Topic};
use std::sync::Arc;

const SUCCEEDED: &str =
    r#"{"event":"pusher_internal:subscription_succeeded","channel":"news","data":"{}"}"#;

fn error(message: &str) -> String {
    format!(r#"{{"event":"pusher:error","data":{{"code":null,"message":"{message}"}}}}"#)
}

/// The pair of frames that refuses a subscription.
fn refusal(channel: &str, kind: &str, status: u16, why: &str) -> Vec<String> {
    let data = format!(r#"{{\"type\":\"{kind}\",\"error\":\"{why}\",\"status\":{status}}}"#);
    let mut lower = why.to_owned();
    lower[..1].make_ascii_lowercase();
    vec![
        format!(r#"{{"event":"pusher:subscription_error","channel":"{channel}","data":"{data}"}}"#),
        error(&format!("Subscription to {channel} refused: {lower}")),
    ]
}

#[test]
fn the_first_frame_is_the_greeting() {
    let mut talk = Talk::new();
    let said = talk.hear(|c, cx, out| c.greeting(cx, out));
    assert_eq!(said, [vectors::frame("2.2 established")]);
}

#[test]
fn a_public_channel_needs_nothing() {
    for frame in ["4.1 public, pusher-js", "4.1 public, Pysher"] {
        let mut talk = Talk::new();
        assert_eq!(talk.say(vectors::frame(frame)), ["join news"]);
        assert_eq!(talk.let_in("news"), [SUCCEEDED]);
    }
}

#[test]
fn every_signature_of_the_sheet_is_taken_and_none_with_a_flipped_bit() {
    for signed in vectors::signatures() {
        let data = signed.data.map(|data| serde_json::to_string(data).unwrap());
        let attempt = |signature: &str| match signed.channel {
            Some(channel) => {
                let data = data.as_ref().map(|d| format!(r#","channel_data":{d}"#));
                let data = data.unwrap_or_default();
                let auth = format!(r#","auth":"{}:{signature}"{data}"#, signed.key);
                Talk::new().subscribe(channel, &auth)
            }
            None => Talk::new().say(&format!(
                r#"{{"event":"pusher:signin","data":{{"auth":"{}:{signature}","user_data":{}}}}}"#,
                signed.key,
                data.as_deref().unwrap_or_default()
            )),
        };
        let taken = attempt(signed.signature);
        assert!(taken[0].starts_with("join ") || taken[0].starts_with("sign in "), "{taken:?}");
        for at in 0..64 {
            let mut flipped = signed.signature.as_bytes().to_vec();
            flipped[at] = if flipped[at] == b'0' { b'1' } else { b'0' };
            let refused = attempt(std::str::from_utf8(&flipped).unwrap());
            assert!(
                refused[0].contains("nvalid signature"),
                "{} {at}: {refused:?}",
                signed.section
            );
        }
    }
}

#[test]
fn refusals_are_two_frames_and_leave_the_channel_free() {
    let wrong = format!(r#","auth":"{}:{}""#, fixtures::KEY, "0".repeat(64));
    let form = "Invalid signature: auth must be key:hex";
    for (channel, more, kind, status, why) in [
        ("private-room.42", wrong.as_str(), "AuthError", 401, "Invalid signature"),
        ("private-room.42", "", "AuthError", 401, "auth is missing"),
        ("private-room.42", r#","auth":"""#, "AuthError", 401, "auth is missing"),
        ("private-room.42", r#","auth":null"#, "AuthError", 401, "auth is missing"),
        ("private-room.42", r#","auth":{}"#, "AuthError", 401, "auth is missing"),
        ("private-room.42", r#","auth":"abc""#, "AuthError", 401, form),
        ("private-cache-a", "", "AuthError", 401, "auth is missing"),
        ("private-encrypted-a", "", "AuthError", 401, "auth is missing"),
        ("presence-a", "", "AuthError", 401, "auth is missing"),
        ("#server-to-user-ann", "", "AuthError", 401, "Not signed in as this user"),
        (
            "a b",
            "",
            "InvalidChannel",
            400,
            "Channel name has a character that is not allowed at byte 1",
        ),
        ("#secret", "", "InvalidChannel", 400, "Channel name names that start with # are reserved"),
        ("", "", "InvalidChannel", 400, "Channel name must be 1 to 200 bytes long, is 0"),
    ] {
        let mut talk = Talk::new();
        assert_eq!(talk.subscribe(channel, more), refusal(channel, kind, status, why));
        assert_eq!(talk.conversation.end(), [], "{channel}");
    }
}

#[test]
fn the_sheets_refusal_is_said_word_for_word() {
    let wrong = format!(r#","auth":"{}:{}""#, fixtures::KEY, "0".repeat(64));
    let said = Talk::new().subscribe("private-room.42", &wrong);
    assert_eq!(said, [vectors::frame("4.3 subscription_error"), vectors::frame("4.3 error")]);
}

#[test]
fn an_empty_key_is_told_as_what_it_is() {
    let auth = format!(r#","auth":":{}""#, "0".repeat(64));
    let said = Talk::new().subscribe("private-a", &auth);
    assert!(said[1].contains("check the key your auth endpoint signs with"), "{said:?}");
}

#[test]
fn the_dotnet_client_hears_a_refusal_under_its_own_name_too() {
    let mut talk = Talk::with(|_| {}, ClientHint::DotNet);
    let said = talk.subscribe("private-a", "");
    assert_eq!(said.len(), 3);
    assert!(said[1].starts_with(r#"{"event":"pusher_internal:subscription_error","#), "{said:?}");
}

#[test]
fn data_may_be_signed_along_or_not_on_a_private_channel() {
    let data = r#"{"x":1}"#;
    for signed in [None, Some(data)] {
        let auth = fixtures::channel_auth("private-a", signed);
        let more = format!(r#","auth":"{auth}","channel_data":"{{\"x\":1}}""#);
        assert_eq!(Talk::new().subscribe("private-a", &more), ["join private-a"], "{signed:?}");
    }
}

#[test]
fn any_active_key_of_the_app_may_sign() {
    let auth = fixtures::auth(fixtures::NEXT_KEY, fixtures::NEXT_SECRET, "1234.5678:private-a");
    let said = Talk::new().subscribe("private-a", &format!(r#","auth":"{auth}""#));
    assert_eq!(said, ["join private-a"]);
}

#[test]
fn a_second_subscribe_changes_nothing_and_says_so() {
    let mut talk = Talk::new();
    let existing = error("Existing subscription to channel news");
    assert_eq!(talk.subscribe("news", ""), ["join news"]);
    assert_eq!(talk.subscribe("news", "").as_slice(), std::slice::from_ref(&existing));
    assert_eq!(talk.let_in("news"), [SUCCEEDED]);
    assert_eq!(talk.subscribe("news", ""), [existing]);
}

#[test]
fn an_unsubscribe_is_not_answered() {
    let mut talk = Talk::new();
    assert_eq!(talk.unsubscribe("news"), [] as [&str; 0]);
    talk.join("news");
    assert_eq!(talk.unsubscribe("news"), ["leave news"]);
    assert_eq!(talk.unsubscribe("news"), [] as [&str; 0]);
    assert_eq!(talk.subscribe("news", ""), ["join news"]);
}

#[test]
fn an_answer_to_a_request_given_up_is_not_taken_for_the_answer_to_the_next() {
    let mut talk = Talk::new();
    assert_eq!(talk.subscribe("news", ""), ["join news"]);
    assert_eq!(talk.unsubscribe("news"), ["leave news"]);
    assert_eq!(talk.subscribe("news", ""), ["join news"]);
    assert_eq!(talk.let_in("news"), [] as [&str; 0], "the first request's answer");
    assert_eq!(talk.let_in("news"), [SUCCEEDED]);
    assert_eq!(talk.let_in("news"), [] as [&str; 0], "an answer nobody waits for");

    assert_eq!(talk.unsubscribe("news"), ["leave news"]);
    assert_eq!(talk.subscribe("news", ""), ["join news"]);
    assert_eq!(talk.unsubscribe("news"), ["leave news"]);
    let joined = talk.joined("news", None, CacheAnswer::NotACache);
    talk.hear(|c, cx, out| c.on_joined(&joined, cx, out));
    assert_eq!(talk.hears, ["news"], "only the one that was wanted");
    assert_eq!(talk.conversation.end(), []);
}

#[test]
fn what_a_cache_channel_holds_comes_right_after_the_success() {
    let mut talk = Talk::new();
    let succeeded = SUCCEEDED.replace("news", "cache-bus.7");
    talk.subscribe("cache-bus.7", "");
    let missed = talk.let_in_with("cache-bus.7", None, CacheAnswer::Miss);
    assert_eq!(missed, [succeeded.as_str(), vectors::frame("8 miss")]);

    let event = Event {
        topic: Topic { app: talk.app.id.clone(), channel: "cache-bus.7".parse().unwrap() },
        position: Position { epoch: 1, seq: 1 },
        name: "location.updated".parse().unwrap(),
        data: Payload::Text(r#"{"lat":51.5,"lng":-0.12}"#.into()),
        sender: Sender::server(),
        except: Some(fixtures::socket()),
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    };
    let mut talk = Talk::new();
    talk.subscribe("cache-bus.7", "");
    let hit = talk.let_in_with("cache-bus.7", None, CacheAnswer::Hit(Arc::new(event)));
    assert_eq!(hit, [succeeded.as_str(), vectors::frame("8 hit")]);
}

#[test]
fn channels_per_connection_hold_at_the_limit_and_fail_one_past_it() {
    let limit = |record: &mut AppRecord| record.limits.max_channels_per_connection = 2;
    let mut talk = Talk::with(limit, ClientHint::Other);
    assert_eq!(talk.subscribe("one", ""), ["join one"]);
    assert_eq!(talk.subscribe("two", ""), ["join two"]);
    let why = "A connection may subscribe to at most 2 channels";
    assert_eq!(talk.subscribe("three", ""), refusal("three", "LimitReached", 429, why));
    talk.let_in("one");
    talk.unsubscribe("one");
    assert_eq!(talk.subscribe("three", ""), ["join three"]);
}

#[test]
fn names_hold_at_two_hundred_bytes_and_fail_one_past_it() {
    let long = "c".repeat(200);
    assert_eq!(Talk::new().subscribe(&long, ""), [format!("join {long}")]);
    let said = Talk::new().subscribe(&"c".repeat(201), "");
    assert!(said[0].contains("InvalidChannel"), "{said:?}");
}

#[test]
fn an_overloaded_owner_is_a_refusal_like_any_other() {
    let mut talk = Talk::new();
    talk.subscribe("news", "");
    let why = "The service is over capacity, try again later";
    let said = talk.keep_out("news", JoinRefusal::Overloaded);
    assert_eq!(said, refusal("news", "LimitReached", 429, why));
    assert_eq!(talk.subscribe("news", ""), ["join news"]);
}
