//! A request in this dialect's hands.

use super::{
    answer::{Failure, Success},
    cors,
};
use crate::{
    admission::{self, Pending, Refusal, RequestView},
    dialects::{
        Dialect,
        desk::{self, Answer, Call, Door},
        relay::errors::http_body,
    },
    state::Gateway,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
    web::Payload,
};
use contract::AppLimits;

/// Admits the request, has it done, and answers. A signed query is as good here as a Bearer.
pub async fn serve(
    request: &HttpRequest,
    payload: Payload,
    gateway: &Gateway,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Success, Failure>,
) -> HttpResponse {
    let view = RequestView { app_secret_bearer: true, ..desk::view(request, gateway) };
    let door = Door {
        credential: |now_ms| credential(gateway, view, now_ms),
        max_body_bytes: AppLimits::max_body_bytes,
        dialect: Dialect::Relay,
    };
    cors::open(desk::serve(request, payload, gateway, door, work).await)
}

fn credential(gateway: &Gateway, view: RequestView<'_>, now_ms: u64) -> Result<Pending, Refusal> {
    let pending = admission::http_credential(&gateway.directory, view, now_ms)?;
    match Dialect::Relay.is_on(&pending.app().load()) {
        true => Ok(pending),
        false => Err(Refusal::DialectDisabled),
    }
}

/// Unknown routes are told in JSON, as everything else. Source: spec/relay.md §2.
pub fn not_found() -> HttpResponse {
    let body = http_body("Not found");
    cors::open(Answer::json(StatusCode::NOT_FOUND, body).respond())
}

pub fn wrong_method(allowed: &'static str) -> HttpResponse {
    let body = http_body("Method not allowed");
    let answer = Answer::json(StatusCode::METHOD_NOT_ALLOWED, body);
    cors::open(answer.with(ALLOW, HeaderValue::from_static(allowed)).respond())
}
