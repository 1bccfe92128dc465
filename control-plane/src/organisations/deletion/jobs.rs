//! Deleting for good, when the grace is over.

use super::store;
use crate::{
    apps,
    db::Organisation,
    jobs::{JobError, JobKind, NewJob},
    plans,
    state::State,
    webhooks,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct Payload {
    organisation: Uuid,
}

/// The job that ends `organisation` at `at`, unless it was restored by then.
pub fn job(organisation: Uuid, at: OffsetDateTime) -> Result<NewJob, serde_json::Error> {
    Ok(NewJob {
        kind: JobKind::EraseOrganisation,
        key: Some(format!("erase:{organisation}:{}", at.unix_timestamp())),
        payload: serde_json::to_value(Payload { organisation })?,
        run_at: Some(at),
    })
}

pub async fn run(state: &State, payload: serde_json::Value) -> Result<(), JobError> {
    let Payload { organisation } = serde_json::from_value(payload)?;
    let organisation = Organisation::known(organisation);
    let mut tx = state.db.tenant("deletion", organisation).await?;
    if !store::is_due(&mut tx).await? {
        return Ok(());
    }
    plans::store::held(&mut tx).await?;
    for app in store::apps(&mut tx).await? {
        apps::store::delete(&mut tx, &app).await?;
    }
    store::blank_apps(&mut tx).await?;
    tx.commit().await?;
    webhooks::pruning::erase(&state.db, organisation).await?;
    store::erase(&state.db, organisation).await?;
    tracing::info!(organisation.id = %organisation.uuid(), "an organisation was deleted for good");
    Ok(())
}
