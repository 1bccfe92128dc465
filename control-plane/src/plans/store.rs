//! Plans and subscriptions in Postgres.

use super::model::{PlanVersion, Standing, Subscribed};
use crate::{
    api::ApiError,
    apps,
    db::{ServiceTx, TenantTx},
    leases,
};
use contract::plan::Features;
use sqlx::types::Json;
use std::collections::HashMap;

/// A row of `plan_versions`, or of what an organisation has of them.
pub struct Row {
    pub plan: String,
    pub version: i32,
    pub display_name: String,
    pub is_public: bool,
    pub price_micros: i64,
    pub overage_micros_per_million: Option<i64>,
    pub max_connections: i32,
    pub messages_per_day: i64,
    pub max_payload_bytes: i32,
    pub max_publishes_per_s: i32,
    pub max_reads_per_s: i32,
    pub max_presence_members: i32,
    pub max_channels_per_connection: i32,
    pub history_s: i32,
    pub live_hours: i32,
    pub max_apps: i32,
    pub max_keys: i32,
    pub max_webhooks: i32,
    pub max_seats: i32,
    pub features: Json<Features>,
}

impl From<Row> for PlanVersion {
    fn from(row: Row) -> Self {
        Self {
            plan: row.plan,
            version: row.version,
            display_name: row.display_name,
            is_public: row.is_public,
            price_micros: row.price_micros,
            overage_micros_per_million: row.overage_micros_per_million,
            max_connections: row.max_connections,
            messages_per_day: row.messages_per_day,
            max_payload_bytes: row.max_payload_bytes,
            max_publishes_per_s: row.max_publishes_per_s,
            max_reads_per_s: row.max_reads_per_s,
            max_presence_members: row.max_presence_members,
            max_channels_per_connection: row.max_channels_per_connection,
            history_s: row.history_s,
            live_hours: row.live_hours,
            max_apps: row.max_apps,
            max_keys: row.max_keys,
            max_webhooks: row.max_webhooks,
            max_seats: row.max_seats,
            features: row.features.0,
        }
    }
}

/// Puts a new organisation on the free plan, from today on.
pub async fn start(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "INSERT INTO subscriptions (organisation_id, plan, version, period_start, period_end)
         SELECT $1, plan, version, date_trunc('day', now(), 'UTC'),
                date_trunc('day', now(), 'UTC') + interval '30 days'
         FROM plan_versions WHERE plan = 'free' AND valid_from <= now()
         ORDER BY version DESC LIMIT 1",
        organisation,
    )
    .execute(tx.db())
    .await?;
    leases::pools::resize(tx).await
}

/// The plans that anybody can choose, in their newest version, cheapest first.
pub async fn public(tx: &mut ServiceTx) -> Result<Vec<PlanVersion>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT v.plan, v.version, v.display_name, v.is_public, v.price_micros,
                  v.overage_micros_per_million, v.max_connections, v.messages_per_day,
                  v.max_payload_bytes, v.max_publishes_per_s, v.max_reads_per_s,
                  v.max_presence_members, v.max_channels_per_connection, v.history_s, v.live_hours,
                  v.max_apps, v.max_keys, v.max_webhooks, v.max_seats,
                  v.features AS "features: Json<Features>"
           FROM plan_versions v
           WHERE v.is_public AND v.valid_from <= now() AND NOT EXISTS (
               SELECT FROM plan_versions newer
               WHERE newer.plan = v.plan AND newer.version > v.version AND newer.valid_from <= now())
           ORDER BY v.price_micros, v.plan"#
    )
    .fetch_all(tx.db())
    .await?;
    Ok(rows.into_iter().map(PlanVersion::from).collect())
}

/// Plans by name and version.
pub type Versions = HashMap<(String, i32), PlanVersion>;

/// Every version of every plan.
pub async fn versions(tx: &mut ServiceTx) -> Result<Versions, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT plan, version, display_name, is_public, price_micros,
                  overage_micros_per_million, max_connections, messages_per_day,
                  max_payload_bytes, max_publishes_per_s, max_reads_per_s, max_presence_members,
                  max_channels_per_connection, history_s, live_hours, max_apps, max_keys,
                  max_webhooks, max_seats, features AS "features: Json<Features>"
           FROM plan_versions"#
    )
    .fetch_all(tx.db())
    .await?;
    let versions = rows.into_iter().map(PlanVersion::from);
    Ok(versions.map(|version| ((version.plan.clone(), version.version), version)).collect())
}

