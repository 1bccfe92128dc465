//! What a frame must look like so that no official SDK trips over it.
//! Source: spec/pusher.md §2.4, §12, §20.7.

use serde_json::{Map, Value};

const MEMBERS: [&str; 4] = ["event", "channel", "data", "user_id"];

/// Panics naming the rule that `frame` breaks.
#[track_caller]
pub fn lint(frame: &str) -> Map<String, Value> {
    let parsed: Value = serde_json::from_str(frame).unwrap_or_else(|e| panic!("{e}: {frame}"));
    let Value::Object(members) = parsed else { panic!("a frame is an object: {frame}") };
    for (name, value) in &members {
        assert!(MEMBERS.contains(&name.as_str()), "no member {name}: {frame}");
        assert!(!value.is_null(), "{name} is never null: {frame}");
    }
    let event = members["event"].as_str().unwrap_or_else(|| panic!("event is text: {frame}"));
    let data = members.get("data").unwrap_or_else(|| panic!("data is there: {frame}"));
    if let Some(channel) = members.get("channel") {
        assert!(channel.is_string() && data.is_string(), "text on a channel: {frame}");
    }
    match event {
        "pusher:error" => lint_error(data, frame),
        "pusher:signin_success" => assert!(data["user_data"].is_string(), "{frame}"),
        "pusher:pong" => assert_eq!(data, &Value::Object(Map::new()), "{frame}"),
        "pusher:connection_established" | "pusher_internal:watchlist_events" => {
            assert!(data.is_string() && !members.contains_key("channel"), "{frame}");
            inner(data, frame);
        }
        "pusher:subscription_error" | "pusher_internal:subscription_error" => {
            let told = inner(data, frame);
            assert!(told["type"].is_string() && told["error"].is_string(), "{frame}");
            assert!(told["status"].is_u64(), "{frame}");
        }
        "pusher_internal:subscription_succeeded" => lint_success(&members, frame),
        "pusher:cache_miss" => assert_eq!(data, "{}", "{frame}"),
        _ => assert!(members.contains_key("channel") && data.is_string(), "{frame}"),
    }
    members
}

fn lint_error(data: &Value, frame: &str) {
    assert!(data["message"].as_str().is_some_and(|m| !m.is_empty()), "a message: {frame}");
    let code = data.get("code").unwrap_or_else(|| panic!("code is there: {frame}"));
    assert!(code.is_null() || code.is_u64(), "a number or null: {frame}");
}

fn lint_success(members: &Map<String, Value>, frame: &str) {
    let is_presence = members["channel"].as_str().is_some_and(|name| name.starts_with("presence-"));
    if !is_presence {
        return assert_eq!(members["data"], "{}", "{frame}");
    }
    let told = inner(&members["data"], frame);
    let presence = &told["presence"];
    let (ids, hash) = (presence["ids"].as_array(), presence["hash"].as_object());
    let (Some(ids), Some(hash)) = (ids, hash) else { panic!("ids and hash: {frame}") };
    assert_eq!(presence["count"], ids.len(), "{frame}");
    assert_eq!(hash.len(), ids.len(), "{frame}");
    assert!(ids.iter().all(|id| id.as_str().is_some_and(|id| hash.contains_key(id))), "{frame}");
}

fn inner(data: &Value, frame: &str) -> Value {
    let text = data.as_str().unwrap_or_else(|| panic!("data is text: {frame}"));
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in data: {frame}"))
}
