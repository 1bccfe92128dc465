//! Files of the console, or its start page for every path that is a place inside it.

use super::{Files, NOT_BUILT};
use crate::api::{ApiError, fallback};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};
use rust_embed::EmbeddedFile;

/// Everything that no route took.
pub async fn serve(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path().trim_start_matches('/');
    if is_api(path) {
        return fallback::api(request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::MethodNotAllowed { allow: "GET, HEAD".into() });
    }
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        return Ok(answer(&request, path, file));
    }
    // A file that does not exist is missing; any other path is a place inside the console.
    if path.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return Err(ApiError::NotFound);
    }
    match Files::get("index.html") {
        Some(index) => Ok(answer(&request, "index.html", index)),
        None => Ok(HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(NOT_BUILT)),
    }
}

fn is_api(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "v1" | "internal" | "health" | "openapi.json")
}

fn answer(request: &HttpRequest, path: &str, plain: EmbeddedFile) -> HttpResponse {
    let kind = plain.metadata.mimetype().to_owned();
    let (file, packed) = match packed(request, path) {
        Some(file) => (file, true),
        None => (plain, false),
    };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    // The build puts a hash of the content into the names of everything under assets/.
    let cache = match path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let mut response = match known.is_some_and(|tags| tags.contains(&etag)) {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header((header::ETAG, etag.clone()))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, "accept-encoding"));
    if known.is_some_and(|tags| tags.contains(&etag)) {
        return response.finish();
    }
    if packed {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    let kind = match kind.starts_with("text/") || kind.ends_with("javascript") {
        true => format!("{kind}; charset=utf-8"),
        false => kind,
    };
    response.content_type(kind).body(file.data.into_owned())
}

/// The gzip copy that the build put beside the file, for a browser that takes it.
fn packed(request: &HttpRequest, path: &str) -> Option<EmbeddedFile> {
    let accepted = request.headers().get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|q| matches!(q, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    });
    takes.then(|| Files::get(&format!("{path}.gz"))).flatten()
}
