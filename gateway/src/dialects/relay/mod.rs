//! The Relay protocol, as its clients and back-end SDKs speak it.
//!
//! Sheet: spec/relay.md; seed 002. A frame walks through the rooms like this: [`codec`] turns a text
//! into a [`frame::Inbound`], [`Conversation`] decides and answers with effects, the hub performs
//! them. What all subscribers of a channel get is written once by [`codec::frame_due`] and shared.
//! [`socket`] lets upgrades in, [`http`] is the API.

pub mod channel;
pub mod codec;
pub mod conversation;
pub mod errors;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod frame;
pub mod http;
#[cfg(test)]
mod linter;
pub mod member;
pub mod pace;
pub mod socket;
#[cfg(test)]
mod vectors;

pub use conversation::{Conversation, Opening};

/// What the dialect remembers for all threads of a gateway.
#[derive(Debug, Default)]
pub struct Memory {
    pub turned_away: pace::TurnedAway,
    pub signing: pace::SigningPace,
    pub totals: http::Totals,
}
