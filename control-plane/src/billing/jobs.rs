//! What billing does by itself, every minute.

use super::{payments::collect, periods};
use crate::{api::ApiError, state::State};
use time::OffsetDateTime;

/// Ends periods, makes invoices and collects what is due at `now`. Everything in it may be done
/// twice and by several processes at once: rows are locked, and what is done is seen to be done.
pub async fn tick(state: &State, now: OffsetDateTime) -> Result<(), ApiError> {
    for organisation in periods::ended(state, now).await? {
        if let Err(error) = periods::roll(state, organisation, now).await {
            tracing::error!(%error, organisation.id = %organisation, "a period could not be ended");
        }
    }
    for (organisation, start) in periods::to_close(state, now).await? {
        if let Err(error) = periods::close(state, organisation, start, now).await {
            tracing::error!(%error, organisation.id = %organisation, "no invoice could be made");
        }
    }
    collect::due(state, now).await
}
