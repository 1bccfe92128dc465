//! What a client says. Source: spec/metered.md §5.1.

use crate::dialects::{
    json::{self, BadMember, Kind, NotJson, Value},
    metered::frame::{Asks, Given, Request},
};
use std::borrow::Cow;

/// Longest `requestId`, characters.
pub const MAX_REQUEST_ID: usize = 128;

/// Why a text is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Malformed<'a> {
    /// What the client called it, if that much could be read.
    pub request: Option<Cow<'a, str>>,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("the message is not JSON: {0}")]
    NotJson(#[from] NotJson),
    #[error("the message must be an object")]
    NotAnObject,
    #[error("the message is not usable: {0}")]
    Member(#[from] BadMember),
    #[error("type must be a string")]
    Type,
    #[error("requestId must be a string of at most {MAX_REQUEST_ID} characters")]
    RequestId,
    #[error("includeSenderMetadata must be true or false")]
    WithMetadata,
}

/// Reads one text frame. Members that nobody asks for are passed over.
///
/// Errors: [`Malformed`], with the `requestId` wherever it is a usable one.
pub fn decode(text: &str) -> Result<Request<'_>, Malformed<'_>> {
    let nameless = |why: Why| Malformed { request: None, why };
    let frame = json::parse(text).map_err(|e| nameless(e.into()))?;
    if frame.kind() != Kind::Object {
        return Err(nameless(Why::NotAnObject));
    }
    let [kind, id, channel, to, with_metadata] = frame
        .pick(["type", "requestId", "channel", "to", "includeSenderMetadata"])
        .map_err(|e| nameless(e.into()))?;
    let id = request_id(id).map_err(nameless)?;
    let Some(kind) = kind.and_then(Value::as_str) else {
        return Err(Malformed { request: id, why: Why::Type });
    };
    let asks = match kind.as_ref() {
        "subscribe" => match flag(with_metadata) {
            Some(with_metadata) => Asks::Subscribe { channel: given(channel), with_metadata },
            None => return Err(Malformed { request: id, why: Why::WithMetadata }),
        },
        "unsubscribe" => Asks::Unsubscribe { channel: given(channel) },
        "publish" => Asks::Publish { channel: given(channel), data: data(frame) },
        "send" => Asks::Send { to: given(to), data: data(frame) },
        "ping" => Asks::Ping,
        _ => Asks::Unknown { kind },
    };
    Ok(Request { id, asks })
}

fn request_id(value: Option<Value<'_>>) -> Result<Option<Cow<'_, str>>, Why> {
    let Some(value) = value else { return Ok(None) };
    let id = value.as_str().ok_or(Why::RequestId)?;
    match id.chars().count() {
        0..=MAX_REQUEST_ID => Ok(Some(id)),
        _ => Err(Why::RequestId),
    }
}

fn flag(value: Option<Value<'_>>) -> Option<bool> {
    match value.map(Value::as_text) {
        None | Some("false") => Some(false),
        Some("true") => Some(true),
        Some(_) => None,
    }
}

fn given(value: Option<Value<'_>>) -> Given<'_> {
    Given(value.and_then(Value::as_str))
}

/// `null` is data like any other.
fn data(frame: Value<'_>) -> Option<Value<'_>> {
    frame.members().find(|(name, _)| name == "data").map(|(_, value)| value)
}
