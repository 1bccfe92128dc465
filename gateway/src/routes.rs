//! Every URL of the public endpoint, on one screen. WebSocket upgrades go to [`crate::upgrade`].

use crate::{
    dialects::{metered, pusher},
    ops,
    state::Gateway,
};
use actix_web::{HttpResponse, web};
use std::sync::Arc;

pub fn public(routes: &mut web::ServiceConfig, gateway: &Arc<Gateway>) {
    routes
        .app_data(web::Data::from(gateway.clone()))
        .configure(pusher::http::configure)
        .configure(metered::http::configure)
        .configure(ops::configure_public);
    // A proxy may or may not take the mount prefix off, so both forms are served.
    if !gateway.config.mount.is_empty() {
        let mounted = web::scope(&gateway.config.mount)
            .configure(pusher::http::configure)
            .configure(metered::http::configure);
        routes.service(mounted);
    }
    routes.default_service(web::to(not_found));
}

/// Source: spec/pusher.md §18.4.
async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain").body("404 NOT FOUND")
}
