//! Endpoints: where an app's or an organisation's owner wants to hear of what happens.

mod actions;
pub mod end;
mod heard;
pub mod http;
pub mod interest;
pub mod limits;
pub mod model;
mod organisation_http;
pub mod owner;
pub mod store;
#[cfg(test)]
mod tests;

pub use owner::Owner;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    http::routes(cfg);
    organisation_http::routes(cfg);
}
