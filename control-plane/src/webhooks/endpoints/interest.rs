//! What somebody wants to hear of an app's channels: what its gateways tell, and nothing else.

use super::heard;
use crate::{
    api::ApiError,
    apps,
    db::{Db, Organisation, TenantTx},
};
use contract::{
    AppId,
    webhooks::{HookKind, HookSet},
};

/// A set as it stands in the database.
pub fn texts(kinds: HookSet) -> Vec<String> {
    kinds.kinds().map(|kind| kind.as_str().to_owned()).collect()
}

/// A set that stands in the database. Kinds of another version are passed over.
pub fn from_texts(stored: &[String]) -> HookSet {
    stored.iter().filter_map(|text| HookKind::from_text(text)).collect()
}

/// What the gateways were told last.
pub async fn told(tx: &mut TenantTx, app: &AppId) -> Result<HookSet, sqlx::Error> {
    let kinds = sqlx::query_scalar!(
        "SELECT webhook_kinds FROM apps WHERE id = $1 AND organisation_id = $2",
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    Ok(from_texts(&kinds))
}

/// Adds up what the app's endpoints and listeners want, and tells the gateways if that is another
/// set than before. The caller holds the app's row; it locks the feed, so it comes last.
pub async fn refresh(tx: &mut TenantTx, app: &AppId) -> Result<(), ApiError> {
    let wanted = wanted(tx, app).await?;
    let changed = sqlx::query!(
        "UPDATE apps SET webhook_kinds = $3
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL AND webhook_kinds <> $3",
        app.as_str(),
        tx.organisation().uuid(),
        &texts(wanted),
    )
    .execute(tx.db())
    .await?;
    if changed.rows_affected() == 1 {
        apps::store::publish(tx, app).await?;
    }
    Ok(())
}

/// The same, in a transaction of its own: for whoever has ended what was wanted. Should it not come
/// to that, gateways go on telling what nobody stores.
pub async fn settle(db: &Db, organisation: Organisation, app: &AppId) -> Result<(), ApiError> {
    let mut tx = db.tenant("webhooks", organisation).await?;
    if apps::store::lock(&mut tx, app).await?.is_some() {
        refresh(&mut tx, app).await?;
    }
    Ok(tx.commit().await?)
}

async fn wanted(tx: &mut TenantTx, app: &AppId) -> Result<HookSet, sqlx::Error> {
    let organisation = tx.organisation().uuid();
    let endpoints = sqlx::query!(
        "SELECT form, events FROM webhook_endpoints
         WHERE app_id = $1 AND organisation_id = $2 AND enabled AND deleted_at IS NULL",
        app.as_str(),
        organisation,
    )
    .fetch_all(tx.db())
    .await?;
    let of_endpoints = endpoints.iter().map(|row| heard::kinds(&row.form, &row.events));
    let listeners = sqlx::query_scalar!(
        "SELECT kinds FROM webhook_listeners
         WHERE app_id = $1 AND organisation_id = $2 AND expires_at > now()",
        app.as_str(),
        organisation,
    )
    .fetch_all(tx.db())
    .await?;
    let of_listeners = listeners.iter().map(|kinds| from_texts(kinds));
    Ok(of_endpoints.chain(of_listeners).fold(HookSet::NONE, HookSet::union))
}
