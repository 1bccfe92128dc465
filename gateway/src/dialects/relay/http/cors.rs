//! What browsers may do with the answers. Source: spec/relay.md §2, §7.3.

use crate::{directory::AppState, refusals::Told};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue, ORIGIN, VARY,
    },
};

/// Nothing here is done in a visitor's name, so every page may ask.
pub fn open(mut response: HttpResponse) -> HttpResponse {
    allow(&mut response, HeaderValue::from_static("*"));
    response
}

/// The answer to every `OPTIONS`.
pub async fn preflight() -> HttpResponse {
    let mut response = open(HttpResponse::NoContent().finish());
    let headers = HeaderValue::from_static("Content-Type, Authorization");
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, headers);
    response
}

/// Adds what the pages that an app lists may do. An empty list is nobody's choice to open it to all.
pub fn listed(request: &HttpRequest, state: &AppState, response: &mut HttpResponse) {
    let listed = &state.settings.allowed_origins;
    if listed.iter().any(|origin| origin == "*") {
        return allow(response, HeaderValue::from_static("*"));
    }
    response.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    let origin = request.headers().get(ORIGIN);
    if let Some(origin) = origin.filter(|_| is_listed(request, state)) {
        allow(response, origin.clone());
    }
}

/// Whether the request comes from a page that the app lists.
pub fn is_listed(request: &HttpRequest, state: &AppState) -> bool {
    let listed = &state.settings.allowed_origins;
    let origin = request.headers().get(ORIGIN).and_then(|origin| origin.to_str().ok());
    !listed.is_empty() && origin.is_some_and(|o| crate::admission::origin_allowed(listed, o))
}

/// The preflight of an endpoint whose callers bring headers of their own.
pub fn reflect_headers(request: &HttpRequest, response: &mut HttpResponse) {
    let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let usual = || HeaderValue::from_static("Content-Type, Authorization");
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or_else(usual));
}

fn allow(response: &mut HttpResponse, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(Told::EXPOSED));
    let methods = HeaderValue::from_static("GET, POST, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
}
