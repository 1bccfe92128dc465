//! The WebSocket that a live view is.

use super::viewer;
use crate::{api::Problem, apps::AppAccess, organisations::Permission, state::State};
use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Payload},
};
use utoipa_actix_web::service_config::ServiceConfig;

/// Viewers have nothing to say but pongs.
const MAX_FRAME_BYTES: usize = 1024;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(watch_live);
}

/// Watch an app live: a WebSocket of JSON events, one per text frame.
///
/// Browsers must come from the console's own origin. Slow readers are told how many events they
/// missed by an event of kind `dropped`.
#[utoipa::path(
    tag = "messages",
    params(("app" = String, Path, description = "App id")),
    responses(
        (status = 101, description = "Switching to WebSocket"),
        (status = 400, description = "Not a WebSocket handshake"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 429, body = Problem),
    )
)]
#[get("/v1/apps/{app}/live")]
pub async fn watch_live(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
    payload: Payload,
) -> Result<HttpResponse, actix_web::Error> {
    access.require(Permission::AppsRead)?;
    // A browser sends the cookie whatever page opens the socket, so the origin decides.
    state.origins.check(request.headers())?;
    let permit = state.viewers.admit(access.caller().id())?;
    let (response, session, messages) = actix_ws::handle(&request, payload)?;
    let messages = messages.max_frame_size(MAX_FRAME_BYTES);
    let state = state.into_inner();
    actix_web::rt::spawn(viewer::run(request, state, access, permit, session, messages));
    Ok(response)
}
