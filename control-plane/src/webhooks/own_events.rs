//! What happens to an organisation: kept with the deed, fanned out a moment later.

use super::{
    events::{EventType, OwnEvent},
    fan_out::{self, News},
    runtime::Target,
};
use crate::{
    api::ApiError,
    db::{Db, TenantTx},
};
use contract::AppId;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// Taken in one transaction at most.
const AT_ONCE: i64 = 200;

/// Keeps an event for the organisation's own servers: it is told if, and only if, `tx` commits.
/// `data` must encode as an object, without a secret in it.
pub async fn keep(
    tx: &mut TenantTx,
    event: OwnEvent,
    app: Option<&AppId>,
    data: &impl Serialize,
) -> Result<(), ApiError> {
    let data = serde_json::to_value(data).map_err(ApiError::internal)?;
    let id = Uuid::now_v7();
    let payload = json!({"id": id, "type": event.as_str(), "data": data});
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "INSERT INTO webhook_outbox (id, organisation_id, app_id, type, payload)
         VALUES ($1, $2, $3, $4, $5)",
        id,
        organisation,
        app.map(|app| app.as_str()),
        event.as_str(),
        payload,
    )
    .execute(tx.db())
    .await?;
    Ok(())
}

/// Turns what was kept into deliveries, oldest first. The flag: there may be more.
pub async fn fan_out(db: &Db) -> Result<(HashSet<Target>, bool), sqlx::Error> {
    let types: Vec<String> = OwnEvent::ALL.map(|event| event.as_str().to_owned()).to_vec();
    let mut tx = db.service().await?;
    // What a newer version has kept is left to it.
    let mut rows = sqlx::query!(
        "DELETE FROM webhook_outbox WHERE id IN (
             SELECT id FROM webhook_outbox WHERE type = ANY($1)
             ORDER BY created_at, id LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING id, organisation_id, app_id, type, payload, created_at",
        &types,
        AT_ONCE,
    )
    .fetch_all(tx.db())
    .await?;
    if rows.is_empty() {
        return Ok((HashSet::new(), false));
    }
    let more = rows.len() as i64 == AT_ONCE;
    rows.sort_by_key(|row| (row.created_at, row.id));
    let news: Vec<News> = rows
        .into_iter()
        .filter_map(|row| {
            Some(News {
                id: row.id,
                organisation: row.organisation_id,
                app: row.app_id,
                event: EventType::parse(&row.r#type).ok()?,
                channel: None,
                at: row.created_at,
                data: data_of(row.payload),
                source: None,
            })
        })
        .collect();
    let stored = fan_out::store(&mut tx, &news).await?;
    tx.commit().await?;
    Ok((stored.targets, more))
}

fn data_of(mut payload: Value) -> Map<String, Value> {
    match payload.get_mut("data").map(Value::take) {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    }
}
