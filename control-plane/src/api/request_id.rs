//! Every request has an id, in its log line, its `X-Request-Id` header and its problem body.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
};
use std::time::Instant;
use uuid::Uuid;

tokio::task_local! {
    static REQUEST_ID: String;
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request this task is serving, or nothing outside of one.
pub fn current() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Gives the request its id and writes its one log line. Paths carry public ids only; queries
/// and headers, which may carry secrets, are not logged.
pub async fn assign<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = Uuid::now_v7().to_string();
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let answer = REQUEST_ID.scope(id.clone(), async {
        match next.call(request).await {
            Ok(response) => Ok(response),
            // Rendered here, where the id is still known.
            Err(error) => Err(actix_web::error::InternalError::from_response(
                error.to_string(),
                error.error_response(),
            )),
        }
    });
    let mut answer = answer.await;
    let status = match &mut answer {
        Ok(response) => {
            if let Ok(value) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(X_REQUEST_ID, value);
            }
            response.status().as_u16()
        }
        Err(error) => actix_web::ResponseError::status_code(error).as_u16(),
    };
    tracing::info!(
        request.id = %id,
        http.method = %method,
        http.path = %path,
        http.status = status,
        duration_ms = started.elapsed().as_millis() as u64,
        "request"
    );
    Ok(answer?)
}
