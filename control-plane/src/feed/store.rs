//! The feed in Postgres.

use crate::{
    api::ApiError,
    apps::limits::OwnLimits,
    credentials::store::previous_secret,
    db::{ServiceTx, TenantTx},
    keys::store::{decode, decode_all, hash_of, previous_token},
    plans::store::Versions,
    webhooks::endpoints::interest,
};
use contract::{
    AppSettings, OrganisationId,
    directory::{
        AppCredential, AppRecord, Change, PublishableKeyRecord, Revision, SecretKeyRecord,
    },
};
use futures_util::{Stream, StreamExt};
use sqlx::types::Json;
use time::OffsetDateTime;

/// The feed keeps at least this many changes; a gateway that is further behind takes a snapshot.
pub const KEPT_CHANGES: i64 = 100_000;

/// Publishes a change with the running transaction and returns its revision.
///
/// Taking the revision locks the feed's head until commit, so this comes late in a transaction.
pub async fn append(tx: &mut TenantTx, change: &Change) -> Result<Revision, ApiError> {
    let revision =
        sqlx::query_scalar!("UPDATE feed_head SET revision = revision + 1 RETURNING revision")
            .fetch_one(tx.db())
            .await?;
    let (kind, lane) = match change {
        Change::App(_) => ("app", "change"),
        Change::SecretKey(_) => ("secret_key", "change"),
        Change::PublishableKey(_) => ("publishable_key", "change"),
        Change::Kill(_) => ("kill", "kill"),
    };
    sqlx::query!(
        "INSERT INTO changes (revision, kind, lane, payload) VALUES ($1, $2, $3, $4)",
        revision,
        kind,
        lane,
        serde_json::to_value(change).map_err(ApiError::internal)?,
    )
    .execute(tx.db())
    .await?;
    sqlx::query!("SELECT pg_notify('signalbox_changes', '')").fetch_one(tx.db()).await?;
    Ok(revision.unsigned_abs())
}

pub async fn head(tx: &mut ServiceTx) -> Result<Revision, sqlx::Error> {
    let head = sqlx::query_scalar!("SELECT revision FROM feed_head").fetch_one(tx.db()).await?;
    Ok(head.unsigned_abs())
}

/// One change as it goes out: the payload is JSON text already.
pub struct Line {
    pub revision: Revision,
    pub payload: String,
}

/// Whether everything after `after` is still there to be followed.
pub async fn reaches_back_to(tx: &mut ServiceTx, after: Revision) -> Result<bool, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT h.revision AS head, (SELECT min(revision) FROM changes) AS oldest
           FROM feed_head h"#
    )
    .fetch_one(tx.db())
    .await?;
    let (after, head) = (after.cast_signed(), row.head);
    // A gateway ahead of the head followed a database that is no more: a backup was restored.
    Ok(after == head || (after < head && row.oldest.is_some_and(|oldest| oldest <= after + 1)))
}

pub async fn after(
    tx: &mut ServiceTx,
    after: Revision,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT revision, payload::text AS "payload!" FROM changes
           WHERE revision > $1 ORDER BY revision LIMIT $2"#,
        after.cast_signed(),
        limit,
    )
    .fetch_all(tx.db())
    .await?;
    let line = |revision: i64, payload| Line { revision: revision.unsigned_abs(), payload };
    Ok(rows.into_iter().map(|r| line(r.revision, r.payload)).collect())
}

/// Forgets what is older than the kept changes.
pub async fn prune(tx: &mut ServiceTx, keep: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM changes WHERE revision <= (SELECT revision FROM feed_head) - $1",
        keep,
    )
    .execute(tx.db())
    .await?;
    Ok(done.rows_affected())
}

