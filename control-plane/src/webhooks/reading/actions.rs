//! What can be read of an endpoint's deliveries and done with them, whoever it belongs to.

use super::{
    model::{
        AttemptParams, DeliveryParams, DeliveryState, LoggedReplay, ReplayWebhook, ReplayedWebhook,
    },
    replay, store,
};
use crate::{
    api::{ApiError, Body, path::named},
    db::TenantTx,
    state::State,
    webhooks::{
        self,
        endpoints::{Owner, model::Webhook, store as endpoints},
    },
};
use actix_web::{HttpRequest, HttpResponse, web::Query};
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub async fn list_deliveries(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    owner.may_read()?;
    let wanted = query_of::<DeliveryParams>(at)?.checked()?;
    let mut tx = owner.begin(state).await?;
    let webhook = found(&mut tx, &owner, at).await?;
    let page = store::deliveries(&mut tx, webhook.id, &wanted).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page))
}

pub async fn replay_one(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let id: Uuid = named(at, "delivery")?;
    let mut tx = owner.begin(state).await?;
    let webhook = found(&mut tx, &owner, at).await?;
    store::delivery(&mut tx, webhook.id, id).await?.ok_or(ApiError::NotFound)?;
    require_enabled(&webhook)?;
    replay::one(&mut tx, webhook.id, id).await?;
    let delivery = store::delivery(&mut tx, webhook.id, id).await?.ok_or(ApiError::NotFound)?;
    tx.audit("webhook.delivery_replayed", &id.to_string()).await?;
    tx.commit().await?;
    webhooks::wake(state);
    Ok(HttpResponse::Ok().json(delivery))
}

pub async fn replay_many(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let ReplayWebhook { state: which, from, until } = body.json_or_empty().await?.value;
    let which = which.unwrap_or(DeliveryState::Dead);
    if which == DeliveryState::Pending {
        return Err(ApiError::field("state", "must be dead or delivered"));
    }
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(ApiError::field("until", "must be after from"));
    }
    let mut tx = owner.begin(state).await?;
    let webhook = found(&mut tx, &owner, at).await?;
    require_enabled(&webhook)?;
    let replayed = replay::many(&mut tx, webhook.id, which, from, until).await?;
    let logged = LoggedReplay { state: which, from, until, replayed };
    tx.audit_change("webhook.replayed", &webhook.id.to_string(), None, Some(&logged)).await?;
    tx.commit().await?;
    webhooks::wake(state);
    let more = replayed == replay::AT_MOST.unsigned_abs();
    Ok(HttpResponse::Ok().json(ReplayedWebhook { replayed, more }))
}

/// Errors: 409 for an endpoint that is told nothing.
fn require_enabled(webhook: &Webhook) -> Result<(), ApiError> {
    match webhook.enabled {
        true => Ok(()),
        false => Err(ApiError::Conflict {
            code: "webhook_disabled",
            detail: "this endpoint is switched off: enable it first",
        }),
    }
}

pub async fn list_attempts(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    owner.may_read()?;
    let params = query_of::<AttemptParams>(at)?;
    let page = params.page()?;
    let mut tx = owner.begin(state).await?;
    let webhook = found(&mut tx, &owner, at).await?;
    let attempts = store::attempts(&mut tx, webhook.id, params.delivery, &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(attempts, store::position)))
}

pub async fn get_attempt(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    owner.may_read()?;
    let id = named(at, "attempt")?;
    let mut tx = owner.begin(state).await?;
    let webhook = found(&mut tx, &owner, at).await?;
    let attempt = store::exchange(&mut tx, webhook.id, id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(attempt))
}

async fn found(tx: &mut TenantTx, owner: &Owner, at: &HttpRequest) -> Result<Webhook, ApiError> {
    endpoints::get(tx, owner.app(), named(at, "id")?).await?.ok_or(ApiError::NotFound)
}

fn query_of<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, ApiError> {
    let query = Query::<T>::from_query(request.query_string());
    query.map(Query::into_inner).map_err(|e| ApiError::field("query", e))
}
