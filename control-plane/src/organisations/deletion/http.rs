//! Delete an organisation, and undo it.

use super::{GRACE, jobs, store};
use crate::{
    api::{ApiError, Problem},
    apps,
    db::TenantTx,
    feed::{self, model::Receipt},
    jobs::enqueue,
    mail::{self, Letter},
    organisations::{self, OrganisationAccess, Permission, Role, members, model::Organisation},
    people::model::EmailAddress,
    plans,
    state::State,
};
use actix_web::{HttpResponse, delete, post, web::Data};
use contract::directory::{Change, Kill};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(delete_organisation).service(restore_organisation);
}

/// An organisation on its way out, and which gateways refuse its traffic already.
#[derive(Serialize, ToSchema)]
pub struct DeletedOrganisation {
    #[serde(flatten)]
    pub organisation: Organisation,
    /// Absent when it has no apps, or was on its way already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// Delete an organisation: its apps stop at once, and after 30 days it is gone for good.
///
/// Until then it can be restored. Keys, members, tokens and the audit log are deleted then; the usage
/// ledger and invoices are kept as long as the law asks for them.
#[utoipa::path(
    tag = "organisations",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = DeletedOrganisation),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    )
)]
#[delete("/v1/organisations/{org}")]
pub async fn delete_organisation(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require_even_deleting(Permission::OrganisationDelete)?;
    access.require_whole()?;
    access.caller.require_recent()?;
    let mut tx = access.begin(&state).await?;
    let before = organisations::store::lock(&mut tx).await?;
    let before = Organisation { role: access.organisation.role, ..before };
    if before.deleting_at.is_some() {
        let answer = DeletedOrganisation { organisation: before, receipt: None };
        return Ok(HttpResponse::Ok().json(answer));
    }
    // In the order of locks: the plan comes before the feed.
    plans::store::held(&mut tx).await?;
    let at = (OffsetDateTime::now_utc() + GRACE).replace_nanosecond(0);
    let at = at.map_err(ApiError::internal)?;
    store::set_deleting_at(&mut tx, Some(at)).await?;
    let mut killed = None;
    for app in store::apps(&mut tx).await? {
        let kill = Kill::DisableApp { app: app.clone() };
        killed = Some(feed::store::append(&mut tx, &Change::Kill(kill)).await?);
        apps::store::publish(&mut tx, &app).await?;
    }
    let job = jobs::job(before.id, at).map_err(ApiError::internal)?;
    enqueue(tx.db(), &job).await?;
    tell_owners(&state, &mut tx, &access, at).await?;
    let after = Organisation { deleting_at: Some(at), ..before.clone() };
    let subject = before.id.to_string();
    tx.audit_change("organisation.deleted", &subject, Some(&before), Some(&after)).await?;
    tx.commit().await?;
    let receipt = match killed {
        Some(revision) => Some(feed::receipt::wait(&state, revision).await?),
        None => None,
    };
    Ok(HttpResponse::Ok().json(DeletedOrganisation { organisation: after, receipt }))
}

async fn tell_owners(
    state: &State,
    tx: &mut TenantTx,
    access: &OrganisationAccess,
    at: OffsetDateTime,
) -> Result<(), ApiError> {
    let name = &access.organisation.name;
    let when = at.format(&Rfc3339).map_err(ApiError::internal)?;
    for owner in members::store::with_roles(tx, &[Role::Owner]).await? {
        let Ok(to) = EmailAddress::try_from(owner.email) else { continue };
        let letter = Letter::new(format!("{name} is being deleted"))
            .paragraph(format!(
                "{} has deleted the organisation {name}. Its apps refuse all traffic now.",
                access.caller.email()
            ))
            .paragraph(format!("It is gone for good at {when}. Until then it can be restored:"))
            .link("Open the organisation", state.console_link("/"));
        mail::send_later(tx.db(), &letter.to(to)).await?;
    }
    Ok(())
}

/// Undo the deletion of an organisation: its apps work again.
#[utoipa::path(
    tag = "organisations",
    params(("org" = String, Path, description = "Organisation id")),
    responses(
        (status = 200, body = Organisation),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It is not being deleted"),
    )
)]
#[post("/v1/organisations/{org}/restore")]
pub async fn restore_organisation(
    state: Data<State>,
    access: OrganisationAccess,
) -> Result<HttpResponse, ApiError> {
    access.require_even_deleting(Permission::OrganisationDelete)?;
    access.require_whole()?;
    let mut tx = access.begin(&state).await?;
    let before = organisations::store::lock(&mut tx).await?;
    let before = Organisation { role: access.organisation.role, ..before };
    if before.deleting_at.is_none() {
        return Err(ApiError::Conflict {
            code: "not_deleting",
            detail: "this organisation is not being deleted",
        });
    }
    store::set_deleting_at(&mut tx, None).await?;
    for app in store::apps(&mut tx).await? {
        apps::store::publish(&mut tx, &app).await?;
    }
    let after = Organisation { deleting_at: None, ..before.clone() };
    let subject = before.id.to_string();
    tx.audit_change("organisation.restored", &subject, Some(&before), Some(&after)).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(after))
}
