//! The two kinds of credential of an HTTP request: a signed query, or a Bearer secret key.

use crate::{
    admission::{
        bearer::{failed, find, key_of_token, too_many_failures},
        http::{Granted, KeyRef, RequestView},
        query::Query,
        refusal::{Refusal, Why},
        signed::{Signed, parse_signature},
    },
    directory::{App, Credential, Directory, Purpose, Secret, SigningKey},
};
use contract::TokenHash;
use std::{borrow::Cow, sync::Arc};

/// What a credential proved.
#[derive(Debug)]
pub struct Proof {
    pub app: Arc<App>,
    pub key: KeyRef,
    pub granted: Granted,
    /// Whether the body is covered too, and by which digest.
    pub body: BodyProof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyProof {
    /// A Bearer request: the body is not signed.
    NotSigned,
    /// A signed request: a body needs a digest.
    Signed { md5: Option<[u8; 16]> },
}

/// Seconds that a client's clock may be off, either way.
const TOLERANCE_S: u64 = 600;

/// Checks whichever credential the request carries. `app` is the one its path names.
pub fn check(
    directory: &Directory,
    app: Option<Arc<App>>,
    request: &RequestView<'_>,
    query: &Query<'_>,
    now_ms: u64,
) -> Result<Proof, Refusal> {
    match (query.is_signed(), bearer(request.authorization)) {
        (true, _) => check_signed(directory, app, request, query, now_ms),
        (false, Some(token)) => check_token(directory, app, request, token, now_ms),
        (false, None) => Err(Refusal::Unauthorised(Why::Missing)),
    }
}

fn check_signed(
    directory: &Directory,
    app: Option<Arc<App>>,
    request: &RequestView<'_>,
    query: &Query<'_>,
    now_ms: u64,
) -> Result<Proof, Refusal> {
    let form = SignedForm::parse(query)?;
    if form.timestamp_s.abs_diff(now_ms / 1_000) > TOLERANCE_S {
        return Err(Refusal::Unauthorised(Why::Timestamp));
    }
    let app = app.or_else(|| directory.app_by_key(form.key));
    let state = app.as_ref().map(|app| app.load());
    let credential = state.as_ref().and_then(|state| state.credential(form.key));
    let wait_ms = app
        .as_ref()
        .map_or(0, |app| directory.failures().wait_ms(request.peer, Some(&app.id), now_ms));
    let RequestView { method, path, mount, .. } = *request;
    let signed = Signed { method, path, mount, query };
    let verify = |key: &SigningKey| signed.verify(key, &form.signature, wait_ms > 0);
    let matches = match credential {
        Some(credential) => credential.accepts(now_ms / 1_000, |s| verify(s.signing_key())),
        None => verify(SigningKey::of_nobody()),
    };
    if let (true, Some(app), Some(credential)) = (matches, &app, credential) {
        let key = KeyRef::App(credential.key.clone());
        let body = BodyProof::Signed { md5: form.body_md5 };
        return Ok(Proof { app: app.clone(), key, granted: Granted::Everything, body });
    }
    if let Some(app) = &app {
        directory.failures().note(request.peer, Some(&app.id), now_ms);
    }
    Err(match wait_ms {
        0 => Refusal::Unauthorised(Why::Signature { signed: signed.structure() }),
        retry_after_ms => too_many_failures(retry_after_ms),
    })
}

/// The `auth_*` parameters, each of its shape.
struct SignedForm<'a> {
    key: &'a str,
    timestamp_s: u64,
    signature: [u8; 32],
    body_md5: Option<[u8; 16]>,
}

