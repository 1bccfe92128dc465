//! What one dialect says where the benchmark only cares that it was said.

mod pusher;

pub use pusher::Pusher;

use crate::{apps::App, wire::Stamp};

/// The dialects that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    Pusher,
}

impl Name {
    pub fn dialect(self, apps: &[App], host: &str) -> Box<dyn Dialect> {
        match self {
            Self::Pusher => Box::new(Pusher::new(apps, host)),
        }
    }
}

/// A frame that carries no stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The connection is established.
    Greeting,
    Subscribed,
    /// To be answered with `Dialect::pong`.
    Ping,
    Refusal,
    Other,
}

/// One message to publish.
pub struct Post {
    pub app: u32,
    pub channel: u32,
    pub stamp: Stamp,
    pub data_bytes: usize,
}

/// Channels are numbers; the dialect gives them their names.
pub trait Dialect {
    /// Path and query of the upgrade request of an app's client.
    fn socket_target(&self, app: u32) -> String;
    fn subscribe(&self, channel: u32) -> String;
    fn pong(&self) -> &'static str;
    fn read(&self, text: &[u8]) -> Control;
    /// Appends a whole publish request to `out`.
    fn publish(&mut self, post: &Post, out: &mut Vec<u8>);
}
