//! The endless answer, and the program that prints it.

use super::{
    model::{ListenParams, ToldMessage},
    reader::Reader,
    store::{self, Listener},
    stream::Listening,
};
use crate::{
    api::{ApiError, Problem, ndjson},
    apps::AppAccess,
    organisations::Permission,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Query},
};
use uuid::Uuid;

/// One file that needs nothing but Python.
const CLI: &str = include_str!("../../../../cli/signalbox");

/// Listen to what an app's webhooks would be told: one JSON object per line, without end.
///
/// While somebody listens the gateways tell what was asked for, whether or not there is an endpoint.
/// `{"heartbeat":true}` comes at once and then every ten seconds. What happens while nobody is
/// connected is not told later. At most 10 listen to an app at once, 50 to an organisation's.
#[utoipa::path(
    tag = "webhooks",
    params(("app" = String, Path, description = "App id"), ListenParams),
    responses(
        (status = 200, body = ToldMessage, content_type = "application/x-ndjson"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[get("/v1/apps/{app}/webhooks/events")]
pub async fn listen_webhooks(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    // A browser sends the cookie whatever page asks, and listening costs a place.
    state.origins.check(request.headers())?;
    let params = Query::<ListenParams>::from_query(request.query_string());
    let filter = params.map_err(|e| ApiError::field("query", e))?.filter()?;
    let mut tx = access.begin(&state).await?;
    let (id, organisation) = (Uuid::new_v4(), tx.organisation());
    let listener = Listener { id, organisation, app: access.app.clone(), kinds: filter.kinds() };
    let since = store::register(&mut tx, &listener).await?;
    tx.commit().await?;
    let reader = Reader::new(organisation, access.app, since);
    let (lines, body) = ndjson::lines();
    let listening = Listening { request, state: state.into_inner(), listener, filter, reader };
    actix_web::rt::spawn(listening.run(lines));
    Ok(ndjson::answer(body))
}

/// The command line tool, one file for Python 3.9 or newer: `signalbox listen` prints the above.
#[utoipa::path(
    tag = "service",
    responses((status = 200, body = String, content_type = "text/x-python"))
)]
#[get("/cli/signalbox")]
pub async fn get_cli() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/x-python; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(CLI)
}
