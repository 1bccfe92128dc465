//! The paths below `/apps/{app}` that the Pusher and Relay families share, told apart by
//! credential and never by body: a signed query speaks Pusher, whatever the headers say, and
//! anything else Relay. Source: spec/relay.md §5.2.

use super::{pusher, relay};
use crate::state::Gateway;
use actix_web::{
    HttpRequest, HttpResponse, Resource, guard,
    http::{Method, header},
    web::{self, Data, Payload, ServiceConfig},
};
use std::future::ready;

/// Publishing one event: what most requests ask for. Each route before it would cost all of them a
/// look at a pattern, so it goes before every other.
pub fn configure_first(routes: &mut ServiceConfig) {
    let publish = web::resource("/apps/{app}/events").guard(guard::Post());
    routes.service(publish.route(web::to(events)));
}

/// Every endpoint of both families.
pub fn configure(routes: &mut ServiceConfig) {
    // What is spelt out goes before what takes any name.
    relay::http::configure(routes);
    routes
        .service(shared("POST", "/apps/{app}/events", web::post().to(events)))
        .service(shared("GET", "/apps/{app}/channels", web::get().to(channels)))
        .service(shared("GET", "/apps/{app}/channels/{channel}", web::get().to(channel)))
        .service(shared("GET", "/apps/{app}/channels/{channel}/users", web::get().to(users)));
    pusher::http::configure(routes);
}

fn shared(method: &'static str, path: &str, route: actix_web::Route) -> Resource {
    web::resource(path)
        .route(route)
        .route(web::method(Method::OPTIONS).to(relay::http::cors::preflight))
        .default_service(web::to(move |request: HttpRequest| {
            ready(match speaks_relay(&request) {
                true => relay::http::wrong_method(method),
                false => pusher::http::not_found(),
            })
        }))
}

async fn events(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    match is_signed(&request) {
        true => pusher::http::events(request, body, gateway).await,
        false => relay::http::events(request, body, gateway).await,
    }
}

async fn channels(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    match is_signed(&request) {
        true => pusher::http::channels(request, body, gateway).await,
        false => relay::http::channels(request, body, gateway).await,
    }
}

async fn channel(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    match is_signed(&request) {
        true => pusher::http::channel(request, body, gateway).await,
        false => relay::http::channel(request, body, gateway).await,
    }
}

async fn users(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    match is_signed(&request) {
        true => pusher::http::channel_users(request, body, gateway).await,
        false => relay::http::channel_users(request, body, gateway).await,
    }
}

/// What is said where no route is.
pub fn not_found(request: &HttpRequest) -> HttpResponse {
    match speaks_relay(request) && request.path().contains("/apps/") {
        true => relay::http::not_found(),
        false => pusher::http::not_found(),
    }
}

fn speaks_relay(request: &HttpRequest) -> bool {
    !is_signed(request) && request.headers().contains_key(header::AUTHORIZATION)
}

/// Whether the query is signed, or is meant to be.
fn is_signed(request: &HttpRequest) -> bool {
    let names = |pair: &str| matches!(name_of(pair).as_ref(), "auth_key" | "auth_signature");
    request.query_string().split('&').any(names)
}

fn name_of(pair: &str) -> std::borrow::Cow<'_, str> {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    percent_encoding::percent_decode_str(name).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_query_decides_before_the_header() {
        for (query, has_header, signed, relay) in [
            ("auth_key=k&auth_signature=s", false, true, false),
            ("auth_key=k", true, true, false),
            ("auth_signature=", true, true, false),
            ("auth%5Fkey=k", true, true, false),
            ("info=user_count", true, false, true),
            ("my_auth_key=k", true, false, true),
            ("", true, false, true),
            ("", false, false, false),
        ] {
            let mut request = TestRequest::with_uri(&format!("/apps/1/events?{query}"));
            if has_header {
                request = request.insert_header(("Authorization", "Bearer x"));
            }
            let request = request.to_http_request();
            assert_eq!((is_signed(&request), speaks_relay(&request)), (signed, relay), "{query}");
        }
    }
}
