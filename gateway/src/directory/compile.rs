//! From a record of the feed to what admission works with. Everything is checked again here: a
//! record that fails leaves the last good version in force.

use crate::directory::{
    app::AppState,
    credential::{Credential, Rotated, Secret},
    facts::Facts,
};
use crate::uses::LastUse;
use contract::{
    AppKey, AppSecret, SecretKeyId,
    directory::{AppCredential, AppRecord, Revision},
    limits::OutOfRange,
    seal::{MasterKey, SealError},
};
use std::sync::{Arc, OnceLock};

/// Why a record of the change lane is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    #[error("settings: {0}")]
    Settings(OutOfRange),
    #[error("limits: {0}")]
    Limits(OutOfRange),
    #[error("has {is} credentials, at most {max} are allowed")]
    Credentials { max: usize, is: usize },
    #[error("the secret of key {key} cannot be read: {cause}")]
    Sealed { key: AppKey, cause: SealError },
    #[error("the secret of key {key} is not a secret")]
    Secret { key: AppKey },
    #[error("the token secret of key {id} cannot be read: {cause}")]
    SealedToken { id: SecretKeyId, cause: SealError },
    #[error("the token secret of key {id} is not a token secret")]
    TokenSecret { id: SecretKeyId },
    #[error("has {is} channel patterns, at most {max} are allowed")]
    Patterns { max: usize, is: usize },
}

pub const MAX_CREDENTIALS: usize = 64;

/// The state that `record` asks for, as far as `facts` let it.
pub fn compile(
    record: AppRecord,
    revision: Revision,
    facts: &Facts,
    master: &MasterKey,
    previous: Option<&AppState>,
) -> Result<AppState, BadRecord> {
    record.settings.check().map_err(BadRecord::Settings)?;
    record.limits.check().map_err(BadRecord::Limits)?;
    let is = record.credentials.len();
    if is > MAX_CREDENTIALS {
        return Err(BadRecord::Credentials { max: MAX_CREDENTIALS, is });
    }
    let mut credentials = Vec::with_capacity(is);
    for credential in &record.credentials {
        let opened = open(credential, master, previous)?;
        if !facts.is_revoked(&credential.key) {
            credentials.push(opened);
        }
    }
    let rates = match previous {
        Some(previous) if previous.limits == record.limits => previous.rates.clone(),
        _ => OnceLock::new(),
    };
    Ok(AppState {
        revision,
        organisation: record.organisation,
        enabled: facts.is_enabled(),
        deleted: false,
        credentials,
        settings: record.settings,
        limits: record.limits,
        plan: record.plan,
        webhooks: record.webhooks,
        rates,
    })
}

fn open(
    sealed: &AppCredential,
    master: &MasterKey,
    previous: Option<&AppState>,
) -> Result<Credential, BadRecord> {
    let known = previous.and_then(|state| state.credential(sealed.key.as_str()));
    let secret = |bytes: &[u8]| match known_secret(known, bytes) {
        Some(secret) => Ok(secret),
        None => open_secret(&sealed.key, bytes, master),
    };
    let current = secret(&sealed.sealed_secret)?;
    let rotated = sealed.previous.as_ref().map(|rotated| {
        let known = known.and_then(|known| known.previous.as_ref());
        let fits = |known: &&Arc<Rotated>| {
            *known.secret.sealed == *rotated.sealed_secret && known.expires_at == rotated.expires_at
        };
        match known.filter(fits) {
            Some(known) => Ok(known.clone()),
            None => Ok(Arc::new(Rotated {
                last_use: LastUse::default(),
                secret: secret(&rotated.sealed_secret)?,
                expires_at: rotated.expires_at,
            })),
        }
    });
    Ok(Credential {
        key: sealed.key.clone(),
        last_use: known.map(|known| known.last_use.clone()).unwrap_or_default(),
        meter: known.map(|known| known.meter.clone()).unwrap_or_default(),
        current,
        previous: rotated.transpose()?,
        expires_at: sealed.expires_at.unwrap_or(i64::MAX),
    })
}

/// A secret that is open already, by how it was sealed.
fn known_secret(known: Option<&Credential>, sealed: &[u8]) -> Option<Arc<Secret>> {
    let known = known?;
    let previous = known.previous.as_ref().map(|rotated| &rotated.secret);
    [Some(&known.current), previous].into_iter().flatten().find(|s| *s.sealed == *sealed).cloned()
}

fn open_secret(key: &AppKey, sealed: &[u8], master: &MasterKey) -> Result<Arc<Secret>, BadRecord> {
    let text = master
        .open(sealed, key.as_str())
        .map_err(|cause| BadRecord::Sealed { key: key.clone(), cause })?;
    let secret = text.parse::<AppSecret>().map_err(|_| BadRecord::Secret { key: key.clone() })?;
    Ok(Arc::new(Secret::new(secret, sealed)))
}
