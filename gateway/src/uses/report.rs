//! Telling the control plane what was used since it was last told.

use super::LastUse;
use crate::{
    config::Config,
    control_plane::{ReportError, ReportRoute, report_every},
    directory::{ClientKey, Directory, Previous, Rotated, SecretKey},
};
use contract::{
    AppKey, SecretKeyId,
    uses::{CredentialUse, PublishableKeyUse, SecretKeyUse, Uses},
};
use std::{sync::Arc, time::Duration};

/// How often uses are reported.
pub const EVERY: Duration = Duration::from_secs(10);

pub struct Reporter {
    directory: Directory,
    route: ReportRoute,
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
            route: ReportRoute::new(config, "uses")?,
            gateway: config.gateway_id.clone(),
        })
    }

    /// Reports for as long as it is polled.
    pub async fn run(&self, every: Duration) {
        report_every(every, "uses of credentials", async || self.report().await).await;
    }

    /// Reports everything that is due. A report that is refused does not keep others back.
    pub async fn report(&self) -> Result<(), ReportError> {
        let directory = self.directory.clone();
        // Every credential is looked at, which is no work for a thread that serves.
        let due = tokio::task::spawn_blocking(move || collect(&directory)).await?;
        let mut refused = None;
        for batch in due.chunks(Uses::MAX_ENTRIES) {
            match self.route.post(&self.uses(batch)).await? {
                status if status.is_success() => {
                    batch.iter().for_each(|due| due.used.last_use().reported(due.at_s));
                }
                status if status.is_server_error() => return Err(ReportError::Status(status)),
                status => refused = Some(ReportError::Status(status)),
            }
        }
        refused.map_or(Ok(()), Err)
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
