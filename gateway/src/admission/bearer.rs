//! Bearers that find their app themselves, or are derived from its secret.

use crate::{
    admission::{
        bearing::secret_of_nobody,
        credential::{BodyProof, Proof, bearer},
        failures::FailureTable,
        http::{Granted, KeyRef, Pending, check_serving},
        refusal::{Refusal, Rule, Why},
    },
    directory::{App, AppState, Credential, Directory, Purpose, Secret, SecretKey, SecretTerms},
};
use contract::{AppId, SecretKeyToken, TokenHash};
use std::{net::IpAddr, sync::Arc};

/// Checks a secret key: its token, or its id and token secret with a colon between. The app is the
/// key's. Unknown, revoked and wrong ones are answered alike. `now_ms` is Unix time.
pub fn bearer_credential(
    directory: &Directory,
    authorization: Option<&str>,
    peer: Option<IpAddr>,
    now_ms: u64,
) -> Result<Pending, Refusal> {
    let presented = bearer(authorization).ok_or(Refusal::Unauthorised(Why::Missing))?;
    let found = match presented.split_once(':') {
        Some((id, secret)) => key_of_pair(directory, id, secret),
        None => key_of_token(directory, presented, now_ms / 1_000),
    };
    let found = found.and_then(|(key, terms)| {
        let app = directory.app_by_id(key.app.as_str())?;
        Some((app, key, terms))
    });
    let Some((app, key, terms)) = found else {
        return Err(failed(directory, peer, None, now_ms));
    };
    if terms.is_expired(now_ms / 1_000) {
        return Err(Refusal::Unauthorised(Why::TokenExpired));
    }
    if !terms.is_taken_from(peer) {
        return Err(Refusal::AddressRefused);
    }
    check_serving(&app.load())?;
    let name = KeyRef::Secret(key.name.clone());
    app.seen.from_address(&name, peer, now_ms / 1_000);
    let granted = Granted::Scoped(key, terms);
    let proof = Proof { app, key: name, granted, body: BodyProof::NotSigned };
    Ok(Pending::new(proof, now_ms))
}

type Found = (Arc<SecretKey>, Arc<SecretTerms>);

pub fn key_of_token(directory: &Directory, token: &str, now_s: u64) -> Option<Found> {
    // The checksum first: a mistyped key costs no look-up.
    let token: SecretKeyToken = token.parse().ok()?;
    let hash = token.hash();
    let key = directory.secret_key(&hash)?;
    let terms = key.terms().filter(|terms| terms.takes(&hash, now_s))?;
    Some((key, terms))
}

fn key_of_pair(directory: &Directory, id: &str, secret: &str) -> Option<Found> {
    let key = directory.secret_key_by_id(id);
    let terms = key.as_ref().and_then(|key| key.terms());
    let token_key = terms.as_ref().and_then(|terms| terms.token_key());
    let own = token_key.map_or(secret_of_nobody(), |token_key| token_key.secret.expose());
    let fits = TokenHash::of(own).ct_eq(&TokenHash::of(secret));
    match (token_key.is_some() && fits, key, terms) {
        (true, Some(key), Some(terms)) => Some((key, terms)),
        _ => None,
    }
}

/// The app whose secret key a refused request carried, for writing the refusal down.
pub fn app_of_bearer(directory: &Directory, authorization: Option<&str>) -> Option<Arc<App>> {
    let token: SecretKeyToken = bearer(authorization)?.parse().ok()?;
    let key = directory.secret_key(&token.hash())?;
    directory.app_by_id(key.app.as_str())
}

/// Checks a Bearer that was derived from an app's secret for `purpose`: of `app`, or where nothing
/// else names one, of the app that it was derived for. `now_ms` is Unix time.
pub fn derived_bearer(
    directory: &Directory,
    app: Option<&Arc<App>>,
    purpose: Purpose,
    authorization: Option<&str>,
    peer: Option<IpAddr>,
    now_ms: u64,
) -> Result<Pending, Refusal> {
    let presented = bearer(authorization).ok_or(Refusal::Unauthorised(Why::Missing))?;
    let hash = TokenHash::of(presented);
    let of = match app {
        Some(app) => Some(app.clone()),
        None => directory.app_by_bearer(&hash).map(|(app, _)| app),
    };
    let key = of.as_ref().and_then(|app| {
        let state = app.load();
        let fits = |secret: &Secret| secret.derived(purpose).ct_eq(&hash);
        let credential = find(&state, |credential| credential.accepts(now_ms / 1_000, fits))?;
        Some(credential.key.clone())
    });
    let (Some(of), Some(key)) = (of, key) else {
        return Err(failed(directory, peer, app.map(|app| &app.id), now_ms));
    };
    check_serving(&of.load())?;
    let key = KeyRef::App(key);
    let proof = Proof { app: of, key, granted: Granted::Everything, body: BodyProof::NotSigned };
    Ok(Pending::new(proof, now_ms))
}

/// The active credential that fits. All are looked at, whichever it is.
pub fn find(state: &AppState, fits: impl Fn(&Credential) -> bool) -> Option<&Credential> {
    let mut found = None;
    for credential in &state.credentials {
        if fits(credential) {
            found = Some(credential);
        }
    }
    found
}

/// Notes that a caller presented a wrong credential. The answer is 401, or to wait, for one that
/// does so all the time; a good credential of the same caller is taken even then.
pub fn failed(
    directory: &Directory,
    peer: Option<IpAddr>,
    app: Option<&AppId>,
    now_ms: u64,
) -> Refusal {
    let wait_ms = directory.failures().wait_ms(peer, app, now_ms);
    directory.failures().note(peer, app, now_ms);
    match wait_ms {
        0 => Refusal::Unauthorised(Why::Token),
        retry_after_ms => too_many_failures(retry_after_ms),
    }
}

pub fn too_many_failures(retry_after_ms: u64) -> Refusal {
    let limit = FailureTable::BURST as u32;
    Refusal::RateLimited { retry_after_ms, rule: Rule::FailedCredentials, limit }
}
