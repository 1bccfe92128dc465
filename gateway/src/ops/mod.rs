//! What operators see: health and usage on the public address; metrics and an app's live events
//! on the internal one.

mod dry_run;
mod exposition;
mod health;
mod inspect;
mod server;
#[cfg(test)]
mod tests;
pub mod usage;

#[cfg(test)]
use server::bind;
pub use server::internal;

use actix_web::web;

/// The unsigned routes of the public address.
pub fn configure_public(routes: &mut web::ServiceConfig) {
    routes
        .route("/up", web::get().to(health::up))
        .route("/up/{app}", web::get().to(health::up_app))
        .route("/live", web::get().to(health::alive))
        .route("/usage", web::get().to(health::usage));
}
