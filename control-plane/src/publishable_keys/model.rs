//! Publishable keys as the API shows them and takes them.

use crate::{
    api::{ApiError, nullable, origin_list},
    keys::model::{check_channels, check_expiry},
    people::model::DisplayName,
};
use contract::{Action, AppSettings, Pattern, PublishableKey};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClientKey {
    /// The key itself. Clients carry it openly, so it is shown whenever it is asked for.
    #[schema(value_type = String)]
    pub key: PublishableKey,
    pub name: String,
    #[schema(value_type = Vec<ClientAction>)]
    pub actions: Vec<Action>,
    #[schema(value_type = Vec<String>)]
    pub channels: Vec<Pattern>,
    /// Origins it is taken from; empty means any.
    pub allowed_origins: Vec<String>,
    /// Whether clients that send no `Origin` are let in although origins are listed.
    pub allow_no_origin: bool,
    /// Whether peers are greeted with the app's ICE servers.
    pub ice_servers: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_used_at: Option<OffsetDateTime>,
    /// The key that this one took the place of.
    #[schema(required, value_type = Option<String>)]
    pub replaces: Option<PublishableKey>,
}

crate::audit::fact!(ClientKey);

/// A key and the one that it took the place of.
#[derive(Serialize, ToSchema)]
pub struct ReplacedKey {
    pub key: ClientKey,
    pub replaced: ClientKey,
}

/// What a client may be allowed to do: the rest is for back ends.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum ClientAction {
    #[schema(rename = "publish")]
    Publish,
    #[schema(rename = "subscribe")]
    Subscribe,
    #[schema(rename = "presence")]
    Presence,
    #[schema(rename = "send")]
    Send,
}

const CLIENT_ACTIONS: [Action; 4] =
    [Action::Publish, Action::Subscribe, Action::Presence, Action::Send];

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClientKey {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
    /// A key brought from elsewhere (`pk_…`), so that its clients change nothing but the host.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 128)]
    pub key: Option<PublishableKey>,
    /// `publish`, `subscribe` and `presence` if absent; an empty list allows nothing.
    #[serde(default = "usual_actions")]
    #[schema(value_type = Option<Vec<ClientAction>>)]
    pub actions: Vec<Action>,
    /// Channel patterns; `**` if absent, and an empty list covers no channel.
    #[serde(default = "every_channel")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub channels: Vec<Pattern>,
    /// Origins (`https://host[:port]`) it is taken from; empty means any.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub allowed_origins: Vec<String>,
    #[serde(default)]
    pub allow_no_origin: bool,
    #[serde(default = "yes")]
    pub ice_servers: bool,
    /// When the key stops working by itself.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

fn usual_actions() -> Vec<Action> {
    vec![Action::Publish, Action::Subscribe, Action::Presence]
}

fn every_channel() -> Vec<Pattern> {
    "**".parse().into_iter().collect()
}

fn yes() -> bool {
    true
}

impl NewClientKey {
    pub fn checked(mut self, now: OffsetDateTime) -> Result<Self, ApiError> {
        check_scope(&mut self.actions, &self.channels)?;
        check_origins(&self.allowed_origins)?;
        check_expiry(self.expires_at, now)?;
        Ok(self)
    }
}

/// What to change; what is absent stays. Narrowing a scope reaches open connections as well.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientKeyPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<DisplayName>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<ClientAction>>)]
    pub actions: Option<Vec<Action>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub channels: Option<Vec<Pattern>>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub allowed_origins: Option<Vec<String>>,
    #[serde(default)]
    pub allow_no_origin: Option<bool>,
    #[serde(default)]
    pub ice_servers: Option<bool>,
    /// When the key stops working by itself; null for never.
    #[serde(default, deserialize_with = "nullable::moment")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Option<OffsetDateTime>>,
}

impl ClientKeyPatch {
    pub fn over(self, key: ClientKey, now: OffsetDateTime) -> Result<ClientKey, ApiError> {
        let mut actions = self.actions.unwrap_or(key.actions);
        let channels = self.channels.unwrap_or(key.channels);
        check_scope(&mut actions, &channels)?;
        let allowed_origins = self.allowed_origins.unwrap_or(key.allowed_origins);
        check_origins(&allowed_origins)?;
        check_expiry(self.expires_at.flatten(), now)?;
        Ok(ClientKey {
            expires_at: self.expires_at.unwrap_or(key.expires_at),
            name: self.name.map_or(key.name, |name| name.as_str().to_owned()),
            actions,
            channels,
            allowed_origins,
            allow_no_origin: self.allow_no_origin.unwrap_or(key.allow_no_origin),
            ice_servers: self.ice_servers.unwrap_or(key.ice_servers),
            ..key
        })
    }
}

fn check_scope(actions: &mut Vec<Action>, channels: &[Pattern]) -> Result<(), ApiError> {
    if let Some(at) = actions.iter().position(|action| !CLIENT_ACTIONS.contains(action)) {
        let message =
            "is for back ends: a publishable key may publish, subscribe, see presence and send";
        return Err(ApiError::field(format!("actions[{at}]"), message));
    }
    actions.sort_unstable();
    actions.dedup();
    check_channels(channels)
}

fn check_origins(origins: &[String]) -> Result<(), ApiError> {
    let max = AppSettings::MAX_ORIGINS;
    if origins.len() > max {
        return Err(ApiError::field("allowed_origins", format!("must be at most {max} origins")));
    }
    origin_list::check_literal("allowed_origins", origins)
}
