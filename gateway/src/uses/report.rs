//! Telling the control plane what was used since it was last told.

use super::LastUse;
use crate::{
    config::Config,
    control_plane,
    directory::{ClientKey, Directory, Previous, Rotated, SecretKey},
};
use contract::{
    AppKey, GatewayToken, SecretKeyId,
    uses::{CredentialUse, PublishableKeyUse, SecretKeyUse, Uses},
};
use reqwest::StatusCode;
use std::{sync::Arc, time::Duration};

/// How often uses are reported.
pub const EVERY: Duration = Duration::from_secs(10);
/// The control plane answers within this, or the report counts as not sent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Why uses are still to be reported; the next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane answered {0}")]
    Status(StatusCode),
    #[error("the directory could not be looked through: {0}")]
    Collect(#[from] tokio::task::JoinError),
}

pub struct Reporter {
    directory: Directory,
    http: reqwest::Client,
    url: String,
    token: GatewayToken,
    gateway: String,
}

/// A use that the control plane does not know.
struct Due {
    used: Used,
    at_s: u64,
}

/// What was used, held so that it can be told when the control plane knows.
enum Used {
    Credential(AppKey, Arc<LastUse>),
    PreviousSecret(AppKey, Arc<Rotated>),
    SecretKey(Arc<SecretKey>),
    PreviousToken(SecretKeyId, Arc<Previous>),
    PublishableKey(Arc<ClientKey>),
}

impl Used {
    fn last_use(&self) -> &LastUse {
        match self {
            Self::Credential(_, last_use) => last_use,
            Self::PreviousSecret(_, rotated) => &rotated.last_use,
            Self::SecretKey(key) => &key.last_use,
            Self::PreviousToken(_, previous) => &previous.last_use,
            Self::PublishableKey(key) => &key.last_use,
        }
    }

    fn add_to(&self, uses: &mut Uses, at_s: u64) {
        let mut credential = |key: &AppKey, previous| {
            uses.credentials.push(CredentialUse { key: key.clone(), at_s, previous });
        };
        let mut secret_key = |id: &SecretKeyId, previous| {
            uses.secret_keys.push(SecretKeyUse { id: id.clone(), at_s, previous });
        };
        match self {
            Self::Credential(key, _) => credential(key, false),
            Self::PreviousSecret(key, _) => credential(key, true),
            Self::SecretKey(key) => secret_key(&key.name, false),
            Self::PreviousToken(id, _) => secret_key(id, true),
            Self::PublishableKey(key) => {
                let key = key.name.clone();
                uses.publishable_keys.push(PublishableKeyUse { key, at_s });
            }
        }
    }
}

impl Reporter {
    /// Errors: the HTTP client could not be made.
    pub fn new(directory: Directory, config: &Config) -> reqwest::Result<Self> {
        Ok(Self {
            directory,
            http: control_plane::http_client()?,
            url: format!("{}/internal/v1/uses", config.control_plane_url),
            token: config.gateway_token.clone(),
            gateway: config.gateway_id.clone(),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, every: Duration) {
        let mut is_failing = false;
        loop {
            tokio::time::sleep(every).await;
            let outcome = self.report().await;
            match &outcome {
                Ok(()) if is_failing => tracing::info!("uses of credentials are reported again"),
                Ok(()) => {}
                Err(e) if is_failing => tracing::debug!(error = %e, "uses not reported"),
                Err(e) => tracing::warn!(error = %e, "uses of credentials wait to be reported"),
            }
            is_failing = outcome.is_err();
        }
    }

    /// Reports everything that is due. A report that is refused does not keep others back.
    pub async fn report(&self) -> Result<(), ReportError> {
        let directory = self.directory.clone();
        // Every credential is looked at, which is no work for a thread that serves.
        let due = tokio::task::spawn_blocking(move || collect(&directory)).await?;
        let mut refused = None;
        for batch in due.chunks(Uses::MAX_ENTRIES) {
            match self.post(batch).await? {
                status if status.is_success() => {
                    batch.iter().for_each(|due| due.used.last_use().reported(due.at_s));
                }
                status if status.is_server_error() => return Err(ReportError::Status(status)),
                status => refused = Some(ReportError::Status(status)),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    async fn post(&self, batch: &[Due]) -> Result<StatusCode, ReportError> {
        let request = self
            .http
            .post(&self.url)
            .bearer_auth(self.token.expose())
            .timeout(TIMEOUT)
            .json(&self.uses(batch));
        let answer = request.send().await.map_err(reqwest::Error::without_url)?;
        Ok(answer.status())
    }

    fn uses(&self, batch: &[Due]) -> Uses {
        let mut uses = Uses::of(&self.gateway);
        batch.iter().for_each(|due| due.used.add_to(&mut uses, due.at_s));
        uses
    }
}

fn collect(directory: &Directory) -> Vec<Due> {
    let mut due = Vec::new();
    let mut note = |used: Used| {
        if let Some(at_s) = used.last_use().unreported() {
            due.push(Due { used, at_s });
        }
    };
    for app in directory.apps() {
        for credential in &app.load().credentials {
            note(Used::Credential(credential.key.clone(), credential.last_use.clone()));
            if let Some(rotated) = credential.previous_use() {
                note(Used::PreviousSecret(credential.key.clone(), rotated.clone()));
            }
        }
    }
    for key in directory.secret_keys() {
        if let Some(previous) = key.load().as_ref().and_then(|terms| terms.previous()) {
            note(Used::PreviousToken(key.name.clone(), previous.clone()));
        }
        note(Used::SecretKey(key));
    }
    directory.publishable_keys().into_iter().for_each(|key| note(Used::PublishableKey(key)));
    due
}
