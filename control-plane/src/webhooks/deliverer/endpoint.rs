//! An endpoint as it is delivered to.

use crate::{
    db::TenantTx,
    webhooks::{forms::Keys, model::Form, secret::EndpointSecret},
};
use contract::seal::{MasterKey, SealError};
use time::OffsetDateTime;
use uuid::Uuid;

pub struct Endpoint {
    pub id: Uuid,
    pub app: Option<String>,
    pub url: String,
    pub form: Form,
    /// Attempts in a row that were in vain.
    pub failures: i32,
    sealed_secret: Option<Vec<u8>>,
    previous_sealed_secret: Option<Vec<u8>>,
}

struct Row {
    id: Uuid,
    app_id: Option<String>,
    url: String,
    form: String,
    failures: i32,
    sealed_secret: Option<Vec<u8>>,
    previous_sealed_secret: Option<Vec<u8>>,
}

impl TryFrom<Row> for Endpoint {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let form = Form::from_text(&row.form)
            .ok_or_else(|| sqlx::Error::Decode(format!("form {}", row.form).into()))?;
        Ok(Self {
            id: row.id,
            app: row.app_id,
            url: row.url,
            form,
            failures: row.failures,
            sealed_secret: row.sealed_secret,
            previous_sealed_secret: row.previous_sealed_secret,
        })
    }
}

impl Endpoint {
    /// Errors: a secret that does not open, or none.
    pub fn own_keys(&self, key: &MasterKey) -> Result<Option<Keys>, sqlx::Error> {
        let open = |sealed: &Vec<u8>| EndpointSecret::open(key, sealed, self.id).map_err(decode);
        let Some(current) = self.sealed_secret.as_ref().map(open).transpose()? else {
            return Ok(None);
        };
        let previous = self.previous_sealed_secret.as_ref().map(open).transpose()?;
        Ok(Some(Keys::Endpoint { current, previous }))
    }
}

fn decode(error: SealError) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// Holds an endpoint that may be sent to now.
pub async fn lock_ready(tx: &mut TenantTx, id: Uuid) -> Result<Option<Endpoint>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT e.id, e.app_id, e.url, e.form, e.failures, e.sealed_secret,
                CASE WHEN e.previous_secret_expires_at > now() THEN e.previous_sealed_secret END
                    AS previous_sealed_secret
         FROM webhook_endpoints e
         WHERE e.organisation_id = $1 AND e.id = $2 AND e.enabled AND e.deleted_at IS NULL
           AND (e.rests_until IS NULL OR e.rests_until <= now())
           AND NOT EXISTS (SELECT FROM apps a WHERE a.id = e.app_id AND a.deleted_at IS NOT NULL)
         FOR NO KEY UPDATE OF e",
        tx.organisation().uuid(),
        id,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Endpoint::try_from).transpose()
}

/// An endpoint that is there, whether or not anything is sent to it.
pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Option<Endpoint>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, app_id, url, form, failures, sealed_secret,
                CASE WHEN previous_secret_expires_at > now() THEN previous_sealed_secret END
                    AS previous_sealed_secret
         FROM webhook_endpoints
         WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL",
        tx.organisation().uuid(),
        id,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Endpoint::try_from).transpose()
}

/// The oldest pair of the app that is still taken, with the secret that is due to go first: whoever
/// rotates has moved their server before the old one ends.
pub async fn oldest_pair(
    tx: &mut TenantTx,
    master_key: &MasterKey,
    app: Option<&str>,
) -> Result<Option<Keys>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT key,
                  CASE WHEN previous_expires_at > now() THEN previous_sealed_secret
                       ELSE sealed_secret END AS "sealed!"
           FROM app_credentials
           WHERE organisation_id = $1 AND app_id = $2 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > now())
           ORDER BY created_at, key LIMIT 1"#,
        tx.organisation().uuid(),
        app,
    )
    .fetch_optional(tx.db())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let secret = master_key.open(&row.sealed, &row.key).map_err(decode)?;
    Ok(Some(Keys::Pair { key: row.key, secret }))
}

/// Where and when an endpoint stands, held until commit.
pub struct Health {
    pub failures: i32,
    pub failing_since: Option<OffsetDateTime>,
    pub enabled: bool,
    pub url: String,
    pub app: Option<String>,
}

pub async fn lock_health(tx: &mut TenantTx, id: Uuid) -> Result<Option<Health>, sqlx::Error> {
    sqlx::query_as!(
        Health,
        "SELECT failures, failing_since, enabled, url, app_id AS app FROM webhook_endpoints
         WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE",
        tx.organisation().uuid(),
        id,
    )
    .fetch_optional(tx.db())
    .await
}
