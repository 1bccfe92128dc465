//! The fields of a publish request. Source: spec/relay.md §2.1, §2.2, §5.2.

use super::answer::Failure;
use crate::{
    admission::Refusal,
    dialects::{
        json::{self, Kind, Value},
        relay::{channel, codec::outgoing},
    },
};
use contract::{BadId, ChannelName, EventName, SocketId};
use smallvec::SmallVec;
use std::{borrow::Cow, sync::Arc};

/// Channels of one item in the hosted form, which has a list.
const MAX_CHANNELS: usize = 100;
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 128;

pub type Channels = SmallVec<[ChannelName; 1]>;

/// One event to publish.
#[derive(Debug)]
pub struct Item<'a> {
    pub name: EventName,
    pub channels: Channels,
    /// A string's text, or the JSON of anything else.
    pub data: Cow<'a, str>,
    pub except: Option<SocketId>,
    pub idempotency_key: Option<Arc<str>>,
}

/// The body as one JSON object.
pub fn object(body: &[u8]) -> Result<Value<'_>, Failure> {
    let text = simdutf8::basic::from_utf8(body).map_err(|_| Failure::NotJson)?;
    let value = json::parse(text).map_err(|_| Failure::NotJson)?;
    match value.kind() {
        Kind::Object => Ok(value),
        _ => Err(Failure::NotJson),
    }
}

impl<'a> Item<'a> {
    /// `event` may be called `name`, and `channel` may be a list `channels`, as the vendor's hosted
    /// form has it.
    pub fn read(object: Value<'a>, max_data_bytes: usize) -> Result<Self, Failure> {
        let [channel, channels, event, name, data, socket_id, idempotency_key] = object.pick([
            "channel",
            "channels",
            "event",
            "name",
            "data",
            "socket_id",
            "idempotency_key",
        ])?;
        let name = text(event.or(name), "event")?.filter(|name| !name.is_empty());
        let channels = match channels {
            Some(list) => channel_list(list)?,
            None => text(channel, "channel")?
                .filter(|channel| !channel.is_empty())
                .map(|raw| channel_name(&raw))
                .transpose()?
                .into_iter()
                .collect(),
        };
        let (Some(name), false) = (name, channels.is_empty()) else {
            return Err(Failure::unprocessable("channel and event are required"));
        };
        let data = outgoing(data.ok_or_else(|| Failure::unprocessable("data is required"))?);
        if data.len() > max_data_bytes {
            return Err(Refusal::EventTooLarge { limit: max_data_bytes }.into());
        }
        Ok(Self {
            name: event_name(&name)?,
            channels,
            data,
            except: text(socket_id, "socket_id")?.map(|raw| socket(&raw)).transpose()?.flatten(),
            idempotency_key: text(idempotency_key, "idempotency_key")?
                .map(|raw| idempotency(&raw))
                .transpose()?,
        })
    }
}

fn text<'a>(value: Option<Value<'a>>, name: &str) -> Result<Option<Cow<'a, str>>, Failure> {
    value
        .map(|value| {
            let not_text = || Failure::unprocessable(format!("{name} must be a string"));
            value.as_str().ok_or_else(not_text)
        })
        .transpose()
}

fn channel_list(list: Value<'_>) -> Result<Channels, Failure> {
    if list.kind() != Kind::Array {
        return Err(Failure::unprocessable("channels must be an array of strings"));
    }
    let mut channels = Channels::new();
    for (at, item) in list.items().enumerate() {
        if at == MAX_CHANNELS {
            let error = format!("channels must be at most {MAX_CHANNELS}");
            return Err(Failure::unprocessable(error));
        }
        let raw = text(Some(item), "channels")?.unwrap_or_default();
        let channel = channel_name(&raw)?;
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    Ok(channels)
}

pub fn channel_name(raw: &str) -> Result<ChannelName, Failure> {
    channel::parse(raw).map_err(|e| Failure::unprocessable(format!("the channel name {e}")))
}

/// No publisher may forge a frame of a protocol. Source: spec/relay.md §10, trap 24.
fn event_name(raw: &str) -> Result<EventName, Failure> {
    let name: EventName =
        raw.parse().map_err(|e| Failure::unprocessable(format!("the event name {e}")))?;
    match name.is_reserved() {
        true => Err(Failure::unprocessable(
            "the event name must not start with relay:, pusher: or pusher_internal:",
        )),
        false => Ok(name),
    }
}

/// An id that this service did not issue excludes nobody. Source: spec/relay.md §2.1.
fn socket(raw: &str) -> Result<Option<SocketId>, Failure> {
    match raw.parse() {
        Ok(id) => Ok(Some(id)),
        Err(BadId::SocketIdForeign) => Ok(None),
        // Some clients send the field empty before they are connected.
        Err(_) if raw.is_empty() => Ok(None),
        Err(e) => Err(Failure::unprocessable(format!("socket_id {e}"))),
    }
}

/// The publisher's id for an event, from the body or from a header.
pub fn idempotency(raw: &str) -> Result<Arc<str>, Failure> {
    let fits = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&raw.len());
    match fits && !raw.chars().any(char::is_control) {
        true => Ok(raw.into()),
        false => Err(Failure::unprocessable(format!(
            "idempotency_key must be 1 to {MAX_IDEMPOTENCY_KEY_BYTES} printable bytes"
        ))),
    }
}
