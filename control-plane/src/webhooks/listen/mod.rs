//! Listening: an endless answer with what an app's webhooks would be told, for terminals.
//!
//! A listener is a row, so that the gateways tell what it asked for whichever control plane it is
//! connected to. The row runs out by itself when its listener dies without a word.

pub mod http;
mod model;
mod reader;
mod store;
mod stream;
pub mod sweep;
#[cfg(test)]
mod tests;

pub use store::announce;

use std::time::Duration;
use utoipa_actix_web::service_config::ServiceConfig;

/// A listener's row is renewed this often, and runs out after so long.
const RENEWED_EVERY: Duration = Duration::from_secs(20);
const RUNS_OUT_S: f64 = 60.0;
/// Listeners at once.
const PER_APP: i64 = 10;
const PER_ORGANISATION: i64 = 50;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(http::listen_webhooks).service(http::get_cli);
}
