//! Apps as the API shows them and takes them.

use super::{
    limits::{Limits, LimitsPatch, OwnLimits},
    settings::{Settings, SettingsPatch},
};
use crate::{credentials::model::NewCredential, feed::model::Receipt, people::model::DisplayName};
use contract::{AppId, AppKey, AppLimits, AppSecret, AppSettings};
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
    /// What holds: the smaller of the plan's and the app's own.
    #[schema(value_type = Limits)]
    pub limits: AppLimits,
    pub own_limits: OwnLimits,
    /// The app's part of the organisation's message units per day; null: it shares in all.
    #[schema(required)]
    pub messages_per_day: Option<u64>,
    pub at_quota: AtQuota,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

crate::audit::fact!(App);
/// What happens when the organisation's message units are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtQuota {
    /// Publishes are refused until the next day adds more.
    Cap,
    /// They go on and are billed, as far as the organisation's spend limit allows.
    Overage,
}

impl AtQuota {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Overage => "overage",
        }
    }
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
    /// Null: the app shares in all of the organisation's message units.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    pub messages_per_day: Option<Option<u64>>,
    /// `overage` is for plans that have a price for it.
    #[serde(default)]
    pub at_quota: Option<AtQuota>,
}

/// `null` is a value here, unlike what is absent.
fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::<u64>::deserialize(d).map(Some)
}

/// The app after the change. Switching it off adds which gateways have done so.
#[derive(Serialize, ToSchema)]
pub struct PatchedApp {
    #[serde(flatten)]
    pub app: App,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}
