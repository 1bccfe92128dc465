//! Messages as they were stored.

use crate::{
    db::TenantTx,
    webhooks::{events::EventType, forms::Message},
};
use std::collections::HashMap;
use uuid::Uuid;

/// By id, each with the bytes of its payload.
pub async fn read(
    tx: &mut TenantTx,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, (Message, usize)>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.collect();
    let rows = sqlx::query!(
        r#"SELECT id, app_id, type AS event, channel, data::text AS "data!", at
           FROM webhook_messages WHERE organisation_id = $1 AND id = ANY($2)"#,
        tx.organisation().uuid(),
        &ids,
    )
    .fetch_all(tx.db())
    .await?;
    rows.into_iter()
        .map(|row| {
            let event = EventType::parse(&row.event).map_err(|e| sqlx::Error::Decode(e.into()))?;
            let data =
                serde_json::from_str(&row.data).map_err(|e| sqlx::Error::Decode(e.into()))?;
            let message = Message {
                id: row.id,
                event,
                app: row.app_id,
                channel: row.channel,
                at: row.at,
                data,
            };
            Ok((row.id, (message, row.data.len())))
        })
        .collect()
}
