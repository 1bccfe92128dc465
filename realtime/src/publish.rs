//! Publishing: what is asked, and what the owner answers.

use crate::{Occupancy, Payload, Position, Sender, Topic};
use contract::{EventName, SocketId};
use std::sync::Arc;

/// One message on its way to a channel.
#[derive(Clone, Debug)]
pub struct Publish {
    pub topic: Topic,
    pub name: EventName,
    pub data: Payload,
    pub sender: Sender,
    /// The one connection that does not get it.
    pub except: Option<SocketId>,
    /// The publisher's id for it. A second message with the same id has no effect for as long as
    /// the channel remembers the first: `EngineConfig` says how long and how many.
    pub idempotency_key: Option<Arc<str>>,
    /// Milliseconds for which newcomers get the event on joining; only cache channels keep it.
    pub cache_ttl_ms: Option<u64>,
    /// Whether history keeps it. What it does not keep it does not miss: a transient event leaves
    /// no gap.
    pub keep_history: bool,
    /// Whether the answer says who hears the channel.
    pub want_counts: bool,
}

impl Publish {
    /// A message from the customer's back end with nothing special about it.
    pub fn from_server(topic: Topic, name: EventName, data: Payload) -> Self {
        Self {
            topic,
            name,
            data,
            sender: Sender::server(),
            except: None,
            idempotency_key: None,
            cache_ttl_ms: None,
            keep_history: false,
            want_counts: false,
        }
    }

    /// Whether anything of it outlasts the delivery.
    pub(crate) fn is_remembered(&self) -> bool {
        self.keep_history || self.idempotency_key.is_some() || self.cache_ttl_ms.is_some()
    }
}

/// The owner took the message, or had taken it before.
#[derive(Clone, Debug)]
pub struct Published {
    pub position: Position,
    /// The idempotency key was known: `position` is the first one's and nothing else happened.
    pub duplicate: bool,
    /// Set when the publisher wanted counts.
    pub occupancy: Option<Occupancy>,
    /// Connections the message went to: subscribers, and those who listen to a pattern.
    pub delivered_to: u32,
}

/// Why a message was not taken. It has had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// A place that holds subscribers, or the memory of channels, is full. Try again later.
    #[error("the service is overloaded")]
    Overloaded,
    /// The owner of the channel cannot be reached.
    #[error("the channel's owner is unavailable")]
    Unavailable,
}

/// The owner of a channel could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("the channel's owner is unavailable")]
    Unavailable,
}
