//! Telling the control plane what was kept, so that one can look back.

use crate::{config::Config, control_plane, hub::clock, state::Gateway};
use contract::{GatewayToken, live::KeptBatch};
use reqwest::StatusCode;
use std::{sync::Arc, time::Duration};

/// How often events are told.
pub const EVERY: Duration = Duration::from_secs(1);
/// The control plane answers within this, or the report counts as not sent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Why events are still to be told; the next round tries again.
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
    boot: String,
}

impl Reporter {
    /// `boot` names this start of the process. Errors: the HTTP client could not be made.
    pub fn new(config: &Config, boot: &str) -> reqwest::Result<Self> {
        Ok(Self {
            http: control_plane::http_client()?,
            url: format!("{}/internal/v1/live-events", config.control_plane_url),
            token: config.gateway_token.clone(),
            gateway: config.gateway_id.clone(),
            boot: boot.to_owned(),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, gateway: &Arc<Gateway>, every: Duration) {
        let mut is_failing = false;
        loop {
            tokio::time::sleep(every).await;
            let outcome = self.report(gateway).await;
            match &outcome {
                Ok(()) if is_failing => tracing::info!("live events are told again"),
                Ok(()) => {}
                Err(e) if is_failing => tracing::debug!(error = %e, "live events not told"),
                Err(e) => tracing::warn!(error = %e, "live events wait to be told"),
            }
            is_failing = outcome.is_err();
        }
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
            let status = self.post(&told.batch).await.map_err(reqwest::Error::without_url)?;
            let is_refused =
                status == StatusCode::BAD_REQUEST || status == StatusCode::UNPROCESSABLE_ENTITY;
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

    async fn post(&self, batch: &KeptBatch) -> reqwest::Result<StatusCode> {
        let request = self.http.post(&self.url).bearer_auth(self.token.expose());
        Ok(request.timeout(TIMEOUT).json(batch).send().await?.status())
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
