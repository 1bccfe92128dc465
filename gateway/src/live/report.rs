//! Telling the control plane what was kept, so that one can look back.

use crate::{
    config::Config,
    control_plane::{ReportError, ReportRoute, is_nonsense, report_every},
    hub::clock,
    state::Gateway,
};
use contract::live::KeptBatch;
use std::{sync::Arc, time::Duration};

/// How often events are told.
pub const EVERY: Duration = Duration::from_secs(1);

pub struct Reporter {
    route: ReportRoute,
    gateway: String,
    boot: String,
}

impl Reporter {
    /// `boot` names this start of the process. Errors: the HTTP client could not be made.
    pub fn new(config: &Config, boot: &str) -> reqwest::Result<Self> {
        Ok(Self {
            route: ReportRoute::new(config, "live-events")?,
            gateway: config.gateway_id.clone(),
            boot: boot.to_owned(),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, gateway: &Arc<Gateway>, every: Duration) {
        report_every(every, "live events", async || self.report(gateway).await).await;
    }

    /// Tells everything that waits. A report that is not taken is not tried for ever.
    pub async fn report(&self, gateway: &Gateway) -> Result<(), ReportError> {
        let (live, directory) = (&gateway.live, &gateway.directory);
        live.settle(directory, clock::unix_ms());
        loop {
            let events = live.ring.take(KeptBatch::MAX_EVENTS);
            if events.is_empty() {
                return Ok(());
            }
            let (name, boot) = (self.gateway.clone(), self.boot.clone());
            let mut told = Unsent { gateway, batch: KeptBatch { gateway: name, boot, events } };
            let status = self.route.post(&told.batch).await?;
            let is_refused = is_nonsense(status);
            if !status.is_success() && !is_refused {
                return Err(ReportError::Status(status));
            }
            let events = std::mem::take(&mut told.batch.events);
            if is_refused {
                tracing::error!(%status, events = events.len(), "a report of live events is not taken");
                live.forgo(directory, events);
            }
        }
    }
}

/// A batch that may not have arrived. Its events wait again when it is dropped, also by a stop in the
/// midst of it: what arrived all the same is known to the control plane by its number.
struct Unsent<'a> {
    gateway: &'a Gateway,
    batch: KeptBatch,
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        let events = std::mem::take(&mut self.batch.events);
        self.gateway.live.put_back(&self.gateway.directory, events);
    }
}
