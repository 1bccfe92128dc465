//! Forgetting listeners that died without a word, and what only they wanted.

use super::store;
use crate::{api::ApiError, state::State};
use std::{sync::Arc, time::Duration};

const EVERY: Duration = Duration::from_secs(15);

pub async fn run(state: Arc<State>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = sweep(&state).await {
            tracing::warn!(%error, "listeners were not swept; the next round tries again");
        }
    }
}

pub async fn sweep(state: &State) -> Result<(), ApiError> {
    let mut tx = state.db.service().await?;
    let forsaken = store::forsaken(&mut tx).await?;
    tx.commit().await?;
    for (organisation, app) in forsaken {
        store::forget(&state.db, organisation, &app).await?;
    }
    Ok(())
}
