//! What a change of a key would have refused here lately: asked by the control plane.

use super::server::refuse_stranger;
use crate::{hub::clock, state::Gateway};
use actix_web::{HttpRequest, HttpResponse, web};
use contract::dry_run::{DryRun, Findings};

/// Bytes of a question at most: a hundred patterns and fifty networks fit.
pub const MAX_BYTES: usize = 64 << 10;

pub async fn ask(
    request: HttpRequest,
    gateway: web::Data<Gateway>,
    id: web::Path<String>,
    question: web::Json<DryRun>,
) -> HttpResponse {
    if let Some(refused) = refuse_stranger(&request, &gateway) {
        return refused;
    }
    let findings = match gateway.directory.app_by_id(&id) {
        Some(app) => {
            let uptime_s = gateway.started.elapsed().as_secs();
            app.seen.ask(&question, clock::unix_ms() / 1_000, uptime_s)
        }
        // Not known here, so nothing was seen here.
        None => Findings::default(),
    };
    HttpResponse::Ok().json(findings)
}
