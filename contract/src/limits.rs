//! Per-app switches and limits.

use crate::{
    dialects::{AnyCableSettings, Dialects, MeteredSettings, RelaySettings},
    live::LiveHistory,
};
use serde::{Deserialize, Serialize};

/// The close code for a user whose connections the customer ended.
///
/// The two mandates differ: 4200 lets the client come back at once and sign in again, 4009 stops
/// it until the page connects anew. Source: spec/pusher.md §11.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum TerminateCode {
    #[default]
    Reconnect,
    Stop,
}

impl TryFrom<u16> for TerminateCode {
    type Error = &'static str;
    fn try_from(code: u16) -> Result<Self, &'static str> {
        match code {
            4200 => Ok(Self::Reconnect),
            4009 => Ok(Self::Stop),
            _ => Err("must be 4200 or 4009"),
        }
    }
}

impl From<TerminateCode> for u16 {
    fn from(code: TerminateCode) -> u16 {
        match code {
            TerminateCode::Reconnect => 4200,
            TerminateCode::Stop => 4009,
        }
    }
}

/// What an app's owner switches on and off. Source: spec/pusher.md §1.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppSettings {
    /// Whether subscribers may send `client-` events to each other.
    pub client_events: bool,
    /// Whether subscribers are told how many they are.
    pub subscription_counting: bool,
    /// Whether signed-in users are told when the users they watch come and go.
    pub watchlist_events: bool,
    /// Whether a connection must sign in or join a protected channel within 30 s.
    pub authorized_connections_only: bool,
    /// Origins (`https://host[:port]`) browsers may connect from; empty means any.
    pub allowed_origins: Vec<String>,
    /// Close code of terminated users: 4200 (they reconnect) or 4009 (they stop).
    pub terminate_code: TerminateCode,
    /// How long a cache channel keeps its last event, seconds, at least 60.
    pub cache_ttl_s: u32,
    /// Seconds of silence before a connection is probed, 10 to 120.
    pub activity_timeout_s: u32,
    /// Whether connections without TLS are refused (4000).
    pub tls_only: bool,
    /// What of its events may rest for those who look back.
    pub live_history: LiveHistory,
    /// Which dialects the app's clients and back ends may speak.
    pub dialects: Dialects,
    pub relay: RelaySettings,
    pub anycable: AnyCableSettings,
    pub metered: MeteredSettings,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            client_events: false,
            subscription_counting: false,
            watchlist_events: true,
            authorized_connections_only: false,
            allowed_origins: Vec::new(),
            terminate_code: TerminateCode::default(),
            cache_ttl_s: 1800,
            activity_timeout_s: 120,
            tls_only: false,
            live_history: LiveHistory::default(),
            dialects: Dialects::default(),
            relay: RelaySettings::default(),
            anycable: AnyCableSettings::default(),
            metered: MeteredSettings::default(),
        }
    }
}

impl AppSettings {
    pub const MAX_ORIGINS: usize = 50;

    /// The first field that is out of range, and why.
    pub fn check(&self) -> Result<(), OutOfRange> {
        range("cache_ttl_s", self.cache_ttl_s, 60, 86_400)?;
        range("activity_timeout_s", self.activity_timeout_s, 10, 120)?;
        range("allowed_origins", self.allowed_origins.len() as u32, 0, Self::MAX_ORIGINS as u32)?;
        self.relay.check()?;
        self.anycable.check()?;
        self.metered.check()
    }
}

/// How much of everything an app may use. Source: spec/pusher.md §14.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppLimits {
    pub max_connections: u32,
    /// Publishes per second over every HTTP API and by Metered peers, refilled evenly; a batch counts
    /// its items.
    pub max_publishes_per_s: u32,
    /// Read requests over HTTP per second.
    pub max_reads_per_s: u32,
    /// Bytes of one event's `data` as UTF-8 after decoding, in the Pusher family's own APIs.
    pub max_event_bytes: u32,
    /// Bytes of one message's payload in every other dialect; a dialect may allow less.
    pub max_payload_bytes: u32,
    /// Client events per second and connection.
    pub max_client_events_per_s: u32,
    pub max_presence_members: u32,
    /// Bytes of one presence member's `user_info` as JSON.
    pub max_member_bytes: u32,
    pub max_channels_per_connection: u32,
}

