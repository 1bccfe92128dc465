//! The dialect's HTTP API: decode, ask admission, publish or ask the owner, encode.
//!
//! Source: spec/relay.md §2, §5.2; seed 002. Paths that the Pusher family shares are told apart in
//! [`crate::dialects::family`].

mod answer;
mod call;
mod channels;
pub mod cors;
mod fields;
mod history;
mod publish;
mod sign;
mod stats;
#[cfg(test)]
mod tests;

pub use stats::Totals;

use crate::state::Gateway;
use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{Method, StatusCode, header},
    web::{self, Data, Payload, ServiceConfig},
};
use call::serve;
pub use call::{not_found, wrong_method};
use std::future::ready;

/// The endpoints that only this dialect has.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .service(only(Method::POST, "/apps/{app}/events/batch", events_batch))
        .service(only(Method::GET, "/apps/{app}/events/log", events_log))
        .service(only(Method::GET, "/apps/{app}/channels/{channel}/events", channel_events))
        .service(
            web::resource("/apps/{app}/auth")
                .route(web::post().to(auth))
                .route(web::method(Method::OPTIONS).to(auth_preflight))
                .default_service(web::to(|| ready(wrong_method("POST")))),
        )
        .service(only(Method::GET, "/stats", stats))
        .service(only(Method::GET, "/health", health));
}

fn only<F, Args>(method: Method, path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let allowed = if method == Method::GET { "GET" } else { "POST" };
    web::resource(path)
        .route(web::method(method).to(handler))
        .route(web::method(Method::OPTIONS).to(cors::preflight))
        .default_service(web::to(move || ready(wrong_method(allowed))))
}

pub async fn events(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| publish::event(call).await).await
}

async fn events_batch(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| publish::batch(call).await).await
}

async fn events_log(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| history::log(call).await).await
}

pub async fn channels(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| channels::list(call).await).await
}

pub async fn channel(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| channels::one(call).await).await
}

pub async fn channel_users(
    request: HttpRequest,
    body: Payload,
    gateway: Data<Gateway>,
) -> HttpResponse {
    serve(&request, body, &gateway, async |call| channels::users(call).await).await
}

async fn channel_events(
    request: HttpRequest,
    body: Payload,
    gateway: Data<Gateway>,
) -> HttpResponse {
    serve(&request, body, &gateway, async |call| history::channel_events(call).await).await
}

async fn auth(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    sign::answer(&request, body, &gateway).await
}

async fn auth_preflight(request: HttpRequest, gateway: Data<Gateway>) -> HttpResponse {
    sign::preflight(&request, &gateway)
}

async fn stats(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    match request.headers().contains_key(header::AUTHORIZATION) {
        true => serve(&request, body, &gateway, async |call| stats::of_app(call).await).await,
        false => cors::open(stats::totals(&gateway).respond()),
    }
}

async fn health() -> HttpResponse {
    let body = &br#"{"status":"ok"}"#[..];
    cors::open(crate::dialects::desk::Answer::json(StatusCode::OK, body).respond())
}

#[cfg(test)]
pub(in crate::dialects) fn refuse(
    refusal: crate::admission::Refusal,
) -> crate::dialects::desk::Answer {
    crate::dialects::desk::told(&answer::Failure::Refused(refusal))
}
