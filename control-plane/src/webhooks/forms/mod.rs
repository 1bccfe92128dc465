//! The words in which an endpoint is told: messages and keys in, exact bytes and headers out.
//!
//! Pure, and done anew for each try: a signature is as young as the request that carries it.

mod pusher;
mod relay;
mod standard;

use super::{events::EventType, model::Form, outgoing::Request, secret::EndpointSecret};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

/// One thing that has happened.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: Uuid,
    pub event: EventType,
    pub app: Option<String>,
    pub channel: Option<String>,
    pub at: OffsetDateTime,
    /// What it says beside all that.
    pub data: Map<String, Value>,
}

/// What a request is signed with.
pub enum Keys {
    /// A pair of the app.
    Pair { key: String, secret: Zeroizing<String> },
    /// The endpoint's own secret, and the one before it while that is still taken.
    Endpoint { current: EndpointSecret, previous: Option<EndpointSecret> },
}

/// Why something cannot be said in an endpoint's form. It does not happen to what was fanned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    #[error("this form tells one event at a time")]
    NotOne,
    #[error("this form has no words for this event")]
    NoWords,
    #[error("this form is signed with something else")]
    OtherKeys,
}

/// Writes and signs a request that tells `messages`, in their order.
pub fn write(
    form: Form,
    keys: &Keys,
    messages: &[Message],
    now: OffsetDateTime,
) -> Result<Request, Unsayable> {
    match (form, keys) {
        (Form::Pusher, Keys::Pair { key, secret }) => pusher::write(key, secret, messages, now),
        (Form::Relay, Keys::Pair { secret, .. }) => relay::write(secret, only(messages)?),
        (Form::Standard, Keys::Endpoint { current, previous }) => {
            standard::write(current, previous.as_ref(), only(messages)?, now)
        }
        (Form::Pusher | Form::Relay, Keys::Endpoint { .. })
        | (Form::Standard, Keys::Pair { .. }) => Err(Unsayable::OtherKeys),
    }
}

fn only(messages: &[Message]) -> Result<&Message, Unsayable> {
    match messages {
        [message] => Ok(message),
        _ => Err(Unsayable::NotOne),
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Maps and texts always encode.
fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use contract::webhooks::HookKind;

    pub fn message(kind: HookKind, channel: &str, data: Value) -> Message {
        let Value::Object(data) = data else { panic!("an object") };
        Message {
            id: Uuid::from_u128(7),
            event: EventType::OfChannel(kind),
            app: Some("my-app".into()),
            channel: Some(channel.into()),
            at: OffsetDateTime::from_unix_timestamp(1_776_000_000).expect("a time"),
            data,
        }
    }

    pub fn text(request: &Request) -> &str {
        std::str::from_utf8(&request.body).expect("text")
    }

    pub fn header<'a>(request: &'a Request, name: &str) -> &'a str {
        let found = request.headers.iter().find(|(n, _)| *n == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }
}
