//! Pusher's webhooks. Source: spec/pusher.md §17.

use super::{EventType, Message, Request, Unsayable, hmac, json};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

#[derive(Serialize)]
struct Body<'a> {
    /// The SDK for Python takes nothing that is more than 300 s old.
    time_ms: i128,
    events: Vec<Event<'a>>,
}

/// Name and channel are always there: the SDK for PHP reads them without asking.
#[derive(Serialize)]
struct Event<'a> {
    name: &'static str,
    channel: &'a str,
    #[serde(flatten)]
    rest: &'a Map<String, Value>,
}

pub fn write(
    key: &str,
    secret: &str,
    messages: &[Message],
    now: OffsetDateTime,
) -> Result<Request, Unsayable> {
    let events: Result<Vec<_>, _> = messages.iter().map(event).collect();
    let body = json(&Body { time_ms: now.unix_timestamp_nanos() / 1_000_000, events: events? });
    Ok(Request {
        headers: vec![
            // Exactly this: the SDK for Node takes no charset.
            ("Content-Type", "application/json".into()),
            ("X-Pusher-Key", key.into()),
            ("X-Pusher-Signature", hex::encode(hmac(secret.as_bytes(), &[&body]))),
        ],
        body,
    })
}

fn event(message: &Message) -> Result<Event<'_>, Unsayable> {
    match (message.event, &message.channel) {
        (EventType::OfChannel(kind), Some(channel)) => {
            Ok(Event { name: kind.as_str(), channel, rest: &message.data })
        }
        _ => Err(Unsayable::NoWords),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use contract::webhooks::HookKind;
    use serde_json::json;

    const KEY: &str = "vk_demo_7d3c1f0a";
    const SECRET: &str = "s3cr3t-demo-4f9b8e21";

    fn at(ms: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap()
    }

    fn member_added() -> Message {
        message(HookKind::MemberAdded, "presence-room.1", json!({"user_id": "user-123"}))
    }

    #[test]
    fn bodies_are_signed_with_the_pairs_secret() {
        // The sheet's bodies; its own order of members is not ours, and no verifier reads them.
        let one = write(KEY, SECRET, &[member_added()], at(1_760_000_000_123)).unwrap();
        assert_eq!(
            text(&one),
            r#"{"time_ms":1760000000123,"events":[{"name":"member_added","channel":"presence-room.1","user_id":"user-123"}]}"#
        );
        let occupied = message(HookKind::ChannelOccupied, "private-room.42", json!({}));
        let two = write(KEY, SECRET, &[occupied, member_added()], at(1_760_000_000_123)).unwrap();
        // The second vector of §17.1, byte for byte.
        assert_eq!(
            text(&two),
            r#"{"time_ms":1760000000123,"events":[{"name":"channel_occupied","channel":"private-room.42"},{"name":"member_added","channel":"presence-room.1","user_id":"user-123"}]}"#
        );
        assert_eq!(
            header(&two, "X-Pusher-Signature"),
            "c80009b4a2123fecb5fa5482058d588c97bc813ca93a5811b6eb8854da652669"
        );
        assert_eq!(header(&two, "X-Pusher-Key"), KEY);
        assert_eq!(header(&two, "Content-Type"), "application/json");
    }

    #[test]
    fn the_first_vector_of_the_sheet_is_ours_too() {
        let body = br#"{"time_ms":1760000000123,"events":[{"channel":"presence-room.1","name":"member_added","user_id":"user-123"}]}"#;
        assert_eq!(
            hex::encode(hmac(SECRET.as_bytes(), &[body])),
            "5549030dad096b6c0a6bb13afa79a46d783725bc355fa00be484d6746f9e00e8"
        );
    }

    #[test]
    fn what_an_event_says_stands_beside_its_name() {
        let data = json!({"event": "client-typing", "data": "{\"is_typing\":true}",
            "socket_id": "1234.5678", "user_id": "user-123"});
        let typing = message(HookKind::ClientEvent, "presence-room.1", data);
        let count = json!({"subscription_count": 12});
        let count = message(HookKind::SubscriptionCount, "news", count);
        let miss = message(HookKind::CacheMiss, "cache-bus.7", json!({}));
        let written = write(KEY, SECRET, &[typing, count, miss], at(1)).unwrap();
        let body: Value = serde_json::from_slice(&written.body).unwrap();
        assert_eq!(
            body["events"],
            json!([
                {"name": "client_event", "channel": "presence-room.1", "event": "client-typing",
                 "data": "{\"is_typing\":true}", "socket_id": "1234.5678", "user_id": "user-123"},
                {"name": "subscription_count", "channel": "news", "subscription_count": 12},
                {"name": "cache_miss", "channel": "cache-bus.7"},
            ])
        );
    }
}