impl Default for AppLimits {
    fn default() -> Self {
        Self {
            max_connections: 200,
            max_publishes_per_s: 200,
            max_reads_per_s: 50,
            max_event_bytes: 10_240,
            max_payload_bytes: 65_536,
            max_client_events_per_s: 10,
            max_presence_members: 100,
            max_member_bytes: 1_024,
            max_channels_per_connection: 200,
        }
    }
}

impl AppLimits {
    /// The first limit that is out of range, and why.
    pub fn check(&self) -> Result<(), OutOfRange> {
        range("max_connections", self.max_connections, 1, 1_000_000)?;
        range("max_publishes_per_s", self.max_publishes_per_s, 1, 1_000_000)?;
        range("max_reads_per_s", self.max_reads_per_s, 1, 100_000)?;
        range("max_event_bytes", self.max_event_bytes, 1_024, 262_144)?;
        range("max_payload_bytes", self.max_payload_bytes, 1_024, 262_144)?;
        range("max_client_events_per_s", self.max_client_events_per_s, 1, 1_000)?;
        range("max_presence_members", self.max_presence_members, 1, 10_000)?;
        range("max_member_bytes", self.max_member_bytes, 128, 10_240)?;
        range("max_channels_per_connection", self.max_channels_per_connection, 1, 10_000)
    }

    /// Bytes of a publish request's body in the Pusher family: room for a batch of ten events with
    /// escaping.
    pub fn max_event_body_bytes(&self) -> usize {
        (self.max_event_bytes as usize * 20).max(1 << 20)
    }

    /// Bytes of the largest request body in any dialect.
    pub fn max_body_bytes(&self) -> usize {
        self.max_event_body_bytes().max(self.max_payload_bytes as usize * 20)
    }
}

/// A number outside its range. Errors name the field, so a form can point at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be {min} to {max}, is {is}")]
pub struct OutOfRange {
    pub field: &'static str,
    pub min: u32,
    pub max: u32,
    pub is: u32,
}

pub(crate) fn range(field: &'static str, is: u32, min: u32, max: u32) -> Result<(), OutOfRange> {
    match (min..=max).contains(&is) {
        true => Ok(()),
        false => Err(OutOfRange { field, min, max, is }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range() {
        assert_eq!(AppSettings::default().check(), Ok(()));
        assert_eq!(AppLimits::default().check(), Ok(()));
    }

    #[test]
    fn a_record_with_missing_fields_takes_the_defaults() {
        let settings: AppSettings = serde_json::from_str(r#"{"client_events":true}"#).unwrap();
        assert!(settings.client_events);
        assert_eq!(settings.cache_ttl_s, 1800);
        assert!(serde_json::from_str::<AppSettings>(r#"{"terminate_code":4001}"#).is_err());
    }

    /// A control plane is deployed before its gateways: what they do not know yet must not keep
    /// revocations from them.
    #[test]
    fn a_record_of_a_newer_control_plane_is_read_as_far_as_it_is_known() {
        let limits: AppLimits =
            serde_json::from_str(r#"{"max_connections":7,"unheard_of":1}"#).unwrap();
        assert_eq!(limits, AppLimits { max_connections: 7, ..AppLimits::default() });
        let groups = r#"{"tls_only":true,"unheard_of":{},"dialects":{"relay":false,"unheard_of":1},
            "relay":{"unheard_of":1},"anycable":{"sse":false,"unheard_of":1},
            "metered":{"unheard_of":1}}"#;
        let settings: AppSettings = serde_json::from_str(groups).unwrap();
        assert!(settings.tls_only && !settings.dialects.relay && !settings.anycable.sse);
    }

    #[test]
    fn limits_hold_at_the_edge_and_fail_one_past_it() {
        let at = |max_event_bytes| AppLimits { max_event_bytes, ..AppLimits::default() }.check();
        assert_eq!(at(262_144), Ok(()));
        assert_eq!(at(262_145).map_err(|e| e.field), Err("max_event_bytes"));
        assert_eq!(at(1_023).map_err(|e| e.field), Err("max_event_bytes"));
    }
}
