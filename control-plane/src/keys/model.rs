//! Secret keys as the API shows them and takes them.

use super::{networks, rotation::Previous};
use crate::{
    api::{ApiError, nullable},
    people::model::DisplayName,
};
use contract::{Action, Pattern, Scope, SecretKeyId, SecretKeyToken, TokenSecret};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecretKey {
    /// The middle part of the token: names the key without being it.
    #[schema(value_type = String)]
    pub id: SecretKeyId,
    pub name: String,
    #[schema(value_type = Vec<ActionName>)]
    pub actions: Vec<Action>,
    #[schema(value_type = Vec<String>)]
    pub channels: Vec<Pattern>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_used_at: Option<OffsetDateTime>,
    /// When its signing secret was made; null for a key that signs no tokens.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub token_secret_at: Option<OffsetDateTime>,
    /// Publishes per second, over all channels; null where only the app's own rate holds.
    #[schema(required)]
    pub max_publishes_per_s: Option<u32>,
    /// Networks it is taken from; empty means any.
    #[schema(value_type = Vec<String>)]
    pub allowed_addresses: Vec<IpNet>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub rotated_at: Option<OffsetDateTime>,
    /// The token before the present one, while it is taken.
    #[schema(required)]
    pub previous: Option<Previous>,
}

crate::audit::fact!(SecretKey);

/// What a key may be allowed to do.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the shape in the OpenAPI document")]
pub enum ActionName {
    #[schema(rename = "publish")]
    Publish,
    #[schema(rename = "subscribe")]
    Subscribe,
    #[schema(rename = "presence")]
    Presence,
    #[schema(rename = "send")]
    Send,
    #[schema(rename = "history")]
    History,
    #[schema(rename = "channels.read")]
    ChannelsRead,
    #[schema(rename = "users.terminate")]
    UsersTerminate,
    #[schema(rename = "usage.read")]
    UsageRead,
}

#[derive(Serialize, ToSchema)]
pub struct CreatedKey {
    pub key: SecretKey,
    /// The key itself, shown here and nowhere else.
    #[schema(format = "password")]
    pub token: String,
    /// What signs tokens in the key's name, if it was asked for; shown here and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "password", nullable = false)]
    pub token_secret: Option<String>,
    /// `{id}:{token_secret}`: the key as one Bearer credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "password", nullable = false)]
    pub pair: Option<String>,
}

impl CreatedKey {
    pub fn of(key: SecretKey, token: &SecretKeyToken, secret: Option<TokenSecret>) -> Self {
        let signing = secret.map(|secret| Signing::of(&key.id, &secret));
        let (token_secret, pair) = signing.map(|s| (s.token_secret, s.pair)).unzip();
        Self { key, token: token.expose().to_owned(), token_secret, pair }
    }
}

/// What signs tokens in a key's name, shown here and nowhere else.
#[derive(Serialize, ToSchema)]
pub struct Signing {
    /// The HS256 key of tokens whose `kid` is the key's id: all of its text, prefix included.
    #[schema(format = "password")]
    pub token_secret: String,
    /// `{id}:{token_secret}`: the key as one Bearer credential.
    #[schema(format = "password")]
    pub pair: String,
}

impl Signing {
    pub fn of(id: &SecretKeyId, secret: &TokenSecret) -> Self {
        let token_secret = secret.expose().to_owned();
        Self { pair: format!("{id}:{token_secret}"), token_secret }
    }
}

