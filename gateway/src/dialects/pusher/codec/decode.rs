//! What a client says. Strict about JSON, tolerant where SDKs differ. Source: spec/pusher.md §2.4.

use crate::dialects::{
    json::{self, BadMember, Kind, NotJson, Value},
    pusher::frame::{ClientEvent, Given, Inbound, Subscribe},
};
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("Invalid JSON: {0}")]
    NotJson(#[from] NotJson),
    #[error("Invalid message: it must be an object")]
    NotAnObject,
    #[error("Invalid message: {0}")]
    Member(#[from] BadMember),
    #[error("Invalid message: data: {0}")]
    Data(NotJson),
}

/// Reads one text frame.
///
/// Errors: `NotJson` for bad JSON, `Member` naming the member that is missing, double or of a wrong
/// type. `data` may be an object, a string that holds one, anything else or absent.
pub fn decode(text: &str) -> Result<Inbound<'_>, DecodeError> {
    let frame = json::parse(text)?;
    if frame.kind() != Kind::Object {
        return Err(DecodeError::NotAnObject);
    }
    let [event, channel, data] = frame.pick(["event", "channel", "data"])?;
    let event = required_text(event, "event")?;
    Ok(match event.as_ref() {
        "pusher:ping" => Inbound::Ping,
        "pusher:pong" => Inbound::Pong,
        "pusher:subscribe" => {
            let [channel, auth, channel_data] = fields(data, ["channel", "auth", "channel_data"])?;
            Inbound::Subscribe(Subscribe {
                channel: required(channel, "data.channel")?,
                auth,
                channel_data,
            })
        }
        "pusher:unsubscribe" => {
            let [channel] = fields(data, ["channel"])?;
            Inbound::Unsubscribe { channel: required(channel, "data.channel")? }
        }
        "pusher:signin" => {
            let [auth, user_data] = fields(data, ["auth", "user_data"])?;
            Inbound::SignIn { auth, user_data }
        }
        name if name.starts_with("pusher:") || name.starts_with("pusher_internal:") => {
            Inbound::Unknown { event }
        }
        _ => {
            let data = present(frame, "data").map_or(Cow::Borrowed("{}"), outgoing);
            Inbound::ClientEvent(ClientEvent { name: event, channel: given(channel), data })
        }
    })
}

/// The text that a value goes out as: a string's own, or the compact JSON of anything else.
pub(in crate::dialects::pusher) fn outgoing(value: Value<'_>) -> Cow<'_, str> {
    value.as_str().unwrap_or_else(|| value.compact())
}

/// A member even if it is `null`.
fn present<'a>(frame: Value<'a>, wanted: &str) -> Option<Value<'a>> {
    frame.members().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

fn given(value: Option<Value<'_>>) -> Given<'_> {
    match value {
        None => Given::Absent,
        Some(value) => value.as_str().map_or(Given::NotText, Given::Text),
    }
}

fn required<'a>(given: Given<'a>, name: &'static str) -> Result<Cow<'a, str>, BadMember> {
    match given {
        Given::Text(text) => Ok(text),
        Given::Absent => Err(BadMember::Missing(name)),
        Given::NotText => Err(BadMember::Kind { name, expected: "a string" }),
    }
}

fn required_text<'a>(
    value: Option<Value<'a>>,
    name: &'static str,
) -> Result<Cow<'a, str>, BadMember> {
    required(given(value), name)
}

/// Members of `data`, which is an object or a string that holds one.
fn fields<'a, const N: usize>(
    data: Option<Value<'a>>,
    names: [&'static str; N],
) -> Result<[Given<'a>; N], DecodeError> {
    let Some(data) = data else { return Ok(names.map(|_| Given::Absent)) };
    match data.as_str() {
        None => Ok(data.pick(names)?.map(given)),
        Some(text) if text.is_empty() => Ok(names.map(|_| Given::Absent)),
        Some(text) => {
            let inner = json::parse(&text).map_err(DecodeError::Data)?;
            Ok(inner.pick(names)?.map(|value| given(value).into_owned()))
        }
    }
}
