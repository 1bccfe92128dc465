//! Revoking all that opens an app, at once: for the day on which secrets got out.

use super::{model::NewCredential, store};
use crate::{
    api::{ApiError, Body, Problem},
    apps::{self, AppAccess},
    feed::{self, model::Receipt},
    keys,
    organisations::Permission,
    publishable_keys,
    state::State,
};
use actix_web::{HttpResponse, post, web::Data};
use contract::{AppSecret, credential::generate_app_key};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAll {
    /// Whether the app gets a new pair in the same step.
    #[serde(default)]
    pub new_credential: bool,
}

#[derive(Serialize, ToSchema)]
pub struct RevokedAll {
    /// Of the last revocation; the others came before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    pub credentials: u64,
    pub secret_keys: u64,
    pub publishable_keys: u64,
    /// The new pair. The secret is shown here and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<NewCredential>,
}

/// Revoke every pair and every key of an app. Connections that were opened with them end.
///
/// Waits up to two seconds and says which gateways have confirmed.
#[utoipa::path(
    tag = "credentials",
    params(("app" = String, Path, description = "App id")),
    request_body = RevokeAll,
    responses(
        (status = 200, body = RevokedAll),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem),
    )
)]
#[post("/v1/apps/{app}/revoke-all")]
pub async fn revoke_all(
    state: Data<State>,
    access: AppAccess,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    access.require(Permission::KeysWrite)?;
    let order = body.json_or_empty::<RevokeAll>().await?.value;
    let mut tx = access.begin(&state).await?;
    apps::store::lock(&mut tx, &access.app).await?.ok_or(ApiError::NotFound)?;
    let app = &access.app;
    let (credentials, pairs_at) = store::revoke_all(&mut tx, app).await?;
    let (secret_keys, secrets_at) = keys::store::revoke_all(&mut tx, app).await?;
    let (publishable_keys, open_at) = publishable_keys::store::revoke_all(&mut tx, app).await?;
    let credential = match order.new_credential {
        true => {
            let (key, secret) = (generate_app_key()?, AppSecret::generate()?);
            let made = store::insert(&mut tx, app, &key, &secret, &state.master_key).await?;
            apps::store::publish(&mut tx, app).await?;
            tx.audit("credential.created", key.as_str()).await?;
            Some(made)
        }
        false => None,
    };
    tx.audit("app.everything_revoked", app.as_str()).await?;
    tx.commit().await?;
    let receipt = match pairs_at.max(secrets_at).max(open_at) {
        Some(revision) => Some(feed::receipt::wait(&state, revision).await?),
        None => None,
    };
    let revoked = RevokedAll { receipt, credentials, secret_keys, publishable_keys, credential };
    Ok(HttpResponse::Ok().json(revoked))
}
