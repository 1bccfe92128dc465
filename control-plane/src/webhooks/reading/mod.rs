//! What was sent to an endpoint and how it was taken; and sending it again.

mod actions;
pub mod http;
pub mod model;
mod organisation_http;
mod replay;
mod store;
#[cfg(test)]
mod tests;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    http::routes(cfg);
    organisation_http::routes(cfg);
}
