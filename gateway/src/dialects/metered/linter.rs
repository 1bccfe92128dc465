//! What a frame must look like so that no official SDK drops it. Source: spec/metered.md §4, §5.2.

use serde_json::{Map, Value};

/// Panics naming the rule that `frame` breaks.
#[track_caller]
pub fn lint(frame: &str) -> Map<String, Value> {
    let parsed: Value = serde_json::from_str(frame).unwrap_or_else(|e| panic!("{e}: {frame}"));
    let Value::Object(members) = parsed else { panic!("a frame is an object: {frame}") };
    let kind = members["type"].as_str().unwrap_or_else(|| panic!("type is text: {frame}"));
    let only = |names: &[&str]| {
        let known = |name: &String| name == "type" || names.contains(&name.as_str());
        assert!(members.keys().all(known), "only {names:?}: {frame}");
    };
    let text = |name: &str| {
        assert!(members.get(name).is_some_and(Value::is_string), "{name} is text: {frame}");
    };
    match kind {
        "welcome" => {
            only(&["peerId", "expiresAt", "serverTime", "maxMessageSize", "metadata"]);
            text("peerId");
            let expires = &members["expiresAt"];
            assert!(expires.is_null() || expires.is_u64(), "expiresAt is there: {frame}");
            assert!(members["serverTime"].is_u64(), "{frame}");
            assert!(members["maxMessageSize"].as_u64() > Some(0), "{frame}");
            assert!(members.get("metadata").is_none_or(Value::is_object), "{frame}");
        }
        "ack" => {
            only(&["requestId"]);
            text("requestId");
        }
        "error" => {
            only(&["requestId", "code", "message", "refusal"]);
            assert!(members.get("refusal").is_none_or(Value::is_object), "{frame}");
            text("code");
            text("message");
            assert!(members.get("requestId").is_none_or(Value::is_string), "{frame}");
        }
        "pong" => {
            only(&["requestId"]);
            assert!(members.get("requestId").is_none_or(Value::is_string), "{frame}");
        }
        "message" | "direct" => {
            let channel: &[&str] = if kind == "message" { &["channel"] } else { &[] };
            only(&[channel, &["from", "data", "fromMetadata"]].concat());
            channel.iter().for_each(|name| text(name));
            text("from");
            assert!(members.contains_key("data"), "data is there: {frame}");
            assert!(members.get("fromMetadata").is_none_or(Value::is_object), "{frame}");
        }
        "presence" => {
            only(&["channel", "joined", "left"]);
            text("channel");
            for name in ["joined", "left"] {
                let list = members.get(name).and_then(Value::as_array);
                let list = list.unwrap_or_else(|| panic!("{name} is there: {frame}"));
                list.iter().for_each(|peer| lint_peer(peer, frame));
            }
        }
        "going_away" => {
            only(&["retryAfterMs"]);
            assert!(members["retryAfterMs"].is_u64(), "{frame}");
        }
        other => panic!("no SDK knows {other}: {frame}"),
    }
    members
}

fn lint_peer(peer: &Value, frame: &str) {
    assert!(peer["peerId"].is_string(), "a peer is an object with its id: {frame}");
    assert!(peer.get("metadata").is_none_or(Value::is_object), "{frame}");
}
