//! Keys with a scope of their own, secret and publishable ones: one object for as long as the key
//! exists, with its terms swapped in one step on every change.

use crate::{admission::rates::KeyRate, metering::Meter, uses::LastUse};
use arc_swap::{ArcSwapOption, Guard};
use contract::{
    Action, AppId, PublishableKey, Scope, SecretKeyId, TokenHash, TokenSecret,
    directory::{PreviousToken, PublishableKeyRecord, Revision, SecretKeyRecord},
    seal::MasterKey,
};
use ipnet::IpNet;
use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use super::compile::BadRecord;

/// One key. Holders keep it across changes and ask [`ScopedKey::load`] for what holds now.
pub struct ScopedKey<N, T> {
    /// What names the key in lists, logs and receipts.
    pub name: N,
    pub app: AppId,
    pub last_use: LastUse,
    /// Where it counts; see [`crate::metering::Counters::of_key`].
    pub meter: OnceLock<Arc<Meter>>,
    /// None once the key is revoked.
    terms: ArcSwapOption<T>,
}

pub type SecretKey = ScopedKey<SecretKeyId, SecretTerms>;
/// What clients carry openly.
pub type ClientKey = ScopedKey<PublishableKey, ClientTerms>;

impl<N, T> ScopedKey<N, T> {
    pub(super) fn new(name: N, app: AppId, terms: T) -> Self {
        let terms = ArcSwapOption::from_pointee(terms);
        Self { name, app, last_use: LastUse::default(), meter: OnceLock::new(), terms }
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
    pub(super) hash: TokenHash,
    /// Unix seconds; `i64::MAX` for never.
    expires_at: i64,
    rare: Option<Box<Rare>>,
}

/// What most secret keys do not have: there may be a million of them.
#[derive(Debug, Default)]
struct Rare {
    token_key: Option<TokenKey>,
    previous: Option<Arc<Previous>>,
    publish_rate: Option<KeyRate>,
    allowed_addresses: Box<[IpNet]>,
}

/// The token before the present one.
#[derive(Debug)]
pub struct Previous {
    pub last_use: LastUse,
    pub(super) hash: TokenHash,
    /// Unix seconds.
    expires_at: i64,
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
        before: Option<&Self>,
    ) -> Result<Self, BadRecord> {
        Ok(Self {
            revision,
            scope: scope(&record.actions, &record.channels)?,
            hash: record.hash,
            expires_at: record.expires_at.unwrap_or(i64::MAX),
            rare: Rare::compile(record, master, before)?.map(Box::new),
        })
    }

    /// Unix seconds after which the key is refused.
    pub fn expires_at(&self) -> Option<i64> {
        (self.expires_at < i64::MAX).then_some(self.expires_at)
    }

    pub fn is_expired(&self, now_s: u64) -> bool {
        is_past(self.expires_at(), now_s)
    }

    /// Whether something that `before` allowed is not allowed any more, as far as sockets go.
    pub(super) fn is_narrower_than(&self, before: &Self) -> bool {
        self.expires_at < before.expires_at || !self.scope.contains(&before.scope)
    }

    /// What signs tokens in the key's name, if its owner asked for that.
    pub fn token_key(&self) -> Option<&TokenKey> {
        self.rare.as_ref()?.token_key.as_ref()
    }

    /// The token before the present one, in the overlap of its rotation or just after.
    pub fn previous(&self) -> Option<&Arc<Previous>> {
        self.rare.as_ref()?.previous.as_ref()
    }

    /// Publishes per second over all channels, beside the app's own rate.
    pub fn max_publishes_per_s(&self) -> Option<u32> {
        self.publish_rate().map(KeyRate::per_s)
    }

    /// The bucket of that rate.
    pub fn publish_rate(&self) -> Option<&KeyRate> {
        self.rare.as_ref()?.publish_rate.as_ref()
    }

    /// Networks the key is taken from; empty means any.
    pub fn allowed_addresses(&self) -> &[IpNet] {
        self.rare.as_ref().map_or(&[], |rare| &rare.allowed_addresses)
    }

