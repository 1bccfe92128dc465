//! Invite, list and withdraw; look at an invitation, accept it, sign up by it.

use super::{
    join::{join, spent},
    model::{
        Invitation, InvitationView, InvitedSignUp, JoinedUp, NewInvitation, PresentedInvitation,
    },
    store,
};
use crate::{
    api::{
        ApiError, Body, Page, PageParams, PageRequest, Problem, client,
        idempotency::{Attempt, IdempotencyKey},
    },
    db,
    mail::{self, Letter},
    organisations::{self, OrganisationAccess, Permission, members, model::Organisation},
    people::{Person, invited, model::EmailAddress},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, delete, get, http::StatusCode, post, web::Data};
use contract::{TokenHash, credential::generate_opaque_token};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_invitations)
        .service(create_invitation)
        .service(withdraw_invitation)
        .service(inspect_invitation)
        .service(accept_invitation)
        .service(sign_up_invited);
}

/// The invitations that can still be accepted, newest first.
#[utoipa::path(
    tag = "team",
    params(("org" = String, Path, description = "Organisation id"), PageParams),
    responses(
        (status = 200, body = Page<Invitation>),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[get("/v1/organisations/{org}/invitations")]
pub async fn list_invitations(
    state: Data<State>,
    access: OrganisationAccess,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TeamRead)?;
    let mut tx = access.begin(&state).await?;
    let invitations = store::page(&mut tx, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(invitations, store::position)))
}

