//! Every URL of the public endpoint, on one screen. WebSocket upgrades go to [`crate::upgrade`].

use crate::{
    dialects::{anycable, family, metered},
    ops,
    state::Gateway,
};
use actix_web::{HttpRequest, web};
use std::sync::Arc;

pub fn public(routes: &mut web::ServiceConfig, gateway: &Arc<Gateway>) {
    routes
        .app_data(web::Data::from(gateway.clone()))
        .configure(family::configure_first)
        .configure(anycable::configure)
        .configure(family::configure)
        .configure(metered::http::configure)
        .configure(ops::configure_public);
    // A proxy may or may not take the mount prefix off, so both forms are served.
    if !gateway.config.mount.is_empty() {
        let mounted = web::scope(&gateway.config.mount)
            .configure(family::configure_first)
            .configure(anycable::configure)
            .configure(family::configure)
            .configure(metered::http::configure);
        routes.service(mounted);
    }
    routes.default_service(web::to(async |request: HttpRequest| family::not_found(&request)));
}
