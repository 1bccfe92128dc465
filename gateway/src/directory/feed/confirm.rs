//! Telling the control plane what is in force here: after the entries were applied, after the
//! sockets that a kill concerns were closed, and after the disk has them.

use crate::{
    config::Config,
    directory::{Alarm, Directory, KillReceipts, disk::Persisted},
};
use contract::directory::{Confirmation, Revision};
use reqwest::StatusCode;
use std::time::Duration;
use tokio::sync::mpsc;

/// Something that was applied and waits to be confirmed.
#[derive(Debug)]
pub struct Applied {
    pub revision: Revision,
    pub receipts: Vec<KillReceipts>,
    pub persisted: Option<Persisted>,
}

impl Applied {
    pub fn nothing_new(revision: Revision) -> Self {
        Self { revision, receipts: Vec::new(), persisted: None }
    }
}

/// A handle to the task that confirms.
#[derive(Clone, Debug)]
pub struct Confirmer(mpsc::UnboundedSender<Applied>);

impl Confirmer {
    pub fn start(directory: Directory, http: reqwest::Client, config: &Config, boot: &str) -> Self {
        let (sender, applied) = mpsc::unbounded_channel();
        let task = Task {
            directory,
            http,
            url: format!("{}/internal/v1/confirmations", config.control_plane_url),
            token: config.gateway_token.clone(),
            gateway: config.gateway_id.clone(),
            boot: boot.to_owned(),
        };
        actix_rt::spawn(task.run(applied));
        Self(sender)
    }

    pub fn applied(&self, applied: Applied) {
        if self.0.send(applied).is_err() {
            tracing::error!("the task that confirms revisions is gone");
        }
    }
}

struct Task {
    directory: Directory,
    http: reqwest::Client,
    url: String,
    token: contract::GatewayToken,
    gateway: String,
    boot: String,
}

/// What the control plane made of a confirmation.
enum Answer {
    Taken,
    /// It will not take this one, ever; following the feed anew starts over.
    Refused(StatusCode),
    TryAgain,
}

impl Task {
    /// Changes that end nothing wait this long for others to be confirmed with.
    const COALESCE: Duration = Duration::from_millis(20);
    const DISK_PATIENCE: Duration = Duration::from_millis(500);
    const TIMEOUT: Duration = Duration::from_secs(2);
    const MIN_BACKOFF: Duration = Duration::from_millis(100);
    const MAX_BACKOFF: Duration = Duration::from_secs(2);

    async fn run(self, mut applied: mpsc::UnboundedReceiver<Applied>) {
        while let Some(first) = applied.recv().await {
            let is_urgent = !first.receipts.is_empty();
            let mut revision = self.in_force(first).await;
            if !is_urgent {
                tokio::time::sleep(Self::COALESCE).await;
            }
            let mut backoff = Self::MIN_BACKOFF;
            loop {
                while let Ok(more) = applied.try_recv() {
                    revision = revision.max(self.in_force(more).await);
                }
                match self.post(revision).await {
                    Answer::Taken => break,
                    Answer::Refused(status) => {
                        tracing::warn!(directory.revision = revision, %status, "not confirmed");
                        break;
                    }
                    Answer::TryAgain => tokio::time::sleep(backoff).await,
                }
                backoff = (backoff * 2).min(Self::MAX_BACKOFF);
            }
        }
    }

    /// Waits until what was applied is in force everywhere here.
    async fn in_force(&self, applied: Applied) -> Revision {
        let until = tokio::time::Instant::now() + KillReceipts::PATIENCE;
        for receipts in applied.receipts {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            if !receipts.wait(left).await {
                self.directory.status().raise(Alarm::KillUnacknowledged);
                tracing::error!(
                    directory.revision = applied.revision,
                    "a worker did not close sockets in time"
                );
            }
        }
        if let Some(persisted) = applied.persisted
            && !persisted.wait(Self::DISK_PATIENCE).await
        {
            tracing::warn!(
                directory.revision = applied.revision,
                "in force, but not on disk: a restart without the control plane would not know it"
            );
        }
        applied.revision
    }

    async fn post(&self, revision: Revision) -> Answer {
        let (gateway, boot) = (self.gateway.clone(), self.boot.clone());
        let confirmation = Confirmation { gateway, boot, revision };
        let request = self
            .http
            .post(&self.url)
            .bearer_auth(self.token.expose())
            .timeout(Self::TIMEOUT)
            .json(&confirmation);
        match request.send().await {
            Ok(response) if response.status().is_success() => Answer::Taken,
            Ok(response) if response.status().is_server_error() => Answer::TryAgain,
            Ok(response) => Answer::Refused(response.status()),
            Err(e) => {
                tracing::debug!(error = %e.without_url(), "confirmation not sent");
                Answer::TryAgain
            }
        }
    }
}