/// A key with its new signing secret.
#[derive(Serialize, ToSchema)]
pub struct SignedKey {
    pub key: SecretKey,
    #[serde(flatten)]
    pub signing: Signing,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    #[schema(value_type = String, max_length = 100)]
    pub name: DisplayName,
    /// An empty list allows nothing.
    #[schema(value_type = Vec<ActionName>)]
    pub actions: Vec<Action>,
    /// Channel patterns: `*` within a segment, `**` across; an empty list covers no channel.
    #[schema(value_type = Vec<String>, max_items = 100)]
    pub channels: Vec<Pattern>,
    /// When the key stops working by itself.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Publishes per second, over all channels; the app's own rate holds as well.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000000)]
    pub max_publishes_per_s: Option<u32>,
    /// Networks (CIDR) or addresses it is taken from; empty means any. Tokens that it signs are for
    /// clients and are taken from anywhere.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub allowed_addresses: Vec<String>,
    /// Whether it also gets a secret to sign tokens with.
    #[serde(default)]
    pub token_secret: bool,
    /// Brings a signing key from elsewhere, so that back ends go on signing as they do.
    #[serde(default)]
    pub import: Option<ImportedKey>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedKey {
    /// Its id elsewhere, `sk_id_…`: what tokens name as their `kid`.
    #[schema(value_type = String, max_length = 64)]
    pub id: SecretKeyId,
    /// 16 to 128 printable ASCII characters.
    #[schema(value_type = String, format = "password", min_length = 16, max_length = 128)]
    pub token_secret: ImportedSecret,
}

/// A signing secret that came in a request.
pub struct ImportedSecret(pub TokenSecret);

impl ImportedSecret {
    /// Anybody can try secrets against a token they hold, as many as they like.
    const MIN_CHARS: usize = 16;
}

impl<'de> Deserialize<'de> for ImportedSecret {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = zeroize::Zeroizing::new(String::deserialize(d)?);
        if raw.len() < Self::MIN_CHARS {
            let message = format!("must be at least {} characters", Self::MIN_CHARS);
            return Err(serde::de::Error::custom(message));
        }
        raw.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl NewKey {
    pub fn checked(mut self, now: OffsetDateTime) -> Result<Self, ApiError> {
        check_channels(&self.channels)?;
        check_expiry(self.expires_at, now)?;
        check_rate(self.max_publishes_per_s)?;
        networks::parse("allowed_addresses", &self.allowed_addresses)?;
        // Ids of the other shape are ours to issue.
        let foreign = |import: &ImportedKey| import.id.as_str().starts_with("sk_id_");
        if self.import.as_ref().is_some_and(|import| !foreign(import)) {
            return Err(ApiError::field("import.id", "must begin with sk_id_"));
        }
        self.actions.sort_unstable();
        self.actions.dedup();
        Ok(self)
    }
}

/// What to change; what is absent stays. Narrowing a scope reaches open connections as well.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub name: Option<DisplayName>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<ActionName>>)]
    pub actions: Option<Vec<Action>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub channels: Option<Vec<Pattern>>,
    /// When the key stops working by itself; null for never.
    #[serde(default, deserialize_with = "nullable::moment")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// Null leaves the app's own rate alone.
    #[serde(default, deserialize_with = "nullable::value")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000000)]
    pub max_publishes_per_s: Option<Option<u32>>,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub allowed_addresses: Option<Vec<String>>,
}

impl KeyPatch {
    pub fn over(self, key: SecretKey, now: OffsetDateTime) -> Result<SecretKey, ApiError> {
        let mut actions = self.actions.unwrap_or(key.actions);
        actions.sort_unstable();
        actions.dedup();
        let channels = self.channels.unwrap_or(key.channels);
        check_channels(&channels)?;
        let name = self.name.map_or(key.name, |name| name.as_str().to_owned());
        check_expiry(self.expires_at.flatten(), now)?;
        check_rate(self.max_publishes_per_s.flatten())?;
        let addresses = self.allowed_addresses;
        let addresses = addresses.map(|raw| networks::parse("allowed_addresses", &raw));
        Ok(SecretKey {
            name,
            actions,
            channels,
            expires_at: self.expires_at.unwrap_or(key.expires_at),
            max_publishes_per_s: self.max_publishes_per_s.unwrap_or(key.max_publishes_per_s),
            allowed_addresses: addresses.transpose()?.unwrap_or(key.allowed_addresses),
            ..key
        })
    }
}

/// Errors: a time that has passed. What is to end now is revoked.
pub fn check_expiry(at: Option<OffsetDateTime>, now: OffsetDateTime) -> Result<(), ApiError> {
    match at.is_some_and(|at| at <= now) {
        true => Err(ApiError::field("expires_at", "must be in the future")),
        false => Ok(()),
    }
}

fn check_rate(max_publishes_per_s: Option<u32>) -> Result<(), ApiError> {
    const MAX: u32 = 1_000_000;
    match max_publishes_per_s.is_none_or(|rate| (1..=MAX).contains(&rate)) {
        true => Ok(()),
        false => Err(ApiError::field("max_publishes_per_s", format!("must be 1 to {MAX}"))),
    }
}

pub fn check_channels(channels: &[Pattern]) -> Result<(), ApiError> {
    let max = Scope::MAX_PATTERNS;
    match channels.len() <= max {
        true => Ok(()),
        false => Err(ApiError::field("channels", format!("must be at most {max} patterns"))),
    }
}
