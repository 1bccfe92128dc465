//! The dialect's HTTP API: decode, ask admission, publish or ask the owner, encode.
//!
//! Source: spec/pusher.md §16; seeds 000 (Vask) and 001 (Sockudo).

mod answer;
mod call;
mod channels;
mod fields;
mod info;
mod publish;
#[cfg(test)]
pub(crate) mod tests;
mod users;

use crate::state::Gateway;
use actix_web::{
    HttpRequest, HttpResponse, Resource, guard,
    web::{self, Data, Payload, ServiceConfig},
};
use call::serve;

/// The endpoints that only this family has, by the app's id or key; and the one that an SDK calls
/// without either. The others are in [`crate::dialects::family`].
pub fn configure(routes: &mut ServiceConfig) {
    routes
        .service(post("/apps/{app}/batch_events", batch_events))
        .service(post("/apps/{app}/users/{user}/events", user_events))
        .service(post("/apps/{app}/users/{user}/terminate_connections", terminate))
        .service(post("/users/{user}/terminate_connections", terminate));
}

fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    let route = web::route().guard(guard::Post()).to(handler);
    web::resource(path).route(route).default_service(web::to(async || not_found()))
}

/// A wrong method is an unknown route. Source: spec/pusher.md §16.1, §18.4.
pub fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body("404 NOT FOUND")
}

pub async fn events(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| publish::event(call).await).await
}

async fn batch_events(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| publish::batch(call).await).await
}

async fn user_events(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| users::event(call).await).await
}

async fn terminate(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    serve(&request, body, &gateway, async |call| users::terminate(call).await).await
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

#[cfg(test)]
pub(in crate::dialects) fn refuse(
    refusal: crate::admission::Refusal,
) -> crate::dialects::desk::Answer {
    crate::dialects::desk::told(&answer::Failure::Refused(refusal))
}
