//! Metered's realtime messaging protocol, as `@metered-ca/realtime` and `metered-realtime` speak
//! it.
//!
//! Sheet: spec/metered.md; seed 004. A frame walks through the rooms like this: `socket` lets a
//! connection in, [`codec`] turns a text into a [`frame::Request`], [`Conversation`] decides and
//! answers with effects, which the hub performs. An event on its way out is written at most twice,
//! without and with what may be known of its sender. The HTTP API is in [`http`].

pub mod arrivals;
pub mod codec;
pub mod conversation;
pub mod errors;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod frame;
pub mod http;
#[cfg(test)]
mod linter;
pub mod names;
pub mod socket;
#[cfg(test)]
mod vectors;

pub use conversation::{Conversation, Opening};
