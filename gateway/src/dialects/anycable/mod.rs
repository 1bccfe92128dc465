//! The AnyCable and Action Cable protocol without a back end behind it: signed and public streams,
//! tokens, whispers, presence, history and resuming.
//!
//! Sheet: spec/anycable.md. A frame walks through the rooms like this: `socket` agrees on a
//! subprotocol and reads the token, [`codec`] turns a text into a [`frame::Inbound`],
//! [`Conversation`] decides and answers with effects, the hub performs them. [`pubsub`] says which
//! stream an identifier names, [`sid`] how connections are called, [`resume`] what outlives them.
//!
//! An app's secret is AnyCable's application secret, of each of its active credentials, so that a
//! rotation has two. The app is named by the host or the path. A stream is a channel: what it
//! keeps, who is present on it and how many hear it is the same in every dialect. A message's
//! value goes out as its publisher wrote it; an event of the Pusher family is
//! `{"event":…,"data":"…"}`, as AnyCable's own packages have it.
//!
//! What differs from the original server, all of it in the clients' favour: bad frames are passed
//! over instead of ending the reading; a welcome precedes what a resumed connection hears, and
//! restored streams wait for the client's position, so nothing overtakes it; a position is served
//! whole or not at all, and one that is provably the end is confirmed; excluded senders do not get
//! their message back on replay; members stay present as long as their connection, in the base
//! protocol too; a resumed connection presents its token again. Limits of our own: an identifier
//! has at most 4096 bytes, a presence id 1 to 128, and a stream name 1 to 256 without control
//! characters.

pub mod codec;
pub mod conversation;
pub mod errors;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod frame;
mod heartbeat;
pub mod http;
#[cfg(test)]
mod linter;
pub mod pubsub;
mod query;
pub mod resume;
pub mod sid;
pub mod socket;
pub mod sse;
mod subprotocol;
#[cfg(test)]
mod vectors;

pub use conversation::Conversation;

/// What is asked over HTTP. Must come before the Pusher family's routes, whose paths it shares.
pub fn configure(routes: &mut actix_web::web::ServiceConfig) {
    routes.configure(http::configure).configure(sse::configure);
}
