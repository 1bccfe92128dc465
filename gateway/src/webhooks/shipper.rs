//! Telling the control plane what has happened.

use super::{Webhooks, spool::Chunk};
use crate::{config::Config, control_plane, directory::Alarm};
use contract::GatewayToken;
use reqwest::{StatusCode, header};
use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

/// What comes within this after the first event goes with it.
const GATHER: Duration = Duration::from_millis(20);
/// The control plane answers within this, or the events count as not sent.
const TIMEOUT: Duration = Duration::from_secs(10);
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// The longest wait before the control plane is tried again.
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// Why events still wait.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane answered {0}")]
    Status(StatusCode),
    #[error("the spool: {0}")]
    Spool(#[from] io::Error),
    #[error("the spool could not be read: {0}")]
    Task(#[from] tokio::task::JoinError),
}

pub struct Shipper {
    webhooks: Arc<Webhooks>,
    http: reqwest::Client,
    url: String,
    token: GatewayToken,
}

impl Shipper {
    /// Errors: the HTTP client could not be made.
    pub fn new(webhooks: Arc<Webhooks>, config: &Config) -> reqwest::Result<Self> {
        Ok(Self {
            webhooks,
            http: control_plane::http_client()?,
            url: format!("{}/internal/v1/channel-events", config.control_plane_url),
            token: config.gateway_token.clone(),
        })
    }

    /// Ships for as long as it is polled.
    pub async fn run(&self) {
        let mut backoff = None;
        loop {
            self.webhooks.spool.something().await;
            tokio::time::sleep(backoff.unwrap_or(GATHER)).await;
            backoff = match self.ship().await {
                Ok(()) if backoff.is_some() => {
                    tracing::info!("channel events are told again");
                    None
                }
                Ok(()) => None,
                Err(e) => {
                    self.webhooks.health.failures.fetch_add(1, Relaxed);
                    match backoff {
                        None => tracing::warn!(error = %e, "channel events wait to be told"),
                        Some(_) => tracing::debug!(error = %e, "channel events not told"),
                    }
                    Some(backoff.map_or(MIN_BACKOFF, |last| (last * 2).min(MAX_BACKOFF)))
                }
            };
        }
    }

    /// Ships until nothing waits.
    pub async fn ship(&self) -> Result<(), ShipError> {
        loop {
            let webhooks = self.webhooks.clone();
            let next = tokio::task::spawn_blocking(move || webhooks.spool.next()).await??;
            let Some(chunk) = next else { return Ok(()) };
            if chunk.damaged > 0 {
                let (boot, lines) = (&chunk.boot, chunk.damaged);
                tracing::error!(%boot, lines, "channel events are damaged and left out");
                self.refused(chunk.damaged);
            }
            self.send(&chunk).await?;
            self.webhooks.spool.done(&chunk)?;
        }
    }

    /// Sends a chunk, and parts of it where the whole is refused, down to the events that are.
    async fn send(&self, chunk: &Chunk) -> Result<(), ShipError> {
        let mut parts: Vec<_> = std::iter::once(0..chunk.events.len()).collect();
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let body = self.body(chunk, part.clone())?;
            if self.post(body.clone()).await? {
                self.webhooks.health.shipped.fetch_add(part.len() as u64, Relaxed);
            } else if part.len() == 1 {
                tracing::error!(boot = %chunk.boot, "a channel event is refused and set aside");
                self.refused(1);
                self.webhooks.spool.set_aside(&chunk.boot, &body)?;
            } else {
                let middle = part.start + part.len() / 2;
                // The first half is sent first: the order of a channel stays.
                parts.extend([middle..part.end, part.start..middle]);
            }
        }
        Ok(())
    }

    /// A `ChannelEventBatch` of what is JSON already.
    fn body(&self, chunk: &Chunk, part: std::ops::Range<usize>) -> io::Result<String> {
        let gateway = serde_json::to_string(&self.webhooks.gateway)?;
        let boot = serde_json::to_string(&*chunk.boot)?;
        let events = chunk.events[part].join(",");
        Ok(format!(r#"{{"gateway":{gateway},"boot":{boot},"events":[{events}]}}"#))
    }

    /// Whether the events are stored; if not, something is wrong with them.
    async fn post(&self, body: String) -> Result<bool, ShipError> {
        let request = self
            .http
            .post(&self.url)
            .bearer_auth(self.token.expose())
            .header(header::CONTENT_TYPE, "application/json")
            .timeout(TIMEOUT)
            .body(body);
        let status = request.send().await.map_err(reqwest::Error::without_url)?.status();
        match status {
            status if status.is_success() => Ok(true),
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => Ok(false),
            // A control plane of another version, or another's token: neither is the events' fault.
            status => Err(ShipError::Status(status)),
        }
    }

    fn refused(&self, events: u64) {
        self.webhooks.health.set_aside.fetch_add(events, Relaxed);
        self.webhooks.directory.status().raise(Alarm::WebhooksRefused);
    }
}
