//! What a frame must look like so that no client trips over it.
//! Source: spec/anycable.md §6.2, §14.

use serde_json::{Map, Value};

/// Panics naming the rule that `frame` breaks.
#[track_caller]
pub fn lint(frame: &str) -> Map<String, Value> {
    let parsed: Value = serde_json::from_str(frame).unwrap_or_else(|e| panic!("{e}: {frame}"));
    let Value::Object(members) = parsed else { panic!("a frame is an object: {frame}") };
    let only = |names: &[&str]| {
        for name in members.keys() {
            assert!(names.contains(&name.as_str()), "no member {name}: {frame}");
        }
    };
    let has_identifier = || assert!(members["identifier"].is_string(), "an identifier: {frame}");
    match members.get("type").and_then(Value::as_str) {
        None => {
            only(&["identifier", "message", "stream_id", "epoch", "offset"]);
            has_identifier();
            assert!(members.contains_key("message"), "a message: {frame}");
            let position = ["stream_id", "epoch", "offset"].map(|name| members.contains_key(name));
            assert!(position == [true; 3] || position == [false; 3], "all or none: {frame}");
            if let Some(epoch) = members.get("epoch").map(|epoch| epoch.as_str().expect("text")) {
                assert!(!epoch.is_empty() && !epoch.contains('/'), "{frame}");
                let offset = members["offset"].as_u64().expect("a number");
                assert!(offset < 1 << 53, "a number that JavaScript can hold: {frame}");
            }
        }
        Some("welcome") => {
            only(&["type", "sid", "restored", "restored_ids"]);
            assert_eq!(members["sid"].as_str().map(str::len), Some(21), "{frame}");
            let restored = members.get("restored").is_some();
            assert_eq!(restored, members.get("restored_ids").is_some_and(Value::is_array));
        }
        Some("ping") => {
            only(&["type", "message"]);
            assert!(members["message"].is_u64(), "a number: {frame}");
        }
        Some("pong") => only(&["type"]),
        Some("disconnect") => {
            only(&["type", "reason", "reconnect"]);
            assert!(members["reason"].is_string() && members["reconnect"].is_boolean(), "{frame}");
        }
        Some(
            "confirm_subscription" | "reject_subscription" | "confirm_history" | "reject_history",
        ) => {
            only(&["type", "identifier"]);
            has_identifier();
        }
        Some("presence") => {
            only(&["type", "identifier", "message"]);
            has_identifier();
            lint_presence(&members["message"], frame);
        }
        Some(other) => panic!("no type {other}: {frame}"),
    }
    members
}

fn lint_presence(message: &Value, frame: &str) {
    let kind = message["type"].as_str().unwrap_or_else(|| panic!("a type: {frame}"));
    match kind {
        "join" | "leave" => assert!(message["id"].is_string(), "{frame}"),
        "error" => assert_eq!(message["total"], 0, "{frame}"),
        "info" => {
            assert!(message["total"].is_u64(), "{frame}");
            let records = message.get("records").map(|r| r.as_array().expect("an array"));
            assert!(records.is_none_or(|r| !r.is_empty()), "no empty records: {frame}");
        }
        other => panic!("no presence of type {other}: {frame}"),
    }
}
