//! Refusals as gateways report them and as the API shows them.

use crate::{
    api::{ApiError, PageParams},
    gateways::model::check_name,
};
use contract::refusal::{RefusalBatch, RefusalRecord};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

/// Texts of a record are cut at this many bytes.
const MAX_TEXT: usize = 512;
const MAX_ID: usize = 64;

/// A gateway's report, checked.
pub struct Batch {
    pub records: Vec<RefusalRecord>,
}

impl Batch {
    /// Errors: a name that no gateway has, too many records, a request id or a time that is none.
    pub fn parse(batch: RefusalBatch) -> Result<Self, ApiError> {
        check_name(&batch.gateway)?;
        if batch.refusals.len() > RefusalBatch::MAX_RECORDS {
            let max = RefusalBatch::MAX_RECORDS;
            return Err(ApiError::field("refusals", format!("has more than {max} entries")));
        }
        let mut seen = HashSet::new();
        let mut records = Vec::with_capacity(batch.refusals.len());
        for (n, mut record) in batch.refusals.into_iter().enumerate() {
            let id = &record.request_id;
            if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(ApiError::field(
                    format!("refusals[{n}].request_id"),
                    "is not a request id",
                ));
            }
            if moment(record.at_ms).is_none() {
                return Err(ApiError::field(format!("refusals[{n}].at_ms"), "is not a time"));
            }
            for text in [&mut record.action, &mut record.message, &mut record.dialect] {
                tidy(text);
            }
            for text in [&mut record.key, &mut record.rule, &mut record.channel] {
                text.iter_mut().for_each(tidy);
            }
            if seen.insert((record.app.clone(), record.request_id.clone())) {
                records.push(record);
            }
        }
        Ok(Self { records })
    }
}

pub fn moment(at_ms: u64) -> Option<OffsetDateTime> {
    let nanos = i128::from(at_ms).checked_mul(1_000_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

/// Postgres holds no zero bytes, and nobody reads a page of one record.
fn tidy(text: &mut String) {
    if text.contains('\0') {
        *text = text.replace('\0', "\u{fffd}");
    }
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or_default());
}

/// Which refusals are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RefusalParams {
    /// Only of this machine code.
    pub code: Option<String>,
    /// Only of requests that were made with this key.
    pub key: Option<String>,
    /// Only at or after this moment (RFC 3339).
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<OffsetDateTime>,
    /// Only before this moment (RFC 3339).
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<OffsetDateTime>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// How many items, 1 to 100 (50).
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u8>,
}

impl RefusalParams {
    pub fn page(&self) -> PageParams {
        PageParams::new(self.cursor.clone(), self.limit)
    }
}

/// One refusal, as it was answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// What the answer carried in `X-Request-Id`, or its error frame.
    pub request_id: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The machine code, the same in every dialect.
    pub code: String,
    /// The public half of the credential, if one was accepted.
    #[schema(required)]
    pub key: Option<String>,
    /// Which limit, by the name of its setting or quota.
    #[schema(required)]
    pub rule: Option<String>,
    #[schema(required)]
    pub used: Option<u64>,
    #[schema(required)]
    pub limit: Option<u64>,
    /// When the limit allows more, where that is known.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    pub resets_at: Option<OffsetDateTime>,
    pub dialect: String,
    /// `http` or `socket`.
    #[schema(value_type = String)]
    pub transport: contract::refusal::Transport,
    /// The route of a request, or the command of a frame.
    pub action: String,
    #[schema(required)]
    pub channel: Option<String>,
    /// What the caller was told.
    pub message: String,
}

impl From<RefusalRecord> for Refusal {
    fn from(record: RefusalRecord) -> Self {
        Self {
            request_id: record.request_id,
            at: moment(record.at_ms).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            code: record.code.as_str().into(),
            key: record.key,
            rule: record.rule,
            used: record.used,
            limit: record.limit,
            resets_at: record.resets_at.and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok()),
            dialect: record.dialect,
            transport: record.transport,
            action: record.action,
            channel: record.channel,
            message: record.message,
        }
    }
}
