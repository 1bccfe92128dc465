use super::talk::{ROOM, Talk, about};
use crate::dialects::{
    Seldom,
    anycable::{
        conversation::Protocol,
        fixtures::{SECRET, public, sign, signed},
        vectors,
    },
};
use realtime::Member;

fn id() -> String {
    public(ROOM)
}

fn subscribed(protocol: Protocol) -> Talk {
    let mut talk = Talk::new(protocol);
    talk.subscribe(&id(), ROOM);
    talk
}

fn join(talk: &mut Talk, identifier: &str, presence: &str) -> Vec<String> {
    talk.command("join", identifier, &format!(r#","presence":{presence}"#))
}

#[test]
fn joining_and_leaving_are_the_sheets() {
    let mut talk = subscribed(Protocol::Extended);
    let entered = talk.say(&vectors::frame("8 join", &id()));
    assert_eq!(entered, [format!(r#"enter {ROOM} as 7 {{"name":"Seven"}}"#)]);
    assert_eq!(talk.say(&vectors::frame("8 presence", &id())), [format!("who is on {ROOM}")]);
    let seven = Member {
        user: "7".parse().unwrap(),
        id_is_number: false,
        info: Some(r#"{"name":"Seven"}"#.into()),
    };
    let ticket = talk.ticket;
    let said = talk.hear(|c, cx, out| c.on_members(ticket, &[seven], cx, out));
    assert_eq!(said, [vectors::frame("8 present", &id())]);
    assert_eq!(talk.say(&vectors::frame("8 leave", &id())), [format!("exit {ROOM}")]);
    assert!(talk.say(&vectors::frame("8 leave", &id())).is_empty());
    let left = talk.say(&vectors::frame("8 unsubscribe", &id()));
    assert_eq!(left, [format!("leave {ROOM} after 0")]);
}

#[test]
fn a_connection_is_one_member_of_a_stream() {
    let mut talk = subscribed(Protocol::Extended);
    assert_eq!(join(&mut talk, &id(), r#"{"id":"a"}"#), [format!("enter {ROOM} as a")]);
    let again = join(&mut talk, &id(), r#"{"id":"a","info":2}"#);
    assert_eq!(again, [format!("enter {ROOM} as a 2")], "its info may change");
    assert!(join(&mut talk, &id(), r#"{"id":"b"}"#).is_empty(), "it would have to leave first");
    talk.command("leave", &id(), "");
    assert_eq!(join(&mut talk, &id(), r#"{"id":"b"}"#), [format!("enter {ROOM} as b")]);
}

#[test]
fn what_is_no_member_is_silence() {
    let mut talk = Talk::with(Protocol::Extended, |record| record.limits.max_member_bytes = 128);
    talk.subscribe(&id(), ROOM);
    let long = format!(r#"{{"id":"{}"}}"#, "u".repeat(129));
    let fat = |bytes: usize| format!(r#"{{"id":"u","info":"{}"}}"#, "x".repeat(bytes - 2));
    for presence in [r#"{"id":""}"#, "{}", "null", "\"u\"", r#"{"id":{}}"#, &long, &fat(129)] {
        assert!(join(&mut talk, &id(), presence).is_empty(), "{presence}");
    }
    assert_eq!(join(&mut talk, &id(), &fat(128)).len(), 1);
}

#[test]
fn members_of_presence_channels_are_who_their_token_says() {
    for (ext, presence, expected) in [
        (r#"{"user_id":42}"#, r#"{"id":"42"}"#, true),
        (r#"{"user_id":"ann","id":"7"}"#, r#"{"id":"ann"}"#, true),
        (r#"{"id":7}"#, r#"{"id":7}"#, true),
        (r#"{"user_id":"ann"}"#, r#"{"id":"bob"}"#, false),
        (r#"{"name":"ann"}"#, r#"{"id":"ann"}"#, false),
        (r#"{"user_id":true}"#, r#"{"id":"true"}"#, false),
        ("ann", r#"{"id":"ann"}"#, false),
    ] {
        let mut talk = Talk::known(ext, |_| {});
        let identifier = signed("presence-a");
        talk.subscribe(&identifier, "presence-a");
        assert_eq!(
            !join(&mut talk, &identifier, presence).is_empty(),
            expected,
            "{ext} {presence}"
        );
        talk.subscribe(&id(), ROOM);
        assert!(!join(&mut talk, &id(), presence).is_empty(), "elsewhere it says so itself");
    }
    let mut anonymous = Talk::new(Protocol::Extended);
    let identifier = signed("presence-a");
    anonymous.subscribe(&identifier, "presence-a");
    assert!(join(&mut anonymous, &identifier, r#"{"id":"ann"}"#).is_empty());
}

#[test]
fn base_clients_are_told_of_presence_once_they_have_asked_for_it() {
    let mut talk = subscribed(Protocol::Base);
    let said = talk.command("presence", &id(), "");
    assert!(said[0].starts_with(&format!("unhear {ROOM}")), "{said:?}");
    assert!(said[1].ends_with("and who is there"), "{said:?}");
    assert_eq!(said[2], format!("who is on {ROOM}"));
    assert_eq!(talk.command("presence", &id(), ""), [format!("who is on {ROOM}")]);
    let mut talk = subscribed(Protocol::Rails);
    let said = join(&mut talk, &id(), r#"{"id":"u"}"#);
    assert!(said[1].ends_with("and who is there"), "{said:?}");
    assert_eq!(said[2], format!("enter {ROOM} as u"), "so that it sees its own arrival");
}

#[test]
fn a_client_may_ask_how_many_without_who() {
    let mut talk = subscribed(Protocol::Extended);
    talk.command("presence", &id(), r#","data":{"return_records":false}"#);
    let who = Member { user: "u".parse().unwrap(), id_is_number: false, info: None };
    let ticket = talk.ticket;
    let said = talk.hear(|c, cx, out| c.on_members(ticket, &[who], cx, out));
    assert!(said[0].ends_with(r#""message":{"type":"info","total":1}}"#), "{said:?}");
}

#[test]
fn where_presence_is_off_every_question_is_answered_with_an_error() {
    let mut talk = Talk::with(Protocol::Extended, |r| r.settings.anycable.presence = false);
    let said = talk.subscribe(&id(), ROOM);
    assert!(!said[1].ends_with("and who is there"), "{said:?}");
    assert!(join(&mut talk, &id(), r#"{"id":"u"}"#).is_empty());
    assert_eq!(talk.command("presence", &id(), ""), [vectors::frame("6.2 no presence", &id())]);
    let mut talk = Talk::with(Protocol::Extended, |r| r.settings.anycable.turbo_streams = true);
    let name = sign(SECRET, r#""board""#);
    let turbo = format!(r#"{{"channel":"Turbo::StreamsChannel","signed_stream_name":"{name}"}}"#);
    talk.subscribe(&turbo, "board");
    assert!(join(&mut talk, &turbo, r#"{"id":"u"}"#).is_empty());
    assert_eq!(talk.command("presence", &turbo, ""), [vectors::frame("6.2 no presence", &turbo)]);
}

#[test]
fn an_owner_that_cannot_be_asked_is_an_error_to_the_client() {
    let mut talk = subscribed(Protocol::Extended);
    talk.command("presence", &id(), "");
    let ticket = talk.ticket;
    let said = talk.hear(|c, cx, out| c.on_unanswered(ticket, cx, out));
    assert_eq!(said, [vectors::frame("6.2 no presence", &id())]);
}

#[test]
fn joining_waits_for_the_seat() {
    let mut talk = Talk::new(Protocol::Extended);
    talk.command("subscribe", &id(), "");
    assert!(join(&mut talk, &id(), r#"{"id":"u"}"#).is_empty());
    let said = talk.let_in(ROOM);
    assert_eq!(said[0], about("confirm_subscription", &id()));
    assert_eq!(said[2], format!("enter {ROOM} as u"));
    let mut talk = Talk::new(Protocol::Extended);
    talk.command("subscribe", &id(), "");
    join(&mut talk, &id(), r#"{"id":"u"}"#);
    talk.command("leave", &id(), "");
    assert_eq!(talk.let_in(ROOM).len(), 2, "it thought better of it");
}

#[test]
fn unsubscribing_the_identifier_that_joined_ends_the_membership() {
    let other = r#"{"stream_name":"room/1","channel":"$pubsub"}"#;
    let mut talk = subscribed(Protocol::Extended);
    talk.command("subscribe", other, "");
    join(&mut talk, &id(), r#"{"id":"u"}"#);
    let said = talk.command("unsubscribe", &id(), "");
    assert_eq!(said[1], format!("exit {ROOM}"));
}
