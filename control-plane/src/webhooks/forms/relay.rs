//! Relay's webhooks. Source: spec/relay.md §8.

use super::{EventType, Message, Request, Unsayable, hmac, json};
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Body<'a> {
    event: &'static str,
    channel: &'a str,
    app_id: &'a str,
    /// Unix seconds at which it happened.
    timestamp: i64,
    #[serde(flatten)]
    rest: &'a Map<String, Value>,
}

pub fn write(secret: &str, message: &Message) -> Result<Request, Unsayable> {
    let (EventType::OfChannel(_), Some(channel), Some(app_id)) =
        (message.event, &message.channel, &message.app)
    else {
        return Err(Unsayable::NoWords);
    };
    let event = message.event.dotted();
    let timestamp = message.at.unix_timestamp();
    let body = json(&Body { event, channel, app_id, timestamp, rest: &message.data });
    Ok(Request {
        headers: vec![
            ("Content-Type", "application/json".into()),
            ("X-Relay-Event", event.into()),
            ("X-Relay-Signature", hex::encode(hmac(secret.as_bytes(), &[&body]))),
        ],
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use contract::webhooks::HookKind;
    use serde_json::json;

    #[test]
    fn the_sheets_vector_holds() {
        let occupied = message(HookKind::ChannelOccupied, "chat", json!({}));
        let written = write("my-secret", &occupied).unwrap();
        assert_eq!(
            text(&written),
            r#"{"event":"channel.occupied","channel":"chat","app_id":"my-app","timestamp":1776000000}"#
        );
        assert_eq!(
            header(&written, "X-Relay-Signature"),
            "17465503b4c15f86d5e5bdae0b78a418dcd697e5f05c96a1002cfaffc1b18d03"
        );
        assert_eq!(header(&written, "X-Relay-Event"), "channel.occupied");
    }

    #[test]
    fn a_member_is_named() {
        let left = message(HookKind::MemberRemoved, "presence-a", json!({"user_id": "u1"}));
        let body: Value = serde_json::from_slice(&write("s", &left).unwrap().body).unwrap();
        assert_eq!((&body["event"], &body["user_id"]), (&json!("member.removed"), &json!("u1")));
    }
}
