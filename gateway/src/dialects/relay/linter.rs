//! What a frame must look like so that no client of the dialect trips over it.
//! Source: spec/relay.md §4.2, §10.

use serde_json::{Map, Value};

/// Panics naming the rule that `frame` breaks.
#[track_caller]
pub fn lint(frame: &str) -> Map<String, Value> {
    let parsed: Value = serde_json::from_str(frame).unwrap_or_else(|e| panic!("{e}: {frame}"));
    let Value::Object(members) = parsed else { panic!("a frame is an object: {frame}") };
    for name in members.keys() {
        assert!(["event", "channel", "data"].contains(&name.as_str()), "no member {name}: {frame}");
    }
    let event = members["event"].as_str().unwrap_or_else(|| panic!("event is text: {frame}"));
    let data = members.get("data").unwrap_or_else(|| panic!("data is there: {frame}"));
    let has_channel = members.get("channel").is_some_and(Value::is_string);
    match event {
        "relay:connection_established" => {
            assert!(!has_channel && data["socket_id"].is_string(), "{frame}");
            assert!(data["activity_timeout"].is_u64(), "{frame}");
        }
        "relay:pong" => assert!(!has_channel && data == &Value::Object(Map::new()), "{frame}"),
        "relay:error" => {
            assert!(
                !has_channel && data["code"].is_u64() && data["message"].is_string(),
                "{frame}"
            );
        }
        "relay:subscription_succeeded" => {
            assert!(has_channel, "{frame}");
            lint_success(&members, frame);
        }
        "relay:member_added" | "relay:member_removed" => {
            assert!(has_channel, "{frame}");
            lint_member(data, frame);
        }
        name => {
            let is_ours = name.starts_with("relay:") || name.starts_with("pusher");
            assert!(!is_ours, "an unknown system event: {frame}");
            assert!(has_channel && data.is_string(), "published data is text: {frame}");
        }
    }
    members
}

fn lint_success(members: &Map<String, Value>, frame: &str) {
    let data = &members["data"];
    if !members["channel"].as_str().is_some_and(|name| name.starts_with("presence-")) {
        return assert_eq!(data, &Value::Object(Map::new()), "{frame}");
    }
    let presence = &data["presence"];
    let (ids, hash) = (presence["ids"].as_array(), presence["hash"].as_object());
    let (Some(ids), Some(hash)) = (ids, hash) else { panic!("ids and hash: {frame}") };
    assert_eq!(presence["count"], ids.len(), "{frame}");
    assert_eq!(hash.len(), ids.len(), "{frame}");
    for id in ids {
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let member = hash.get(&text).unwrap_or_else(|| panic!("{text} in hash: {frame}"));
        assert_eq!(&member["id"], id, "the id's type: {frame}");
        lint_member(member, frame);
    }
}

fn lint_member(member: &Value, frame: &str) {
    assert!(member["id"].is_string() || member["id"].is_number(), "an id: {frame}");
    assert!(member.get("user_info").is_some(), "user_info: {frame}");
    assert_eq!(member["user_info"], member["info"], "both names: {frame}");
}
