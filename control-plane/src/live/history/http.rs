//! Look back in an app's live events.

use super::{
    filter::{HistoryParams, Wanted},
    model::LivePage,
    read,
};
use crate::{
    api::{ApiError, Problem},
    apps::{self, AppAccess},
    organisations::Permission,
    plans,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Query},
};
use contract::LiveHistory;
use time::{Duration, OffsetDateTime};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_live_history);
}

/// What happened in an app in the last hours, newest first.
///
/// Of a busy app part is kept; events of kind `dropped` say how many more there were.
#[utoipa::path(
    tag = "messages",
    params(("app" = String, Path, description = "App id"), HistoryParams),
    responses(
        (status = 200, body = LivePage),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[get("/v1/apps/{app}/live/history")]
pub async fn list_live_history(
    request: HttpRequest,
    state: Data<State>,
    access: AppAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::AppsRead)?;
    let params = Query::<HistoryParams>::from_query(request.query_string())
        .map_err(|e| ApiError::field("query", e))?;
    let wanted = Wanted::try_from(params.into_inner())?;
    let mut tx = access.begin(&state).await?;
    let app = apps::store::get(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let hours = plans::store::limits(&mut tx).await?.live_hours;
    let kept = if hours == 0 { LiveHistory::Off } else { app.settings.live_history };
    let now = OffsetDateTime::now_utc();
    let reaches_to = now - Duration::hours(i64::from(hours));
    let reaches_to = reaches_to.replace_nanosecond(0).map_err(ApiError::internal)?;
    let (items, next_cursor) = match kept {
        LiveHistory::Off => (Vec::new(), None),
        LiveHistory::WithData | LiveHistory::WithoutData => {
            let has_data = kept == LiveHistory::WithData;
            read::page(&mut tx, &access.app, &wanted, reaches_to, has_data).await?
        }
    };
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(LivePage { items, next_cursor, reaches_to, kept }))
}
