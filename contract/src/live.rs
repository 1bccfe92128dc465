//! What happens in an app, as its owner watches it: one JSON object per line. Part of it is kept
//! for a while, for those who look back.

use crate::{AppId, ChannelName, EventName, SocketId, UserId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Something that just happened in an app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// `pusher`, `relay`, `anycable` or `metered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<Cow<'static, str>>,
    #[serde(flatten)]
    pub what: LiveKind,
}

/// Sources are lower-case words such as `http` and `socket`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveKind {
    ConnectionOpened {
        socket_id: SocketId,
    },
    ConnectionClosed {
        socket_id: SocketId,
    },
    Subscribed {
        channel: ChannelName,
        socket_id: SocketId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    Unsubscribed {
        channel: ChannelName,
        socket_id: SocketId,
    },
    Published {
        channel: ChannelName,
        event: EventName,
        /// At most [`LiveEvent::MAX_DATA_BYTES`] of the payload; nothing where none may be kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// Of the whole payload.
        #[serde(default)]
        data_bytes: u64,
    },
    ClientEvent {
        channel: ChannelName,
        event: EventName,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        #[serde(default)]
        data_bytes: u64,
        socket_id: SocketId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    Refused {
        source: String,
        code: String,
        message: String,
        /// By which the refusal can be looked up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// The reader was too slow, or there was too much: so many events were left out.
    Dropped {
        count: u64,
    },
}

macro_rules! kinds {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        impl LiveKind {
            /// The names of all kinds.
            pub const ALL: [&'static str; [$($text),+].len()] = [$($text),+];

            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $text),+
                }
            }
        }
    };
}

kinds! {
    ConnectionOpened = "connection_opened",
    ConnectionClosed = "connection_closed",
    Subscribed = "subscribed",
    Unsubscribed = "unsubscribed",
    Published = "published",
    ClientEvent = "client_event",
    Refused = "refused",
    Dropped = "dropped",
}

impl LiveEvent {
    /// Of a payload, for those who watch.
    pub const MAX_DATA_BYTES: usize = 4_096;
    /// Of a payload, for those who look back.
    pub const MAX_KEPT_DATA_BYTES: usize = 1_024;
    /// Of what a refused caller was told, for those who look back.
    pub const MAX_KEPT_MESSAGE_BYTES: usize = 512;

    /// The first `most` bytes of a text, less half a character.
    pub fn shortened(text: &str, most: usize) -> &str {
        &text[..text.floor_char_boundary(most)]
    }
}

/// What an app's owner lets rest of its events for those who look back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveHistory {
    #[default]
    WithData,
    /// Everything but payloads.
    WithoutData,
    Off,
}

/// An event that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvent {
    pub app: AppId,
    /// Counts from 1 in each start of a gateway, in the order in which events are told.
    pub seq: u64,
    #[serde(flatten)]
    pub event: LiveEvent,
}

/// `POST /internal/v1/live-events`. What the same start of the gateway has told already is passed
/// over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptBatch {
    pub gateway: String,
    /// A fresh id for each start of the process.
    pub boot: String,
    pub events: Vec<KeptEvent>,
}

impl KeptBatch {
    pub const MAX_EVENTS: usize = 1_000;
    /// Room for so many events whose every byte has to be escaped.
    pub const MAX_BYTES: usize = 10 << 20;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_flat_objects() {
        let event = LiveEvent {
            at_ms: 5,
            dialect: Some("relay".into()),
            what: LiveKind::Unsubscribed {
                channel: "news".parse().unwrap(),
                socket_id: "1.2".parse().unwrap(),
            },
        };
        let line = serde_json::to_string(&event).unwrap();
        let expected = r#"{"at_ms":5,"dialect":"relay","kind":"unsubscribed","channel":"news","socket_id":"1.2"}"#;
        assert_eq!(line, expected);
        assert_eq!(serde_json::from_str::<LiveEvent>(&line).unwrap(), event);
        let kept = KeptEvent { app: "7".parse().unwrap(), seq: 3, event };
        let line = serde_json::to_string(&kept).unwrap();
        assert_eq!(line, format!(r#"{{"app":"7","seq":3,{}"#, &expected[1..]));
        assert_eq!(serde_json::from_str::<KeptEvent>(&line).unwrap(), kept);
    }

    #[test]
    fn kinds_are_named_as_they_are_told() {
        for (what, name) in [
            (LiveKind::ConnectionOpened { socket_id: "1.2".parse().unwrap() }, "connection_opened"),
            (LiveKind::Dropped { count: 1 }, "dropped"),
        ] {
            assert_eq!(
                (what.name(), serde_json::to_value(&what).unwrap()["kind"].as_str()),
                (name, Some(name))
            );
            assert!(LiveKind::ALL.contains(&name));
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        for (text, most, kept) in [
            ("a".repeat(8), 8, 8),
            ("a".repeat(9), 8, 8),
            ("a".to_owned() + &"é".repeat(8), 8, 7),
            (String::new(), 8, 0),
        ] {
            let shown = LiveEvent::shortened(&text, most);
            assert!(shown.len() == kept && text.starts_with(shown), "{text}");
        }
    }
}
