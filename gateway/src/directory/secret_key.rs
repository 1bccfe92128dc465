//! A scoped secret key as the gateway knows it.

use crate::uses::LastUse;
use contract::{
    Action, AppId, Scope, SecretKeyId, TokenHash,
    directory::{Revision, SecretKeyRecord},
};
use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// A secret key. Immutable but for its uses and its end, which a request in progress can still
/// see.
pub struct SecretKey {
    pub id: SecretKeyId,
    pub app: AppId,
    pub scope: Scope,
    /// Unix seconds after which the key is refused.
    pub expires_at: Option<i64>,
    pub revision: Revision,
    /// Shared by all versions of the key.
    pub last_use: Arc<LastUse>,
    pub(super) hash: TokenHash,
    /// As the control plane sealed it.
    sealed_token_secret: Option<Vec<u8>>,
    ended: AtomicBool,
}

impl SecretKey {
    pub(super) fn new(record: SecretKeyRecord, revision: Revision, last_use: Arc<LastUse>) -> Self {
        Self {
            last_use,
            scope: Scope::new(&record.actions, record.channels),
            id: record.id,
            app: record.app,
            expires_at: record.expires_at,
            revision,
            hash: record.hash,
            sealed_token_secret: record.sealed_token_secret,
            ended: AtomicBool::new(false),
        }
    }

    pub fn is_expired(&self, now_s: i64) -> bool {
        self.expires_at.is_some_and(|at| now_s >= at)
    }

    /// Whether it was revoked or replaced after it was looked up.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Relaxed);
    }

    pub(super) fn to_record(&self) -> SecretKeyRecord {
        SecretKeyRecord {
            id: self.id.clone(),
            app: self.app.clone(),
            hash: self.hash,
            actions: Action::ALL.into_iter().filter(|a| self.scope.allows(*a)).collect(),
            channels: self.scope.patterns(),
            expires_at: self.expires_at,
            sealed_token_secret: self.sealed_token_secret.clone(),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A key in a set that is searched by id, without a second copy of the id.
#[derive(Clone, Debug)]
pub(super) struct ById(pub Arc<SecretKey>);

impl std::borrow::Borrow<SecretKeyId> for ById {
    fn borrow(&self) -> &SecretKeyId {
        &self.0.id
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ById {}
