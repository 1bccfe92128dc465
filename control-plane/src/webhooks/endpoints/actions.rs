//! What can be done with endpoints, whoever they belong to.

use super::{
    Owner, heard, interest,
    model::{CreatedWebhook, NewWebhook, RotatedWebhookSecret, TestWebhook, Webhook, WebhookPatch},
    store,
};
use crate::{
    api::{
        ApiError, Body, PageRequest, StrictJson,
        idempotency::{Attempt, IdempotencyKey},
        path::named,
    },
    db::TenantTx,
    keys::rotation::Rotate,
    state::State,
    webhooks::{
        self, Target, deliverer,
        events::EventType,
        model::Form,
        outgoing::{self, Destination},
        secret::EndpointSecret,
    },
};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use uuid::Uuid;

pub async fn list(
    state: &State,
    owner: Owner,
    page: PageRequest,
) -> Result<HttpResponse, ApiError> {
    owner.may_read()?;
    let mut tx = owner.begin(state).await?;
    let webhooks = store::page(&mut tx, owner.app(), &page).await?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(page.page(webhooks, store::position)))
}

pub async fn create(
    state: &State,
    owner: Owner,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let StrictJson { value, digest } = body.json::<NewWebhook>().await?;
    let new = value.checked(owner.app().is_some(), state.webhooks.outgoing.allows_loopback())?;
    require_public(&new.url).await?;
    let body = StrictJson { value: new, digest };
    let mut tx = owner.begin(state).await?;
    let ticket = match idempotency.begin(state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    owner.hold_all(&mut tx).await?;
    store::require_room(&mut tx).await?;
    let (id, new) = (Uuid::new_v4(), body.value);
    let secret = match new.form {
        Form::Standard => Some(EndpointSecret::generate()?),
        Form::Pusher | Form::Relay => None,
    };
    let sealed = secret.as_ref().map(|secret| secret.seal(&state.master_key, id)).transpose()?;
    let endpoint = store::insert(&mut tx, owner.app(), id, &new, sealed.as_deref()).await?;
    tx.audit_change("webhook.created", &id.to_string(), None, Some(&endpoint.logged())).await?;
    let secret = secret.map(|secret| secret.expose().to_owned());
    let created = CreatedWebhook { endpoint, secret };
    let answer = ticket.finish(state, &mut tx, StatusCode::CREATED, &created).await?;
    finish(&owner, tx).await?;
    Ok(answer)
}

pub async fn get(state: &State, owner: Owner, at: &HttpRequest) -> Result<HttpResponse, ApiError> {
    owner.may_read()?;
    let id = named(at, "id")?;
    let mut tx = owner.begin(state).await?;
    let webhook = store::get(&mut tx, owner.app(), id).await?.ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(HttpResponse::Ok().json(webhook))
}

pub async fn patch(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let id: Uuid = named(at, "id")?;
    let patch = body.json::<WebhookPatch>().await?.value;
    let url = patch.destination(state.webhooks.outgoing.allows_loopback())?;
    if let Some(url) = &url {
        require_public(url).await?;
    }
    let mut tx = owner.begin_change(state).await?;
    let before = store::lock(&mut tx, owner.app(), id).await?.ok_or(ApiError::NotFound)?;
    let is_revived = patch.enabled == Some(true);
    let wanted = patch.over(before.clone(), url.as_ref())?;
    let after = store::update(&mut tx, &wanted, is_revived).await?;
    let (deed, subject) = (deed(&before, &after), id.to_string());
    tx.audit_change(deed, &subject, Some(&before.logged()), Some(&after.logged())).await?;
    finish(&owner, tx).await?;
    // What waited for it can go now.
    webhooks::wake(state);
    Ok(HttpResponse::Ok().json(after))
}

fn deed(before: &Webhook, after: &Webhook) -> &'static str {
    match (before.enabled, after.enabled) {
        (false, true) => "webhook.enabled",
        (true, false) => "webhook.disabled",
        (true, true) | (false, false) => "webhook.updated",
    }
}

pub async fn delete(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let id: Uuid = named(at, "id")?;
    let mut tx = owner.begin_change(state).await?;
    let before = store::lock(&mut tx, owner.app(), id).await?.ok_or(ApiError::NotFound)?;
    store::delete(&mut tx, id).await?;
    tx.audit_change("webhook.deleted", &id.to_string(), Some(&before.logged()), None).await?;
    finish(&owner, tx).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Tells the gateways what is wanted of them now, and commits.
async fn finish(owner: &Owner, mut tx: TenantTx) -> Result<(), ApiError> {
    if let Some(app) = owner.app() {
        interest::refresh(&mut tx, app).await?;
    }
    Ok(tx.commit().await?)
}

pub async fn rotate(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
    idempotency: IdempotencyKey,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let id: Uuid = named(at, "id")?;
    let body = body.json_or_empty::<Rotate>().await?;
    let mut tx = owner.begin(state).await?;
    let ticket = match idempotency.begin(state, &mut tx, &body).await? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay(answer) => return Ok(answer),
    };
    let before = store::lock(&mut tx, owner.app(), id).await?.ok_or(ApiError::NotFound)?;
    if before.form != Form::Standard {
        return Err(ApiError::Conflict {
            code: "signed_with_app_secret",
            detail: "this form is signed with the app's secret: rotate that",
        });
    }
    let secret = EndpointSecret::generate()?;
    let sealed = secret.seal(&state.master_key, id)?;
    let previous_expires_at = store::rotate(&mut tx, id, &sealed, body.value.overlap_s).await?;
    tx.audit("webhook.secret_rotated", &id.to_string()).await?;
    let rotated = RotatedWebhookSecret { secret: secret.expose().to_owned(), previous_expires_at };
    let answer = ticket.finish(state, &mut tx, StatusCode::OK, &rotated).await?;
    tx.commit().await?;
    Ok(answer)
}

pub async fn test(
    state: &State,
    owner: Owner,
    at: &HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    owner.may_change()?;
    let id: Uuid = named(at, "id")?;
    let wanted = body.json_or_empty::<TestWebhook>().await?.value;
    let mut tx = owner.begin(state).await?;
    let webhook = store::get(&mut tx, owner.app(), id).await?.ok_or(ApiError::NotFound)?;
    let organisation = tx.organisation();
    tx.commit().await?;
    let event = wanted_event(&webhook, wanted)?;
    state.webhook_tests.charge(id)?;
    let target = Target { organisation: organisation.uuid(), endpoint: id };
    let attempt = deliverer::send_test(state, target, Some(event)).await?;
    Ok(HttpResponse::Ok().json(attempt))
}

fn wanted_event(webhook: &Webhook, wanted: TestWebhook) -> Result<EventType, ApiError> {
    let (form, of_app) = (webhook.form, webhook.app_id.is_some());
    let none = || ApiError::field("type", "this endpoint hears of nothing that could be shown");
    let Some(kind) = wanted.kind else {
        return heard::first(form, of_app, &webhook.events).ok_or_else(none);
    };
    let event = EventType::parse(&kind).map_err(|e| ApiError::field("type", e))?;
    match event.can_be_told(form, of_app) {
        true => Ok(event),
        false => Err(ApiError::field("type", "is nothing that this endpoint can be told of")),
    }
}

/// Errors: a name that leads to addresses that must not be asked.
async fn require_public(url: &Destination) -> Result<(), ApiError> {
    outgoing::check(url).await.map_err(|e| ApiError::field("url", e))
}
