//! One message in the words of families that do not know each other.
//!
//! The Pusher family publishes named events with a text; the others publish one JSON value. A value
//! that is an object with a text `event` counts as named, as AnyCable's own packages use it. The
//! whole table stands in docs/dialects.md.

use super::json::{self, Kind};
use contract::EventName;
use realtime::{Event, Payload, Sender};
use std::borrow::Cow;

/// The name under which a JSON value is published: its member `event`, or the name of the nameless.
///
/// A value cannot forge frames of a protocol or events of a client that way.
pub fn name_in(raw: &str) -> EventName {
    let named = || {
        let event = json::parse(raw).ok().filter(|value| value.kind() == Kind::Object)?;
        let [event] = event.pick(["event"]).ok()?;
        let name: EventName = event?.as_str()?.parse().ok()?;
        (!name.is_reserved() && !name.is_client_event()).then_some(name)
    };
    let may_be_named = raw.starts_with('{') && raw.contains("event");
    may_be_named.then(named).flatten().unwrap_or_else(EventName::unnamed)
}

/// The data of a message for who knows events: a text.
pub fn text(event: &Event) -> Cow<'_, str> {
    let raw = match &event.data {
        Payload::Text(text) => return Cow::Borrowed(text),
        Payload::Json(raw) => raw,
    };
    match named_data(raw, event.name.as_str()) {
        Some(data) => data,
        None => Cow::Borrowed(raw),
    }
}

/// `data` of the object `{"event":name,"data":…}`, as a text.
fn named_data<'a>(raw: &'a str, name: &str) -> Option<Cow<'a, str>> {
    if !raw.starts_with('{') {
        return None;
    }
    let value = json::parse(raw).ok()?;
    let [event, data] = value.pick(["event", "data"]).ok()?;
    if event?.as_str()? != name {
        return None;
    }
    Some(match data {
        None => Cow::Borrowed(""),
        Some(data) => data.as_str().unwrap_or(Cow::Borrowed(data.as_text())),
    })
}

/// A message as the text of one JSON value.
pub fn value(event: &Event) -> Cow<'_, str> {
    let text = match &event.data {
        Payload::Json(raw) => return Cow::Borrowed(raw),
        Payload::Text(text) => text,
    };
    let name = event.name.as_str();
    let mut out = String::with_capacity(32 + name.len() + text.len() + text.len() / 8);
    out.push_str(r#"{"event":""#);
    json::push_escaped(&mut out, name);
    if event.name.is_client_event() {
        out.push_str(r#"","channel":""#);
        json::push_escaped(&mut out, event.topic.channel.as_str());
    }
    out.push_str(r#"","data":""#);
    json::push_escaped(&mut out, text);
    out.push_str("\"}");
    Cow::Owned(out)
}

/// Who sent a message, where a sender always has a name.
pub fn from(event: &Event) -> Cow<'_, str> {
    match (event.sender.user(), &event.sender) {
        (Some(user), _) => Cow::Borrowed(user.as_str()),
        (None, Sender::Server { .. }) => Cow::Borrowed("server"),
        (None, Sender::Socket { socket, .. }) => Cow::Owned(socket.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use realtime::{Encodings, Position, Topic};

    fn event(name: &str, data: Payload) -> Event {
        Event {
            topic: Topic { app: "1".parse().unwrap(), channel: "room".parse().unwrap() },
            position: Position { epoch: 1, seq: 1 },
            name: name.parse().unwrap(),
            data,
            sender: Sender::server(),
            except: None,
            idempotency_key: None,
            at_ms: 0,
            kept: true,
            encoded: Encodings::default(),
        }
    }

    #[test]
    fn values_reach_the_pusher_family_as_events() {
        for (raw, name, text_of) in [
            (r#"{"a":1}"#, "message", r#"{"a":1}"#),
            ("12345678901234567890", "message", "12345678901234567890"),
            (r#"{"event":"chat","data":"hi"}"#, "chat", "hi"),
            (r#"{"event":"chat","data":{"n":1.0}}"#, "chat", r#"{"n":1.0}"#),
            (r#"{"event":"chat"}"#, "chat", ""),
            (
                r#"{"event":"pusher:error","data":1}"#,
                "message",
                r#"{"event":"pusher:error","data":1}"#,
            ),
            (r#"{"event":"relay:error"}"#, "message", r#"{"event":"relay:error"}"#),
            (r#"{"event":"client-a"}"#, "message", r#"{"event":"client-a"}"#),
            (r#"{"event":7,"data":1}"#, "message", r#"{"event":7,"data":1}"#),
            (r#""event""#, "message", r#""event""#),
        ] {
            assert_eq!(name_in(raw).as_str(), name, "{raw}");
            assert_eq!(text(&event(name, Payload::Json(raw.into()))), text_of, "{raw}");
        }
    }

    #[test]
    fn events_reach_the_others_as_values() {
        let text = |name: &str, data: &str| event(name, Payload::Text(data.into()));
        let expected = r#"{"event":"chat","data":"{\"a\":1}"}"#;
        assert_eq!(value(&text("chat", r#"{"a":1}"#)), expected);
        let expected = r#"{"event":"client-x","channel":"room","data":"hi"}"#;
        assert_eq!(value(&text("client-x", "hi")), expected);
        let raw = r#"{"n":12345678901234567890,"f":1.0}"#;
        assert_eq!(value(&event("message", Payload::Json(raw.into()))), raw);
    }

    #[test]
    fn a_sender_has_the_best_name_there_is() {
        let mut of = event("e", Payload::Text("".into()));
        assert_eq!(from(&of), "server");
        of.sender = Sender::Socket { socket: "1.2".parse().unwrap(), identity: None };
        assert_eq!(from(&of), "1.2");
    }
}
