//! Every request has an id, in its log line, its `X-Request-Id` header and its problem body.

use super::{ApiError, client};
use crate::state::State;
use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use uuid::Uuid;

tokio::task_local! {
    static REQUEST: Request;
}

/// What the audit log says of the request that a deed came with.
struct Request {
    id: String,
    address: Option<IpAddr>,
}

/// Until an answer begins. Everything that is waited for has its own, shorter patience, but a frozen
/// database keeps even those from being told.
const DEADLINE: Duration = Duration::from_secs(8);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request this task is serving, or nothing outside of one.
pub fn current() -> String {
    REQUEST.try_with(|request| request.id.clone()).unwrap_or_default()
}

/// Where the request came from, or nothing outside of one.
pub fn address() -> Option<IpAddr> {
    REQUEST.try_with(|request| request.address).unwrap_or_default()
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
    let state = request.app_data::<Data<State>>();
    let address = state.map(|state| client::address_of(request.request(), state));
    let answer = REQUEST.scope(Request { id: id.clone(), address }, async {
        let called = timeout(DEADLINE, next.call(request)).await;
        match called.unwrap_or_else(|_| Err(ApiError::DatabaseUnavailable.into())) {
            Ok(response) => Ok(response),
            // Rendered here, where the id is still known.
            Err(error) => {
                let mut response = error.error_response();
                name(response.headers_mut(), &id);
                Err(actix_web::error::InternalError::from_response(error.to_string(), response))
            }
        }
    });
    let mut answer = answer.await;
    let status = match &mut answer {
        Ok(response) => {
            name(response.headers_mut(), &id);
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

fn name(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, value);
    }
}
