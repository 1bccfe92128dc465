//! From an identifier to a stream, and what the subscriber may do there.
//! Source: spec/anycable.md §6.3, §6.4.

use crate::{
    admission,
    dialects::json::{self, Kind, Value},
    directory::AppState,
};
use contract::{ChannelKind, ChannelName};
use std::borrow::Cow;

/// What a subscription is to, and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    pub channel: ChannelName,
    pub way: Way,
}

/// How the stream was named, which decides about rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its plain name.
    Public,
    /// By a name that the app's back end signed.
    Signed,
    /// By Turbo or CableReady, whose subscribers only listen.
    Listener,
}

/// The subscription is rejected; clients are not told why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    #[error("the identifier is not a JSON object with a channel")]
    Form,
    #[error("the channel is not served here")]
    Channel,
    #[error("the identifier names no stream")]
    NoStream,
    #[error("the stream's name is not one")]
    BadName,
    #[error("the signature of the stream's name is not valid")]
    BadSignature,
    #[error("public streams are switched off for this app (setting public_streams)")]
    PublicOff,
    #[error("the stream asks for a signed name")]
    NeedsSignature,
}

/// Decides by an identifier's own text, that is, its JSON string decoded once.
pub fn decide(identifier: &str, state: &AppState) -> Result<Stream, Rejected> {
    let object = json::parse(identifier).map_err(|_| Rejected::Form)?;
    if object.kind() != Kind::Object {
        return Err(Rejected::Form);
    }
    let [channel, signed, plain, cable_ready] = object
        .pick(["channel", "signed_stream_name", "stream_name", "identifier"])
        .map_err(|_| Rejected::Form)?;
    let settings = &state.settings.anycable;
    match text(channel).ok_or(Rejected::Form)?.as_ref() {
        "$pubsub" => match (named(signed), named(plain)) {
            (Some(signed), _) => verified(&signed, Way::Signed, state),
            (None, Some(plain)) if settings.public_streams => public(&plain),
            (None, Some(_)) => Err(Rejected::PublicOff),
            (None, None) => Err(Rejected::NoStream),
        },
        "Turbo::StreamsChannel" if settings.turbo_streams => {
            verified(&named(signed).ok_or(Rejected::NoStream)?, Way::Listener, state)
        }
        "CableReady::Stream" if settings.cable_ready => {
            verified(&named(cable_ready).ok_or(Rejected::NoStream)?, Way::Listener, state)
        }
        _ => Err(Rejected::Channel),
    }
}

impl Stream {
    /// Whether the subscriber may send to the others. Nothing can be whispered where everybody
    /// encrypts.
    pub fn may_whisper(&self, state: &AppState) -> bool {
        let may = match self.way {
            Way::Public => true,
            Way::Signed => state.settings.anycable.whisper,
            Way::Listener => false,
        };
        may && !self.channel.kind().is_encrypted()
    }

    /// Whether the subscriber may join the stream's presence and read it.
    pub fn has_presence(&self, state: &AppState) -> bool {
        state.settings.anycable.presence && self.way != Way::Listener
    }
}

fn verified(signed: &str, way: Way, state: &AppState) -> Result<Stream, Rejected> {
    let name = admission::stream_name(state, signed).map_err(|_| Rejected::BadSignature)?;
    Ok(Stream { channel: channel(&name)?, way })
}

/// A name that asks for authorisation asks for it in every dialect.
fn public(name: &str) -> Result<Stream, Rejected> {
    let channel = channel(name)?;
    match channel.kind().needs_authorisation() {
        true => Err(Rejected::NeedsSignature),
        false => Ok(Stream { channel, way: Way::Public }),
    }
}

/// A stream's name as a channel. What a user alone is sent is nobody's stream.
pub fn channel(name: &str) -> Result<ChannelName, Rejected> {
    let channel: ChannelName = name.parse().map_err(|_| Rejected::BadName)?;
    match channel.kind() == ChannelKind::User {
        true => Err(Rejected::BadName),
        false => Ok(channel),
    }
}

fn text(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    value.and_then(Value::as_str)
}

fn named(value: Option<Value<'_>>) -> Option<Cow<'_, str>> {
    text(value).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::anycable::{fixtures, vectors};

    #[test]
    fn the_sheets_signed_names_are_accepted_whoever_made_them() {
        let gateway = fixtures::gateway(|_| {});
        let state = fixtures::app(&gateway).state();
        let mut seen = 0;
        for (name, stream) in vectors::streams() {
            let identifier = format!(r#"{{"channel":"$pubsub","signed_stream_name":"{name}"}}"#);
            let expected = Stream { channel: stream.parse().unwrap(), way: Way::Signed };
            assert_eq!(decide(&identifier, &state), Ok(expected), "{name}");
            seen += 1;
        }
        assert_eq!(seen, 5);
    }
}
