//! The end of an endpoint that nobody answers at.

use super::endpoint::Health;
use crate::{
    api::ApiError,
    apps::store::parse_id,
    db::TenantTx,
    mail::{self, Letter},
    people::model::EmailAddress,
    state::State,
    webhooks::{events::OwnEvent, own_events},
};
use contract::AppId;
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Five days without one success.
    Failing,
    /// It answered 410.
    Gone,
}

impl Why {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Failing => "nothing that we sent there was taken for five days",
            Self::Gone => "it answered 410 Gone",
        }
    }
}

/// Sends nothing more there, and says so to those who can do something about it. What waits
/// becomes dead letters, to be replayed once it is enabled again.
pub async fn disable(
    state: &State,
    tx: &mut TenantTx,
    endpoint: Uuid,
    health: &Health,
    why: Why,
) -> Result<(), ApiError> {
    let organisation = tx.organisation().uuid();
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET enabled = false, disabled_why = $3, rests_until = NULL, updated_at = now()
         WHERE organisation_id = $1 AND id = $2",
        organisation,
        endpoint,
        why.as_str(),
    )
    .execute(tx.db())
    .await?;
    let app: Option<AppId> = health.app.as_deref().map(parse_id).transpose()?;
    let data = json!({
        "organisation_id": organisation,
        "app_id": app,
        "endpoint_id": endpoint,
        "url": health.url,
        "why": why.as_str(),
    });
    own_events::keep(tx, OwnEvent::EndpointDisabled, app.as_ref(), &data).await?;
    write(state, tx, health, why).await?;
    tx.audit("webhook.disabled", &endpoint.to_string()).await?;
    tracing::warn!(endpoint.id = %endpoint, why = why.as_str(), "a webhook endpoint was disabled");
    Ok(())
}

async fn write(
    state: &State,
    tx: &mut TenantTx,
    health: &Health,
    why: Why,
) -> Result<(), ApiError> {
    let organisation = tx.organisation().uuid();
    let page = match &health.app {
        Some(app) => format!("/apps/{app}/webhooks"),
        None => format!("/organisations/{organisation}/webhooks"),
    };
    let link = state.console_link(&page);
    for to in recipients(tx).await? {
        let letter = Letter::new("A webhook endpoint was disabled")
            .paragraph(format!(
                "We no longer send webhooks to the address below: {}. What was still to be sent \
                 is kept for 30 days and can be replayed once the endpoint is enabled again.",
                why.sentence()
            ))
            .facts([("Address", health.url.clone())])
            .link("Open webhooks", link.clone());
        mail::send_later(tx.db(), &letter.to(to)).await?;
    }
    Ok(())
}

/// Those who may enable it again and are meant to care.
async fn recipients(tx: &mut TenantTx) -> Result<Vec<EmailAddress>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        r#"SELECT email AS "email!" FROM members
           WHERE organisation_id = $1 AND role IN ('owner', 'admin') ORDER BY email"#,
        tx.organisation().uuid(),
    )
    .fetch_all(tx.db())
    .await?;
    // An address that was taken once and would not be today gets no mail.
    Ok(rows.into_iter().filter_map(|raw| EmailAddress::try_from(raw).ok()).collect())
}
