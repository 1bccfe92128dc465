//! What a client says. What makes no sense is ignored; a subscribe that makes none is answered.
//! Source: spec/relay.md §4.3.

use crate::dialects::{
    json::{self, Kind, Value},
    relay::frame::{ClientEvent, Inbound, Subscribe},
};
use std::borrow::Cow;

/// Reads one text frame. Both prefixes are taken on every connection; `data` may be an object or a
/// string that holds one, and the channel may stand beside it.
pub fn decode(text: &str) -> Inbound<'_> {
    let Ok(frame) = json::parse(text) else { return Inbound::Ignored };
    if frame.kind() != Kind::Object {
        return Inbound::Ignored;
    }
    let Ok([event, channel, data]) = frame.pick(["event", "channel", "data"]) else {
        return Inbound::Ignored;
    };
    let Some(event) = event.and_then(Value::as_str) else { return Inbound::Ignored };
    match event.strip_prefix("relay:").or_else(|| event.strip_prefix("pusher:")) {
        Some("ping") => Inbound::Ping,
        Some("subscribe") => subscribe(channel, data),
        Some("unsubscribe") => unsubscribe(channel, data),
        None if event.starts_with("client-") => client_event(event, channel, data),
        Some(_) | None => Inbound::Ignored,
    }
}

fn subscribe<'a>(beside: Option<Value<'a>>, data: Option<Value<'a>>) -> Inbound<'a> {
    let bad = |why: &'static str| Inbound::BadSubscribe(Cow::Borrowed(why));
    let [channel, auth, channel_data] = match fields(data, ["channel", "auth", "channel_data"]) {
        Ok(fields) => fields,
        Err(why) => return Inbound::BadSubscribe(why),
    };
    let channel = match text(channel).or_else(|| text(beside.map(Field::Borrowed))) {
        Some(channel) if !channel.is_empty() => channel,
        _ => return bad("channel is required"),
    };
    let is_text =
        |field: &Option<Field<'_>>| field.as_ref().is_none_or(|f| f.kind() == Kind::String);
    match (is_text(&auth), is_text(&channel_data)) {
        (false, _) => bad("auth must be a string"),
        // Nothing that was parsed can be what was signed.
        (_, false) => bad("channel_data must be a string that holds JSON"),
        (true, true) => Inbound::Subscribe(Subscribe {
            channel,
            auth: text(auth),
            channel_data: text(channel_data),
        }),
    }
}

fn unsubscribe<'a>(beside: Option<Value<'a>>, data: Option<Value<'a>>) -> Inbound<'a> {
    let inside = fields(data, ["channel"]).ok().and_then(|[channel]| text(channel));
    match inside.or_else(|| text(beside.map(Field::Borrowed))) {
        Some(channel) => Inbound::Unsubscribe { channel },
        None => Inbound::Ignored,
    }
}

fn client_event<'a>(
    name: Cow<'a, str>,
    channel: Option<Value<'a>>,
    data: Option<Value<'a>>,
) -> Inbound<'a> {
    let Some(channel) = channel.and_then(Value::as_str) else { return Inbound::Ignored };
    let data = data.map_or(Cow::Borrowed("{}"), outgoing);
    Inbound::ClientEvent(ClientEvent { name, channel, data })
}

/// The text that a value goes out as: a string's own, or the compact JSON of anything else.
/// Source: spec/relay.md §4.4.
pub fn outgoing(value: Value<'_>) -> Cow<'_, str> {
    value.as_str().unwrap_or_else(|| value.compact())
}

/// A member of `data`, out of the frame's own text or out of a string in it.
enum Field<'a> {
    Borrowed(Value<'a>),
    Owned { kind: Kind, text: Option<String> },
}

impl Field<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Borrowed(value) => value.kind(),
            Self::Owned { kind, .. } => *kind,
        }
    }
}

fn text(field: Option<Field<'_>>) -> Option<Cow<'_, str>> {
    match field? {
        Field::Borrowed(value) => value.as_str(),
        Field::Owned { text, .. } => text.map(Cow::Owned),
    }
}

/// Members of `data`, which is an object or a string that holds one. Without it there are none.
fn fields<'a, const N: usize>(
    data: Option<Value<'a>>,
    names: [&'static str; N],
) -> Result<[Option<Field<'a>>; N], Cow<'static, str>> {
    const EXPECTED: &str = "data must be an object, or a string that holds one";
    let pick = |object: Value<'a>| object.pick(names).map_err(|e| Cow::Owned(e.to_string()));
    match data {
        None => Ok(names.map(|_| None)),
        Some(object) if object.kind() == Kind::Object => {
            Ok(pick(object)?.map(|value| value.map(Field::Borrowed)))
        }
        Some(string) => {
            let inner = string.as_str().ok_or(EXPECTED)?;
            if inner.is_empty() {
                return Ok(names.map(|_| None));
            }
            let inner = json::parse(&inner).map_err(|e| format!("data: {e}"))?;
            if inner.kind() != Kind::Object {
                return Err(EXPECTED.into());
            }
            let picked = inner.pick(names).map_err(|e| e.to_string())?;
            Ok(picked.map(|value| {
                value.map(|value| Field::Owned {
                    kind: value.kind(),
                    text: value.as_str().map(Cow::into_owned),
                })
            }))
        }
    }
}