/// Every app with its active credentials, as of the transaction's instant.
pub fn apps<'a>(
    tx: &'a mut ServiceTx,
    plans: &'a Versions,
) -> impl Stream<Item = Result<Change, sqlx::Error>> + 'a {
    sqlx::query!(
        r#"SELECT a.id, a.organisation_id,
                  a.enabled AND o.deleting_at IS NULL AS "enabled!",
                  a.settings AS "settings: Json<AppSettings>",
                  a.limits AS "limits: Json<OwnLimits>", a.webhook_kinds,
                  p.plan AS "plan!", p.version AS "version!",
                  coalesce(array_agg(c.key ORDER BY c.created_at, c.key)
                      FILTER (WHERE c.key IS NOT NULL), '{}') AS "keys!",
                  coalesce(array_agg(c.sealed_secret ORDER BY c.created_at, c.key)
                      FILTER (WHERE c.key IS NOT NULL), '{}') AS "secrets!",
                  coalesce(array_agg(c.expires_at ORDER BY c.created_at, c.key)
                      FILTER (WHERE c.key IS NOT NULL), '{}')
                      AS "ends!: Vec<Option<OffsetDateTime>>",
                  coalesce(array_agg(c.previous_sealed_secret ORDER BY c.created_at, c.key)
                      FILTER (WHERE c.key IS NOT NULL), '{}')
                      AS "previous!: Vec<Option<Vec<u8>>>",
                  coalesce(array_agg(
                      CASE WHEN c.previous_expires_at > now() THEN c.previous_expires_at END
                      ORDER BY c.created_at, c.key)
                      FILTER (WHERE c.key IS NOT NULL), '{}')
                      AS "previous_ends!: Vec<Option<OffsetDateTime>>"
           FROM apps a
           JOIN organisations o ON o.id = a.organisation_id
           JOIN effective_plans p ON p.organisation_id = a.organisation_id
           LEFT JOIN app_credentials c ON c.app_id = a.id AND c.revoked_at IS NULL
               AND (c.expires_at IS NULL OR c.expires_at > now())
           WHERE a.deleted_at IS NULL
           GROUP BY a.id, o.deleting_at, p.plan, p.version"#
    )
    .fetch(tx.db())
    .map(|row| {
        let row = row?;
        let plan = plans.get(&(row.plan, row.version)).ok_or(sqlx::Error::RowNotFound)?;
        let pairs = row.keys.iter().zip(row.secrets).zip(row.ends);
        let previous = row.previous.into_iter().zip(row.previous_ends);
        let credentials = pairs
            .zip(previous)
            .map(|(((key, sealed_secret), ends), (previous, previous_ends))| {
                Ok(AppCredential {
                    key: decode(key)?,
                    sealed_secret,
                    expires_at: ends.map(OffsetDateTime::unix_timestamp),
                    previous: previous_secret(previous, previous_ends),
                })
            })
            .collect::<Result<_, sqlx::Error>>()?;
        Ok(Change::App(AppRecord {
            id: decode(&row.id)?,
            organisation: OrganisationId::new(row.organisation_id.to_string()),
            enabled: row.enabled,
            credentials,
            settings: row.settings.0,
            limits: row.limits.0.under(plan),
            plan: plan.terms(),
            webhooks: interest::from_texts(&row.webhook_kinds),
        }))
    })
}

/// Every usable secret key of an app that exists, as of the transaction's instant.
pub fn secret_keys(tx: &mut ServiceTx) -> impl Stream<Item = Result<Change, sqlx::Error>> {
    sqlx::query!(
        "SELECT k.id, k.app_id, k.token_hash, k.actions, k.channels, k.expires_at,
                k.sealed_token_secret, k.max_publishes_per_s, k.allowed_addresses,
                k.previous_token_hash,
                CASE WHEN k.previous_expires_at > now() THEN k.previous_expires_at END
                    AS previous_expires_at
         FROM secret_keys k JOIN apps a ON a.id = k.app_id AND a.deleted_at IS NULL
         WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())"
    )
    .fetch(tx.db())
    .map(|row| {
        let row = row?;
        Ok(Change::SecretKey(SecretKeyRecord {
            id: decode(&row.id)?,
            app: decode(&row.app_id)?,
            hash: hash_of(&row.token_hash)?,
            actions: decode_all(&row.actions)?,
            channels: decode_all(&row.channels)?,
            expires_at: row.expires_at.map(OffsetDateTime::unix_timestamp),
            sealed_token_secret: row.sealed_token_secret,
            previous: previous_token(row.previous_token_hash.as_deref(), row.previous_expires_at)?,
            max_publishes_per_s: row.max_publishes_per_s.map(i32::unsigned_abs),
            allowed_addresses: decode_all(&row.allowed_addresses)?,
        }))
    })
}

/// Every usable publishable key of an app that exists, as of the transaction's instant.
pub fn publishable_keys(tx: &mut ServiceTx) -> impl Stream<Item = Result<Change, sqlx::Error>> {
    sqlx::query!(
        "SELECT k.key, k.app_id, k.actions, k.channels, k.allowed_origins, k.allow_no_origin,
                k.ice_servers, k.expires_at
         FROM publishable_keys k JOIN apps a ON a.id = k.app_id AND a.deleted_at IS NULL
         WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())"
    )
    .fetch(tx.db())
    .map(|row| {
        let row = row?;
        Ok(Change::PublishableKey(PublishableKeyRecord {
            key: decode(&row.key)?,
            app: decode(&row.app_id)?,
            actions: decode_all(&row.actions)?,
            channels: decode_all(&row.channels)?,
            allowed_origins: row.allowed_origins,
            allow_no_origin: row.allow_no_origin,
            ice_servers: row.ice_servers,
            expires_at: row.expires_at.map(OffsetDateTime::unix_timestamp),
        }))
    })
}
