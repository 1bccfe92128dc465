//! What a customer watches while an app runs: one JSON object per line.

use crate::{ChannelName, EventName, SocketId, UserId};
use serde::{Deserialize, Serialize};

/// Something that just happened in an app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Unix milliseconds.
    pub at_ms: u64,
    #[serde(flatten)]
    pub what: LiveKind,
}

/// Sources and dialects are lower-case words such as `http`, `socket`, `pusher`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveKind {
    ConnectionOpened {
        socket_id: SocketId,
        dialect: String,
    },
    ConnectionClosed {
        socket_id: SocketId,
        dialect: String,
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
        /// At most [`LiveEvent::MAX_DATA_BYTES`] of the payload.
        data: String,
        dialect: String,
    },
    ClientEvent {
        channel: ChannelName,
        event: EventName,
        data: String,
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

impl LiveEvent {
    pub const MAX_DATA_BYTES: usize = 4_096;

    /// As much of a payload as a live view shows.
    pub fn shortened(data: &str) -> &str {
        &data[..data.floor_char_boundary(Self::MAX_DATA_BYTES)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_flat_objects() {
        let event = LiveEvent {
            at_ms: 5,
            what: LiveKind::Unsubscribed {
                channel: "news".parse().unwrap(),
                socket_id: "1.2".parse().unwrap(),
            },
        };
        let line = serde_json::to_string(&event).unwrap();
        let expected = r#"{"at_ms":5,"kind":"unsubscribed","channel":"news","socket_id":"1.2"}"#;
        assert_eq!(line, expected);
        assert_eq!(serde_json::from_str::<LiveEvent>(&line).unwrap(), event);
    }
}