impl<'a> SignedForm<'a> {
    fn parse(query: &Query<'a>) -> Result<Self, Refusal> {
        let refuse = |name| Refusal::Unauthorised(Why::Parameter(name));
        let auth = &query.auth;
        let key = auth.key.filter(|key| !key.is_empty()).ok_or(refuse("auth_key"))?;
        let timestamp = auth.timestamp.and_then(parse_timestamp);
        let timestamp_s = timestamp.ok_or(refuse("auth_timestamp"))?;
        auth.version.filter(|version| *version == "1.0").ok_or(refuse("auth_version"))?;
        let signature = auth.signature.and_then(parse_signature);
        let signature = signature.ok_or(refuse("auth_signature"))?;
        let body_md5 = match auth.body_md5 {
            Some(raw) => Some(parse_lower_hex(raw).ok_or(refuse("body_md5"))?),
            None => None,
        };
        Ok(Self { key, timestamp_s, signature, body_md5 })
    }
}

fn parse_timestamp(raw: &str) -> Option<u64> {
    let digits = (1..=12).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_digit());
    if digits { raw.parse().ok() } else { None }
}

/// Lower-case hexadecimal digits of exactly `N` bytes.
pub fn parse_lower_hex<const N: usize>(raw: &str) -> Option<[u8; N]> {
    let (pairs, []) = raw.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != N {
        return None;
    }
    let (mut bytes, mut seen) = ([0; N], 0);
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (LOWER_HEX[usize::from(*high)], LOWER_HEX[usize::from(*low)]);
        seen |= high | low;
        *byte = high << 4 | low;
    }
    (seen & NO_DIGIT == 0).then_some(bytes)
}

/// A bit that no digit's value has.
const NO_DIGIT: u8 = 0x80;

/// The value of each lower-case digit. Every signed request is read through this, so it is a
/// table: comparisons cost more here than the look-up of the app.
const LOWER_HEX: [u8; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// The token of `Authorization: Bearer …`; other schemes are not ours to judge.
pub fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, token) = authorization?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

fn check_token(
    directory: &Directory,
    app: Option<Arc<App>>,
    request: &RequestView<'_>,
    presented: &str,
    now_ms: u64,
) -> Result<Proof, Refusal> {
    let named = app.as_ref().map(|app| app.id.clone());
    let refused = || failed(directory, request.peer, named.as_ref(), now_ms);
    if request.app_secret_bearer {
        let hash = TokenHash::of(presented);
        let of = app.clone().or_else(|| directory.app_by_bearer(&hash).map(|(app, _)| app));
        let fits = |secret: &Secret| secret.derived(Purpose::Everything).ct_eq(&hash);
        let is_secret = |c: &Credential| c.accepts(now_ms / 1_000, fits);
        let key_of = |app: &App| find(&app.load(), is_secret).map(|c| c.key.clone());
        if let Some((app, key)) = of.and_then(|app| key_of(&app).map(|key| (app, key))) {
            let key = KeyRef::App(key);
            let (granted, body) = (Granted::Everything, BodyProof::NotSigned);
            return Ok(Proof { app, key, granted, body });
        }
    }
    let (key, terms) = key_of_token(directory, presented, now_ms / 1_000).ok_or_else(refused)?;
    let app = app.or_else(|| directory.app_by_id(key.app.as_str())).ok_or_else(refused)?;
    if key.app != app.id {
        return Err(refused());
    }
    if terms.is_expired(now_ms / 1_000) {
        return Err(Refusal::Unauthorised(Why::TokenExpired));
    }
    if !terms.is_taken_from(request.peer) {
        return Err(Refusal::AddressRefused);
    }
    let name = KeyRef::Secret(key.name.clone());
    app.seen.from_address(&name, request.peer, now_ms / 1_000);
    let granted = Granted::Scoped(key, terms);
    Ok(Proof { app, key: name, granted, body: BodyProof::NotSigned })
}

/// The app's segment in `/apps/{segment}/…`; `None` on routes that find the app by credential.
pub fn app_segment<'a>(request: &RequestView<'a>) -> Option<Cow<'a, str>> {
    let path = request.path.strip_prefix(request.mount).unwrap_or(request.path);
    let rest = path.strip_prefix("/apps/")?;
    let segment = rest.split('/').next().unwrap_or(rest);
    // What is not UTF-8 becomes a name that no app can have.
    Some(percent_encoding::percent_decode_str(segment).decode_utf8_lossy())
}
