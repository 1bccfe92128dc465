//! The reference server: how fast fan-out can be on this machine, so that others have something
//! to be compared with.
//!
//! One thread, epoll, the frame built once per message and handed to each subscriber's socket. It
//! speaks just enough of the Pusher protocol to be measured: greeting, subscribe, and publishes
//! with digest and signature checked. It knows one app and neither presence nor limits.

mod channels;
mod connection;
mod protocol;
mod server;

pub use server::Server;

/// How a message reaches a subscriber's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// One `send` per delivery, as soon as the publish is read.
    Direct,
    /// One `send` per subscriber for everything that one round of epoll brought.
    Coalesce,
}
