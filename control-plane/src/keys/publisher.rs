//! Which key the service itself may publish with, where a dialect takes nothing but secret keys.

use super::store::{decode, decode_all};
use crate::db::TenantTx;
use contract::{Action, AppId, ChannelName, Scope, SecretKeyId};

/// The oldest key that may publish to `channel` from any address, with its sealed signing secret.
pub async fn oldest(
    tx: &mut TenantTx,
    app: &AppId,
    channel: &ChannelName,
) -> Result<Option<(SecretKeyId, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id, channels, sealed_token_secret AS "sealed!" FROM secret_keys
           WHERE app_id = $1 AND organisation_id = $2 AND revoked_at IS NULL
             AND (expires_at IS NULL OR expires_at > now())
             AND sealed_token_secret IS NOT NULL AND allowed_addresses = '{}' AND $3 = ANY(actions)
           ORDER BY created_at, id"#,
        app.as_str(),
        tx.organisation().uuid(),
        Action::Publish.as_str(),
    )
    .fetch_all(tx.db())
    .await?;
    for row in rows {
        if Scope::new(&[Action::Publish], decode_all(&row.channels)?).covers(channel) {
            return Ok(Some((decode(&row.id)?, row.sealed)));
        }
    }
    Ok(None)
}
