//! Alerts and what is wanted of them, in Postgres.

use super::model::{Alert, AlertSettings, Measure, Rule};
use crate::{
    api::{ApiError, PageRequest, Position},
    apps::store::parse_id,
    billing::calendar::Day,
    db::{ServiceTx, TenantTx},
};
use time::OffsetDateTime;

pub async fn settings(tx: &mut TenantTx) -> Result<AlertSettings, sqlx::Error> {
    let row = sqlx::query_as!(
        AlertSettings,
        "SELECT thresholds, messages, connections, spending FROM alert_settings
         WHERE organisation_id = $1",
        tx.organisation().uuid(),
    );
    Ok(row.fetch_optional(tx.db()).await?.unwrap_or_default())
}

pub async fn keep_settings(tx: &mut TenantTx, settings: &AlertSettings) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO alert_settings (organisation_id, thresholds, messages, connections, spending)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organisation_id) DO UPDATE SET thresholds = $2, messages = $3,
             connections = $4, spending = $5",
        tx.organisation().uuid(),
        &settings.thresholds[..],
        settings.messages,
        settings.connections,
        settings.spending,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Writes an alert down. Nothing if somebody else has done so.
pub async fn raise(
    tx: &mut TenantTx,
    measure: &Measure,
    threshold: i16,
    at: OffsetDateTime,
) -> Result<Option<Alert>, ApiError> {
    let app = measure.app.as_ref().map_or("", |app| app.as_str());
    let raised = sqlx::query!(
        "INSERT INTO alerts (organisation_id, app_id, rule, window_start, threshold, used, allowed, at)
         VALUES ($1, $2, $3, $4::text::date, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        measure.organisation,
        app,
        measure.rule.as_str(),
        measure.window.to_string(),
        threshold,
        measure.used,
        measure.limit,
        at,
    )
    .execute(tx.db())
    .await?;
    Ok((raised.rows_affected() == 1).then(|| Alert {
        organisation_id: measure.organisation,
        app_id: measure.app.clone(),
        rule: measure.rule,
        threshold,
        used: measure.used,
        limit: measure.limit,
        window_start: measure.window,
        at,
    }))
}

/// Events wait so long for something to deliver them.
pub async fn prune(tx: &mut ServiceTx) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM webhook_outbox WHERE created_at < now() - interval '30 days'")
        .execute(tx.db())
        .await?;
    Ok(())
}

pub async fn page(tx: &mut TenantTx, page: &PageRequest) -> Result<Vec<Alert>, sqlx::Error> {
    let (before, before_place) = page.after();
    let rows = sqlx::query!(
        r#"SELECT organisation_id, app_id, rule, threshold, used, allowed,
                  window_start::text AS "window_start!", at
           FROM alerts
           WHERE organisation_id = $1
             AND ($2::timestamptz IS NULL
                  OR (at, app_id || ':' || rule || ':' || lpad(threshold::text, 3, '0'))
                     < ($2, $3))
           ORDER BY at DESC, app_id || ':' || rule || ':' || lpad(threshold::text, 3, '0') DESC
           LIMIT $4"#,
        tx.organisation().uuid(),
        before,
        before_place,
        page.fetch(),
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|row| {
            let app = Some(row.app_id.as_str()).filter(|app| !app.is_empty());
            let window: Result<Day, _> = row.window_start.parse();
            Ok(Alert {
                organisation_id: row.organisation_id,
                app_id: app.map(parse_id).transpose()?,
                rule: Rule::from_text(&row.rule)?,
                threshold: row.threshold,
                used: row.used,
                limit: row.allowed,
                window_start: window.map_err(|e| sqlx::Error::Decode(e.into()))?,
                at: row.at,
            })
        })
        .collect()
}

pub fn position(alert: &Alert) -> Position {
    let app = alert.app_id.as_ref().map_or("", |app| app.as_str());
    Position {
        created_at: alert.at,
        id: format!("{app}:{}:{:03}", alert.rule.as_str(), alert.threshold),
    }
}
