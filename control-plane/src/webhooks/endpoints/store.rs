//! Endpoints in Postgres.

use super::model::{CheckedWebhook, DisabledWhy, Webhook, WebhookStats};
use crate::{
    api::{ApiError, PageRequest, Position},
    apps::store::parse_id,
    db::TenantTx,
    keys::{
        rotation::Overlap,
        store::{decode_all, texts},
    },
    plans,
    webhooks::model::Form,
};
use contract::{AppId, Pattern};
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: Uuid,
    app_id: Option<String>,
    url: String,
    description: String,
    form: String,
    events: Vec<String>,
    channels: Vec<String>,
    enabled: bool,
    disabled_why: Option<String>,
    failing_since: Option<OffsetDateTime>,
    rests_until: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    secret_rotated_until: Option<OffsetDateTime>,
    pending: i64,
    dead: i64,
    last_success_at: Option<OffsetDateTime>,
    last_status: Option<i32>,
}

/// Selects endpoints as they are shown; what follows says which. Counts are cut off where they
/// would begin to cost something.
macro_rules! select_endpoints {
    ($which:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT e.id, e.app_id, e.url, e.description, e.form, e.events, e.channels, e.enabled,
                      e.disabled_why, e.failing_since, e.created_at, e.updated_at,
                      CASE WHEN e.enabled AND e.rests_until > now() THEN e.rests_until END
                          AS rests_until,
                      CASE WHEN e.previous_secret_expires_at > now()
                          THEN e.previous_secret_expires_at END AS secret_rotated_until,
                      (SELECT count(*) FROM (
                          SELECT FROM webhook_deliveries d
                          WHERE d.endpoint_id = e.id AND d.state = 'pending' LIMIT 10000) waiting)
                          AS "pending!",
                      (SELECT count(*) FROM (
                          SELECT FROM webhook_deliveries d
                          WHERE d.endpoint_id = e.id AND d.state = 'dead' LIMIT 10000) lost)
                          AS "dead!",
                      (SELECT a.at FROM webhook_attempts a
                       WHERE a.endpoint_id = e.id AND a.status BETWEEN 200 AND 299
                       ORDER BY a.at DESC LIMIT 1) AS last_success_at,
                      (SELECT a.status FROM webhook_attempts a
                       WHERE a.endpoint_id = e.id ORDER BY a.at DESC, a.id DESC LIMIT 1)
                          AS last_status
               FROM webhook_endpoints e
               WHERE e.organisation_id = $1 AND e.app_id IS NOT DISTINCT FROM $2
                 AND e.deleted_at IS NULL "# + $which,
            $($argument),*
        )
    };
}

impl TryFrom<Row> for Webhook {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let unknown = |what: &str| sqlx::Error::Decode(format!("unknown {what}").into());
        let why = row.disabled_why.as_deref();
        let why = why.map(|why| DisabledWhy::from_text(why).ok_or_else(|| unknown("reason")));
        Ok(Self {
            id: row.id,
            app_id: row.app_id.as_deref().map(parse_id).transpose()?,
            url: row.url,
            description: row.description,
            form: Form::from_text(&row.form).ok_or_else(|| unknown("form"))?,
            events: row.events,
            channels: decode_all(&row.channels)?,
            enabled: row.enabled,
            disabled_why: why.transpose()?,
            failing_since: row.failing_since,
            rests_until: row.rests_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
            stats: WebhookStats {
                pending: u32::try_from(row.pending).unwrap_or(u32::MAX),
                dead: u32::try_from(row.dead).unwrap_or(u32::MAX),
                last_success_at: row.last_success_at,
                last_status: row.last_status.and_then(|status| u16::try_from(status).ok()),
            },
            secret_rotated_until: row.secret_rotated_until,
        })
    }
}

