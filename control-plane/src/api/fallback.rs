//! Where no route matched: 405 when the path exists with other methods, else 404.

use super::{ApiError, openapi};
use actix_web::{HttpRequest, HttpResponse};

pub async fn api(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let allowed = openapi::methods_of(request.path());
    match allowed.is_empty() {
        true => Err(ApiError::NotFound),
        false => Err(ApiError::MethodNotAllowed { allow: allowed.join(", ") }),
    }
}
