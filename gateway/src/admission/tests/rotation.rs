//! Secrets and tokens that are replaced: both are taken until the overlap ends, then only the new.

use super::{tokens::key_record, *};
use crate::{
    admission::{
        Purpose, Why, app_token, bearer_credential, channel_signature, derived_bearer, stream_name,
    },
    directory::{News, SigningKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    SecretKeyToken,
    directory::{Kill, PreviousSecret, PreviousToken},
};

const NEW: &str = "a-new-secret-0a1b2c";
const OVERLAP_ENDS: u64 = NOW_S + 100;

fn rotated(previous: bool) -> AppRecord {
    let mut record = app_record("100042", &[(KEY, NEW)]);
    record.credentials[0].previous = previous.then(|| PreviousSecret {
        sealed_secret: master().seal(SECRET, KEY).unwrap(),
        expires_at: OVERLAP_ENDS as i64,
    });
    record
}

/// Everything that `secret` of the app can sign, and whether it is taken.
fn taken(directory: &Directory, secret: &str) -> Vec<(&'static str, bool)> {
    let sign = |text: &str| hex::encode(SigningKey::new(secret).sign(&[text.as_bytes()]));
    let app = directory.app_by_key(KEY).unwrap();
    let (state, now_ms) = (app.state(), NOW_S * 1_000);
    let query = format!("auth_key={KEY}&auth_timestamp={NOW_S}&auth_version=1.0");
    let path = "/apps/100042/channels";
    let signature = sign(&format!("GET\n{path}\n{query}"));
    let target = format!("{path}?{query}&auth_signature={signature}");
    let auth = format!("{KEY}:{}", sign("1.2:private-a"));
    let socket = "1.2".parse().unwrap();
    let bearer = format!("Bearer {}", sign("api-cable"));
    let derived = |app| derived_bearer(directory, app, Purpose::Api, Some(&bearer), None, now_ms);
    let stream = URL_SAFE_NO_PAD.encode("\"a\"");
    let claims = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
        URL_SAFE_NO_PAD.encode(r#"{"ext":"{}"}"#)
    );
    let tag = SigningKey::new(secret).sign(&[claims.as_bytes()]);
    let jwt = format!("{claims}.{}", URL_SAFE_NO_PAD.encode(tag));
    vec![
        ("request", ask(directory, "GET", &target, None).and_then(|p| p.admit(b"")).is_ok()),
        ("channel", channel_signature(&state, socket, "private-a", &auth, None).is_ok()),
        ("bearer", derived(Some(&app)).is_ok()),
        ("bearer that names its app", derived(None).is_ok()),
        ("stream", stream_name(&state, &format!("{stream}--{}", sign(&stream))).is_ok()),
        ("token", app_token(&state, &jwt, now_ms).is_ok()),
    ]
}

#[track_caller]
fn assert_taken(directory: &Directory, secret: &str, expected: bool) {
    for (what, is) in taken(directory, secret) {
        assert_eq!(is, expected, "{what} by {secret}");
    }
}

#[test]
fn a_rotated_app_secret_is_taken_until_its_overlap_ends() {
    let directory = given_directory();
    assert_taken(&directory, SECRET, true);
    assert_taken(&directory, NEW, false);
    given_app(&directory, rotated(true));
    assert_taken(&directory, SECRET, true);
    assert_taken(&directory, NEW, true);
    assert!(directory.expire(OVERLAP_ENDS - 1).is_none());
    assert_taken(&directory, SECRET, true);
    assert!(directory.expire(OVERLAP_ENDS).is_none(), "sockets depend on the key, which stays");
    assert_taken(&directory, SECRET, false);
    assert_taken(&directory, NEW, true);
}

#[test]
fn a_rotation_without_overlap_ends_the_old_secret_at_once() {
    let directory = given_directory();
    given_app(&directory, rotated(false));
    assert_taken(&directory, SECRET, false);
    assert_taken(&directory, NEW, true);
}

#[test]
fn the_old_secret_says_when_it_was_last_used() {
    let directory = given_directory();
    let record = rotated(true);
    given_app(&directory, record.clone());
    let unreported = |directory: &Directory| {
        let state = directory.app_by_key(KEY).unwrap().state();
        let credential = &state.credentials[0];
        let previous = credential.previous_use().unwrap();
        (credential.last_use.unreported(), previous.last_use.unreported())
    };
    assert!(taken(&directory, NEW)[0].1);
    assert_eq!(unreported(&directory), (Some(NOW_S), None));
    assert!(taken(&directory, SECRET)[0].1);
    given_app(&directory, record);
    assert_eq!(unreported(&directory), (Some(NOW_S), Some(NOW_S)), "also by a later version");
}

#[test]
fn a_pair_ends_at_its_time_and_its_sockets_with_it() {
    let directory = given_directory();
    let mut record = app_record("100042", &[(KEY, SECRET), ("next", NEW)]);
    record.credentials[0].expires_at = Some(OVERLAP_ENDS as i64);
    given_app(&directory, record);
    let mut kills = directory.subscribe_kills();
    assert!(directory.expire(OVERLAP_ENDS - 1).is_none());
    assert!(directory.app_by_key(KEY).is_some());
    assert!(directory.expire(OVERLAP_ENDS).is_some());
    let ended =
        Kill::RevokeCredential { app: "100042".parse().unwrap(), key: KEY.parse().unwrap() };
    assert_eq!(kills.try_recv().unwrap().news, News::Ended(ended));
    assert!(directory.app_by_key(KEY).is_none() && directory.app_by_key("next").is_some());
}

#[test]
fn a_rotated_token_is_taken_until_its_overlap_ends() {
    let directory = given_directory();
    let (old, new) = (SecretKeyToken::generate().unwrap(), SecretKeyToken::generate().unwrap());
    let record = |hash, previous| SecretKeyRecord { hash, previous, ..key_record(&[], &["**"]) };
    let with = |token: &SecretKeyToken, now_s: u64| {
        let authorization = format!("Bearer {}", token.expose());
        bearer_credential(&directory, Some(&authorization), None, now_s * 1_000).map(drop)
    };
    given_key(&directory, record(old.hash(), None));
    assert_eq!(with(&old, NOW_S), Ok(()));
    let previous = PreviousToken { hash: old.hash(), expires_at: OVERLAP_ENDS as i64 };
    given_key(&directory, record(new.hash(), Some(previous)));
    let used = || {
        let key = directory.secret_key(&new.hash()).unwrap();
        key.terms().unwrap().previous().unwrap().last_use.unreported()
    };
    assert_eq!((with(&new, NOW_S), used()), (Ok(()), None));
    assert_eq!((with(&old, OVERLAP_ENDS - 1), used()), (Ok(()), Some(OVERLAP_ENDS - 1)));
    let refused = Err(Refusal::Unauthorised(Why::Token));
    assert_eq!(with(&old, OVERLAP_ENDS), refused);
    assert_eq!(with(&new, OVERLAP_ENDS), Ok(()));
    given_key(&directory, record(new.hash(), None));
    assert_eq!(with(&old, OVERLAP_ENDS), refused, "the overlap was ended early");
    let kill =
        Kill::RevokeSecretKey { app: "100042".parse().unwrap(), id: key_record(&[], &[]).id };
    drop(directory.apply(directory.status().applied() + 1, Change::Kill(kill)));
    assert_eq!(with(&new, OVERLAP_ENDS), refused);
    assert!(directory.secret_key(&new.hash()).is_none());
}
