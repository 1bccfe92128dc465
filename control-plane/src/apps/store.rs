//! Apps in Postgres, and their records in the feed.

use super::{
    limits::OwnLimits,
    model::{App, AtQuota},
};
use crate::{
    api::{ApiError, PageRequest, Position},
    credentials,
    db::{PersonId, PersonTx, TenantTx},
    feed,
    keys::store::texts,
    live::history::forget,
    organisations,
    plans::{self, model::PlanVersion},
    webhooks::endpoints::{self, interest},
};
use contract::{
    AppId, AppSettings, BadId,
    directory::{AppRecord, Change, Kill, Revision},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

struct Row {
    id: String,
    name: String,
    organisation_id: Uuid,
    enabled: bool,
    settings: Json<AppSettings>,
    limits: Json<OwnLimits>,
    messages_per_day: Option<i64>,
    has_overage: bool,
    created_at: OffsetDateTime,
}

impl Row {
    fn app(self, plan: &PlanVersion) -> Result<App, sqlx::Error> {
        Ok(App {
            id: parse_id(&self.id)?,
            name: self.name,
            organisation_id: self.organisation_id,
            enabled: self.enabled,
            settings: self.settings.0,
            limits: self.limits.under(plan),
            own_limits: self.limits.0,
            messages_per_day: self.messages_per_day.map(i64::unsigned_abs),
            at_quota: if self.has_overage { AtQuota::Overage } else { AtQuota::Cap },
            created_at: self.created_at,
        })
    }
}

pub fn parse_id<T: std::str::FromStr<Err = BadId>>(raw: &str) -> Result<T, sqlx::Error> {
    raw.parse().map_err(|e: BadId| sqlx::Error::Decode(e.into()))
}

fn json<T: Serialize + DeserializeOwned>(value: &T) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(value).map_err(ApiError::internal)
}

/// Makes an app with default settings. Errors: 409 when the id names an app or a key somewhere,
/// 403 when the organisation has as many apps as its plan allows.
pub async fn insert(tx: &mut TenantTx, id: &AppId, name: &str) -> Result<(), ApiError> {
    let organisation = tx.organisation().uuid();
    // The organisation's row is the lock: two requests cannot both make the last app.
    sqlx::query!("SELECT id FROM organisations WHERE id = $1 FOR NO KEY UPDATE", organisation)
        .fetch_one(tx.db())
        .await?;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM apps
           WHERE organisation_id = $1 AND deleted_at IS NULL"#,
        organisation,
    )
    .fetch_one(tx.db())
    .await?;
    plans::store::held(tx).await?.require_apps(count)?;
    sqlx::query!(
        "INSERT INTO apps (id, organisation_id, name, settings, limits)
         VALUES ($1, $2, $3, $4, $5)",
        id.as_str(),
        organisation,
        name,
        json(&AppSettings::default())?,
        json(&OwnLimits::default())?,
    )
    .execute(tx.db())
    .await
    .map_err(|e| taken_or(e, "apps_pkey"))?;
    take_name(tx, id.as_str(), id).await
}

/// Reserves a name in the one space of app ids and app keys, for good.
pub async fn take_name(tx: &mut TenantTx, name: &str, app: &AppId) -> Result<(), ApiError> {
    sqlx::query!(
        "INSERT INTO app_names (name, app_id, organisation_id) VALUES ($1, $2, $3)",
        name,
        app.as_str(),
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await
    .map_err(|e| taken_or(e, "app_names_pkey"))?;
    Ok(())
}

fn taken_or(error: sqlx::Error, constraint: &str) -> ApiError {
    match error.as_database_error().and_then(|d| d.constraint()) {
        Some(name) if name == constraint => ApiError::Conflict {
            code: "app_name_taken",
            detail: "this app id or key is in use, or was once",
        },
        _ => error.into(),
    }
}

/// The organisation that an app is in, if `person` belongs to it.
pub async fn organisation_of(
    tx: &mut PersonTx,
    person: PersonId,
    app: &AppId,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT a.organisation_id FROM apps a
         JOIN memberships m ON m.organisation_id = a.organisation_id AND m.user_id = $2
         WHERE a.id = $1 AND a.deleted_at IS NULL",
        app.as_str(),
        person.0,
    )
    .fetch_optional(tx.db())
    .await
}

