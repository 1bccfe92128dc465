//! The fields of a publish request. Source: spec/pusher.md §16.3, §14.

use super::{answer::Failure, info::Info};
use crate::{
    admission::Refusal,
    dialects::{
        json::{self, Kind, Value},
        pusher::codec::outgoing,
    },
};
use contract::{BadId, ChannelName, EventName, SocketId};
use smallvec::SmallVec;
use std::{borrow::Cow, sync::Arc};

pub const MAX_CHANNELS: usize = 100;
pub const MAX_BATCH: usize = 10;
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 128;

pub type Channels = SmallVec<[ChannelName; 1]>;

/// What is common to events wherever they go.
#[derive(Debug)]
pub struct Fields<'a> {
    pub name: EventName,
    pub data: Cow<'a, str>,
    pub except: Option<SocketId>,
    pub info: Info,
    pub idempotency_key: Option<Arc<str>>,
    channel: Option<Value<'a>>,
    channels: Option<Value<'a>>,
}

/// The body as one JSON object.
pub fn object(body: &[u8]) -> Result<Value<'_>, Failure> {
    let text = simdutf8::basic::from_utf8(body)
        .map_err(|_| Failure::bad_request("the body is not UTF-8"))?;
    let value = json::parse(text)
        .map_err(|e| Failure::bad_request(format!("the body is not JSON: {e}")))?;
    as_object(value, "the body")
}

pub fn as_object<'a>(value: Value<'a>, what: &str) -> Result<Value<'a>, Failure> {
    match value.kind() {
        Kind::Object => Ok(value),
        _ => Err(Failure::bad_request(format!("{what} must be an object"))),
    }
}

impl<'a> Fields<'a> {
    pub fn read(object: Value<'a>, max_event_bytes: usize) -> Result<Self, Failure> {
        let [name, data, channel, channels, socket_id, info, idempotency_key] = object
            .pick(["name", "data", "channel", "channels", "socket_id", "info", "idempotency_key"])
            .map_err(|e| Failure::bad_request(e.to_string()))?;
        let name = event_name(&text(required(name, "name")?, "name")?)?;
        let data = outgoing(required(data, "data")?);
        if data.len() > max_event_bytes {
            return Err(Refusal::EventTooLarge { limit: max_event_bytes }.into());
        }
        let idempotency_key = match idempotency_key {
            Some(key) => Some(parse_idempotency_key(&text(key, "idempotency_key")?)?),
            None => None,
        };
        Ok(Self {
            name,
            data,
            except: socket_id.map(socket).transpose()?.flatten(),
            info: Info::of_publish(info)?,
            idempotency_key,
            channel,
            channels,
        })
    }

    /// `channels`, or else `channel`; names that repeat count once.
    pub fn channels(&self) -> Result<Channels, Failure> {
        let Some(list) = self.channels else { return Ok(Channels::from_iter([self.channel()?])) };
        if list.kind() != Kind::Array {
            return Err(Failure::bad_request("channels must be an array of strings"));
        }
        let mut channels = Channels::new();
        for (at, item) in list.items().enumerate() {
            if at == MAX_CHANNELS {
                let error = format!("channels must be at most {MAX_CHANNELS}");
                return Err(Failure::bad_request(error));
            }
            let channel = channel_name(item, "channels")?;
            if !channels.contains(&channel) {
                channels.push(channel);
            }
        }
        match channels.is_empty() {
            true => Err(Failure::bad_request("channels must not be empty")),
            false => only_one_if_encrypted(channels),
        }
    }

    pub fn channel(&self) -> Result<ChannelName, Failure> {
        channel_name(required(self.channel, "channel")?, "channel")
    }
}

/// Each encrypted channel has a key of its own, so its data is of no use elsewhere.
/// Source: spec/pusher.md §9.
fn only_one_if_encrypted(channels: Channels) -> Result<Channels, Failure> {
    match channels.len() > 1 && channels.iter().any(|channel| channel.kind().is_encrypted()) {
        true => Err(Failure::bad_request("an encrypted channel must be the only one of channels")),
        false => Ok(channels),
    }
}

fn required<'a>(value: Option<Value<'a>>, name: &str) -> Result<Value<'a>, Failure> {
    value.ok_or_else(|| Failure::bad_request(format!("{name} is missing")))
}

fn text<'a>(value: Value<'a>, name: &str) -> Result<Cow<'a, str>, Failure> {
    value.as_str().ok_or_else(|| Failure::bad_request(format!("{name} must be a string")))
}

fn channel_name(value: Value<'_>, field: &str) -> Result<ChannelName, Failure> {
    ChannelName::portable(&text(value, field)?)
        .map_err(|e| Failure::bad_request(format!("{field}: the channel name {e}")))
}

/// Names under our own prefixes would let a back end forge the protocol's frames.
fn event_name(raw: &str) -> Result<EventName, Failure> {
    if raw.starts_with("pusher:") || raw.starts_with("pusher_internal:") {
        return Err(Failure::bad_request("name must not start with pusher: or pusher_internal:"));
    }
    raw.parse().map_err(|e| Failure::bad_request(format!("name {e}")))
}

/// An id that is of the form, but cannot be one of ours, excludes nobody: back ends may still hold
/// ids of the service they come from.
fn socket(value: Value<'_>) -> Result<Option<SocketId>, Failure> {
    const MAX_BYTES: usize = 41;
    let raw = text(value, "socket_id")?;
    let bad = |e: BadId| Failure::bad_request(format!("socket_id {e}"));
    match raw.parse() {
        Ok(id) => Ok(Some(id)),
        Err(BadId::SocketIdForeign) if raw.len() <= MAX_BYTES && has_short_parts(&raw) => Ok(None),
        Err(e) => Err(bad(e)),
    }
}

fn has_short_parts(raw: &str) -> bool {
    raw.split('.').all(|part| part.len() <= 20)
}

/// The publisher's id for an event, from the body or from a header.
pub fn parse_idempotency_key(raw: &str) -> Result<Arc<str>, Failure> {
    let fits = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&raw.len());
    match fits && !raw.chars().any(char::is_control) {
        true => Ok(raw.into()),
        false => Err(Failure::bad_request(format!(
            "idempotency_key must be 1 to {MAX_IDEMPOTENCY_KEY_BYTES} printable bytes"
        ))),
    }
}
