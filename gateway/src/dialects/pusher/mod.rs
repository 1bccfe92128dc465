//! The Pusher Channels protocol, as its SDKs speak it (protocols 5 to 7).
//!
//! Sheet: spec/pusher.md. A frame walks through the rooms like this: `socket` reads a text,
//! [`codec`] turns it into a [`frame::Inbound`], [`Conversation`] decides and answers with effects,
//! `socket` and the hub perform them. An event on its way out is written once by
//! [`codec::encode_event`] and shared. The HTTP API is in [`http`].

pub mod codec;
pub mod conversation;
pub mod errors;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod frame;
pub mod http;
#[cfg(test)]
mod linter;
pub mod socket;
pub mod upgrade;
#[cfg(test)]
mod vectors;

use crate::{dialects::Dialect, hub::voice::Voice};
pub use conversation::{Conversation, Opening};
pub use upgrade::ClientHint;

/// All subscribers are told the same.
pub const VOICE: Voice = Voice::plain(Dialect::Pusher);
