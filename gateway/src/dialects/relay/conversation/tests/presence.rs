use super::talk::{NOTHING, Talk, error, member, signed};
use crate::{
    dialects::{
        Dialect, Seldom,
        relay::{codec::frame_due, fixtures, linter, vectors},
    },
    hub::{topics::Due, voice::Voice},
};
use realtime::{JoinRefusal, Topic};
use std::sync::Arc;

const ONE: &str = r#"{"user_id":1,"user_info":{"name":"One"}}"#;

fn roster() -> Vec<realtime::Member> {
    vec![
        member("1", true, Some(r#"{"name":"One"}"#)),
        member("u2", false, Some(r#"{"name":"Two"}"#)),
    ]
}

#[test]
fn a_member_joins_with_the_id_and_info_its_back_end_signed() {
    let mut talk = Talk::new();
    let asked = talk.subscribe_signed("presence-room", Some(ONE));
    assert_eq!(asked, [r#"join presence-room as 1 {"name":"One"}"#]);
    let said = talk.let_in("presence-room", Some(roster()));
    assert_eq!(said, [vectors::frame("4.2 roster"), "hear presence-room"]);
    for (data, shown) in [(r#"{"user_id":"1"}"#, r#""1""#), (r#"{"id":7}"#, "7")] {
        let said = Talk::new().subscribe_signed("presence-room", Some(data));
        assert_eq!(said, [format!("join presence-room as {shown}")]);
    }
}

#[test]
fn a_repeated_subscribe_asks_for_the_roster_as_it_is_now() {
    let mut talk = Talk::new();
    talk.join("presence-room", Some(ONE));
    let more = signed("presence-room", Some(ONE));
    assert_eq!(talk.subscribe("presence-room", &more), ["ask 0 members of presence-room"]);
    assert_eq!(talk.subscribe("presence-room", &more), ["ask 1 members of presence-room"]);
    assert_eq!(talk.tell_members(0, &roster()), [vectors::frame("4.2 roster")]);
    assert_eq!(talk.tell_members(0, &roster()), NOTHING, "answered already");
    let why = "The service is over capacity, try again later";
    let said = talk.hear(|c, cx, out| c.on_unanswered(1, cx, out));
    assert_eq!(said, [error(4100, why, Some("presence-room"))]);
}

#[test]
fn a_roster_for_a_channel_left_since_is_not_told() {
    let mut talk = Talk::new();
    talk.join("presence-room", Some(ONE));
    talk.subscribe_signed("presence-room", Some(ONE));
    talk.unsubscribe("presence-room");
    assert_eq!(talk.tell_members(0, &roster()), NOTHING);
}

#[test]
fn repeats_that_nobody_waits_for_are_bounded() {
    let mut talk = Talk::new();
    talk.join("presence-room", Some(ONE));
    for at in 0..64 {
        let said = talk.subscribe_signed("presence-room", Some(ONE));
        assert_eq!(said, [format!("ask {at} members of presence-room")]);
    }
    let why = "Too many subscribes are waiting for their answer";
    let said = talk.subscribe_signed("presence-room", Some(ONE));
    assert_eq!(said, [error(4100, why, Some("presence-room"))]);
}

#[test]
fn a_full_channel_is_refused() {
    let mut talk = Talk::new();
    talk.subscribe_signed("presence-room", Some(ONE));
    let said = talk.keep_out("presence-room", JoinRefusal::MembersFull { max: 100 });
    let why = "The channel has its maximum of 100 members";
    assert_eq!(said, [error(4100, why, Some("presence-room"))]);
}

#[test]
fn info_holds_at_its_limit_and_is_refused_one_past_it() {
    let data = |n: usize| format!(r#"{{"user_id":1,"user_info":"{}"}}"#, "x".repeat(n - 2));
    let said = Talk::new().subscribe_signed("presence-room", Some(&data(1_024)));
    assert!(said[0].starts_with("join "), "{said:?}");
    let said = Talk::new().subscribe_signed("presence-room", Some(&data(1_025)));
    let why = "user_info must be at most 1024 bytes";
    assert_eq!(said, [error(4009, why, Some("presence-room"))]);
}

/// The text inside a whole WebSocket frame, or nothing.
fn due(channel: &str, due: &Due) -> String {
    let topic = Topic { app: fixtures::APP.parse().unwrap(), channel: channel.parse().unwrap() };
    let frame = frame_due(&Voice::plain(Dialect::Relay), &topic, due);
    if frame.is_empty() {
        return String::new();
    }
    let header = if frame[1] == 126 { 4 } else { 2 };
    let text = String::from_utf8(frame[header..].to_vec()).expect("UTF-8");
    linter::lint(&text);
    text
}

#[test]
fn members_are_shown_on_presence_channels_only_and_counts_never() {
    let two = Arc::new(member("2", true, Some(r#"{"name":"Two"}"#)));
    let (added, removed) = (Due::MemberAdded(two.clone()), Due::MemberRemoved(two));
    assert_eq!(due("presence-room", &added), vectors::frame("4.2 member_added"));
    assert_eq!(due("presence-room", &removed), vectors::frame("4.2 member_removed"));
    for shown in [added, removed, Due::Count(3)] {
        assert_eq!(due("chat", &shown), "");
    }
    assert_eq!(due("presence-room", &Due::Count(3)), "");
}

#[test]
fn members_of_another_dialect_are_no_roster_where_this_one_shows_none() {
    let mut talk = Talk::new();
    talk.subscribe("chat", "");
    let said = talk.let_in("chat", Some(roster()));
    assert_eq!(said, [vectors::frame("4.2 subscribed"), "hear chat"]);
}
