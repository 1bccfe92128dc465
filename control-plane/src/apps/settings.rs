//! An app's switches: as shown, as patched, and how a patch is laid over what is stored.

use crate::api::{ApiError, origin_list};
use contract::{
    AnyCableSettings, AppPathDialect, AppSettings, AuthEndpoint, Dialects, IceServer, LiveHistory,
    MeteredSettings, Pattern, RelaySettings, TerminateCode,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Declares a group of per-app values three times over: as shown, as patched, and how a patch is
/// laid over the stored values. What follows `with` are groups within the group.
macro_rules! patchable {
    (
        $(#[$doc:meta])* $shown:ident, $patch:ident over $stored:ident {
            $($(#[$attr:meta])* $field:ident: $kind:ty => $stored_kind:ty,)*
        }
        $(with { $($(#[$group_attr:meta])* $group:ident: $group_shown:ident, $group_patch:ident,)* })?
    ) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        #[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
        pub struct $shown {
            $($(#[$attr])* pub $field: $kind,)*
            $($($(#[$group_attr])* pub $group: $group_shown,)*)?
        }

        /// What is absent stays.
        #[derive(Clone, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $patch {
            $($(#[$attr])* #[schema(value_type = Option<$kind>)] pub $field: Option<$stored_kind>,)*
            $($($(#[$group_attr])* pub $group: Option<$group_patch>,)*)?
        }

        impl $patch {
            pub fn over(self, stored: $stored) -> $stored {
                $stored {
                    $($field: self.$field.unwrap_or(stored.$field),)*
                    $($($group: self.$group.unwrap_or_default().over(stored.$group),)*)?
                }
            }
        }
    };
}

patchable! {
    /// Per-app switches.
    Settings, SettingsPatch over AppSettings {
        /// Whether subscribers may send `client-` events to each other.
        client_events: bool => bool,
        /// Whether subscribers are told how many they are.
        subscription_counting: bool => bool,
        /// Whether signed-in users are told when the users they watch come and go.
        watchlist_events: bool => bool,
        /// Whether a connection must sign in or join a protected channel within 30 s.
        authorized_connections_only: bool => bool,
        /// Origins (`https://host[:port]`) browsers may connect from; empty means any.
        allowed_origins: Vec<String> => Vec<String>,
        /// Close code of terminated users: 4200 (they reconnect) or 4009 (they stop).
        terminate_code: u16 => TerminateCode,
        /// How long a cache channel keeps its last event, seconds.
        cache_ttl_s: u32 => u32,
        /// Seconds of silence before a connection is probed, 10 to 120.
        activity_timeout_s: u32 => u32,
        /// Whether connections without TLS are refused.
        tls_only: bool => bool,
        /// What of the app's live events may be kept for those who look back.
        live_history: LiveHistoryName => LiveHistory,
    }
    with {
        dialects: DialectSwitches, DialectSwitchesPatch,
        relay: RelayOptions, RelayOptionsPatch,
        anycable: AnyCableOptions, AnyCableOptionsPatch,
        metered: MeteredOptions, MeteredOptionsPatch,
    }
}

patchable! {
    /// Which dialects the app's clients and back ends may speak.
    DialectSwitches, DialectSwitchesPatch over Dialects {
        pusher: bool => bool,
        relay: bool => bool,
        anycable: bool => bool,
        metered: bool => bool,
    }
}

patchable! {
    /// What belongs to the Relay dialect alone.
    RelayOptions, RelayOptionsPatch over RelaySettings {
        /// What a socket on `/app/{key}` speaks.
        app_path: AppPathDialectName => AppPathDialect,
        /// Who may have channels signed by `POST /apps/{id}/auth`.
        auth_endpoint: AuthEndpointName => AuthEndpoint,
        /// Channel patterns that the auth endpoint signs for clients, 50 at most; empty means none.
        #[schema(max_items = 50)]
        auth_channels: Vec<String> => Vec<Pattern>,
    }
}

patchable! {
    /// What belongs to the AnyCable dialect alone.
    AnyCableOptions, AnyCableOptionsPatch over AnyCableSettings {
        /// Whether a connection without a token is let in.
        anonymous: bool => bool,
        /// Whether streams may be subscribed by their plain names.
        public_streams: bool => bool,
        /// Whether subscribers of signed streams may whisper.
        whisper: bool => bool,
        /// Whether clients may join a stream's presence, and back ends read it.
        presence: bool => bool,
        /// Seconds a member stays present after its connection was lost, 0 to 300.
        presence_grace_s: u32 => u32,
        /// Whether an open connection ends when its token does.
        end_with_token: bool => bool,
        /// Whether signed names of Turbo Streams are taken.
        turbo_streams: bool => bool,
        /// Whether signed names of CableReady are taken.
        cable_ready: bool => bool,
        /// Whether streams may be read as server-sent events.
        sse: bool => bool,
    }
}

patchable! {
    /// What belongs to the Metered dialect alone.
    MeteredOptions, MeteredOptionsPatch over MeteredSettings {
        /// WebRTC servers that peers are greeted with, unless their token brings its own.
        #[schema(max_items = 16)]
        ice_servers: Vec<IceServerEntry> => Vec<IceServer>,
    }
}

/// What a socket on `/app/{key}` speaks: `auto` is Pusher with `protocol=` in the query, Relay
/// without.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum AppPathDialectName {
    #[schema(rename = "auto")]
    Auto,
    #[schema(rename = "pusher")]
    Pusher,
    #[schema(rename = "relay")]
    Relay,
}

/// Who may have channels signed: nobody; back ends with the app's secret; clients with a
/// publishable key or a token, for matching channels; anybody, for matching channels.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum AuthEndpointName {
    #[schema(rename = "off")]
    Off,
    #[schema(rename = "backend")]
    Backend,
    #[schema(rename = "credentialed")]
    Credentialed,
    #[schema(rename = "anonymous")]
    Anonymous,
}

/// What is kept of an app's live events: also their payloads, everything but payloads, nothing.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum LiveHistoryName {
    #[schema(rename = "with_data")]
    WithData,
    #[schema(rename = "without_data")]
    WithoutData,
    #[schema(rename = "off")]
    Off,
}

/// One entry of WebRTC's `iceServers`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub struct IceServerEntry {
    /// `stun:`, `stuns:`, `turn:` or `turns:` addresses, 512 bytes each at most.
    #[schema(min_items = 1, max_items = 16)]
    pub urls: Vec<String>,
    pub username: Option<String>,
    pub credential: Option<String>,
}

/// Settings that every gateway will accept, or the field that they would not.
pub fn checked_settings(settings: AppSettings) -> Result<AppSettings, ApiError> {
    for (at, server) in settings.metered.ice_servers.iter().enumerate() {
        check_ice_server(server, &format!("settings.metered.ice_servers[{at}]"))?;
    }
    settings.check().map_err(|e| ApiError::field(format!("settings.{}", e.field), e))?;
    origin_list::check("settings.allowed_origins", &settings.allowed_origins)?;
    Ok(settings)
}

/// Clients drop the whole list for one bad entry, so the entry is named here.
fn check_ice_server(server: &IceServer, field: &str) -> Result<(), ApiError> {
    if server.urls.is_empty() {
        return Err(ApiError::field(format!("{field}.urls"), "must name an address"));
    }
    for (at, url) in server.urls.iter().enumerate() {
        let host = ["stun:", "stuns:", "turn:", "turns:"].iter().find_map(|s| url.strip_prefix(s));
        let plain = |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic());
        if url.len() > MeteredSettings::MAX_ICE_URL as usize || !host.is_some_and(plain) {
            let message = "must be stun:, stuns:, turn: or turns: and a host, 512 bytes at most";
            return Err(ApiError::field(format!("{field}.urls[{at}]"), message));
        }
    }
    for (name, value) in [("username", &server.username), ("credential", &server.credential)] {
        let max = MeteredSettings::MAX_ICE_CREDENTIAL as usize;
        if value.as_ref().is_some_and(|value| value.len() > max) {
            let message = format!("must be {max} bytes at most");
            return Err(ApiError::field(format!("{field}.{name}"), message));
        }
    }
    Ok(())
}
