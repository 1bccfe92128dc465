//! The internal listener: metrics, health, live events of an app.

use crate::{
    directory::App,
    hub::clock,
    live::LiveReader,
    ops::{dry_run, exposition, health, inspect},
    state::Gateway,
    telemetry,
};
use actix_web::{
    App as Routes, HttpRequest, HttpResponse, HttpServer, dev::Server, http::header, web,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};

/// A blank line this often shows a reader that the stream lives, and us that the reader does:
/// the framework notices a closed connection only when it writes.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// Binds the internal listener; the server runs once it is awaited.
pub fn internal(gateway: &Arc<Gateway>) -> io::Result<Server> {
    telemetry::observe(gateway);
    bind(gateway).map(|(server, _)| server)
}

/// The server, and the address it got.
pub(super) fn bind(gateway: &Arc<Gateway>) -> io::Result<(Server, SocketAddr)> {
    let data = web::Data::from(gateway.clone());
    let server = HttpServer::new(move || {
        Routes::new()
            .app_data(data.clone())
            .route("/up", web::get().to(health::up))
            .route("/up/{app}", web::get().to(health::up_app))
            .route("/live", web::get().to(health::alive))
            .route("/usage", web::get().to(health::usage))
            .route("/metrics", web::get().to(metrics))
            .app_data(web::JsonConfig::default().limit(dry_run::MAX_BYTES))
            .route("/internal/v1/apps/{app}/live", web::get().to(live))
            .route("/internal/v1/apps/{app}/dry-run", web::post().to(dry_run::ask))
            .route("/internal/v1/apps/{app}/channel", web::get().to(inspect::channel))
            .route("/internal/v1/apps/{app}/connections", web::get().to(inspect::connections))
            .route(
                "/internal/v1/apps/{app}/connections/{socket}/terminate",
                web::post().to(inspect::terminate),
            )
            .default_service(web::to(not_found))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(1);
    let server = server.bind(gateway.config.metrics_listen)?;
    let addr = server.addrs()[0];
    Ok((server.run(), addr))
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body("404 NOT FOUND")
}

/// Source: spec/pusher.md §18.3.
async fn metrics(gateway: web::Data<Gateway>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(exposition::render(&gateway))
}

async fn live(
    request: HttpRequest,
    gateway: web::Data<Gateway>,
    id: web::Path<String>,
) -> HttpResponse {
    if let Some(refused) = refuse_stranger(&request, &gateway) {
        return refused;
    }
    match gateway.directory.app_by_id(&id) {
        Some(app) => HttpResponse::Ok()
            .content_type("application/x-ndjson")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .streaming(lines(Watching::new(app))),
        None => no_such_app(),
    }
}

pub(super) fn no_such_app() -> HttpResponse {
    HttpResponse::NotFound()
        .json(serde_json::json!({"error": "no such app", "code": "app_unknown", "status": 404}))
}

/// The answer to a caller that does not share the gateways' secret.
pub(super) fn refuse_stranger(request: &HttpRequest, gateway: &Gateway) -> Option<HttpResponse> {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let is_known = token.is_some_and(|token| gateway.config.gateway_token.matches(token));
    (!is_known).then(|| {
        HttpResponse::Unauthorized().json(
            serde_json::json!({"error": "unauthorised", "code": "unauthorised", "status": 401}),
        )
    })
}

/// A reader of one app, forgotten with its connection also when nothing happens in the app.
struct Watching {
    app: Arc<App>,
    reader: Option<LiveReader>,
}

impl Watching {
    fn new(app: Arc<App>) -> Self {
        let reader = Some(app.live.watch());
        Self { app, reader }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.reader = None;
        self.app.live.tidy();
    }
}

fn lines(watching: Watching) -> impl Stream<Item = Result<Bytes, io::Error>> {
    stream::unfold((watching, true), |(mut watching, first)| async move {
        if first {
            // The answer's head goes out with this, so the caller knows that it is watching.
            return Some((Ok(Bytes::from_static(b"\n")), (watching, false)));
        }
        let reader = watching.reader.as_mut()?;
        let line = match tokio::time::timeout(KEEP_ALIVE, reader.next(clock::unix_ms)).await {
            Ok(line) => Bytes::copy_from_slice(line?.as_bytes()),
            Err(_) => Bytes::from_static(b"\n"),
        };
        Some((Ok(line), (watching, false)))
    })
}
