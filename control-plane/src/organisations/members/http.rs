//! List and change members, leave, hand the organisation over.

use super::{
    model::{Member, MemberPatch, Transfer},
    store,
};
use crate::{
    api::{ApiError, Body, Page, PageParams, PageRequest, Problem},
    db::{PersonId, TenantTx},
    organisations::{self, OrganisationAccess, Permission, Role},
    state::State,
    tokens::{self, Caller},
};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web::Data};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_members)
        .service(get_member)
        .service(patch_member)
        .service(remove_member)
        .service(transfer_organisation);
}

/// The members of an organisation, newest first.
#[utoipa::path(
    tag = "team",
    params(("org" = String, Path, description = "Organisation id"), PageParams),
    responses(
        (status = 200, body = Page<Member>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/members")]
pub async fn list_members(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TeamRead)?;
    let mut tx = access.begin(&state).await?;
    let members = store::page(&mut tx, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(members, store::position)))
}

/// One member.
#[utoipa::path(
    tag = "team",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("user" = String, Path, description = "User id"),
    ),
    responses(
        (status = 200, body = Member),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/members/{user}")]
pub async fn get_member(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TeamRead)?;
    let mut tx = access.begin(&state).await?;
    let member = store::get(&mut tx, user_in(&request)?).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(member))
}

/// Give a member another role.
///
/// Nobody gives a role that allows what their own does not, or changes whoever has one.
#[utoipa::path(
    tag = "team",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("user" = String, Path, description = "User id"),
    ),
    request_body = MemberPatch,
    responses(
        (status = 200, body = Member),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The organisation would have no owner"),
        (status = 422, body = Problem),
    )
)]
#[patch("/v1/organisations/{org}/members/{user}")]
pub async fn patch_member(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TeamWrite)?;
    let user = user_in(&request)?;
    let MemberPatch { role } = body.json().await?.value;
    let mut tx = access.begin(&state).await?;
    organisations::store::lock(&mut tx).await?;
    let before = store::get(&mut tx, user).await?.ok_or(ApiError::NotFound)?;
    access.require_to_give(before.role)?;
    access.require_to_give(role)?;
    let after = give(&mut tx, before, role).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(after))
}

async fn give(tx: &mut TenantTx, before: Member, role: Role) -> Result<Member, ApiError> {
    let user = PersonId(before.user_id);
    if before.role == Role::Owner && role != Role::Owner {
        store::require_another_owner(tx, user).await?;
    }
    store::set_role(tx, user, role).await?;
    let after = Member { role, ..before.clone() };
    let subject = user.0.to_string();
    tx.audit_change("member.role_changed", &subject, Some(&before), Some(&after)).await?;
    Ok(after)
}

/// Remove a member, or leave. The management tokens they made end with it.
#[utoipa::path(
    tag = "team",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("user" = String, Path, description = "User id; one's own to leave"),
    ),
    responses(
        (status = 204),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The organisation would have no owner"),
    )
)]
#[delete("/v1/organisations/{org}/members/{user}")]
pub async fn remove_member(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    let user = user_in(&request)?;
    let leaves = matches!(access.caller, Caller::Person(_)) && access.caller.id() == user;
    if !leaves {
        access.require(Permission::TeamWrite)?;
    }
    let mut tx = access.begin(&state).await?;
    organisations::store::lock(&mut tx).await?;
    let member = store::get(&mut tx, user).await?.ok_or(ApiError::NotFound)?;
    if !leaves {
        access.require_to_give(member.role)?;
    }
    if member.role == Role::Owner {
        store::require_another_owner(&mut tx, user).await?;
    }
    store::remove(&mut tx, user).await?;
    tokens::store::revoke_all_of(&mut tx, user).await?;
    let deed = if leaves { "member.left" } else { "member.removed" };
    tx.audit_change(deed, &user.0.to_string(), Some(&member), None).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Hand the organisation over: a member becomes owner, and whoever asks becomes admin.
#[utoipa::path(
    tag = "team",
    params(("org" = String, Path, description = "Organisation id")),
    request_body = Transfer,
    responses(
        (status = 200, body = Member, description = "The new owner"),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/organisations/{org}/transfer")]
pub async fn transfer_organisation(
    state: Data<State>,
    access: OrganisationAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::OrganisationDelete)?;
    access.caller.require_recent()?;
    let Transfer { user_id } = body.json().await?.value;
    let me = access.caller.id();
    if user_id == me.0 {
        return Err(ApiError::field("user_id", "must be another member"));
    }
    let mut tx = access.begin(&state).await?;
    organisations::store::lock(&mut tx).await?;
    let heir = store::get(&mut tx, PersonId(user_id)).await?;
    let heir = heir.ok_or_else(|| ApiError::field("user_id", "is not a member"))?;
    let heir = give(&mut tx, heir, Role::Owner).await?;
    let giver = store::get(&mut tx, me).await?.ok_or(ApiError::NotFound)?;
    give(&mut tx, giver, Role::Admin).await?;
    tx.audit("organisation.transferred", &user_id.to_string()).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(heir))
}

fn user_in(request: &HttpRequest) -> Result<PersonId, ApiError> {
    let user = request.match_info().get("user").and_then(|raw| raw.parse::<Uuid>().ok());
    user.map(PersonId).ok_or(ApiError::NotFound)
}
