//! Endpoints as the API shows them and takes them.

use super::heard;
use crate::{
    api::ApiError,
    webhooks::{model::Form, outgoing::Destination},
};
use contract::{AppId, Pattern};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Patterns of one endpoint.
const MAX_PATTERNS: usize = 20;
const MAX_DESCRIPTION_CHARS: usize = 200;

/// Where somebody hears of what happens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Webhook {
    pub id: Uuid,
    /// Null: it hears what concerns the whole organisation.
    #[schema(required, value_type = Option<String>)]
    pub app_id: Option<AppId>,
    pub url: String,
    pub description: String,
    pub form: Form,
    /// Types of events; none: all that it can hear but `subscription_count`.
    pub events: Vec<String>,
    /// Patterns of channels; none: all.
    #[schema(value_type = Vec<String>)]
    pub channels: Vec<Pattern>,
    pub enabled: bool,
    #[schema(required)]
    pub disabled_why: Option<DisabledWhy>,
    /// Since when every attempt has failed.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub failing_since: Option<OffsetDateTime>,
    /// Nothing is sent before then: it failed too often in a row, or asked to be left alone.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub rests_until: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    pub stats: WebhookStats,
    /// Until when what is sent is signed with the secret before the present one as well.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub secret_rotated_until: Option<OffsetDateTime>,
}

/// How it goes. Counts end at 10,000.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookStats {
    /// Waiting, or to be tried again.
    pub pending: u32,
    /// Given up, and there to be replayed.
    pub dead: u32,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub last_success_at: Option<OffsetDateTime>,
    /// What the last attempt was answered; null where it was not.
    #[schema(required)]
    pub last_status: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledWhy {
    /// By whoever owns it.
    Owner,
    /// Nothing was taken there for five days.
    Failing,
    /// It answered 410.
    Gone,
}

impl DisabledWhy {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Owner, Self::Failing, Self::Gone].into_iter().find(|why| why.as_str() == text)
    }
}

/// An endpoint as the audit log keeps it: a URL's query may hold a secret of its owner.
#[derive(Serialize)]
pub struct LoggedWebhook {
    id: Uuid,
    app_id: Option<AppId>,
    url: String,
    description: String,
    form: Form,
    events: Vec<String>,
    channels: Vec<Pattern>,
    enabled: bool,
    disabled_why: Option<DisabledWhy>,
}

crate::audit::fact!(LoggedWebhook);

impl Webhook {
    pub fn logged(&self) -> LoggedWebhook {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        LoggedWebhook {
            id: self.id,
            app_id: self.app_id.clone(),
            url: url.to_owned(),
            description: self.description.clone(),
            form: self.form,
            events: self.events.clone(),
            channels: self.channels.clone(),
            enabled: self.enabled,
            disabled_why: self.disabled_why,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// `https`, without credentials, on an address that is public.
    #[schema(max_length = 2048)]
    pub url: String,
    /// `pusher` for an app, `standard` for an organisation and nothing else there.
    #[serde(default)]
    pub form: Option<Form>,
    /// Types of events; none: all that it can hear but `subscription_count`.
    #[serde(default)]
    pub events: Vec<String>,
    /// Channel patterns: `*` within a segment, `**` across; none: all channels.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20)]
    pub channels: Vec<Pattern>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
}

/// What to change; what is absent stays. Enabling one that was disabled begins anew: what it failed
/// before no longer counts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub url: Option<String>,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: Option<String>,
    #[serde(default)]
    pub events: Option<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    pub channels: Option<Vec<Pattern>>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// A new endpoint whose every member is acceptable. That its address is public is asked apart: that
/// takes the network.
pub struct CheckedWebhook {
    pub url: Destination,
    pub form: Form,
    pub events: Vec<String>,
    pub channels: Vec<Pattern>,
    pub description: String,
}

impl NewWebhook {
    pub fn checked(self, of_app: bool, to_loopback: bool) -> Result<CheckedWebhook, ApiError> {
        let usual = if of_app { Form::Pusher } else { Form::Standard };
        let form = self.form.unwrap_or(usual);
        if !of_app && form != Form::Standard {
            return Err(ApiError::field(
                "form",
                "an organisation's endpoint has the form standard",
            ));
        }
        Ok(CheckedWebhook {
            url: destination(&self.url, to_loopback)?,
            form,
            events: heard::checked(self.events, form, of_app)?,
            channels: checked_channels(self.channels, of_app)?,
            description: checked_description(&self.description)?,
        })
    }
}

impl WebhookPatch {
    /// Where it is to be sent from now on, if that changes.
    pub fn destination(&self, to_loopback: bool) -> Result<Option<Destination>, ApiError> {
        self.url.as_deref().map(|url| destination(url, to_loopback)).transpose()
    }

    pub fn over(self, webhook: Webhook, url: Option<&Destination>) -> Result<Webhook, ApiError> {
        let of_app = webhook.app_id.is_some();
        let events = self.events.map(|events| heard::checked(events, webhook.form, of_app));
        let channels = self.channels.map(|channels| checked_channels(channels, of_app));
        let description = self.description.as_deref().map(checked_description);
        let enabled = self.enabled.unwrap_or(webhook.enabled);
        let disabled_why = match (enabled, webhook.enabled) {
            (true, _) => None,
            (false, true) => Some(DisabledWhy::Owner),
            (false, false) => webhook.disabled_why,
        };
        Ok(Webhook {
            url: url.map_or(webhook.url, |url| url.as_str().to_owned()),
            description: description.transpose()?.unwrap_or(webhook.description),
            events: events.transpose()?.unwrap_or(webhook.events),
            channels: channels.transpose()?.unwrap_or(webhook.channels),
            enabled,
            disabled_why,
            ..webhook
        })
    }
}

fn destination(url: &str, to_loopback: bool) -> Result<Destination, ApiError> {
    Destination::parse(url, to_loopback).map_err(|e| ApiError::field("url", e))
}

fn checked_channels(channels: Vec<Pattern>, of_app: bool) -> Result<Vec<Pattern>, ApiError> {
    if !of_app && !channels.is_empty() {
        return Err(ApiError::field("channels", "an organisation's endpoint hears of no channels"));
    }
    match channels.len() <= MAX_PATTERNS {
        true => Ok(channels),
        false => {
            Err(ApiError::field("channels", format!("must be at most {MAX_PATTERNS} patterns")))
        }
    }
}

fn checked_description(raw: &str) -> Result<String, ApiError> {
    let description = raw.trim();
    let fits = description.chars().count() <= MAX_DESCRIPTION_CHARS;
    match fits && !description.chars().any(char::is_control) {
        true => Ok(description.to_owned()),
        false => {
            let rule = format!("must be at most {MAX_DESCRIPTION_CHARS} characters on one line");
            Err(ApiError::field("description", rule))
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct CreatedWebhook {
    pub endpoint: Webhook,
    /// What the standard form is signed with, shown here and nowhere else; null for the others,
    /// which are signed with an app secret.
    #[schema(required, format = "password")]
    pub secret: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RotatedWebhookSecret {
    /// Shown here and nowhere else.
    #[schema(format = "password")]
    pub secret: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub previous_expires_at: Option<OffsetDateTime>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestWebhook {
    /// The type of the event to send; the first that the endpoint hears if absent.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}
