//! What a protocol's clients say where the benchmark only cares that it was said.

mod anycable;
mod metered;
mod posts;
mod pusher;
mod relay;

pub use posts::{Post, Posts};

use crate::apps::App;

/// The dialects that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    Pusher,
    Relay,
    Anycable,
    /// AnyCable's second subprotocol, whose clients come back to where they were.
    AnycableExt,
    Metered,
}

impl Name {
    pub fn dialect(self, apps: Vec<App>) -> Box<dyn Dialect> {
        match self {
            Self::Pusher => Box::new(pusher::Pusher { apps }),
            Self::Relay => Box::new(relay::Relay { apps }),
            Self::Anycable => Box::new(anycable::AnyCable { apps, subprotocol: anycable::BASE }),
            Self::AnycableExt => Box::new(anycable::AnyCable { apps, subprotocol: anycable::EXT }),
            Self::Metered => Box::new(metered::Metered { apps }),
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

/// Channels are numbers; the dialect gives them their names, which are the same in all.
pub trait Dialect {
    /// Path and query of the upgrade request of an app's client.
    fn socket_target(&self, app: u32) -> String;
    /// What the client offers, and the server has to take.
    fn subprotocol(&self) -> Option<&'static str> {
        None
    }
    fn subscribe(&self, channel: u32) -> String;
    /// What a client answers to a ping in text; most are pinged below the protocol.
    fn pong(&self) -> &'static str {
        ""
    }
    fn read(&self, text: &[u8]) -> Control;
}

/// The first thing a frame says of those it may say.
fn first_said(text: &[u8], sayings: &[(&str, Control)]) -> Control {
    let says = |what: &str| memchr::memmem::find(text, what.as_bytes()).is_some();
    sayings.iter().find(|(what, _)| says(what)).map_or(Control::Other, |(_, control)| *control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    pub(super) fn check_frames(name: Name, frames: &[(&str, Control)]) {
        let dialect = name.dialect(vec![App::nth(0)]);
        for (text, expected) in frames {
            assert_eq!(dialect.read(text.as_bytes()), *expected, "{text}");
        }
    }

    #[test]
    fn every_dialect_subscribes_to_the_channel_that_is_published_to() {
        for name in [Name::Pusher, Name::Relay, Name::Anycable, Name::AnycableExt, Name::Metered] {
            let frame = name.dialect(vec![App::nth(0)]).subscribe(42);
            let value: serde_json::Value = serde_json::from_str(&frame).expect(&frame);
            let said = [
                value["channel"].clone(),
                value["data"]["channel"].clone(),
                inner(&value["data"])["channel"].clone(),
                inner(&value["identifier"])["stream_name"].clone(),
            ];
            assert!(said.contains(&"c42".into()), "{frame}");
        }
    }

    /// The JSON inside a JSON string, where there is one.
    fn inner(value: &serde_json::Value) -> serde_json::Value {
        value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}
