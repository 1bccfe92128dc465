//! The listener of operators. It says things of all customers, so it is never the public one.

use super::exposition;
use crate::state::State;
use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    web::{self, Data},
};
use std::{io, net::SocketAddr, sync::Arc};

/// The server and where it listens; it serves once it is awaited.
pub fn bind(listen: SocketAddr, state: Arc<State>) -> io::Result<(Server, SocketAddr)> {
    let data = Data::from(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .route("/metrics", web::get().to(metrics))
            .default_service(web::to(nothing_here))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(1).bind(listen)?;
    let listen = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), listen))
}

async fn metrics(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(exposition::render(&state).await)
}

async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body("404 NOT FOUND")
}
