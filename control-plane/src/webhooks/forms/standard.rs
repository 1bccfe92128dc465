//! Standard Webhooks. Source: the specification's signature scheme, symmetric (`v1`).

use super::{EndpointSecret, EventType, Message, Request, Unsayable, hmac, json};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    event: &'static str,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    OfChannel {
        app_id: &'a Option<String>,
        channel: &'a str,
        #[serde(flatten)]
        rest: &'a Map<String, Value>,
    },
    Own(&'a Map<String, Value>),
}

/// During an overlap both secrets sign, so that either verifies.
pub fn write(
    current: &EndpointSecret,
    previous: Option<&EndpointSecret>,
    message: &Message,
    now: OffsetDateTime,
) -> Result<Request, Unsayable> {
    let rest = &message.data;
    let data = match (message.event, &message.channel) {
        (EventType::OfChannel(_), Some(channel)) => {
            Data::OfChannel { app_id: &message.app, channel, rest }
        }
        (EventType::OfChannel(_), None) => return Err(Unsayable::NoWords),
        (EventType::Own(_), _) => Data::Own(rest),
    };
    let body = json(&Body { event: message.event.dotted(), timestamp: message.at, data });
    let (id, sent_at) = (message.id.to_string(), now.unix_timestamp().to_string());
    let signed = |secret: &EndpointSecret| {
        let parts = [id.as_bytes(), b".", sent_at.as_bytes(), b".", &body];
        format!("v1,{}", STANDARD.encode(hmac(&secret.key(), &parts)))
    };
    let signatures: Vec<_> = [Some(current), previous].into_iter().flatten().map(signed).collect();
    Ok(Request {
        headers: vec![
            ("Content-Type", "application/json".into()),
            ("Webhook-Id", id),
            ("Webhook-Timestamp", sent_at),
            ("Webhook-Signature", signatures.join(" ")),
        ],
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use crate::webhooks::events::OwnEvent;
    use contract::{seal::MasterKey, webhooks::HookKind};
    use serde_json::json;
    use uuid::Uuid;

    /// A secret with a text of our choice.
    fn secret(text: &str) -> EndpointSecret {
        let key = MasterKey::from_base64(&STANDARD.encode([1; 32])).unwrap();
        let sealed = key.seal(text, &format!("webhook:{}", Uuid::nil())).unwrap();
        EndpointSecret::open(&key, &sealed, Uuid::nil()).unwrap()
    }

    #[test]
    fn the_specifications_vector_holds() {
        // Of the reference libraries' own tests.
        let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let parts: [&[u8]; 5] = [
            b"msg_p5jXN8AQM9LWM0D4loKWxJek",
            b".",
            b"1614265330",
            b".",
            br#"{"test": 2432232314}"#,
        ];
        assert_eq!(
            STANDARD.encode(hmac(&secret.key(), &parts)),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_channels_event_says_whose_it_is() {
        let current = EndpointSecret::generate().unwrap();
        let added = message(HookKind::MemberAdded, "presence-a", json!({"user_id": "u1"}));
        let now = OffsetDateTime::from_unix_timestamp(1_776_000_009).unwrap();
        let written = write(&current, None, &added, now).unwrap();
        assert_eq!(
            text(&written),
            r#"{"type":"member.added","timestamp":"2026-04-12T13:20:00Z","data":{"app_id":"my-app","channel":"presence-a","user_id":"u1"}}"#
        );
        assert_eq!(header(&written, "Webhook-Id"), added.id.to_string());
        assert_eq!(header(&written, "Webhook-Timestamp"), "1776000009");
    }

    #[test]
    fn both_secrets_sign_during_an_overlap() {
        let (new, old) = (EndpointSecret::generate().unwrap(), EndpointSecret::generate().unwrap());
        let now = OffsetDateTime::UNIX_EPOCH;
        let paid = Message {
            event: EventType::Own(OwnEvent::InvoicePaid),
            channel: None,
            app: None,
            ..message(HookKind::CacheMiss, "", json!({"number": 7}))
        };
        let both = write(&new, Some(&old), &paid, now).unwrap();
        let alone = |secret| {
            let one = write(secret, None, &paid, now).unwrap();
            header(&one, "Webhook-Signature").to_owned()
        };
        let expected = format!("{} {}", alone(&new), alone(&old));
        assert_eq!(header(&both, "Webhook-Signature"), expected);
        let body: Value = serde_json::from_slice(&both.body).unwrap();
        assert_eq!((&body["type"], &body["data"]), (&json!("invoice.paid"), &json!({"number": 7})));
    }
}
