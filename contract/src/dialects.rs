//! What an app's owner decides per dialect.

use crate::{
    Pattern,
    limits::{OutOfRange, range},
};
use serde::{Deserialize, Serialize};

/// Which dialects an app speaks. All of them need credentials of the app, so all are on at first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialects {
    pub pusher: bool,
    pub relay: bool,
    pub anycable: bool,
    pub metered: bool,
}

impl Default for Dialects {
    fn default() -> Self {
        Self { pusher: true, relay: true, anycable: true, metered: true }
    }
}

/// What a socket on `/app/{key}` speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppPathDialect {
    /// Pusher with `protocol=` in the query, Relay without. Source: spec/relay.md §5.1.
    #[default]
    Auto,
    Pusher,
    Relay,
}

/// Who may have channels signed by `POST /apps/{id}/auth`. Source: spec/relay.md §7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthEndpoint {
    #[default]
    Off,
    /// Back ends that present the app's secret.
    Backend,
    /// Clients that present a publishable key or a signed token, for matching channels.
    Credentialed,
    /// Anybody, for matching channels; the service chooses the user id.
    Anonymous,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RelaySettings {
    pub app_path: AppPathDialect,
    pub auth_endpoint: AuthEndpoint,
    /// Channels that the auth endpoint signs for clients; the back end's own level has no list.
    pub auth_channels: Vec<Pattern>,
}

impl RelaySettings {
    pub const MAX_AUTH_CHANNELS: usize = 50;

    pub(crate) fn check(&self) -> Result<(), OutOfRange> {
        let max = Self::MAX_AUTH_CHANNELS as u32;
        range("relay.auth_channels", self.auth_channels.len() as u32, 0, max)
    }
}

/// Source: spec/anycable.md §12.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnyCableSettings {
    /// Whether a connection without a token is let in.
    pub anonymous: bool,
    /// Whether streams may be subscribed by their plain names.
    pub public_streams: bool,
    /// Whether subscribers of signed streams may whisper.
    pub whisper: bool,
    /// Whether clients may join a stream's presence, and back ends read it.
    pub presence: bool,
    /// Seconds a member stays present after its connection was lost.
    pub presence_grace_s: u32,
    /// Whether an open connection ends when its token does.
    pub end_with_token: bool,
    pub turbo_streams: bool,
    pub cable_ready: bool,
    /// Server-sent events.
    pub sse: bool,
}

impl Default for AnyCableSettings {
    fn default() -> Self {
        Self {
            anonymous: false,
            public_streams: false,
            whisper: false,
            presence: true,
            presence_grace_s: 15,
            end_with_token: false,
            turbo_streams: false,
            cable_ready: false,
            sse: true,
        }
    }
}

impl AnyCableSettings {
    pub(crate) fn check(&self) -> Result<(), OutOfRange> {
        range("anycable.presence_grace_s", self.presence_grace_s, 0, 300)
    }
}

/// One entry of WebRTC's `iceServers`. Source: spec/metered.md §4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IceServer {
    pub urls: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MeteredSettings {
    /// What peers are greeted with, unless their token brings its own.
    pub ice_servers: Vec<IceServer>,
}

impl MeteredSettings {
    /// Clients drop the whole list when one entry is beyond these.
    pub const MAX_ICE_SERVERS: u32 = 16;
    pub const MAX_ICE_URL: u32 = 512;
    pub const MAX_ICE_CREDENTIAL: u32 = 1_024;

    pub(crate) fn check(&self) -> Result<(), OutOfRange> {
        let count = self.ice_servers.len() as u32;
        range("metered.ice_servers", count, 0, Self::MAX_ICE_SERVERS)?;
        for server in &self.ice_servers {
            range("metered.ice_servers.urls", server.urls.len() as u32, 1, Self::MAX_ICE_SERVERS)?;
            for url in &server.urls {
                let is_ice =
                    ["stun:", "stuns:", "turn:", "turns:"].iter().any(|s| url.starts_with(s));
                let bytes = if is_ice { url.len() as u32 } else { 0 };
                range("metered.ice_servers.urls", bytes, 6, Self::MAX_ICE_URL)?;
            }
            for secret in [&server.username, &server.credential].into_iter().flatten() {
                let bytes = secret.len() as u32;
                range("metered.ice_servers.credential", bytes, 0, Self::MAX_ICE_CREDENTIAL)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_record_takes_the_safe_defaults() {
        let relay: RelaySettings = serde_json::from_str("{}").unwrap();
        assert_eq!(relay.auth_endpoint, AuthEndpoint::Off);
        let cable: AnyCableSettings = serde_json::from_str("{}").unwrap();
        assert!(!cable.anonymous && !cable.public_streams && cable.presence);
    }

    #[test]
    fn ice_servers_are_what_clients_take() {
        let with = |url: &str| MeteredSettings {
            ice_servers: vec![IceServer {
                urls: vec![url.into()],
                username: None,
                credential: None,
            }],
        };
        assert_eq!(with("turn:turn.example:443").check(), Ok(()));
        assert!(with("https://turn.example").check().is_err());
        assert!(with(&format!("stun:{}", "x".repeat(508))).check().is_err());
        let many = MeteredSettings { ice_servers: vec![with("stun:a").ice_servers[0].clone(); 17] };
        assert!(many.check().is_err());
    }
}
