use super::talk::{ONE, Talk, assert_error};

const ACK: &str = r#"{"type":"ack","requestId":"s"}"#;

#[test]
fn a_pattern_is_acknowledged_with_an_empty_snapshot_of_its_own_name() {
    let mut talk = Talk::new();
    let asked = talk.ask("subscribe", "devices/*/events", r#","requestId":"s""#);
    assert_eq!(asked, ["listen devices/*/events pattern"]);
    let snapshot = r#"{"type":"presence","channel":"devices/*/events","joined":[],"left":[]}"#;
    assert_eq!(talk.listening("devices/*/events", true), [ACK, "pause 15", snapshot]);
    let again = talk.ask(
        "subscribe",
        "devices/*/events",
        r#","requestId":"s","includeSenderMetadata":true"#,
    );
    assert_eq!(again, ["listen devices/*/events metadata pattern"]);
    assert_eq!(talk.listening("devices/*/events", true), [ACK, "pause 15", snapshot]);
    let left = talk.ask("unsubscribe", "devices/*/events", r#","requestId":"s""#);
    assert_eq!(left, ["unlisten devices/*/events", ACK]);
}

#[test]
fn where_there_is_no_room_nothing_is_held() {
    let mut talk = Talk::new();
    talk.ask("subscribe", "a*", r#","requestId":"s""#);
    assert_error(&talk.listening("a*", false), Some("s"), "channel_limit_exceeded");
    assert_eq!(talk.ask("unsubscribe", "a*", r#","requestId":"s""#), [ACK]);
}

#[test]
fn a_pattern_must_stay_within_what_is_allowed() {
    let scoped =
        r#"{"sub":"u_1","exp":4102444800,"channels":["devices/*/events","fleet/**","a\\*b"]}"#;
    for (pattern, allowed) in [
        ("devices/*/events", true),
        ("fleet/**", true),
        ("fleet/sensor-*/telemetry", true),
        ("devices/**", false),
        ("**", false),
        ("*", false),
    ] {
        let mut talk = Talk::with_token(|_| {}, scoped);
        let said = talk.ask("subscribe", pattern, r#","requestId":"s""#);
        match allowed {
            true => assert_eq!(said, [format!("listen {pattern} pattern")]),
            false => assert_error(&said, Some("s"), "channel_not_authorized"),
        }
    }
}

#[test]
fn an_open_key_cannot_listen_to_what_asks_for_authorisation() {
    for (pattern, to_key) in
        [("**", true), ("p*", true), ("private-*", false), ("presence-a*", false), ("room-*", true)]
    {
        let said = Talk::with_key(|_| {}).ask("subscribe", pattern, "");
        match to_key {
            true => assert_eq!(said, [format!("listen {pattern} pattern open only")]),
            false => assert_error(&said, None, "channel_not_authorized"),
        }
        let said = Talk::with_token(|_| {}, ONE).ask("subscribe", pattern, "");
        assert_eq!(said, [format!("listen {pattern} pattern")]);
    }
}

#[test]
fn without_presence_there_is_no_snapshot() {
    let claims = r#"{"sub":"u_1","exp":4102444800,"permissions":["subscribe"]}"#;
    let mut talk = Talk::with_token(|_| {}, claims);
    talk.ask("subscribe", "a*", r#","requestId":"s""#);
    assert_eq!(talk.listening("a*", true), [ACK]);
}

#[test]
fn an_escaped_star_is_a_name_like_any_other() {
    assert_eq!(Talk::new().ask("subscribe", r"a\*b", ""), [r"join a\*b as u_1"]);
}

#[test]
fn a_plan_without_patterns_or_direct_messages_says_so() {
    let mut talk = Talk::with_token(
        |records| {
            records.app.plan.features.patterns = false;
            records.app.plan.features.direct_messages = false;
        },
        ONE,
    );
    for (said, feature) in [
        (talk.ask("subscribe", "a*", r#","requestId":"s""#), "patterns"),
        (talk.say(r#"{"type":"send","to":"u_2","data":1,"requestId":"s"}"#), "direct_messages"),
    ] {
        assert_error(&said, Some("s"), "action_not_permitted");
        let frame: serde_json::Value = serde_json::from_str(&said[0]).unwrap();
        assert_eq!(frame["refusal"]["code"], "plan_feature");
        assert_eq!(frame["refusal"]["rule"], feature);
        assert_eq!(frame["refusal"]["request_id"].as_str().map(str::len), Some(32));
    }
    assert_eq!(
        talk.ask("subscribe", "a", r#","requestId":"s""#).len(),
        1,
        "a channel is no pattern"
    );
    assert_eq!(talk.gateway.refused.waiting(), 2, "both can be looked up");
}