/// Invite somebody by mail. One that is open for the same address is replaced.
///
/// The link works once, for seven days, for whoever has the address.
#[utoipa::path(
    tag = "team",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe"),
    ),
    request_body = NewInvitation,
    responses(
        (status = 201, body = Invitation),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The role does not allow it, or the plan has no seat left"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The address belongs to a member"),
        (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/organisations/{org}/invitations")]
pub async fn create_invitation(
    state: Data<State>,
    access: OrganisationAccess,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TeamWrite)?;
    access.caller.require_verified()?;
    let body = body.json::<NewInvitation>().await?;
    access.require_to_give(body.value.role)?;
    let mut tx = access.begin(&state).await?;
    let ticket = match idempotency.begin(&state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    let NewInvitation { email, role } = body.value;
    let organisation = organisations::store::lock(&mut tx).await?;
    if members::store::has_address(&mut tx, email.as_str()).await? {
        return Err(members::store::already_member());
    }
    if store::sent_today(&mut tx).await? >= store::PER_DAY {
        return Err(ApiError::RateLimited { retry_after_s: 3600 });
    }
    members::store::require_seat(&mut tx, email.as_str()).await?;
    let token = generate_opaque_token()?;
    let hash = TokenHash::of(&token);
    let invitation = store::insert(&mut tx, email.as_str(), role, hash).await?;
    let letter = letter(&state, access.caller.email(), &organisation, &invitation, &token);
    mail::send_sealed(&state.master_key, tx.db(), &letter.to(email)).await?;
    let subject = invitation.id.to_string();
    tx.audit_change("invitation.sent", &subject, None, Some(&invitation)).await?;
    let answer = ticket.finish(&state, &mut tx, StatusCode::CREATED, &invitation).await?;
    tx.commit().await?;
    Ok(answer)
}

fn letter(
    state: &State,
    inviter: &str,
    organisation: &Organisation,
    invitation: &Invitation,
    token: &str,
) -> Letter {
    let name = &organisation.name;
    let role = invitation.role.as_str();
    Letter::new(format!("{inviter} invites you to {name}"))
        .paragraph(format!("{inviter} invites you to the organisation {name}, as {role}."))
        // After the `#`, so that no server on the way writes it into its log.
        .link("Accept the invitation", state.console_link(&format!("/invitation#token={token}")))
        .paragraph("The link works once, for seven days. If you did not expect this, ignore it.")
}

/// Withdraw an invitation: its link no longer works.
#[utoipa::path(
    tag = "team",
    params(
        ("org" = String, Path, description = "Organisation id"),
        ("invitation" = String, Path, description = "Invitation id"),
    ),
    responses(
        (status = 204),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/organisations/{org}/invitations/{invitation}")]
pub async fn withdraw_invitation(
    request: HttpRequest,
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::TeamWrite)?;
    let id = request.match_info().get("invitation").and_then(|raw| raw.parse::<Uuid>().ok());
    let id = id.ok_or(ApiError::NotFound)?;
    let mut tx = access.begin(&state).await?;
    let invitation = store::lock(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    store::withdraw(&mut tx, id).await?;
    tx.audit_change("invitation.withdrawn", &id.to_string(), Some(&invitation), None).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What an invitation's link invites to.
#[utoipa::path(
    tag = "team",
    request_body = PresentedInvitation,
    responses(
        (status = 200, body = InvitationView),
        (status = 409, body = Problem, description = "It was used or withdrawn, or has expired"),
        (status = 422, body = Problem), (status = 429, body = Problem),
    )
)]
#[post("/v1/invitations/inspect")]
pub async fn inspect_invitation(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    state.login_limits.charge_address(client::address_of(&request, &state))?;
    let PresentedInvitation { token } = body.json().await?.value;
    let found = store::find(&state.db, &token).await?.ok_or_else(spent)?;
    Ok(HttpResponse::Ok().json(found.view))
}

/// Accept an invitation that was sent to one's own verified address.
#[utoipa::path(
    tag = "team",
    request_body = PresentedInvitation,
    responses(
        (status = 200, body = Organisation),
        (status = 401, body = Problem),
        (status = 403, body = Problem, description = "The address is not verified, or no seat is left"),
        (status = 409, body = Problem, description = "It is for another address, was used or withdrawn, or has expired"),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/invitations/accept")]
pub async fn accept_invitation(
    state: Data<State>,
    person: Person,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let PresentedInvitation { token } = body.json().await?.value;
    let found = store::find(&state.db, &token).await?.ok_or_else(spent)?;
    if found.view.email.to_lowercase() != person.user.email.to_lowercase() {
        return Err(ApiError::Conflict {
            code: "invitation_for_another",
            detail: "this invitation was sent to another e-mail address than yours",
        });
    }
    person.require_verified()?;
    let tx = state.db.person(person.id()).await?;
    let mut tx = tx.enter(&person.user, db::Organisation::known(found.organisation)).await?;
    let organisation = join(&mut tx, &found).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(organisation))
}

/// Sign up by an invitation, for its address, which the link proves. No organisation of one's own
/// is made.
#[utoipa::path(
    tag = "team",
    request_body = InvitedSignUp,
    responses(
        (status = 201, body = JoinedUp, description = "Signed up and signed in; sets the session cookie"),
        (status = 403, body = Problem, description = "No seat is left"),
        (status = 409, body = Problem, description = "The address has an account: sign in and accept. Or the invitation was used or withdrawn, or has expired"),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem),
    )
)]
#[post("/v1/invitations/sign-up")]
pub async fn sign_up_invited(
    request: HttpRequest,
    state: Data<State>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    state.login_limits.charge_address(client::address_of(&request, &state))?;
    let InvitedSignUp { token, password, name } = body.json().await?.value;
    let found = store::find(&state.db, &token).await?.ok_or_else(spent)?;
    let email = EmailAddress::try_from(found.view.email.clone()).map_err(ApiError::internal)?;
    let (tx, user, session) = invited(&request, &state, email, name, password).await?;
    let mut tx = tx.enter(&user, db::Organisation::known(found.organisation)).await?;
    let organisation = join(&mut tx, &found).await?;
    tx.commit().await?;
    let csrf_token = session.csrf_token();
    let joined = JoinedUp { user, organisation, csrf_token };
    Ok(HttpResponse::Created().cookie(session.cookie(&state.origins)).json(joined))
}
