use super::talk::{Talk, member};
use crate::dialects::pusher::{fixtures, upgrade::ClientHint, vectors};
use contract::directory::AppRecord;
use realtime::{CacheAnswer, JoinRefusal};

const ROOM: &str = "presence-room.1";

fn join(talk: &mut Talk, data: &str) -> Vec<String> {
    let auth = fixtures::channel_auth(ROOM, Some(data));
    let data = serde_json::to_string(data).unwrap();
    talk.subscribe(ROOM, &format!(r#","auth":"{auth}","channel_data":{data}"#))
}

#[test]
fn the_roster_is_told_as_the_sheet_prints_it() {
    let mut talk = Talk::new();
    let asked = talk.say(vectors::frame("4.1 presence"));
    assert_eq!(asked, [r#"join presence-room.1 as user-123 {"name":"Blue"}"#]);
    let roster = vec![member("user-123", Some(r#"{"name":"Blue"}"#)), member("user-456", None)];
    let told = talk.let_in_with(ROOM, Some(roster), CacheAnswer::NotACache);
    assert_eq!(told, [vectors::frame("5.2 succeeded")]);
}

#[test]
fn members_are_read_from_what_was_signed() {
    for (data, expected) in [
        (r#"{"user_id":"u"}"#, "u"),
        (r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#, r#"10 {"name":"Mr. Channels"}"#),
        (r#"{"user_id": "u", "user_info": true}"#, "u true"),
        (r#"{"user_id":"u","user_info":null}"#, "u"),
        (r#"{"user_id":"u","user_info":{"n": 1.50}}"#, r#"u {"n": 1.50}"#),
        (r#"{"user_id":"\u0416/ \"x"}"#, "Ж/ \"x"),
        (r#"{"extra":[1],"user_id":9007199254740993}"#, "9007199254740993"),
    ] {
        assert_eq!(join(&mut Talk::new(), data), [format!("join {ROOM} as {expected}")]);
    }
}

#[test]
fn what_is_not_a_member_is_refused() {
    let long = format!(r#"{{"user_id":"{}"}}"#, "u".repeat(129));
    for (data, kind) in [
        ("", "AuthError"),
        ("null", "AuthError"),
        ("[]", "AuthError"),
        ("{}", "AuthError"),
        (r#"{"user_id":null}"#, "AuthError"),
        (r#"{"user_id":""}"#, "AuthError"),
        (r#"{"user_id":true}"#, "AuthError"),
        (r#"{"user_id":1.5}"#, "AuthError"),
        (r#"{"user_id":{}}"#, "AuthError"),
        (r#"{"user_id":"a","user_id":"b"}"#, "AuthError"),
        (r#"{"user_id":"u"} x"#, "AuthError"),
        (&long, "LimitReached"),
    ] {
        let said = join(&mut Talk::new(), data);
        assert!(said[0].contains(kind) && said.len() == 2, "{data}: {said:?}");
    }
}

#[test]
fn member_objects_hold_at_the_limit_and_fail_one_past_it() {
    let sized = |bytes: usize| {
        let data = format!(r#"{{"user_id":"u","user_info":"{}"}}"#, "x".repeat(bytes - 2));
        join(&mut Talk::new(), &data)
    };
    assert!(sized(1_024)[0].starts_with("join "));
    assert!(sized(1_025)[0].contains("LimitReached"));
}

#[test]
fn a_signed_in_user_needs_no_channel_data() {
    let mut talk = Talk::new();
    talk.sign_in(r#"{"id":"ann","user_info":{"name":"Ann"}}"#);
    let auth = fixtures::channel_auth(ROOM, None);
    let asked = talk.subscribe(ROOM, &format!(r#","auth":"{auth}""#));
    assert_eq!(asked, [format!(r#"join {ROOM} as ann {{"name":"Ann"}}"#)]);
}

#[test]
fn channel_data_wins_over_the_signed_in_user() {
    let mut talk = Talk::new();
    talk.sign_in(r#"{"id":"ann"}"#);
    assert_eq!(join(&mut talk, r#"{"user_id":"other"}"#), [format!("join {ROOM} as other")]);
}

#[test]
fn nobody_is_nobody() {
    let auth = fixtures::channel_auth(ROOM, None);
    let said = Talk::new().subscribe(ROOM, &format!(r#","auth":"{auth}""#));
    assert!(said[0].contains("nobody is signed in"), "{said:?}");
}

#[test]
fn a_users_info_that_is_too_large_is_refused_where_it_counts() {
    let limit = |record: &mut AppRecord| record.limits.max_member_bytes = 128;
    let mut talk = Talk::with(limit, ClientHint::Other);
    let data = format!(r#"{{"id":"ann","user_info":"{}"}}"#, "x".repeat(127));
    assert_eq!(talk.sign_in(&data), ["sign in ann watching []"]);
    let auth = fixtures::channel_auth(ROOM, None);
    let said = talk.subscribe(ROOM, &format!(r#","auth":"{auth}""#));
    assert!(said[0].contains("LimitReached"), "{said:?}");
}

#[test]
fn a_full_channel_is_a_refusal_and_no_close() {
    let mut talk = Talk::new();
    join(&mut talk, r#"{"user_id":"u"}"#);
    let said = talk.keep_out(ROOM, JoinRefusal::MembersFull { max: 100 });
    assert!(said[0].contains(r#"\"type\":\"LimitReached\""#) && said.len() == 2, "{said:?}");
}

#[test]
fn client_events_carry_the_member_that_subscribed() {
    let mut talk = Talk::new();
    join(&mut talk, r#"{"user_id":"user-123"}"#);
    let roster = vec![member("user-123", None)];
    talk.let_in_with(ROOM, Some(roster), CacheAnswer::NotACache);
    let sent = talk.say(vectors::frame("7 sent"));
    assert_eq!(sent, [format!(r#"publish {ROOM} client-typing {{"is_typing":true}} as user-123"#)]);
    let forged =
        format!(r#"{{"event":"client-x","channel":"{ROOM}","data":"1","user_id":"root"}}"#);
    assert_eq!(talk.say(&forged), [format!("publish {ROOM} client-x 1 as user-123")]);
}
