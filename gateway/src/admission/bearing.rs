//! What a socket's credential proved: which app, by which key, and what it may do there.

use crate::{
    admission::{
        KeyRef,
        claims::{self, PATTERN_BUDGET, TokenClaims},
        connect::origin_allowed,
        jwt::{self, TokenRefusal, Unverified},
        refusal::{Refusal, Why},
    },
    directory::{App, ClientKey, ClientTerms, Directory, SecretKey},
    metering::Meter,
};
use contract::{Action, ChannelKind, ChannelName, Pattern, Scope};
use jsonwebtoken::Algorithm;
use std::sync::{Arc, LazyLock};

/// An accepted credential that scopes what its bearer may do.
#[derive(Clone, Debug)]
pub struct Bearing {
    pub app: Arc<App>,
    pub key: KeyRef,
    pub grant: Grant,
    /// Where the page is from that a publishable key was presented by.
    origin: Option<Box<str>>,
}

impl Bearing {
    /// Whether a publishable key is still taken from where it was presented.
    pub fn is_welcome(&self) -> bool {
        match &self.grant.key {
            Key::Secret(_) => true,
            Key::Client(key) => {
                key.load().as_ref().is_some_and(|terms| welcomes(terms, self.origin.as_deref()))
            }
        }
    }

    /// The key counts as used. `now_ms` is Unix time.
    pub fn used(&self, now_ms: u64) {
        self.grant.key.last_use().note(now_ms / 1_000);
    }

    /// Where its traffic is counted.
    pub fn meter(&self) -> Arc<Meter> {
        let counters = &self.app.counters;
        match &self.grant.key {
            Key::Secret(key) => counters.of_key(&key.meter, key.name.as_str()).clone(),
            Key::Client(key) => counters.of_key(&key.meter, key.name.as_str()).clone(),
        }
    }
}

/// What a key, and a token signed in its name, allow. The key's part is read where it is asked
/// for, so that narrowing or revoking the key reaches whoever holds the grant.
#[derive(Clone, Debug)]
pub struct Grant {
    key: Key,
    /// What the token leaves of the key's scope; none for a bare key.
    token: Option<Arc<Scope>>,
}

#[derive(Clone, Debug)]
enum Key {
    Secret(Arc<SecretKey>),
    Client(Arc<ClientKey>),
}

impl Key {
    fn with_scope<R>(&self, ask: impl FnOnce(&Scope) -> R) -> Option<R> {
        match self {
            Self::Secret(key) => key.load().as_ref().map(|terms| ask(&terms.scope)),
            Self::Client(key) => key.load().as_ref().map(|terms| ask(&terms.scope)),
        }
    }

    fn last_use(&self) -> &crate::uses::LastUse {
        match self {
            Self::Secret(key) => &key.last_use,
            Self::Client(key) => &key.last_use,
        }
    }
}

impl Grant {
    pub fn allows(&self, action: Action) -> bool {
        self.both(|scope| scope.allows(action))
    }

    /// Whether `channel` is within reach. Nobody names a user's own channel.
    pub fn covers(&self, channel: &ChannelName) -> bool {
        channel.kind() != ChannelKind::User && self.both(|scope| scope.covers(channel))
    }

    /// Whether `channel` may be heard and published to: a protected one only by a bearer whom the
    /// customer's back end vouched for with a signed token.
    pub fn authorises(&self, channel: &ChannelName) -> bool {
        let is_open = !channel.kind().needs_authorisation();
        (is_open || self.is_signed()) && self.covers(channel)
    }

    /// Whether everything that `pattern` can name is within reach. Of that, a bearer who is not
    /// [signed](Grant::is_signed) for may hear the open channels only, so a pattern that names none
    /// is not for them.
    pub fn covers_pattern(&self, pattern: &str) -> bool {
        let Ok(pattern) = pattern.parse::<Pattern>() else { return false };
        let names_protected =
            || ChannelName::PROTECTED_PREFIXES.iter().any(|p| pattern.as_str().starts_with(p));
        let mut budget = PATTERN_BUDGET;
        !pattern.as_str().starts_with('#')
            && (self.is_signed() || !names_protected())
            && self.both(|scope| scope.covers_pattern(&pattern, &mut budget))
    }

    /// Takes one message from the rate of a secret key, if it has one of its own. `now_ms` is Unix
    /// time.
    pub fn charge_publish(&self, now_ms: u64) -> Result<(), Refusal> {
        let Key::Secret(key) = &self.key else { return Ok(()) };
        let terms = key.load();
        match terms.as_ref().and_then(|terms| terms.publish_rate()) {
            Some(rate) => rate.take(1, now_ms),
            None => Ok(()),
        }
    }

