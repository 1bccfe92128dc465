//! The public endpoint: one listener for HTTP APIs and WebSockets, plain or TLS.

use crate::{
    refusals::{REQUEST_ID, Told},
    routes,
    state::Gateway,
    upgrade::upgrade,
    wire::stream::Wire,
    wire::tls,
};
use actix_http::{HttpService, Request, Response, StatusCode, body::BoxBody, header};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, ServiceResponse},
};
use contract::AppLimits;
use std::{future::ready, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// Time for a request's head, and for a TLS handshake.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a refused request's client may take to read why.
const LINGER: Duration = Duration::from_secs(2);
/// Connections waiting to be accepted.
const BACKLOG: u32 = 4_096;
/// Longest request target, bytes; longer is 414.
const MAX_TARGET_BYTES: usize = 8 << 10;
/// The same where a signed token stands in the query. Source: spec/metered.md §15, trap 12.
const MAX_TOKEN_TARGET_BYTES: usize = 33 << 10;
/// Largest sum of header names and values, bytes; more is 431.
const MAX_HEADER_BYTES: usize = 32 << 10;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {addr}: {source}")]
    Listen { addr: SocketAddr, source: io::Error },
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Binds the public listener; the server runs once it is awaited.
pub fn public(gateway: &Arc<Gateway>) -> Result<Server, ServeError> {
    let config = &gateway.config;
    let acceptor = match &config.tls {
        Some(files) => Some(tls::acceptor(&files.certificate, &files.key)?),
        None => None,
    };
    let addr = config.listen;
    let listen = |source| ServeError::Listen { addr, source };
    let gateway = gateway.clone();
    let server = Server::build()
        .workers(config.workers)
        .backlog(BACKLOG)
        .max_concurrent_connections(config.max_sockets_per_worker)
        .shutdown_timeout(5)
        .disable_signals()
        .bind("public", addr, move || endpoint(gateway.clone(), acceptor.clone()))
        .map_err(listen)?;
    Ok(server.run())
}

/// What one worker does with one accepted socket.
fn endpoint(
    gateway: Arc<Gateway>,
    acceptor: Option<TlsAcceptor>,
) -> impl actix_service::ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()>
{
    let app = {
        let gateway = gateway.clone();
        App::new().configure(move |routes| routes::public(routes, &gateway))
    };
    let app = app.into_factory().map_err(|e: actix_web::Error| e.error_response());
    let app = app.map(named);
    let app = map_config(app, |_: ()| AppConfig::default());
    let mount = gateway.config.mount.clone();
    let http = fn_service(move |request: Request| ready(head_fits(request, &mount)))
        .map_err(actix_web::HttpResponse::from)
        .and_then(app);
    let expecting = gateway.clone();
    let http = HttpService::<Wire, _, _>::build()
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .client_disconnect_timeout(LINGER)
        .expect(fn_service(move |request| ready(body_fits(&expecting, request))))
        .upgrade(fn_service(move |(request, framed)| upgrade(gateway.clone(), request, framed)))
        .h1(http);
    fn_service(move |tcp: TcpStream| accept(tcp, acceptor.clone())).and_then(
        http.map_err(|e| tracing::trace!(error = %e, "connection ended"))
            .map_init_err(|e| tracing::error!(error = ?e, "the endpoint could not start")),
    )
}

/// Every refused answer has an id, also those that no app is concerned in.
fn named(mut response: ServiceResponse) -> ServiceResponse {
    let is_refused = response.status().is_client_error() || response.status().is_server_error();
    if is_refused && !response.headers().contains_key(REQUEST_ID) {
        let told = Told::of(None, 0);
        for (name, value) in told.headers() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn accept(
    tcp: TcpStream,
    acceptor: Option<TlsAcceptor>,
) -> Result<(Wire, Option<SocketAddr>), ()> {
    let peer = tcp.peer_addr().ok();
    // Without this, small frames wait for the peer's acknowledgement of the one before.
    if let Err(e) = tcp.set_nodelay(true) {
        tracing::trace!(error = %e, "socket closed before it was served");
        return Err(());
    }
    let Some(acceptor) = acceptor else { return Ok((Wire::plain(tcp), peer)) };
    match tokio::time::timeout(HEAD_TIMEOUT, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => Ok((Wire::tls(stream), peer)),
        Ok(Err(e)) => {
            tracing::debug!(error = %e, "TLS handshake failed");
            Err(())
        }
        Err(_) => Err(()),
    }
}

/// Refuses a head that is larger than any client needs. Source: RFC 9110 §15.5.15, RFC 6585 §5.
fn head_fits(request: Request, mount: &str) -> Result<Request, Response<BoxBody>> {
    match refuse_head(&request, mount) {
        Some(response) => Err(response),
        None => Ok(request),
    }
}

/// What a request is told whose head is too large; upgrades do not come by the other way.
pub fn refuse_head(request: &Request, mount: &str) -> Option<Response<BoxBody>> {
    let target = request.uri().path_and_query().map_or(0, |t| t.as_str().len());
    let max = match request.path().strip_prefix(mount).unwrap_or(request.path()) {
        "/v1" => MAX_TOKEN_TARGET_BYTES,
        _ => MAX_TARGET_BYTES,
    };
    if target > max {
        return Some(too_large(StatusCode::URI_TOO_LONG, "uri_too_long"));
    }
    let headers = request.head().headers().iter();
    let bytes: usize = headers.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(too_large(status, "headers_too_large"));
    }
    None
}

/// Answers `Expect: 100-continue`: a body that announces too much is not asked for.
/// Source: RFC 9110 §10.1.1.
fn body_fits(gateway: &Gateway, request: Request) -> Result<Request, Response<BoxBody>> {
    let announced = request.head().headers().get(header::CONTENT_LENGTH);
    let announced: Option<usize> =
        announced.and_then(|length| length.to_str().ok()).and_then(|length| length.parse().ok());
    let segment = request.path().strip_prefix(gateway.config.mount.as_str());
    let app = segment
        .and_then(|path| path.strip_prefix("/apps/")?.split('/').next())
        .and_then(|segment| gateway.directory.app_by_path(segment));
    let limits = app.map_or_else(AppLimits::default, |app| app.load().limits.clone());
    match announced.is_some_and(|bytes| bytes > limits.max_body_bytes()) {
        true => Err(too_large(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large")),
        false => Ok(request),
    }
}

fn too_large(status: StatusCode, code: &str) -> Response<BoxBody> {
    let reason = status.canonical_reason().unwrap_or_default();
    let body = serde_json::json!({"error": reason, "code": code, "status": status.as_u16()});
    let mut response = Response::with_body(status, BoxBody::new(body.to_string()));
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    let told = Told::of(None, 0);
    for (name, value) in told.headers() {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, mount: &str, target_bytes: usize, fits: bool) {
        let query = "x".repeat(target_bytes - path.len() - 1);
        let request = actix_http::test::TestRequest::with_uri(&format!("{path}?{query}")).finish();
        let refused = refuse_head(&request, mount).map(|response| response.status().as_u16());
        assert_eq!(refused, (!fits).then_some(414), "{path} {target_bytes}");
    }

    #[test]
    fn targets_hold_at_their_limit_and_fail_one_past_it() {
        for (path, mount, limit) in [
            ("/app/key", "", 8 << 10),
            ("/v1/usage", "", 8 << 10),
            ("/v1", "", 33 << 10),
            ("/mount/v1", "/mount", 33 << 10),
            ("/mount/app/key", "/mount", 8 << 10),
        ] {
            check(path, mount, limit, true);
            check(path, mount, limit + 1, false);
        }
    }
}
