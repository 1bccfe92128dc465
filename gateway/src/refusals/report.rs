//! Telling the control plane what was refused, so that it can be looked up.

use crate::{config::Config, control_plane, state::Gateway};
use contract::{GatewayToken, refusal::RefusalBatch};
use reqwest::StatusCode;
use std::{sync::Arc, time::Duration};

/// How often refusals are reported.
pub const EVERY: Duration = Duration::from_secs(1);
/// The control plane answers within this, or the report counts as not sent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Why refusals are still to be reported; the next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane answered {0}")]
    Status(StatusCode),
}

pub struct Reporter {
    http: reqwest::Client,
    url: String,
    token: GatewayToken,
    gateway: String,
}

impl Reporter {
    /// Errors: the HTTP client could not be made.
    pub fn new(config: &Config) -> reqwest::Result<Self> {
        Ok(Self {
            http: control_plane::http_client()?,
            url: format!("{}/internal/v1/refusals", config.control_plane_url),
            token: config.gateway_token.clone(),
            gateway: config.gateway_id.clone(),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, gateway: &Arc<Gateway>, every: Duration) {
        let mut is_failing = false;
        loop {
            tokio::time::sleep(every).await;
            let outcome = self.report(gateway).await;
            match &outcome {
                Ok(()) if is_failing => tracing::info!("refusals are reported again"),
                Ok(()) => {}
                Err(e) if is_failing => tracing::debug!(error = %e, "refusals not reported"),
                Err(e) => tracing::warn!(error = %e, "refusals wait to be reported"),
            }
            is_failing = outcome.is_err();
        }
    }

    /// Reports everything that waits. A report that is not taken is not tried for ever.
    pub async fn report(&self, gateway: &Gateway) -> Result<(), ReportError> {
        loop {
            let refusals = gateway.refused.take(RefusalBatch::MAX_RECORDS);
            if refusals.is_empty() {
                return Ok(());
            }
            let batch = RefusalBatch { gateway: self.gateway.clone(), refusals };
            let status = match self.post(&batch).await {
                Ok(status) => status,
                Err(error) => {
                    gateway.refused.put_back(batch.refusals);
                    return Err(error.without_url().into());
                }
            };
            if status.is_success() {
                continue;
            }
            if status == StatusCode::BAD_REQUEST || status == StatusCode::UNPROCESSABLE_ENTITY {
                let records = batch.refusals.len();
                tracing::error!(%status, records, "a report of refusals is not taken");
                gateway.refused.leave_out(records);
                continue;
            }
            gateway.refused.put_back(batch.refusals);
            return Err(ReportError::Status(status));
        }
    }

    async fn post(&self, batch: &RefusalBatch) -> reqwest::Result<StatusCode> {
        let request = self.http.post(&self.url).bearer_auth(self.token.expose());
        Ok(request.timeout(TIMEOUT).json(batch).send().await?.status())
    }
}
