use super::talk::{ROOM, Talk, about};
use crate::dialects::{
    Parting, Seldom,
    anycable::{
        conversation::Protocol,
        fixtures::{self, public, sign, signed},
        linter::lint,
    },
};
use contract::directory::{AppRecord, Kill};

fn id() -> String {
    public(ROOM)
}

fn tick(talk: &mut Talk) -> Vec<String> {
    talk.hear(|c, cx, out| c.on_tick(cx, out))
}

fn ended(reason: &str, reconnect: bool, close: &str) -> [String; 2] {
    let frame = format!(r#"{{"type":"disconnect","reason":"{reason}","reconnect":{reconnect}}}"#);
    [frame, format!("close {close}")]
}

/// Applies a newer record of the app.
fn resettle(talk: &Talk, revision: u64, change: impl FnOnce(&mut AppRecord)) {
    talk.gateway.directory.apply(revision, fixtures::record(change));
}

#[test]
fn the_welcome_has_a_name_of_its_shape() {
    let said = Talk::new(Protocol::Base).hear(|c, cx, out| c.greeting(cx, out));
    assert_eq!(said.len(), 1);
    assert!(lint(&said[0]).get("restored").is_none());
}

#[test]
fn pings_are_numbers_and_come_every_three_seconds() {
    let mut talk = Talk::new(Protocol::Base);
    let mut pings = Vec::new();
    for _ in 0..30 {
        talk.now_ms += 1_000;
        talk.unix_ms += 1_000;
        pings.extend(tick(&mut talk));
    }
    assert_eq!(pings.len(), 10, "{pings:?}");
    assert!(pings[0].starts_with(r#"{"type":"ping","message":50"#), "{pings:?}");
    assert!(talk.conversation.has_deadline());
}

#[test]
fn a_connection_is_known_by_its_tokens_ext_or_by_its_own_name() {
    let talk = Talk::known(r#"{"user_id":42}"#, |_| {});
    assert_eq!(talk.conversation.identity(), Some(r#"{"user_id":42}"#));
    let talk = Talk::new(Protocol::Base);
    let name = talk.conversation.identity().expect("a name");
    assert!(name.starts_with(r#"{"sid":""#) && name.len() == 10 + 21, "{name}");
}

#[test]
fn back_ends_end_connections_and_say_whether_they_come_back() {
    for reconnect in [true, false] {
        let said = Talk::new(Protocol::Base).hear(|c, cx, out| c.on_disconnect(reconnect, cx, out));
        assert_eq!(said, ended("remote", reconnect, "1000 Closed remotely"));
    }
}

#[test]
fn an_open_connection_outlives_its_token_unless_the_app_says_otherwise() {
    let with = |ends: bool| {
        Talk::known("{}", move |record| record.settings.anycable.end_with_token = ends)
    };
    let at = |mut talk: Talk, unix_ms: u64| {
        talk.unix_ms = unix_ms;
        tick(&mut talk)
    };
    assert!(at(with(false), 2_000_000).is_empty());
    assert!(at(with(true), 999_999).is_empty());
    assert_eq!(at(with(true), 1_000_000), ended("token_expired", false, "1000 Auth Failed"));
}

#[test]
fn every_parting_is_told_by_a_frame_first() {
    for (parting, expected) in [
        (Parting::Drain, ended("server_restart", true, "1001 Server restart")),
        (Parting::NoPong, ended("no_pong", true, "1000 No Pong")),
        (Parting::Flooding, ended("too_many_messages", true, "1000 Too many messages")),
        (Parting::SwitchedOff, ended("unauthorized", false, "1000 Auth Failed")),
    ] {
        let said = Talk::new(Protocol::Base).hear(|c, cx, out| c.on_part(parting, cx, out));
        assert_eq!(said, expected);
    }
    let (frame, code, _) = Talk::new(Protocol::Base).conversation.too_slow();
    assert_eq!((frame.as_ref(), code), (ended("too_slow", true, "")[0].as_bytes(), 1000));
}

#[test]
fn ended_credentials_end_what_they_let_in() {
    let app = fixtures::APP;
    let revoke = |key: &str| {
        let (app, key) = (app.parse().unwrap(), key.parse().unwrap());
        Kill::RevokeCredential { app, key }
    };
    let killed = |talk: &mut Talk, kill: Kill| talk.hear(|c, cx, out| c.on_kill(&kill, cx, out));
    let token_expired = ended("token_expired", false, "1000 Auth Failed");
    let unauthorized = ended("unauthorized", false, "1000 Auth Failed");
    let mut known = Talk::known("{}", |_| {});
    assert!(killed(&mut known, revoke("another")).is_empty());
    assert_eq!(killed(&mut known, revoke(fixtures::NEXT_KEY)), token_expired, "fetch a new one");
    assert_eq!(killed(&mut known, revoke(fixtures::KEY)), unauthorized, "the URL leads nowhere");
    let mut anonymous = Talk::new(Protocol::Base);
    anonymous.subscribe(&id(), ROOM);
    assert!(killed(&mut anonymous, revoke(fixtures::NEXT_KEY)).is_empty());
    assert_eq!(killed(&mut anonymous, revoke(fixtures::KEY)), unauthorized);
    for kill in [
        Kill::DisableApp { app: app.parse().unwrap() },
        Kill::DeleteApp { app: app.parse().unwrap() },
    ] {
        assert_eq!(killed(&mut anonymous, kill), unauthorized);
    }
}

#[test]
fn a_signed_stream_ends_with_the_secret_that_signed_it() {
    let name = sign(fixtures::NEXT_SECRET, &format!("\"{ROOM}\""));
    let by_next = format!(r#"{{"channel":"$pubsub","signed_stream_name":"{name}"}}"#);
    for (identifier, expected) in [
        (by_next, ended("unauthorized", true, "1000 Auth Failed").to_vec()),
        (signed(ROOM), vec![]),
    ] {
        let mut talk = Talk::new(Protocol::Base);
        talk.subscribe(&identifier, ROOM);
        let (app, key) = (fixtures::APP.parse().unwrap(), fixtures::NEXT_KEY.parse().unwrap());
        let kill = Kill::RevokeCredential { app, key };
        talk.gateway.directory.apply(2, contract::directory::Change::Kill(kill.clone()));
        let said = talk.hear(|c, cx, out| c.on_kill(&kill, cx, out));
        assert_eq!(said, expected);
    }
}

#[test]
fn settings_reach_open_connections_within_a_second() {
    let unauthorized = |reconnect| ended("unauthorized", reconnect, "1000 Auth Failed").to_vec();
    type Change = fn(&mut AppRecord);
    let cases: [(&str, Change, Vec<String>); 4] = [
        ("nothing of ours", |record| record.settings.client_events = false, vec![]),
        ("anonymous", |record| record.settings.anycable.anonymous = false, unauthorized(false)),
        ("dialect", |record| record.settings.dialects.anycable = false, unauthorized(false)),
        ("public", |record| record.settings.anycable.public_streams = false, unauthorized(true)),
    ];
    for (what, change, expected) in cases {
        let mut talk = Talk::new(Protocol::Base);
        assert_eq!(talk.subscribe(&id(), ROOM)[0], about("confirm_subscription", &id()));
        assert!(tick(&mut talk).is_empty());
        resettle(&talk, 2, change);
        assert_eq!(tick(&mut talk), expected, "{what}");
        let _ = tick(&mut talk);
    }
}

#[test]
fn who_was_present_stays_for_a_while_after_the_connection_is_lost() {
    let mut talk = Talk::new(Protocol::Extended);
    talk.subscribe(&id(), ROOM);
    talk.subscribe(&public("other"), "other");
    talk.command("join", &id(), r#","presence":{"id":"u"}"#);
    talk.command("subscribe", &public("asked"), "");
    let mut left: Vec<(String, u32)> =
        talk.conversation.end().into_iter().map(|l| (l.channel.to_string(), l.grace_ms)).collect();
    left.sort();
    assert_eq!(left, [("asked".into(), 0), ("other".into(), 0), (ROOM.into(), 15_000)]);
    assert!(talk.conversation.end().is_empty());
}
