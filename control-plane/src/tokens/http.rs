//! List, make and revoke management tokens; what one may.

use super::{
    Caller,
    model::{CreatedToken, NewToken, Token, TokenInfo},
    store,
};
use crate::{
    api::{
        ApiError, Body, Page, PageParams, PageRequest, Problem, StrictJson,
        idempotency::{Attempt, IdempotencyKey},
    },
    organisations::{OrganisationAccess, Permission},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, web::Data};
use contract::{ManagementToken, ManagementTokenId};
use time::OffsetDateTime;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_tokens)
        .service(create_management_token)
        .service(revoke_management_token)
        .service(get_token);
}

/// The organisation's management tokens that are not revoked, newest first.
#[utoipa::path(
    tag = "management tokens",
    params(("org" = String, Path, description = "Organisation id"), PageParams),
    responses(
        (status = 200, body = Page<Token>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/tokens")]
pub async fn list_tokens(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TokensRead)?;
    let mut tx = access.begin(&state).await?;
    let tokens = store::page(&mut tx, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(tokens, store::position)))
}

/// Make a management token with some of one's own permissions.
#[utoipa::path(
    tag = "management tokens",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewToken,
    responses(
        (status = 201, body = CreatedToken, description = "The token is in this answer and nowhere else"),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The organisation has as many as it may"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/organisations/{org}/tokens")]
pub async fn create_management_token(
    state: Data<State>,
    access: OrganisationAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TokensWrite)?;
    access.caller.require_verified()?;
    access.caller.require_recent()?;
    let StrictJson { value, digest } = body.json::<NewToken>().await?;
    let body = StrictJson { value: value.checked(OffsetDateTime::now_utc())?, digest };
    if let Some(beyond) = body.value.permissions.iter().find(|p| !access.may(**p)) {
        let message = format!("{} is not yours to give", beyond.as_str());
        return Err(ApiError::field("permissions", message));
    }
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    let token = ManagementToken::generate()?;
    let made = store::insert(&mut tx, &token, body.value).await?;
    tx.audit_change("token.created", made.id.as_str(), None, Some(&made)).await?;
    let created = CreatedToken { management_token: made, token: token.expose().to_owned() };
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &created).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Revoke a management token: the next request with it is refused. One's own, always.
#[utoipa::path(
    tag = "management tokens",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("id" = String, Path, description = "The token's id"),
    ),
    responses(
        (status = 204),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/organisations/{org}/tokens/{id}")]
pub async fn revoke_management_token(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    let id = request.match_info().get("id").and_then(|raw| raw.parse::<ManagementTokenId>().ok());
    let id = id.ok_or(ApiError::NotFound)?;
    let mut tx = access.begin(&state).await?;
    let token = store::lock(&mut tx, &id).await?;
    if !token.as_ref().is_some_and(|token| is_own(&access.caller, token)) {
        access.require(Permission::TokensWrite)?;
    }
    let token = token.ok_or(ApiError::NotFound)?;
    store::revoke(&mut tx, &id).await?;
    tx.audit_change("token.revoked", id.as_str(), Some(&token), None).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

fn is_own(caller: &Caller, token: &Token) -> bool {
    match caller {
        Caller::Person(person) => person.user.id == token.made_by,
        Caller::Token(acting) => acting.id == token.id,
    }
}

/// The management token that this request carries, and what it may.
#[utoipa::path(
    tag = "management tokens",
    responses(
        (status = 200, body = TokenInfo),
        (status = 401, body = Problem),
        (status = 404, body = Problem, description = "The request carries no management token"),
    )
)]
#[get("/v1/token")]
pub async fn get_token(state: Data<State>, caller: Caller) -> Result<HttpResponse, ApiError> {
    let Caller::Token(token) = &caller else { return Err(ApiError::NotFound) };
    let (id, organisation_id) = (token.id.clone(), token.organisation);
    let access = OrganisationAccess::enter(&state, caller, organisation_id).await?;
    let mut tx = access.begin(&state).await?;
    let management_token = store::lock(&mut tx, &id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    let effective_permissions = access.permissions().collect();
    let info = TokenInfo { management_token, organisation_id, effective_permissions };
    Ok(HttpResponse::Ok().json(info))
}
