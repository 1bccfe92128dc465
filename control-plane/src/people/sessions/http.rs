//! See and end sessions; read what happened.

use super::store::{self, Session};
use crate::{
    api::{ApiError, Page, PageParams, PageRequest, Problem},
    people::{
        Person,
        device::Device,
        events::{self, AccountEvent, EventKind},
    },
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    web::{Data, Path},
};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_sessions)
        .service(end_session)
        .service(end_other_sessions)
        .service(list_account_events);
}

/// Where one is signed in, this session first. There are 20 at most, so it is always one page.
#[utoipa::path(
    tag = "people",
    responses((status = 200, body = Page<Session>), (status = 401, body = Problem))
)]
#[get("/v1/sessions")]
pub async fn list_sessions(state: Data<State>, person: Person) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.person(person.id()).await?;
    let items = store::all_of(&mut tx, person.id(), person.session_id).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// End one session.
#[utoipa::path(
    tag = "people",
    params(("session" = String, Path, description = "Session id")),
    responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
#[delete("/v1/sessions/{session}")]
pub async fn end_session(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
    path: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = path.parse::<Uuid>().map_err(|_| ApiError::NotFound)?;
    let mut tx = state.db.person(person.id()).await?;
    if !store::end(&mut tx, person.id(), id).await? {
        return Err(ApiError::NotFound);
    }
    let device = Device::of(&request, &state);
    let detail = Some(id.to_string());
    let (kind, detail) = (EventKind::SessionEnded, detail.as_deref());
    events::record(&mut tx, person.id(), kind, detail, Some(&device)).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End every session but this one.
#[utoipa::path(
    tag = "people",
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem))
)]
#[delete("/v1/sessions")]
pub async fn end_other_sessions(
    request: HttpRequest,
    state: Data<State>,
    person: Person,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.person(person.id()).await?;
    let ended = store::end_others(&mut tx, person.id(), person.session_id).await?;
    if ended > 0 {
        let device = Device::of(&request, &state);
        let kind = EventKind::OtherSessionsEnded;
        events::record(&mut tx, person.id(), kind, None, Some(&device)).await?;
    }
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What happened to one's account: sign-ins, changes of password, address and second factor. Newest
/// first, kept for 400 days.
#[utoipa::path(
    tag = "people",
    params(PageParams),
    responses((status = 200, body = Page<AccountEvent>), (status = 401, body = Problem))
)]
#[get("/v1/session/events")]
pub async fn list_account_events(
    state: Data<State>,
    person: Person,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.db.person(person.id()).await?;
    let rows = events::page_of(&mut tx, person.id(), &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(rows, events::position)))
}
