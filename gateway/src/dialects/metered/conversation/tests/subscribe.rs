use super::talk::{ONE, Talk, assert_error, member};
use crate::refusals::without_refusal;
use crate::{dialects::metered::vectors, hub::effect::Left};
use contract::{Action, ChannelName};
use realtime::{CacheAnswer, Encodings, Event, JoinRefusal, Payload, Position, Sender, Topic};
use std::sync::Arc;

const ROOM: &str = "app_abc/room-1";
const ACK: &str = r#"{"type":"ack","requestId":"s"}"#;
const NOTHING: [&str; 0] = [];

fn snapshot(channel: &str, joined: &str) -> String {
    format!(r#"{{"type":"presence","channel":"{channel}","joined":[{joined}],"left":[]}}"#)
}

#[test]
fn the_ack_then_a_pause_then_everyone_else_then_live_traffic() {
    let mut talk = Talk::new();
    let asked = talk.ask("subscribe", ROOM, r#","requestId":"s""#);
    assert_eq!(asked, ["join app_abc/room-1 as u_1"]);
    let said = talk.let_in(ROOM, &[member("u_2", None), member("u_1", None)]);
    let expected = [ACK, "pause 15", vectors::frame("7 snapshot"), "hear app_abc/room-1 presence"];
    assert_eq!(said, expected);
}

#[test]
fn there_is_a_snapshot_also_when_nobody_is_there() {
    for roster in [None, Some(vec![]), Some(vec![member("u_1", None)])] {
        let mut talk = Talk::new();
        talk.ask("subscribe", "c", r#","requestId":"s""#);
        let said = talk.let_in_with("c", roster, CacheAnswer::NotACache);
        assert_eq!(said, [ACK, "pause 15", &snapshot("c", ""), "hear c presence"]);
    }
}

#[test]
fn a_request_without_a_name_is_not_acknowledged() {
    let mut talk = Talk::new();
    assert_eq!(talk.ask("subscribe", "c", r#","id":"7""#), ["join c as u_1"]);
    assert_eq!(talk.let_in("c", &[]), ["pause 15", &snapshot("c", ""), "hear c presence"]);
    assert_eq!(talk.ask("unsubscribe", "c", ""), ["leave c"]);
}

#[test]
fn a_repeat_is_answered_in_full_and_its_flag_is_the_one_that_counts() {
    let mut talk = Talk::new();
    talk.join("c", &[]);
    let asked = talk.ask("subscribe", "c", r#","requestId":"s","includeSenderMetadata":true"#);
    assert_eq!(asked, ["join c as u_1"], "the owner says once more who is there");
    let two = snapshot("c", r#"{"peerId":"u_2"}"#);
    let said = talk.let_in("c", &[member("u_2", None)]);
    let expected = [ACK, "pause 15", &two, "hear c metadata presence", "unhear c presence"];
    assert_eq!(said, expected);
    talk.ask("subscribe", "c", r#","requestId":"s","includeSenderMetadata":true"#);
    assert_eq!(talk.let_in("c", &[member("u_2", None)]), [ACK, "pause 15", &two], "as it was");
}

#[test]
fn who_may_not_see_presence_is_told_none_and_is_seen() {
    let no_presence = r#"{"sub":"u_1","exp":4102444800,"permissions":["subscribe"]}"#;
    let mut talk = Talk::with_token(|_| {}, no_presence);
    assert_eq!(talk.ask("subscribe", "c", r#","requestId":"s""#), ["join c as u_1"]);
    assert_eq!(talk.let_in("c", &[member("u_2", None)]), [ACK, "hear c"]);
}

#[test]
fn leaving_is_acknowledged_whether_or_not_the_channel_was_held() {
    let mut talk = Talk::new();
    talk.join("c", &[]);
    let ack = r#"{"type":"ack","requestId":"u"}"#;
    assert_eq!(talk.ask("unsubscribe", "c", r#","requestId":"u""#), ["leave c", ack]);
    assert_eq!(talk.ask("unsubscribe", "c", r#","requestId":"u""#), [ack]);
    assert_eq!(talk.ask("unsubscribe", "x*", r#","requestId":"u""#), [ack]);
}

#[test]
fn a_request_given_up_is_answered_once_and_its_own_answer_goes_nowhere() {
    let mut talk = Talk::new();
    talk.ask("subscribe", "c", r#","requestId":"s""#);
    let said = talk.ask("unsubscribe", "c", r#","requestId":"u""#);
    assert_eq!(said, [ACK, "leave c", r#"{"type":"ack","requestId":"u"}"#]);
    talk.ask("subscribe", "c", r#","requestId":"again""#);
    assert_eq!(talk.let_in("c", &[]), NOTHING, "the first request's answer");
    let said = talk.let_in("c", &[]);
    assert_eq!(said[0], r#"{"type":"ack","requestId":"again"}"#);
    assert_eq!(talk.let_in("c", &[]), NOTHING, "an answer nobody waits for");
}

#[test]
fn every_way_to_be_refused_has_its_code() {
    let scoped = r#"{"sub":"u_1","exp":4102444800,"channels":["app_abc/*"]}"#;
    let long = "c".repeat(257);
    for (claims, channel, code) in [
        (ONE, "", "invalid_channel"),
        (ONE, long.as_str(), "invalid_channel"),
        (ONE, "a\u{0}b", "invalid_channel"),
        (ONE, "a\u{9f}b", "invalid_channel"),
        (ONE, "_metered/x", "channel_reserved"),
        (ONE, "_SYSTEM/x", "channel_reserved"),
        (ONE, "_Internal/*", "channel_reserved"),
        (ONE, "#server-to-user-u_2", "channel_reserved"),
        (scoped, "other-app/room-1", "channel_not_authorized"),
        (scoped, "app_abc/sub/deep", "channel_not_authorized"),
        (scoped, "app_abc/sub/*", "channel_not_authorized"),
    ] {
        let mut talk = Talk::with_token(|_| {}, claims);
        let said = talk.ask("subscribe", channel, r#","requestId":"s""#);
        assert_error(&said, Some("s"), code);
        assert_eq!(talk.conversation.end().len(), 1, "its own only: {channel}");
    }
    for missing in [r#"{"type":"subscribe"}"#, r#"{"type":"subscribe","channel":7}"#] {
        assert_error(&Talk::new().say(missing), None, "invalid_channel");
    }
}

#[test]
fn the_refusal_reads_as_the_sheet_prints_it() {
    let scoped = r#"{"sub":"u_1","exp":4102444800,"channels":["app_abc/*"]}"#;
    let mut talk = Talk::with_token(|_| {}, scoped);
    let said = talk.ask("publish", "other-app/room-1", r#","data":1,"requestId":"pub-2""#);
    let said: Vec<String> = said.iter().map(|frame| without_refusal(frame)).collect();
    assert_eq!(said, [vectors::frame("5.2 error")]);
}

#[test]
fn names_hold_at_their_limit() {
    let long = "c".repeat(256);
    assert_eq!(Talk::new().ask("subscribe", &long, ""), [format!("join {long} as u_1")]);
    let shout = "APP/Комната №1 \u{1f600}";
    assert_eq!(Talk::new().ask("subscribe", shout, ""), [format!("join {shout} as u_1")]);
}

#[test]
fn protected_channels_are_for_signed_tokens_only() {
    for channel in ["private-a", "presence-a", "private-encrypted-a", "private-cache-a"] {
        let asked = r#","requestId":"s""#;
        let said = Talk::with_key(|_| {}).ask("subscribe", channel, asked);
        assert_error(&said, Some("s"), "channel_not_authorized");
        assert_eq!(
            Talk::new().ask("subscribe", channel, asked),
            [format!("join {channel} as u_1")]
        );
    }
    let said = Talk::with_key(|_| {}).ask("subscribe", "cache-a", "");
    assert_eq!(said, ["join cache-a as a-uuid"]);
}

#[test]
fn what_a_cache_channel_holds_comes_after_the_snapshot_and_once() {
    let mut talk = Talk::new();
    let event = Arc::new(Event {
        topic: Topic { app: talk.app.id.clone(), channel: "cache-a".parse().unwrap() },
        position: Position { epoch: 1, seq: 1 },
        name: "message".parse().unwrap(),
        data: Payload::Json("1".into()),
        sender: Sender::server(),
        except: None,
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    });
    let hit = || CacheAnswer::Hit(event.clone());
    talk.ask("subscribe", "cache-a", "");
    let said = talk.let_in_with("cache-a", None, hit());
    let message = r#"{"type":"message","channel":"cache-a","from":"server","data":1}"#;
    assert_eq!(said[2..], [message, "hear cache-a presence"]);
    talk.ask("subscribe", "cache-a", "");
    assert_eq!(talk.let_in_with("cache-a", None, hit()).len(), 2, "pause and snapshot");
}

#[test]
fn a_hundred_channels_and_not_one_more() {
    let mut talk = Talk::new();
    for n in 0..99 {
        let said = talk.ask("subscribe", &format!("c{n}"), "");
        assert!(said[0].starts_with("join "), "{said:?}");
    }
    assert_eq!(talk.ask("subscribe", "p*", ""), ["listen p* pattern"]);
    assert_error(&talk.ask("subscribe", "more", ""), None, "channel_limit_exceeded");
    assert_error(&talk.ask("subscribe", "q*", ""), None, "channel_limit_exceeded");
    assert_eq!(talk.ask("subscribe", "c7", ""), ["join c7 as u_1"], "a repeat is not one more");
    talk.ask("unsubscribe", "c7", "");
    assert_eq!(talk.ask("subscribe", "more", ""), ["join more as u_1"]);
}

#[test]
fn an_apps_own_limit_may_be_lower() {
    let few = |records: &mut crate::dialects::metered::fixtures::Records| {
        records.app.limits.max_channels_per_connection = 1;
    };
    let mut talk = Talk::with_token(few, ONE);
    assert_eq!(talk.ask("subscribe", "one", ""), ["join one as u_1"]);
    assert_error(&talk.ask("subscribe", "two", ""), None, "channel_limit_exceeded");
}

#[test]
fn a_full_list_of_peers_keeps_nobody_from_hearing_but_on_presence_channels() {
    let full = JoinRefusal::MembersFull { max: 100 };
    let mut talk = Talk::new();
    talk.ask("subscribe", "c", r#","requestId":"s""#);
    assert_eq!(talk.keep_out("c", full), ["join c unseen"]);
    assert_eq!(talk.let_in("c", &[])[0], ACK);
    talk.ask("subscribe", "presence-c", r#","requestId":"s""#);
    assert_error(&talk.keep_out("presence-c", full), Some("s"), "channel_full");
    talk.ask("subscribe", "presence-c", r#","requestId":"s""#);
    assert_error(&talk.keep_out("presence-c", JoinRefusal::Overloaded), Some("s"), "backend_error");
}

#[test]
fn the_end_gives_back_what_was_asked_for_and_not_given_up() {
    let mut talk = Talk::new();
    talk.join("a", &[]);
    talk.ask("subscribe", "b", "");
    talk.join("c", &[]);
    talk.ask("unsubscribe", "c", "");
    let mut left = talk.conversation.end();
    left.sort_by(|a, b| a.channel.cmp(&b.channel));
    let names: [ChannelName; 3] = ["#server-to-user-u_1", "a", "b"].map(|c| c.parse().unwrap());
    assert_eq!(left, names.map(Left::at_once));
}

#[test]
fn an_action_that_is_missing_is_said_before_the_channel_is() {
    let no_subscribe =
        r#"{"sub":"u_1","exp":4102444800,"permissions":["publish"],"channels":["a"]}"#;
    let mut talk = Talk::with_token(|_| {}, no_subscribe);
    assert_error(&talk.ask("subscribe", "b", ""), None, "action_not_permitted");
    let mut talk = Talk::with_key(|records| {
        records.publishable.actions.retain(|action| *action != Action::Subscribe);
    });
    assert_error(&talk.ask("subscribe", "b", ""), None, "action_not_permitted");
}