/// One version of a plan.
pub async fn version(
    tx: &mut TenantTx,
    plan: &str,
    version: i32,
) -> Result<Option<PlanVersion>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT plan, version, display_name, is_public, price_micros,
                  overage_micros_per_million, max_connections, messages_per_day,
                  max_payload_bytes, max_publishes_per_s, max_reads_per_s, max_presence_members,
                  max_channels_per_connection, history_s, live_hours, max_apps, max_keys,
                  max_webhooks, max_seats, features AS "features: Json<Features>"
           FROM plan_versions WHERE plan = $1 AND version = $2"#,
        plan,
        version,
    )
    .fetch_optional(tx.db())
    .await?;
    Ok(row.map(PlanVersion::from))
}

/// What holds for the organisation now: caps that are checked when something is made, and the
/// limits of its apps.
pub async fn limits(tx: &mut TenantTx) -> Result<PlanVersion, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT plan AS "plan!", version AS "version!", display_name AS "display_name!",
                  is_public AS "is_public!", price_micros AS "price_micros!",
                  overage_micros_per_million, max_connections AS "max_connections!",
                  messages_per_day AS "messages_per_day!",
                  max_payload_bytes AS "max_payload_bytes!",
                  max_publishes_per_s AS "max_publishes_per_s!",
                  max_reads_per_s AS "max_reads_per_s!",
                  max_presence_members AS "max_presence_members!",
                  max_channels_per_connection AS "max_channels_per_connection!",
                  history_s AS "history_s!", live_hours AS "live_hours!",
                  max_apps AS "max_apps!", max_keys AS "max_keys!",
                  max_webhooks AS "max_webhooks!", max_seats AS "max_seats!",
                  features AS "features!: Json<Features>"
           FROM effective_plans WHERE organisation_id = $1"#,
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    Ok(row.into())
}

/// The same, unchanged until commit, for what is made or published by it. After the app's row and
/// before the quotas and the feed in the order of locks.
pub async fn held(tx: &mut TenantTx) -> Result<PlanVersion, sqlx::Error> {
    sqlx::query!(
        "SELECT plan FROM subscriptions WHERE organisation_id = $1 FOR SHARE",
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    limits(tx).await
}

/// What the organisation agreed to.
pub async fn current(tx: &mut TenantTx) -> Result<Subscribed, sqlx::Error> {
    read(tx).await
}

/// The same, holding the row until commit, for whoever changes it. It comes before the locks of
/// quotas and the feed.
pub async fn lock(tx: &mut TenantTx) -> Result<Subscribed, sqlx::Error> {
    sqlx::query!(
        "SELECT plan FROM subscriptions WHERE organisation_id = $1 FOR NO KEY UPDATE",
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    read(tx).await
}

async fn read(tx: &mut TenantTx) -> Result<Subscribed, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT plan, version, period_start, period_end, next_plan, next_version, standing,
                spend_limit_micros
         FROM subscriptions WHERE organisation_id = $1",
        tx.organisation().uuid(),
    )
    .fetch_one(tx.db())
    .await?;
    let standing: Standing = row.standing.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    let plan = version(tx, &row.plan, row.version).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Subscribed {
        plan,
        period_start: row.period_start,
        period_end: row.period_end,
        next: row.next_plan.zip(row.next_version),
        standing,
        spend_limit_micros: row.spend_limit_micros,
    })
}

/// Puts a change of the subscription in force: what a larger plan adds today is there at once, and
/// the gateways are told the new limits of all apps. It locks the feed, so it comes last.
pub async fn republish(tx: &mut TenantTx) -> Result<(), ApiError> {
    leases::pools::resize(tx).await?;
    let ids = sqlx::query_scalar!(
        "SELECT id FROM apps WHERE organisation_id = $1 AND deleted_at IS NULL ORDER BY id",
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    for id in ids {
        apps::store::publish(tx, &apps::store::parse_id(&id)?).await?;
    }
    Ok(())
}
