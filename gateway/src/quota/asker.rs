//! Asking the control plane for leases.

use super::leases::{Asked, Leases};
use crate::{config::Config, control_plane, hub::clock, state::Gateway};
use contract::{
    GatewayToken,
    lease::{LeaseAnswer, LeaseAsk, LeaseRequest},
};
use reqwest::StatusCode;
use std::{sync::Arc, time::Duration};

/// How often everything in use is asked for.
const EVERY: Duration = Duration::from_millis(500);
/// Between two questions, however short somebody is.
const GAP: Duration = Duration::from_millis(20);
/// The control plane answers within this, or it is away.
const TIMEOUT: Duration = Duration::from_millis(900);

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane answered {0}")]
    Status(StatusCode),
}

pub struct Asker {
    http: reqwest::Client,
    url: String,
    token: GatewayToken,
    gateway: String,
    boot: String,
}

impl Asker {
    /// Errors: the HTTP client could not be made.
    pub fn new(config: &Config, boot: &str) -> reqwest::Result<Self> {
        Ok(Self {
            http: control_plane::http_client()?,
            url: format!("{}/internal/v1/leases", config.control_plane_url),
            token: config.gateway_token.clone(),
            gateway: config.gateway_id.clone(),
            boot: boot.to_owned(),
        })
    }

    /// Asks for as long as it is polled.
    pub async fn run(&self, gateway: &Arc<Gateway>) {
        let mut was_away = false;
        loop {
            self.round(&gateway.leases).await;
            let is_away = gateway.leases.is_away();
            if is_away != was_away {
                match is_away {
                    true => tracing::warn!("no leases: quotas are held by what was told last"),
                    false => tracing::info!("leases are answered again"),
                }
                was_away = is_away;
            }
            tokio::time::sleep(GAP).await;
            // A control plane that is away is not asked more often because somebody is short.
            match is_away {
                true => tokio::time::sleep(EVERY - GAP).await,
                false => {
                    let _ =
                        tokio::time::timeout(EVERY - GAP, gateway.leases.short.notified()).await;
                }
            }
        }
    }

    /// Asks for everything that is in use, once.
    pub async fn round(&self, leases: &Leases) {
        let mut asks = leases.asks(clock::unix_ms());
        while !asks.is_empty() {
            let rest = asks.split_off(asks.len().min(LeaseRequest::MAX_ASKS));
            self.ask(leases, asks).await;
            asks = rest;
        }
    }

    async fn ask(&self, leases: &Leases, asked: Vec<Asked>) {
        let asks = asked.iter().map(|asked| asked.ask.clone()).collect();
        match self.post(asks).await {
            Ok(answer) => leases.answered(asked, answer, clock::unix_ms()),
            Err(error) => {
                tracing::debug!(%error, apps = asked.len(), "leases not answered");
                leases.failed(asked);
            }
        }
    }

    async fn post(&self, asks: Vec<LeaseAsk>) -> Result<LeaseAnswer, AskError> {
        let (gateway, boot) = (self.gateway.clone(), self.boot.clone());
        let request = self
            .http
            .post(&self.url)
            .bearer_auth(self.token.expose())
            .timeout(TIMEOUT)
            .json(&LeaseRequest { gateway, boot, asks });
        let answer = request.send().await.map_err(reqwest::Error::without_url)?;
        match answer.status() {
            status if status.is_success() => {
                Ok(answer.json().await.map_err(reqwest::Error::without_url)?)
            }
            status => Err(AskError::Status(status)),
        }
    }
}