/// Newest first.
pub async fn page(
    tx: &mut TenantTx,
    app: Option<&AppId>,
    page: &PageRequest,
) -> Result<Vec<Webhook>, sqlx::Error> {
    let (before, before_id) = page.after();
    let rows = select_endpoints!(
        "AND ($3::timestamptz IS NULL OR (e.created_at, e.id::text) < ($3, $4))
         ORDER BY e.created_at DESC, e.id::text DESC LIMIT $5",
        tx.organisation().uuid(),
        app.map(AppId::as_str),
        before,
        before_id,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter().map(Webhook::try_from).collect()
}

pub fn position(webhook: &Webhook) -> Position {
    Position { created_at: webhook.created_at, id: webhook.id.to_string() }
}

pub async fn get(
    tx: &mut TenantTx,
    app: Option<&AppId>,
    id: Uuid,
) -> Result<Option<Webhook>, sqlx::Error> {
    let row =
        select_endpoints!("AND e.id = $3", tx.organisation().uuid(), app.map(AppId::as_str), id,)
            .fetch_optional(tx.db())
            .await?;
    row.map(Webhook::try_from).transpose()
}

/// The same, held until commit.
pub async fn lock(
    tx: &mut TenantTx,
    app: Option<&AppId>,
    id: Uuid,
) -> Result<Option<Webhook>, sqlx::Error> {
    let row = select_endpoints!(
        "AND e.id = $3 FOR NO KEY UPDATE OF e",
        tx.organisation().uuid(),
        app.map(AppId::as_str),
        id,
    )
    .fetch_optional(tx.db())
    .await?;
    row.map(Webhook::try_from).transpose()
}

/// Errors: 403 when the organisation has as many endpoints as its plan allows, those of its apps
/// included. The caller holds the organisation's row, so two requests cannot both make the last one.
pub async fn require_room(tx: &mut TenantTx) -> Result<(), ApiError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_endpoints
           WHERE organisation_id = $1 AND deleted_at IS NULL"#,
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    plans::store::held(tx).await?.require_webhooks(count)
}

pub async fn insert(
    tx: &mut TenantTx,
    app: Option<&AppId>,
    id: Uuid,
    new: &CheckedWebhook,
    sealed_secret: Option<&[u8]>,
) -> Result<Webhook, ApiError> {
    sqlx::query!(
        "INSERT INTO webhook_endpoints
             (id, organisation_id, app_id, url, description, form, events, channels, sealed_secret)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        tx.organisation().uuid(),
        app.map(AppId::as_str),
        new.url.as_str(),
        new.description,
        new.form.as_str(),
        &new.events,
        &texts(&new.channels, Pattern::as_str),
        sealed_secret,
    )
    .execute(tx.db())
    .await?;
    get(tx, app, id).await?.ok_or(ApiError::NotFound)
}

/// Writes down what may change. One that is enabled, or stays so, has failed nothing yet.
pub async fn update(
    tx: &mut TenantTx,
    wanted: &Webhook,
    is_revived: bool,
) -> Result<Webhook, ApiError> {
    let app = wanted.app_id.as_ref();
    sqlx::query!(
        "UPDATE webhook_endpoints SET url = $3, description = $4, events = $5, channels = $6,
             enabled = $7, disabled_why = $8, updated_at = now(),
             failing_since = CASE WHEN $9 THEN NULL ELSE failing_since END,
             failures = CASE WHEN $9 THEN 0 ELSE failures END,
             rests_until = CASE WHEN $9 THEN NULL ELSE rests_until END
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL",
        wanted.id,
        tx.organisation().uuid(),
        wanted.url,
        wanted.description,
        &wanted.events,
        &texts(&wanted.channels, Pattern::as_str),
        wanted.enabled,
        wanted.disabled_why.map(DisabledWhy::as_str),
        is_revived,
    )
    .execute(tx.db())
    .await?;
    get(tx, app, wanted.id).await?.ok_or(ApiError::NotFound)
}

/// Puts another secret in the place of the present one, which signs on for the overlap. Returns
/// when that ends.
pub async fn rotate(
    tx: &mut TenantTx,
    id: Uuid,
    sealed: &[u8],
    overlap: Overlap,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE webhook_endpoints SET
             previous_sealed_secret = CASE WHEN $4::float8 > 0 THEN sealed_secret END,
             previous_secret_expires_at =
                 CASE WHEN $4 > 0 THEN now() + make_interval(secs => $4) END,
             sealed_secret = $3, updated_at = now()
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL
         RETURNING previous_secret_expires_at",
        id,
        tx.organisation().uuid(),
        sealed,
        overlap.seconds(),
    )
    .fetch_one(tx.db())
    .await
}

/// Ends an endpoint: nothing more is sent there. What was, goes with its age.
pub async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET deleted_at = now(), enabled = false
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL",
        id,
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}
