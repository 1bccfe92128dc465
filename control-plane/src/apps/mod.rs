//! Apps: what a customer's code connects to.

pub mod access;
pub mod http;
pub mod limits;
pub mod model;
pub mod settings;
pub mod store;
#[cfg(test)]
mod tests;

pub use access::AppAccess;

use crate::{
    api::ApiError,
    credentials::{self, model::NewCredential},
    db::TenantTx,
    state::State,
};
use contract::AppSecret;
use contract::credential::{generate_app_id, generate_app_key};
use model::{App, Import, NewApp};

/// Makes an app with its first credential, and tells the gateways.
pub async fn create(
    state: &State,
    tx: &mut TenantTx,
    new: NewApp,
) -> Result<(App, NewCredential), ApiError> {
    let (id, key, secret) = match new.import {
        Some(Import { id, key, secret }) => (id.map_or_else(generate_app_id, Ok)?, key, secret.0),
        None => (generate_app_id()?, generate_app_key()?, AppSecret::generate()?),
    };
    store::insert(tx, &id, new.name.as_str()).await?;
    let credential = credentials::store::insert(tx, &id, &key, &secret, &state.master_key).await?;
    let app = store::publish(tx, &id).await?;
    tx.audit_change("app.created", id.as_str(), None, Some(&app)).await?;
    Ok((app, credential))
}
