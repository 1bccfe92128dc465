//! Apps as the API shows them and takes them.

use crate::{
    api::ApiError, credentials::model::NewCredential, feed::model::Receipt,
    people::model::DisplayName,
};
use contract::{AppId, AppKey, AppLimits, AppSecret, AppSettings, TerminateCode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct App {
    /// Decimal digits as issued; imported ids stay as they are.
    #[schema(value_type = String)]
    pub id: AppId,
    pub name: String,
    pub organisation_id: Uuid,
    pub enabled: bool,
    #[schema(value_type = Settings)]
    pub settings: AppSettings,
    #[schema(value_type = Limits)]
    pub limits: AppLimits,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedApp {
    pub app: App,
    pub credential: NewCredential,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
    /// Brings an app from elsewhere, so that its clients change nothing but the host.
    #[serde(default)]
    pub import: Option<Import>,
}

impl NewApp {
    pub fn named(name: DisplayName) -> Self {
        Self { name, import: None }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The app's id elsewhere; a new one is issued if absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub id: Option<AppId>,
    #[schema(value_type = String)]
    pub key: AppKey,
    #[schema(value_type = String, format = "password", max_length = 128)]
    pub secret: ImportedSecret,
}

/// An app secret that came in a request.
pub struct ImportedSecret(pub AppSecret);

impl<'de> Deserialize<'de> for ImportedSecret {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = zeroize::Zeroizing::new(String::deserialize(d)?);
        raw.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// What to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<DisplayName>,
    /// `false` refuses all traffic and closes all sockets of the app.
    #[serde(default)]
    pub enabled: Option<bool>,
    #[serde(default)]
    pub settings: Option<SettingsPatch>,
    #[serde(default)]
    pub limits: Option<LimitsPatch>,
}

/// The app after the change. Switching it off adds which gateways have done so.
#[derive(Serialize, ToSchema)]
pub struct PatchedApp {
    #[serde(flatten)]
    pub app: App,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// Declares a group of per-app values three times over: as shown, as patched, and how a patch is
/// laid over the stored values.
macro_rules! patchable {
    (
        $(#[$doc:meta])* $shown:ident, $patch:ident over $stored:ident {
            $($(#[$attr:meta])* $field:ident: $kind:ty => $stored_kind:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        #[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
        pub struct $shown {
            $($(#[$attr])* pub $field: $kind,)*
        }

        /// What is absent stays.
        #[derive(Clone, Default, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $patch {
            $($(#[$attr])* #[schema(value_type = Option<$kind>)] pub $field: Option<$stored_kind>,)*
        }

        impl $patch {
            pub fn over(self, stored: $stored) -> $stored {
                $stored { $($field: self.$field.unwrap_or(stored.$field),)* }
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
    }
}

patchable! {
    /// How much of everything an app may use.
    Limits, LimitsPatch over AppLimits {
        max_connections: u32 => u32,
        /// Publishes over HTTP per second; a batch counts its items.
        max_publishes_per_s: u32 => u32,
        /// Read requests over HTTP per second.
        max_reads_per_s: u32 => u32,
        /// Bytes of one event's `data`.
        max_event_bytes: u32 => u32,
        /// Client events per second and connection.
        max_client_events_per_s: u32 => u32,
        max_presence_members: u32 => u32,
        /// Bytes of one presence member's `user_info`.
        max_member_bytes: u32 => u32,
        max_channels_per_connection: u32 => u32,
    }
}

/// Longest origin, bytes: a scheme, a host name and a port.
const MAX_ORIGIN_BYTES: usize = 300;

/// Settings that every gateway will accept, or the field that they would not.
pub fn checked_settings(settings: AppSettings) -> Result<AppSettings, ApiError> {
    settings.check().map_err(|e| ApiError::field(format!("settings.{}", e.field), e))?;
    for (at, origin) in settings.allowed_origins.iter().enumerate() {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let plain = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]*".contains(&b))
        };
        if origin.len() > MAX_ORIGIN_BYTES || !host.is_some_and(plain) {
            let field = format!("settings.allowed_origins[{at}]");
            return Err(ApiError::field(field, "must be http(s)://host[:port]"));
        }
    }
    Ok(settings)
}

pub fn checked_limits(limits: AppLimits) -> Result<AppLimits, ApiError> {
    limits.check().map_err(|e| ApiError::field(format!("limits.{}", e.field), e))?;
    Ok(limits)
}
