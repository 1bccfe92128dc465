//! Entries as the API shows them, and which ones are asked for.

use crate::api::{ApiError, PageParams, PageRequest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// One deed. Its hash covers every other member; see docs/audit.md.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Entry {
    /// Version of this shape.
    pub v: u8,
    pub organisation_id: Uuid,
    /// Counts the organisation's entries from 1, without gaps.
    pub seq: i64,
    /// UTC, with six digits of a second.
    #[schema(format = "date-time")]
    pub at: String,
    pub actor: EntryActor,
    pub action: String,
    pub subject: String,
    #[schema(required)]
    pub before: Option<Value>,
    #[schema(required)]
    pub after: Option<Value>,
    #[schema(required)]
    pub request_id: Option<String>,
    #[schema(required)]
    pub address: Option<String>,
    /// The hash of the entry before; 64 zeros in the first.
    pub prev_hash: String,
    /// SHA-256 of the entry's canonical JSON without this member, in hex.
    pub hash: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryActor {
    /// `person`, `token` or `service`.
    pub kind: String,
    #[schema(required)]
    pub id: Option<String>,
    /// A person's e-mail address at the time, or the token's name.
    #[schema(required)]
    pub name: Option<String>,
    /// Whose account it was done with.
    #[schema(required)]
    pub person: Option<Uuid>,
}

/// An entry in a list, with what is known of its subject now. That is no part of the chain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ListedEntry {
    #[serde(flatten)]
    pub entry: Entry,
    /// What the subject is called, where it is an app, a key or a webhook endpoint.
    #[schema(required)]
    pub subject_name: Option<String>,
    /// The app that it concerns.
    #[schema(required)]
    pub app: Option<EntryApp>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryApp {
    pub id: String,
    pub name: String,
}

/// Where the chain ends.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Head {
    /// 0 while there are no entries.
    pub seq: i64,
    pub hash: String,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub at: Option<OffsetDateTime>,
}

/// Which entries; all that is given must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Id of a person or token, or an e-mail address.
    pub actor: Option<String>,
    /// An action, or the beginning of actions up to a dot: `key` means `key.created` and others.
    pub action: Option<String>,
    pub subject: Option<String>,
    /// Id of an app: what was done to it, its keys, credentials, webhooks and connections.
    pub app: Option<String>,
    /// From this instant on.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub from: Option<OffsetDateTime>,
    /// Before this instant.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub to: Option<OffsetDateTime>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many items, 1 to 100 (50).
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u8>,
}

impl AuditQuery {
    pub fn page(&self) -> Result<PageRequest, ApiError> {
        PageParams::new(self.cursor.clone(), self.limit).try_into()
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `ndjson` (one entry per line, which `audit verify` takes) or `csv`.
    #[serde(default)]
    #[param(inline)]
    pub format: ExportFormat,
    /// From this instant on.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub from: Option<OffsetDateTime>,
    /// Before this instant.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub to: Option<OffsetDateTime>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    #[default]
    Ndjson,
    Csv,
}
