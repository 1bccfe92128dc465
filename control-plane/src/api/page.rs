//! Lists come in pages: newest first, with an opaque cursor to the rest.

use super::error::ApiError;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

const DEFAULT_LIMIT: u8 = 50;
const MAX_LIMIT: u8 = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 100 (50).
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

/// Which page is asked for.
#[derive(Debug, PartialEq)]
pub struct PageRequest {
    pub after: Option<Position>,
    pub limit: u8,
}

/// Where a page ended: the last item's age and id.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub created_at: OffsetDateTime,
    pub id: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl PageParams {
    /// For lists that take more than these two.
    pub fn new(cursor: Option<String>, limit: Option<u8>) -> Self {
        Self { cursor, limit }
    }
}

impl Position {
    pub fn to_cursor(&self) -> String {
        let micros = self.created_at.unix_timestamp_nanos() / 1_000;
        URL_SAFE_NO_PAD.encode(format!("{micros}:{}", self.id))
    }

    fn from_cursor(raw: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(raw).ok()?).ok()?;
        let (micros, id) = text.split_once(':')?;
        let nanos = micros.parse::<i128>().ok()?.checked_mul(1_000)?;
        let created_at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        Some(Self { created_at, id: id.to_owned() })
    }
}

impl PageRequest {
    /// For lists whose pages may be longer than others'.
    pub fn within(params: PageParams, default: u8, max: u8) -> Result<Self, ApiError> {
        let limit = params.limit.unwrap_or(default);
        if !(1..=max).contains(&limit) {
            return Err(ApiError::field("limit", format!("must be 1 to {max}")));
        }
        let after = match params.cursor {
            None => None,
            Some(raw) => Some(
                Position::from_cursor(&raw)
                    .ok_or_else(|| ApiError::field("cursor", "was not issued by this service"))?,
            ),
        };
        Ok(Self { after, limit })
    }

    /// One more than asked for, so that the store sees whether there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    pub fn after(&self) -> (Option<OffsetDateTime>, Option<&str>) {
        match &self.after {
            Some(p) => (Some(p.created_at), Some(&p.id)),
            None => (None, None),
        }
    }

    /// Cuts the rows fetched to the page, and points at the rest.
    pub fn page<T>(&self, mut items: Vec<T>, position: impl Fn(&T) -> Position) -> Page<T> {
        let more = items.len() > usize::from(self.limit);
        items.truncate(usize::from(self.limit));
        let next_cursor = items.last().filter(|_| more).map(|last| position(last).to_cursor());
        Page { items, next_cursor }
    }
}

impl TryFrom<PageParams> for PageRequest {
    type Error = ApiError;

    fn try_from(params: PageParams) -> Result<Self, ApiError> {
        Self::within(params, DEFAULT_LIMIT, MAX_LIMIT)
    }
}

impl FromRequest for PageRequest {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let params = actix_web::web::Query::<PageParams>::from_query(request.query_string());
        ready(match params {
            Ok(params) => params.into_inner().try_into(),
            Err(e) => Err(ApiError::field("query", e)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let created_at = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_000);
        let position = Position { created_at: created_at.unwrap(), id: "a:b".into() };
        assert_eq!(Position::from_cursor(&position.to_cursor()), Some(position));
        for raw in ["", "!", "YQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OjE"] {
            assert_eq!(Position::from_cursor(raw), None, "{raw}");
        }
    }

    #[test]
    fn limits_hold_at_the_edge_and_fail_one_past_it() {
        let ask = |limit| PageRequest::try_from(PageParams { cursor: None, limit });
        assert_eq!(ask(None).unwrap().limit, 50);
        assert_eq!(ask(Some(100)).unwrap().limit, 100);
        assert!(ask(Some(101)).is_err());
        assert!(ask(Some(0)).is_err());
    }
}
