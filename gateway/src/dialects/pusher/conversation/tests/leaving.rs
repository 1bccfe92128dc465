//! What ends a connection, and what does not.

use super::talk::Talk;
use crate::dialects::{
    Parting,
    pusher::{conversation::Conversation, fixtures, upgrade::ClientHint, vectors},
};
use contract::{
    TerminateCode,
    directory::{AppRecord, Kill},
};

const NOTHING: [&str; 0] = [];

fn fatal(code: u16, message: &str, reason: &str) -> Vec<String> {
    vec![
        format!(r#"{{"event":"pusher:error","data":{{"code":{code},"message":"{message}"}}}}"#),
        format!("close {code} {reason}"),
    ]
}

#[test]
fn terminated_users_are_closed_with_the_apps_code() {
    for (setting, code) in [(TerminateCode::Reconnect, 4200), (TerminateCode::Stop, 4009)] {
        let change = |record: &mut AppRecord| record.settings.terminate_code = setting;
        let mut talk = Talk::with(change, ClientHint::Other);
        let said = talk.hear(|c, cx, out| c.on_terminate(cx, out));
        assert_eq!(said, fatal(code, "Terminated by API", "Terminated by API"));
    }
}

#[test]
fn the_gateway_says_why_it_ends_a_connection() {
    for (parting, code) in
        [(Parting::Drain, 4200), (Parting::NoPong, 4201), (Parting::UnfinishedMessage, 4100)]
    {
        let said = Talk::new().hear(|c, cx, out| c.on_part(parting, cx, out));
        assert!(said[0].contains(&format!(r#""code":{code},"#)), "{said:?}");
        assert!(said[1].starts_with(&format!("close {code} ")), "{said:?}");
    }
    assert_eq!(Talk::new().conversation.too_slow().1, 4100);
}

#[test]
fn what_a_connection_depends_on_ends_it() {
    let app = || fixtures::APP.parse().unwrap();
    let revoke = |key: &str| Kill::RevokeCredential { app: app(), key: key.parse().unwrap() };
    let secret_key = "abcdefghijkl".parse();
    let unknown = format!("App key {} does not exist", fixtures::KEY);
    let unknown = fatal(4001, &unknown, "App key does not exist");
    for (kill, expected) in [
        (Kill::DisableApp { app: app() }, fatal(4003, "App is disabled", "App is disabled")),
        (Kill::DeleteApp { app: app() }, unknown.clone()),
        (revoke(fixtures::KEY), unknown),
        (revoke(fixtures::NEXT_KEY), vec![]),
        (revoke("somebody"), vec![]),
    ] {
        assert_eq!(Talk::new().hear(|c, cx, out| c.on_kill(&kill, cx, out)), expected, "{kill:?}");
    }
    if let Ok(id) = secret_key {
        let kill = Kill::RevokeSecretKey { app: app(), id };
        assert_eq!(Talk::new().hear(|c, cx, out| c.on_kill(&kill, cx, out)), NOTHING);
    }
}

#[test]
fn a_key_that_only_signed_a_subscription_ends_it_too() {
    let mut talk = Talk::new();
    let auth = fixtures::auth(fixtures::NEXT_KEY, fixtures::NEXT_SECRET, "1234.5678:private-a");
    talk.subscribe("private-a", &format!(r#","auth":"{auth}""#));
    let (app, key) = (fixtures::APP.parse().unwrap(), fixtures::NEXT_KEY.parse().unwrap());
    let kill = Kill::RevokeCredential { app, key };
    let said = talk.hear(|c, cx, out| c.on_kill(&kill, cx, out));
    assert!(said[1].starts_with("close 4009 "), "{said:?}");
}

#[test]
fn an_unauthorised_connection_is_closed_after_thirty_seconds() {
    let strict = |record: &mut AppRecord| record.settings.authorized_connections_only = true;
    let at = |talk: &mut Talk, now_ms: u64| {
        talk.now_ms = now_ms;
        talk.hear(|c, cx, out| c.on_tick(cx, out))
    };
    let message = "Connection not authorized within timeout";
    let mut talk = Talk::with(strict, ClientHint::Other);
    assert!(talk.conversation.has_deadline());
    talk.join("news");
    assert_eq!(at(&mut talk, 30_999), NOTHING);
    assert_eq!(at(&mut talk, 31_000), fatal(4009, message, message));

    for channel in ["private-a", "private-cache-a", "private-encrypted-a"] {
        let mut talk = Talk::with(strict, ClientHint::Other);
        talk.join(channel);
        assert!(!talk.conversation.has_deadline());
        assert_eq!(at(&mut talk, 31_000), NOTHING, "{channel}");
    }
    let mut talk = Talk::with(strict, ClientHint::Other);
    talk.sign_in(r#"{"id":"ann"}"#);
    assert_eq!(at(&mut talk, 31_000), NOTHING);
    assert!(!Talk::new().conversation.has_deadline(), "the switch is off");
}

#[test]
fn nonsense_is_answered_and_only_much_of_it_ends_the_connection() {
    let mut talk = Talk::new();
    for _ in 1..Conversation::MAX_MALFORMED {
        assert_eq!(talk.say("nonsense").len(), 1);
    }
    assert_eq!(talk.say(vectors::frame("2.5 ping")), [vectors::frame("2.5 pong")]);
    for _ in 1..Conversation::MAX_MALFORMED {
        assert_eq!(talk.hear(|c, cx, out| c.on_binary(cx, out)).len(), 1);
    }
    assert_eq!(talk.say("{")[1], "close 1008 Too many malformed messages");
}

#[test]
fn unknown_events_of_ours_are_errors_without_a_code() {
    for event in ["pusher:unheard_of", "pusher_internal:member_added"] {
        let said = Talk::new().say(&format!(r#"{{"event":"{event}","data":{{}}}}"#));
        let expected = format!(
            r#"{{"event":"pusher:error","data":{{"code":null,"message":"Unknown event {event}"}}}}"#
        );
        assert_eq!(said, [expected]);
    }
}

#[test]
fn client_events_are_rejected_with_4301_and_no_close() {
    let long = format!("client-{}", "x".repeat(194));
    let big = "x".repeat(10_241);
    for (event, channel, data, why) in [
        ("message", "private-a", "1", "the event name must start with client-"),
        (long.as_str(), "private-a", "1", "the event name must be 1 to 200"),
        ("client-x", "news", "1", "news is not a private or presence channel"),
        ("client-x", "private-encrypted-a", "1", "is not a private or presence channel"),
        ("client-x", "#server-to-user-ann", "1", "is not a private or presence channel"),
        ("client-x", "private-b", "1", "not subscribed to private-b"),
        ("client-x", "a b", "1", "the channel name has a character"),
        ("client-x", "private-a", &big, "data must be at most 10240 bytes"),
    ] {
        let mut talk = Talk::new();
        talk.join("private-a");
        let said =
            talk.say(&format!(r#"{{"event":"{event}","channel":"{channel}","data":"{data}"}}"#));
        assert_eq!(said.len(), 1);
        assert!(said[0].contains(r#""code":4301"#) && said[0].contains(why), "{said:?}");
    }
    let mut talk = Talk::new();
    talk.join("private-a");
    let at_the_limit = "x".repeat(10_240);
    let said = talk
        .say(&format!(r#"{{"event":"client-x","channel":"private-a","data":"{at_the_limit}"}}"#));
    assert!(said[0].starts_with("publish "));
    assert!(talk.say(r#"{"event":"client-x","data":1}"#)[0].contains("channel must be a string"));
}

#[test]
fn client_events_wait_for_the_subscription_and_for_the_switch() {
    let event = r#"{"event":"client-x","channel":"private-a","data":1}"#;
    let mut talk = Talk::new();
    let auth = fixtures::channel_auth("private-a", None);
    talk.subscribe("private-a", &format!(r#","auth":"{auth}""#));
    assert!(talk.say(event)[0].contains("not subscribed"));
    talk.let_in("private-a");
    assert_eq!(talk.say(event), ["publish private-a client-x 1"]);
    let off = |record: &mut AppRecord| record.settings.client_events = false;
    let mut talk = Talk::with(off, ClientHint::Other);
    talk.join("private-a");
    assert!(talk.say(event)[0].contains("switched off"));
}

#[test]
fn more_than_ten_client_events_a_second_are_rejected() {
    let mut talk = Talk::new();
    talk.join("private-a");
    let event = r#"{"event":"client-x","channel":"private-a","data":1}"#;
    for _ in 0..10 {
        assert_eq!(talk.say(event), ["publish private-a client-x 1"]);
    }
    assert_eq!(talk.say(event), [vectors::frame("7 rejected")]);
    talk.now_ms += 100;
    assert_eq!(talk.say(event), ["publish private-a client-x 1"]);
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Conversation>() <= 160, "{} bytes", size_of::<Conversation>());
}