    /// Whether the key is taken from this address. A caller whose address is not known is in none
    /// of the networks.
    pub fn is_taken_from(&self, peer: Option<IpAddr>) -> bool {
        let allowed = self.allowed_addresses();
        // An IPv4 caller on a socket of both kinds is an IPv4 caller.
        let peer = peer.map(|peer| peer.to_canonical());
        allowed.is_empty() || peer.is_some_and(|peer| allowed.iter().any(|net| net.contains(&peer)))
    }

    /// Whether `hash` is that of a token of the key that is still taken. The one before the
    /// present one then counts as used. `now_s` is Unix time.
    pub fn takes(&self, hash: &TokenHash, now_s: u64) -> bool {
        if self.hash.ct_eq(hash) {
            return true;
        }
        let previous = self.previous().filter(|previous| {
            previous.hash.ct_eq(hash) && !is_past(Some(previous.expires_at), now_s)
        });
        previous.inspect(|previous| previous.last_use.note(now_s)).is_some()
    }
}

impl Rare {
    /// Nothing for a key that has none of it.
    fn compile(
        record: &SecretKeyRecord,
        master: &MasterKey,
        before: Option<&SecretTerms>,
    ) -> Result<Option<Self>, BadRecord> {
        let token_key = record.sealed_token_secret.as_ref();
        let token_key = token_key.map(|sealed| TokenKey::open(sealed, &record.id, master));
        let known = before.and_then(SecretTerms::previous);
        let previous = record.previous.map(|PreviousToken { hash, expires_at }| {
            let fits =
                |known: &&Arc<Previous>| known.hash == hash && known.expires_at == expires_at;
            known.filter(fits).cloned().unwrap_or_else(|| {
                Arc::new(Previous { last_use: LastUse::default(), hash, expires_at })
            })
        });
        // What was published a moment ago still counts after the key has changed.
        let publish_rate = record.max_publishes_per_s.map(|per_s| {
            let known = before.and_then(SecretTerms::publish_rate);
            known.map_or_else(|| KeyRate::new(per_s), |known| known.changed_to(per_s))
        });
        let rare = Self {
            token_key: token_key.transpose()?,
            previous,
            publish_rate,
            allowed_addresses: record.allowed_addresses.as_slice().into(),
        };
        let is_needed = rare.token_key.is_some()
            || rare.previous.is_some()
            || rare.publish_rate.is_some()
            || !rare.allowed_addresses.is_empty();
        Ok(is_needed.then_some(rare))
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

    /// Whether something that `before` allowed may not be allowed any more.
    pub(super) fn is_narrower_than(&self, before: &Self) -> bool {
        let ends = |terms: &Self| terms.expires_at.unwrap_or(i64::MAX);
        let origins = |terms: &Self| (terms.allowed_origins.clone(), terms.allow_no_origin);
        ends(self) < ends(before)
            || !self.scope.contains(&before.scope)
            || origins(self) != origins(before)
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
    pub(super) fn record_of(&self, terms: &SecretTerms) -> SecretKeyRecord {
        SecretKeyRecord {
            id: self.name.clone(),
            app: self.app.clone(),
            hash: terms.hash,
            actions: actions(&terms.scope),
            channels: terms.scope.patterns(),
            expires_at: terms.expires_at(),
            sealed_token_secret: terms.token_key().map(|token| token.sealed.to_vec()),
            previous: terms.previous().map(|previous| PreviousToken {
                hash: previous.hash,
                expires_at: previous.expires_at,
            }),
            max_publishes_per_s: terms.max_publishes_per_s(),
            allowed_addresses: terms.allowed_addresses().to_vec(),
        }
    }
}

impl ClientKey {
    pub(super) fn record_of(&self, terms: &ClientTerms) -> PublishableKeyRecord {
        PublishableKeyRecord {
            key: self.name.clone(),
            app: self.app.clone(),
            actions: actions(&terms.scope),
            channels: terms.scope.patterns(),
            allowed_origins: terms.allowed_origins.clone(),
            allow_no_origin: terms.allow_no_origin,
            ice_servers: terms.ice_servers,
            expires_at: terms.expires_at,
        }
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
