//! Keys with a scope of their own, secret and publishable ones: one object for as long as the key
//! exists, with its terms swapped in one step on every change.

use crate::uses::LastUse;
use arc_swap::{ArcSwapOption, Guard};
use contract::{
    Action, AppId, PublishableKey, Scope, SecretKeyId, TokenHash, TokenSecret,
    directory::{PublishableKeyRecord, Revision, SecretKeyRecord},
    seal::MasterKey,
};
use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::compile::BadRecord;

/// One key. Holders keep it across changes and ask [`ScopedKey::load`] for what holds now.
pub struct ScopedKey<N, T> {
    /// What names the key in lists, logs and receipts.
    pub name: N,
    pub app: AppId,
    pub last_use: Arc<LastUse>,
    /// None once the key is revoked.
    terms: ArcSwapOption<T>,
}

pub type SecretKey = ScopedKey<SecretKeyId, SecretTerms>;
/// What clients carry openly.
pub type ClientKey = ScopedKey<PublishableKey, ClientTerms>;

impl<N, T> ScopedKey<N, T> {
    pub(super) fn new(name: N, app: AppId, terms: T) -> Self {
        let terms = ArcSwapOption::from_pointee(terms);
        Self { name, app, last_use: Arc::default(), terms }
    }

    /// What holds now, to keep; none once the key is revoked.
    pub fn terms(&self) -> Option<Arc<T>> {
        self.terms.load_full()
    }

    /// What holds now, to look at: cheaper than [`ScopedKey::terms`], not to be held for long.
    pub fn load(&self) -> Guard<Option<Arc<T>>> {
        self.terms.load()
    }

    pub(super) fn put(&self, terms: T) {
        self.terms.store(Some(Arc::new(terms)));
    }

    pub(super) fn end(&self) {
        self.terms.store(None);
    }
}

impl<N: fmt::Display, T> fmt::Debug for ScopedKey<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopedKey({})", self.name)
    }
}

/// Everything about a secret key that can change.
#[derive(Debug)]
pub struct SecretTerms {
    pub revision: Revision,
    pub scope: Scope,
    /// Unix seconds after which the key is refused.
    pub expires_at: Option<i64>,
    /// What signs tokens in the key's name, if its owner asked for that.
    pub token_key: Option<TokenKey>,
    pub(super) hash: TokenHash,
}

/// A token secret, and how the control plane sealed it.
pub struct TokenKey {
    pub secret: TokenSecret,
    sealed: Box<[u8]>,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// Everything about a publishable key that can change.
#[derive(Debug)]
pub struct ClientTerms {
    pub revision: Revision,
    pub scope: Scope,
    pub expires_at: Option<i64>,
    /// Origins it is taken from; empty means any.
    pub allowed_origins: Vec<String>,
    /// Whether clients that send no `Origin` are let in although origins are listed.
    pub allow_no_origin: bool,
    /// Whether clients are greeted with the app's ICE servers.
    pub ice_servers: bool,
}

impl SecretTerms {
    pub(super) fn compile(
        record: &SecretKeyRecord,
        revision: Revision,
        master: &MasterKey,
    ) -> Result<Self, BadRecord> {
        let token_key = match &record.sealed_token_secret {
            Some(sealed) => Some(TokenKey::open(sealed, &record.id, master)?),
            None => None,
        };
        Ok(Self {
            revision,
            scope: scope(&record.actions, &record.channels)?,
            expires_at: record.expires_at,
            token_key,
            hash: record.hash,
        })
    }

    pub fn is_expired(&self, now_s: u64) -> bool {
        is_past(self.expires_at, now_s)
    }
}

impl ClientTerms {
    pub(super) fn compile(
        record: &PublishableKeyRecord,
        revision: Revision,
    ) -> Result<Self, BadRecord> {
        Ok(Self {
            revision,
            scope: scope(&record.actions, &record.channels)?,
            expires_at: record.expires_at,
            allowed_origins: record.allowed_origins.clone(),
            allow_no_origin: record.allow_no_origin,
            ice_servers: record.ice_servers,
        })
    }

    pub fn is_expired(&self, now_s: u64) -> bool {
        is_past(self.expires_at, now_s)
    }
}

fn scope(actions: &[Action], channels: &[contract::Pattern]) -> Result<Scope, BadRecord> {
    match channels.len() {
        is if is > Scope::MAX_PATTERNS => Err(BadRecord::Patterns { max: Scope::MAX_PATTERNS, is }),
        _ => Ok(Scope::new(actions, channels.to_vec())),
    }
}

fn is_past(at: Option<i64>, now_s: u64) -> bool {
    at.is_some_and(|at| i64::try_from(now_s).is_ok_and(|now_s| now_s >= at))
}

fn actions(scope: &Scope) -> Vec<Action> {
    Action::ALL.into_iter().filter(|action| scope.allows(*action)).collect()
}

impl TokenKey {
    fn open(sealed: &[u8], id: &SecretKeyId, master: &MasterKey) -> Result<Self, BadRecord> {
        let text = master
            .open(sealed, id.as_str())
            .map_err(|cause| BadRecord::SealedToken { id: id.clone(), cause })?;
        let secret = text.parse().map_err(|_| BadRecord::TokenSecret { id: id.clone() })?;
        Ok(Self { secret, sealed: sealed.into() })
    }
}

impl SecretKey {
    pub(super) fn to_record(&self) -> Option<(Revision, SecretKeyRecord)> {
        let terms = self.terms()?;
        let record = SecretKeyRecord {
            id: self.name.clone(),
            app: self.app.clone(),
            hash: terms.hash,
            actions: actions(&terms.scope),
            channels: terms.scope.patterns(),
            expires_at: terms.expires_at,
            sealed_token_secret: terms.token_key.as_ref().map(|token| token.sealed.to_vec()),
            previous: None,
            max_publishes_per_s: None,
            allowed_addresses: Vec::new(),
        };
        Some((terms.revision, record))
    }
}

impl ClientKey {
    pub(super) fn to_record(&self) -> Option<(Revision, PublishableKeyRecord)> {
        let terms = self.terms()?;
        let record = PublishableKeyRecord {
            key: self.name.clone(),
            app: self.app.clone(),
            actions: actions(&terms.scope),
            channels: terms.scope.patterns(),
            allowed_origins: terms.allowed_origins.clone(),
            allow_no_origin: terms.allow_no_origin,
            ice_servers: terms.ice_servers,
            expires_at: terms.expires_at,
        };
        Some((terms.revision, record))
    }
}

/// A key in a set that is searched by name, without a second copy of the name.
pub struct ByName<N, T>(pub Arc<ScopedKey<N, T>>);

/// How the text of a name is looked up.
pub trait Name {
    fn text(&self) -> &str;
}

impl Name for SecretKeyId {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Name for PublishableKey {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl<N: Name, T> Borrow<str> for ByName<N, T> {
    fn borrow(&self) -> &str {
        self.0.name.text()
    }
}

impl<N: Name, T> Hash for ByName<N, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.text().hash(state);
    }
}

impl<N: Name, T> PartialEq for ByName<N, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.name.text() == other.0.name.text()
    }
}

impl<N: Name, T> Eq for ByName<N, T> {}

impl<N: fmt::Display, T> fmt::Debug for ByName<N, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
