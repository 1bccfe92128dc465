//! What a client says. Lenient: a frame that makes no sense is passed over, a field of the wrong
//! type is not there, and the connection goes on. Source: spec/anycable.md §6.1.

use crate::dialects::{
    anycable::frame::{HistoryAsk, Inbound, PresenceAsk},
    json::{self, BadMember, Kind, NotJson, Value},
};
use std::borrow::Cow;

/// Why a frame was passed over. The client is not told; whoever watches the app is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    #[error("not JSON: {0}")]
    NotJson(#[from] NotJson),
    #[error("not an object")]
    NotAnObject,
    #[error("{0}")]
    Member(#[from] BadMember),
    #[error("unknown command")]
    UnknownCommand,
}

/// Reads one frame.
pub fn decode(text: &str) -> Result<Inbound<'_>, Ignored> {
    let frame = json::parse(text)?;
    if frame.kind() != Kind::Object {
        return Err(Ignored::NotAnObject);
    }
    let [command, identifier, history, presence, data] =
        frame.pick(["command", "identifier", "history", "presence", "data"])?;
    let command = command.and_then(Value::as_str).ok_or(BadMember::Missing("command"))?;
    let identifier = || text_of(identifier).ok_or(BadMember::Missing("identifier"));
    Ok(match command.as_ref() {
        "subscribe" => Inbound::Subscribe {
            identifier: identifier()?,
            history: history.and_then(history_ask),
            presence: presence.and_then(presence_ask),
        },
        "unsubscribe" => Inbound::Unsubscribe { identifier: identifier()? },
        "message" => Inbound::Message,
        "whisper" => Inbound::Whisper {
            identifier: identifier()?,
            data: data.ok_or(BadMember::Missing("data"))?.as_text(),
        },
        "history" => {
            Inbound::History { identifier: identifier()?, history: history.and_then(history_ask) }
        }
        "join" => Inbound::Join {
            identifier: identifier()?,
            presence: presence.and_then(presence_ask).ok_or(BadMember::Missing("presence.id"))?,
        },
        "leave" => Inbound::Leave { identifier: identifier()? },
        "presence" => Inbound::Presence { identifier: identifier()?, records: wants_records(data) },
        "ping" => Inbound::Ping,
        "pong" => Inbound::Pong,
        _ => return Err(Ignored::UnknownCommand),
    })
}

fn text_of(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    value.and_then(Value::as_str)
}

/// `{"id":…,"info":…}`; a number's own text serves as an id.
fn presence_ask(value: Value<'_>) -> Option<PresenceAsk<'_>> {
    let [id, info] = value.pick(["id", "info"]).ok()?;
    let id = id?;
    let id = match id.kind() {
        Kind::String => id.as_str()?,
        Kind::Number => Cow::Borrowed(id.as_text()),
        Kind::Object | Kind::Array | Kind::Boolean | Kind::Null => return None,
    };
    Some(PresenceAsk { id, info: info.map(Value::as_text) })
}

fn history_ask(value: Value<'_>) -> Option<HistoryAsk<'_>> {
    let [since, streams] = value.pick(["since", "streams"]).ok()?;
    HistoryAsk::new(since.and_then(seconds), streams)
}

/// Whole seconds; what is behind the point of a finer number is cut off, and anything else is no
/// time at all (one client sends `false`).
fn seconds(value: Value<'_>) -> Option<u64> {
    if value.kind() != Kind::Number {
        return None;
    }
    let whole = value.as_text().split('.').next().unwrap_or_default();
    whole.parse().ok()
}

fn wants_records(data: Option<Value<'_>>) -> bool {
    let asked = data.and_then(|data| data.pick(["return_records"]).ok()).and_then(|[wish]| wish);
    asked.is_none_or(|wish| wish.as_text() != "false")
}
