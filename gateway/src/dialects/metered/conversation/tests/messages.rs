use super::talk::{ONE, Talk, assert_error};
use crate::dialects::metered::fixtures::{self, Records};
use contract::{Action, directory::Change};

const TWO: &str = r#"{"sub":"u_1","exp":4102444800,"peerMetadata":{"n":1}}"#;

fn send(talk: &mut Talk, to: &str, more: &str) -> Vec<String> {
    let to = serde_json::Value::from(to);
    talk.say(&format!(r#"{{"type":"send","to":{to}{more}}}"#))
}

#[test]
fn a_publish_goes_out_as_the_peer_with_its_data_byte_for_byte() {
    let mut talk = Talk::with_token(|_| {}, TWO);
    let raw = r#"{"n":1.0,  "big":12345678901234567890}"#;
    let said = talk.ask("publish", "c", &format!(r#","data":{raw},"requestId":"p","from":"x""#));
    assert_eq!(said, [format!(r#"publish c message {raw} as u_1 {{"n":1}}"#)]);
    assert_eq!(talk.delivered(0), [r#"{"type":"ack","requestId":"p"}"#], "nobody need hear it");
}

#[test]
fn a_publish_needs_no_subscription_and_no_name() {
    let mut talk = Talk::new();
    let said = talk.ask("publish", "c", r#","data":null"#);
    assert_eq!(said, ["publish c message null as u_1"]);
}

#[test]
fn a_value_that_names_an_event_is_published_under_that_name() {
    let mut talk = Talk::new();
    for (data, name) in [
        (r#"{"event":"chat","data":1}"#, "chat"),
        (r#"{"event":"client-x","data":1}"#, "message"),
        (r#"{"event":"pusher:error"}"#, "message"),
        (r#"{"event":7}"#, "message"),
        (r#""event""#, "message"),
    ] {
        let said = talk.ask("publish", "c", &format!(r#","data":{data}"#));
        assert_eq!(said, [format!("publish c {name} {data} as u_1")]);
    }
}

#[test]
fn what_cannot_be_delivered_may_be_tried_again() {
    let mut talk = Talk::new();
    talk.ask("publish", "c", r#","data":1,"requestId":"p""#);
    assert_error(&talk.undelivered(), Some("p"), "backend_error");
    talk.ask("publish", "c", r#","data":1"#);
    assert_error(&talk.undelivered(), None, "backend_error");
}

#[test]
fn publishing_takes_from_the_apps_rate_and_direct_messages_do_not() {
    let slow = |records: &mut Records| records.app.limits.max_publishes_per_s = 10;
    let mut talk = Talk::with_token(slow, ONE);
    for _ in 0..10 {
        assert!(talk.ask("publish", "c", r#","data":1"#)[0].starts_with("publish "));
    }
    let said = talk.ask("publish", "c", r#","data":1,"requestId":"p""#);
    assert_error(&said, Some("p"), "backend_error");
    assert!(send(&mut talk, "u_2", r#","data":1"#)[0].starts_with("publish "));
}

#[test]
fn every_way_to_be_refused_has_its_code() {
    let scoped = r#"{"sub":"u_1","exp":4102444800,"channels":["app_abc/*"],"permissions":["publish","send"]}"#;
    let mute = r#"{"sub":"u_1","exp":4102444800,"permissions":["subscribe"]}"#;
    for (claims, channel, more, code) in [
        (ONE, "c", "", "missing_data"),
        (ONE, "", r#","data":1"#, "invalid_channel"),
        (ONE, "_metered/x", r#","data":1"#, "channel_reserved"),
        (ONE, "#server-to-user-u_2", r#","data":1"#, "channel_reserved"),
        (ONE, "private-encrypted-a", r#","data":1"#, "channel_not_authorized"),
        (scoped, "other/x", r#","data":1"#, "channel_not_authorized"),
        (scoped, "other/x", "", "channel_not_authorized"),
        (mute, "c", r#","data":1"#, "action_not_permitted"),
    ] {
        let mut talk = Talk::with_token(|_| {}, claims);
        let more = format!(r#"{more},"requestId":"p""#);
        assert_error(&talk.ask("publish", channel, &more), Some("p"), code);
    }
    let mut talk = Talk::with_key(|_| {});
    assert_error(&talk.ask("publish", "private-a", r#","data":1"#), None, "channel_not_authorized");
    let star = talk.ask("publish", "a*b", r#","data":1"#);
    assert_eq!(star, ["publish a*b message 1 as a-uuid"], "a star is a letter here");
}

#[test]
fn a_direct_message_goes_to_the_peers_own_channel_and_is_not_kept() {
    let mut talk = Talk::with_token(|_| {}, TWO);
    let said = send(&mut talk, "u_2", r#","data":"hi","requestId":"d""#);
    assert_eq!(said, [r#"publish #server-to-user-u_2 message "hi" as u_1 {"n":1} unkept"#]);
    assert_eq!(talk.delivered(2), [r#"{"type":"ack","requestId":"d"}"#]);
    send(&mut talk, "u_2", r#","data":"hi","requestId":"d""#);
    assert_error(&talk.delivered(0), Some("d"), "peer_not_found");
    send(&mut talk, "u_2", r#","data":"hi""#);
    assert_error(&talk.delivered(0), None, "peer_not_found");
    send(&mut talk, "u_2", r#","data":"hi""#);
    assert_eq!(talk.delivered(1), [] as [&str; 0], "nobody waits for an ack");
    send(&mut talk, "u_2", r#","data":"hi","requestId":"d""#);
    assert_error(&talk.undelivered(), Some("d"), "backend_error");
}

#[test]
fn a_peer_that_sends_to_itself_gets_it_on_every_connection() {
    let mut talk = Talk::with_token(|_| {}, TWO);
    let said = send(&mut talk, "u_1", r#","data":{"a":1},"requestId":"d""#);
    let echo = r#"{"type":"direct","from":"u_1","data":{"a":1},"fromMetadata":{"n":1}}"#;
    assert_eq!(said[0], echo);
    assert!(said[1].starts_with("publish #server-to-user-u_1 "), "its others: {said:?}");
    assert_eq!(talk.delivered(0), [r#"{"type":"ack","requestId":"d"}"#]);
}

#[test]
fn sending_is_not_bound_to_channels() {
    let nowhere = r#"{"sub":"u_1","exp":4102444800,"channels":[],"permissions":["send"]}"#;
    let mut talk = Talk::with_token(|_| {}, nowhere);
    assert!(send(&mut talk, "u_2", r#","data":1"#)[0].starts_with("publish "));
    assert_error(&talk.ask("subscribe", "c", ""), None, "action_not_permitted");
    let mut talk = Talk::with_key(|records| {
        records.publishable.actions.retain(|action| *action != Action::Send);
    });
    assert_error(&send(&mut talk, "u_2", r#","data":1"#), None, "action_not_permitted");
}

#[test]
fn peers_have_printable_names() {
    let (most, more) = ("u".repeat(128), "u".repeat(129));
    for (to, refused) in
        [("", true), ("é", true), ("a\nb", true), (more.as_str(), true), (most.as_str(), false)]
    {
        let said = send(&mut Talk::new(), to, r#","data":1,"requestId":"d""#);
        match refused {
            true => assert_error(&said, Some("d"), "invalid_peer_id"),
            false => assert!(said[0].starts_with("publish "), "{said:?}"),
        }
    }
    assert_error(&Talk::new().say(r#"{"type":"send","data":1}"#), None, "invalid_peer_id");
    assert_error(&send(&mut Talk::new(), "u_2", ""), None, "missing_data");
}

#[test]
fn data_holds_at_its_limit_and_closes_one_past_it() {
    let small = |records: &mut Records| records.app.limits.max_payload_bytes = 1_024;
    for (bytes, taken) in [(1_024, true), (1_025, false)] {
        let data = format!(r#","data":"{}""#, "x".repeat(bytes - 2));
        for said in [
            Talk::with_token(small, ONE).ask("publish", "c", &data),
            send(&mut Talk::with_token(small, ONE), "u_2", &data),
        ] {
            match taken {
                true => assert!(said[0].starts_with("publish "), "{said:?}"),
                false => assert_eq!(said, ["close 1009 message_too_large"]),
            }
        }
    }
}

#[test]
fn narrowing_a_key_reaches_who_is_connected_at_its_next_request() {
    let mut talk = Talk::new();
    assert_eq!(talk.ask("publish", "c", r#","data":1"#).len(), 1);
    let mut narrower = fixtures::records().secret;
    narrower.channels = vec!["app_abc/*".parse().unwrap()];
    narrower.actions = vec![Action::Publish];
    let _ = talk.gateway.directory.apply(9, Change::SecretKey(narrower));
    assert_error(&talk.ask("publish", "c", r#","data":1"#), None, "channel_not_authorized");
    assert_error(&send(&mut talk, "u_2", r#","data":1"#), None, "action_not_permitted");
    assert!(talk.ask("publish", "app_abc/c", r#","data":1"#)[0].starts_with("publish "));
}

#[test]
fn pings_are_answered_and_unknown_types_are_not_guessed_at() {
    let mut talk = Talk::new();
    assert_eq!(talk.say(r#"{"type":"ping"}"#), [r#"{"type":"pong"}"#]);
    let named = r#"{"type":"pong","requestId":"r"}"#;
    assert_eq!(talk.say(r#"{"type":"ping","requestId":"r"}"#), [named]);
    assert_error(&talk.say(r#"{"type":"shout","requestId":"r"}"#), Some("r"), "unknown_type");
    assert_error(&talk.say(r#"{"type":"shout"}"#), None, "unknown_type");
    assert_error(&talk.say("what"), None, "malformed_message");
    assert_error(&talk.say(r#"{"type":7,"requestId":"r"}"#), Some("r"), "malformed_message");
    let binary = talk.hear(|c, cx, out| c.on_binary(cx, out));
    assert_error(&binary, None, "malformed_message");
}

#[test]
fn too_many_messages_end_the_connection() {
    let mut talk = Talk::new();
    for _ in 0..200 {
        assert_eq!(talk.say(r#"{"type":"ping"}"#), [r#"{"type":"pong"}"#]);
    }
    assert_eq!(talk.say(r#"{"type":"ping"}"#), ["close 4011 over_message_rate"]);
    assert_eq!(talk.hear(|c, cx, out| c.on_binary(cx, out)), ["close 4011 over_message_rate"]);
    talk.now_ms += 1_000;
    for _ in 0..100 {
        assert_eq!(talk.say(r#"{"type":"ping"}"#), [r#"{"type":"pong"}"#]);
    }
    assert_eq!(talk.say(r#"{"type":"ping"}"#), ["close 4011 over_message_rate"]);
}
