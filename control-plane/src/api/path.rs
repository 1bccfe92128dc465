//! Names in paths.

use super::ApiError;
use actix_web::HttpRequest;
use std::str::FromStr;

/// The segment called `name`. What is not even shaped like such a thing is as absent as one that
/// nobody made.
pub fn named<T: FromStr>(request: &HttpRequest, name: &str) -> Result<T, ApiError> {
    let segment = request.match_info().get(name).and_then(|raw| raw.parse().ok());
    segment.ok_or(ApiError::NotFound)
}
