//! Which of the kept events are asked for.

use super::regex;
use crate::api::{ApiError, PageParams, PageRequest};
use contract::{SocketId, live::LiveKind};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::IntoParams;
use uuid::Uuid;

const DEFAULT_LIMIT: u8 = 100;
const MAX_LIMIT: u8 = 200;
/// Bytes of what is searched for.
const MAX_SEARCH: usize = 200;
/// The kind of what webhook endpoints are told. Gateways keep none: it is told by what is stored for them.
pub const WEBHOOK: &str = "webhook";
const DIALECTS: [&str; 4] = ["pusher", "relay", "anycable", "metered"];

/// `dropped` comes whatever is asked for but webhook events: it says how many events there were besides
/// the kept ones.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Only events of these kinds, with commas between them.
    kinds: Option<String>,
    /// Only events on this channel, or on those that match this pattern, in capitals or not: `*` is any
    /// run of characters but `/`, `**` any run.
    channel: Option<String>,
    /// Only events of this name, or of those that match this pattern.
    event: Option<String>,
    /// Only events of this connection.
    socket_id: Option<String>,
    /// `pusher`, `relay`, `anycable` or `metered`.
    dialect: Option<String>,
    /// Only events that have this text somewhere, in capitals or not.
    q: Option<String>,
    /// Only at or after this moment (RFC 3339).
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<OffsetDateTime>,
    /// Only before this moment (RFC 3339).
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<OffsetDateTime>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200 (100).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
}

/// The same, checked.
#[derive(Debug)]
pub struct Wanted {
    pub kinds: Option<Vec<String>>,
    /// Regular expressions of Postgres.
    pub channel: Option<String>,
    pub event: Option<String>,
    pub socket_id: Option<String>,
    pub dialect: Option<String>,
    pub search: Option<String>,
    pub from: Option<OffsetDateTime>,
    pub until: Option<OffsetDateTime>,
    /// Only what comes after this in the list.
    pub after: Option<(OffsetDateTime, Uuid)>,
    pub page: PageRequest,
}

impl TryFrom<HistoryParams> for Wanted {
    type Error = ApiError;

    fn try_from(params: HistoryParams) -> Result<Self, ApiError> {
        let page = PageParams::new(params.cursor, params.limit);
        let page = PageRequest::within(page, DEFAULT_LIMIT, MAX_LIMIT)?;
        let after = page.after.as_ref().map(|position| match position.id.parse() {
            Ok(id) => Ok((position.created_at, id)),
            Err(_) => Err(ApiError::field("cursor", "was not issued by this service")),
        });
        let socket_id = params.socket_id.map(|raw| raw.parse::<SocketId>()).transpose();
        if params.q.as_ref().is_some_and(|q| q.len() > MAX_SEARCH || q.contains('\0')) {
            return Err(ApiError::field(
                "q",
                format!("must be text of at most {MAX_SEARCH} bytes"),
            ));
        }
        if params.dialect.as_deref().is_some_and(|dialect| !DIALECTS.contains(&dialect)) {
            return Err(ApiError::field(
                "dialect",
                format!("must be one of {}", DIALECTS.join(", ")),
            ));
        }
        Ok(Self {
            kinds: params.kinds.map(|raw| kinds(&raw)).transpose()?,
            channel: pattern("channel", params.channel)?,
            event: pattern("event", params.event)?,
            socket_id: socket_id
                .map_err(|e| ApiError::field("socket_id", e))?
                .map(|id| id.to_string()),
            dialect: params.dialect,
            search: params.q.filter(|q| !q.is_empty()),
            from: params.from,
            until: params.until,
            after: after.transpose()?,
            page,
        })
    }
}

impl Wanted {
    /// Whether any event is wanted that gateways keep.
    pub fn is_of_kept(&self) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind != WEBHOOK))
    }

    /// Whether webhook events are. They are of no connection and of no dialect.
    pub fn is_of_webhooks(&self) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == WEBHOOK))
            && self.socket_id.is_none()
            && self.dialect.is_none()
    }
}

fn kinds(raw: &str) -> Result<Vec<String>, ApiError> {
    let kinds = raw.split(',').map(|kind| match kind == WEBHOOK || LiveKind::ALL.contains(&kind) {
        true => Ok(kind.to_owned()),
        false => {
            let all = LiveKind::ALL.join(", ");
            Err(ApiError::field("kinds", format!("must be of {all}, {WEBHOOK}")))
        }
    });
    kinds.collect()
}

fn pattern(field: &str, raw: Option<String>) -> Result<Option<String>, ApiError> {
    let expression = raw.map(|raw| regex::of_pattern(&raw)).transpose();
    expression.map_err(|e| ApiError::field(field, e))
}
