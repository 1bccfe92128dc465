//! Server-sent events: a subscription as the body of one HTTP response.
//!
//! Source: spec/anycable.md §9. [`ask`] reads what a request wants into the commands that a socket
//! would say, [`http`] decides by status codes what can be decided before the response begins, and
//! a [`Conversation`] from then on, which is the socket's own with [`text`] as its last room. The
//! response is one end of a pipe; the other is a connection of the hub like any other, with the
//! same bounds, quota and end.
//!
//! What differs from the original server: a request without a good token is told so before
//! anything else; a subscription that breaks down later ends the response, so that the client comes
//! again; and `raw` responses have a comment in the place of pings, so that a client that has gone
//! is noticed.

mod ask;
pub mod codec;
mod conversation;
mod http;
mod response;
#[cfg(test)]
mod tests;
mod text;

pub use conversation::Conversation;
pub use http::configure;
#[cfg(test)]
pub use http::status_of;
