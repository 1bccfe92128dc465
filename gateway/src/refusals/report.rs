//! Telling the control plane what was refused, so that it can be looked up.

use crate::{
    config::Config,
    control_plane::{ReportError, ReportRoute, is_nonsense, report_every},
    state::Gateway,
};
use contract::refusal::RefusalBatch;
use std::{sync::Arc, time::Duration};

/// How often refusals are reported.
pub const EVERY: Duration = Duration::from_secs(1);

pub struct Reporter {
    route: ReportRoute,
    gateway: String,
}

impl Reporter {
    /// Errors: the HTTP client could not be made.
    pub fn new(config: &Config) -> reqwest::Result<Self> {
        Ok(Self {
            route: ReportRoute::new(config, "refusals")?,
            gateway: config.gateway_id.clone(),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, gateway: &Arc<Gateway>, every: Duration) {
        report_every(every, "refusals", async || self.report(gateway).await).await;
    }

    /// Reports everything that waits. A report that is not taken is not tried for ever.
    pub async fn report(&self, gateway: &Gateway) -> Result<(), ReportError> {
        loop {
            let refusals = gateway.refused.take(RefusalBatch::MAX_RECORDS);
            if refusals.is_empty() {
                return Ok(());
            }
            let batch = RefusalBatch { gateway: self.gateway.clone(), refusals };
            let status = match self.route.post(&batch).await {
                Ok(status) => status,
                Err(error) => {
                    gateway.refused.put_back(batch.refusals);
                    return Err(error.into());
                }
            };
            if status.is_success() {
                continue;
            }
            if is_nonsense(status) {
                let records = batch.refusals.len();
                tracing::error!(%status, records, "a report of refusals is not taken");
                gateway.refused.leave_out(records);
                continue;
            }
            gateway.refused.put_back(batch.refusals);
            return Err(ReportError::Status(status));
        }
    }
}