/// The organisation's apps, or those of them that are among `only`.
pub async fn page(
    tx: &mut TenantTx,
    only: Option<&[AppId]>,
    page: &PageRequest,
) -> Result<Vec<App>, sqlx::Error> {
    let (before, before_id) = page.after();
    let only = only.map(|apps| texts(apps, AppId::as_str));
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, name, organisation_id, enabled,
                  settings AS "settings: Json<AppSettings>", limits AS "limits: Json<OwnLimits>",
                  messages_per_day, at_quota = 'overage' AS "has_overage!", created_at
           FROM apps
           WHERE organisation_id = $1 AND deleted_at IS NULL
             AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
             AND ($5::text[] IS NULL OR id = ANY($5))
           ORDER BY created_at DESC, id DESC LIMIT $4"#,
        tx.organisation().uuid(),
        before,
        before_id,
        page.fetch(),
        only.as_deref(),
    )
    .fetch_all(tx.db())
    .await?;
    let plan = plans::store::limits(tx).await?;
    rows.into_iter().map(|row| row.app(&plan)).collect()
}

pub fn position(app: &App) -> Position {
    Position { created_at: app.created_at, id: app.id.as_str().to_owned() }
}

pub async fn get(tx: &mut TenantTx, app: &AppId) -> Result<Option<App>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, name, organisation_id, enabled,
                  settings AS "settings: Json<AppSettings>", limits AS "limits: Json<OwnLimits>",
                  messages_per_day, at_quota = 'overage' AS "has_overage!", created_at
           FROM apps WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL"#,
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    of_plan(tx, row).await
}

async fn of_plan(tx: &mut TenantTx, row: Option<Row>) -> Result<Option<App>, sqlx::Error> {
    let Some(row) = row else { return Ok(None) };
    let plan = plans::store::limits(tx).await?;
    row.app(&plan).map(Some)
}

/// The same, holding the row until commit, for those who change what belongs to the app.
pub async fn lock(tx: &mut TenantTx, app: &AppId) -> Result<Option<App>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, name, organisation_id, enabled,
                  settings AS "settings: Json<AppSettings>", limits AS "limits: Json<OwnLimits>",
                  messages_per_day, at_quota = 'overage' AS "has_overage!", created_at
           FROM apps WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL
           FOR NO KEY UPDATE"#,
        app.as_str(),
        tx.organisation().uuid(),
    )
    .fetch_optional(tx.db())
    .await?;
    of_plan(tx, row).await
}

pub async fn update(tx: &mut TenantTx, app: &App) -> Result<(), ApiError> {
    sqlx::query!(
        "UPDATE apps SET name = $3, enabled = $4, settings = $5, limits = $6,
             messages_per_day = $7, at_quota = $8
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL",
        app.id.as_str(),
        tx.organisation().uuid(),
        app.name,
        app.enabled,
        json(&app.settings)?,
        json(&app.own_limits)?,
        app.messages_per_day.map(u64::cast_signed),
        app.at_quota.as_str(),
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Ends the app for good; its id and keys stay reserved. Returns the kill's revision.
pub async fn delete(tx: &mut TenantTx, app: &AppId) -> Result<Revision, ApiError> {
    sqlx::query!(
        "UPDATE apps SET deleted_at = now(), enabled = false
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL",
        app.as_str(),
        tx.organisation().uuid(),
    )
    .execute(tx.db())
    .await?;
    endpoints::end::of_app(tx, app).await?;
    forget::soon(tx, app, forget::What::Everything).await?;
    feed::store::append(tx, &Change::Kill(Kill::DeleteApp { app: app.clone() })).await
}

/// Tells the gateways the app's whole present state, and returns it.
pub async fn publish(tx: &mut TenantTx, app: &AppId) -> Result<App, ApiError> {
    tell(tx, app).await.map(|(app, _)| app)
}

/// The same, and the revision that says so.
pub async fn tell(tx: &mut TenantTx, app: &AppId) -> Result<(App, Revision), ApiError> {
    let plan = plans::store::held(tx).await?;
    let app = get(tx, app).await?.ok_or(ApiError::NotFound)?;
    let stands = organisations::store::stands(tx).await?;
    let record = AppRecord {
        id: app.id.clone(),
        organisation: tx.organisation().id(),
        enabled: app.enabled && stands,
        credentials: credentials::store::sealed(tx, &app.id).await?,
        settings: app.settings.clone(),
        limits: app.limits.clone(),
        plan: plan.terms(),
        webhooks: interest::told(tx, &app.id).await?,
    };
    let revision = feed::store::append(tx, &Change::App(record)).await?;
    Ok((app, revision))
}
