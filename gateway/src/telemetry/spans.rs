//! The spans that are exported. They have a target and a level of their own, so that without a
//! collector no subscriber asks for them and none is made.

use crate::admission::KeyRef;
use contract::AppId;
use tracing::{Level, Span};

pub const TARGET: &str = "signalbox_trace";
pub const LEVEL: Level = Level::TRACE;

/// An API request from its admission to its answer.
pub fn request_span(app: &AppId, key: &KeyRef) -> Span {
    let credential = match key {
        KeyRef::App(_) => "signed_query",
        KeyRef::Secret(_) => "secret_key",
        KeyRef::Publishable(_) => "publishable_key",
    };
    tracing::trace_span!(target: TARGET, "api_request", app.id = app.as_str(), credential)
}