    /// Whether the key is still alive.
    pub fn current(&self) -> bool {
        self.key.with_scope(|_| ()).is_some()
    }

    /// Unix seconds after which the key itself is refused.
    pub fn key_expires_at_s(&self) -> Option<i64> {
        match &self.key {
            Key::Secret(key) => key.load().as_ref().and_then(|terms| terms.expires_at()),
            Key::Client(key) => key.load().as_ref().and_then(|terms| terms.expires_at),
        }
    }

    /// Whether the bearer is to be greeted with the app's ICE servers.
    pub fn takes_ice_servers(&self) -> bool {
        match &self.key {
            Key::Secret(_) => true,
            Key::Client(key) => key.load().as_ref().is_some_and(|terms| terms.ice_servers),
        }
    }

    /// Whether the customer's back end vouched for the bearer.
    pub fn is_signed(&self) -> bool {
        self.token.is_some()
    }

    fn both(&self, mut ask: impl FnMut(&Scope) -> bool) -> bool {
        self.token.as_ref().is_none_or(|token| ask(token))
            && self.key.with_scope(ask).unwrap_or(false)
    }
}

/// Checks a key that a client carries openly. `origin` is the header of that name, which only
/// browsers send; `now_ms` is Unix time.
pub fn publishable(
    directory: &Directory,
    raw: &str,
    origin: Option<&str>,
    now_ms: u64,
) -> Result<Bearing, Refusal> {
    let refused = || Refusal::Unauthorised(Why::Token);
    let key = directory.publishable_key(raw).ok_or_else(refused)?;
    let terms = key.terms().ok_or_else(refused)?;
    if terms.is_expired(now_ms / 1_000) {
        return Err(Refusal::Unauthorised(Why::TokenExpired));
    }
    if !welcomes(&terms, origin) {
        return Err(Refusal::OriginRefused);
    }
    let app = directory.app_by_id(key.app.as_str()).ok_or_else(refused)?;
    let name = KeyRef::Publishable(key.name.clone());
    let grant = Grant { key: Key::Client(key), token: None };
    Ok(Bearing { app, key: name, grant, origin: origin.map(Into::into) })
}

fn welcomes(terms: &ClientTerms, origin: Option<&str>) -> bool {
    match origin {
        Some(origin) => origin_allowed(&terms.allowed_origins, origin),
        None => terms.allowed_origins.is_empty() || terms.allow_no_origin,
    }
}

/// Checks a token that was signed in the name of a secret key. `now_ms` is Unix time.
///
/// An unknown key costs what a known one costs, and is answered like a wrong signature.
pub fn signed_token(
    directory: &Directory,
    jwt: &str,
    now_ms: u64,
) -> Result<(Bearing, TokenClaims), TokenRefusal> {
    let now_s = now_ms / 1_000;
    let token = Unverified::parse(jwt).ok_or(TokenRefusal::Invalid)?;
    let key = token.kid.as_deref().and_then(|kid| directory.secret_key_by_id(kid));
    let terms = key.as_ref().and_then(|key| key.terms());
    let token_key = terms.as_ref().and_then(|terms| terms.token_key());
    let secret = token_key.map_or(secret_of_nobody(), |token_key| token_key.secret.expose());
    let is_signed = token.is_signed_by(secret, &[Algorithm::HS256]);
    let (Some(key), Some(terms), Some(_), true) = (key, &terms, token_key, is_signed) else {
        return Err(TokenRefusal::Invalid);
    };
    let text = token.claims().ok_or(TokenRefusal::Invalid)?;
    let claims = jwt::object(&text).ok_or(TokenRefusal::Invalid)?;
    let claims::Parsed { claims, channels, permissions } = claims::parse(claims, now_s)?;
    if terms.is_expired(now_s) {
        return Err(TokenRefusal::Invalid);
    }
    let mut budget = PATTERN_BUDGET;
    let covers = |pattern| terms.scope.covers_pattern(pattern, &mut budget);
    if !channels.iter().flatten().all(covers) {
        return Err(TokenRefusal::OutsideKey);
    }
    let app = directory.app_by_id(key.app.as_str()).ok_or(TokenRefusal::Invalid)?;
    let name = KeyRef::Secret(key.name.clone());
    let token = Some(Arc::new(claims::narrowed(channels, permissions)));
    let grant = Grant { key: Key::Secret(key), token };
    Ok((Bearing { app, key: name, grant, origin: None }, claims))
}

/// Stands in for the secret of an unknown key. Random, so that nobody can sign with it.
pub fn secret_of_nobody() -> &'static str {
    static NOBODY: LazyLock<Option<contract::TokenSecret>> =
        LazyLock::new(|| contract::TokenSecret::generate().ok());
    NOBODY.as_ref().map_or("", |secret| secret.expose())
}
