//! Bearer keys, scopes, rates, the state of the app, places in the connection quota.

use super::*;
use crate::admission::{Admitted, KeyRef, Whose, Why, connect};
use contract::{Action, AppId, AppKey, SecretKeyToken, directory::Kill};

fn given_token(directory: &Directory, actions: &[Action], patterns: &[&str]) -> SecretKeyToken {
    given_token_until(directory, actions, patterns, None)
}

fn given_token_until(
    directory: &Directory,
    actions: &[Action],
    patterns: &[&str],
    expires_at: Option<i64>,
) -> SecretKeyToken {
    let token = SecretKeyToken::generate().expect("random");
    given_key(
        directory,
        SecretKeyRecord {
            id: token.id(),
            app: "100042".parse().unwrap(),
            hash: token.hash(),
            actions: actions.to_vec(),
            channels: patterns.iter().map(|p| p.parse().unwrap()).collect(),
            expires_at,
            sealed_token_secret: None,
            previous: None,
            max_publishes_per_s: None,
            allowed_addresses: Vec::new(),
        },
    );
    token
}

fn events_with(directory: &Directory, authorization: &str) -> Result<Admitted, Refusal> {
    ask(directory, "POST", "/apps/100042/events", Some(authorization))?.admit(b"{}")
}

fn events(directory: &Directory, token: &SecretKeyToken) -> Result<Admitted, Refusal> {
    events_with(directory, &format!("Bearer {}", token.expose()))
}

fn kill(directory: &Directory, kill: Kill) {
    let next = directory.status().applied() + 1;
    assert!(directory.apply(next, contract::directory::Change::Kill(kill)).is_some());
}

fn app() -> AppId {
    "100042".parse().unwrap()
}

#[test]
fn bearer_keys_are_read_in_one_form() {
    let directory = given_directory();
    let token = given_token(&directory, &[Action::Publish], &["**"]);
    let text = token.expose().to_owned();
    let mistyped = text[..text.len() - 1].to_owned() + if text.ends_with('0') { "1" } else { "0" };
    let unknown = SecretKeyToken::generate().unwrap();
    let (missing, bad) = (Err(Why::Missing), Err(Why::Token));
    for (authorization, expected) in [
        (format!("Bearer {text}"), Ok(())),
        (format!("bearer {text}"), Ok(())),
        (format!("BEARER   {text} "), Ok(())),
        (format!("Basic {text}"), missing.clone()),
        (text.clone(), missing),
        (format!("Bearer {mistyped}"), bad.clone()),
        (format!("Bearer {}", unknown.expose()), bad.clone()),
        ("Bearer ".to_owned(), bad.clone()),
        (format!("Bearer {text}é"), bad),
    ] {
        let answer = events_with(&directory, &authorization).map(|admitted| {
            assert_eq!(admitted.key, KeyRef::Secret(token.id()));
        });
        assert_eq!(answer, expected.map_err(Refusal::Unauthorised), "{authorization}");
    }
}

#[test]
fn a_key_opens_its_own_app_and_no_other() {
    let directory = given_directory();
    let token = given_token(&directory, &[Action::Publish], &["**"]);
    let bearer = format!("Bearer {}", token.expose());
    for (path, expected) in [
        ("/apps/100042/events", Ok(())),
        ("/apps/vk_demo_7d3c1f0a/events", Ok(())),
        ("/users/u/terminate_connections", Ok(())),
        ("/apps/200001/events", Err(401)),
        ("/apps/unheard_of/events", Err(404)),
        ("/apps//events", Err(404)),
        ("/apps/%ff/events", Err(404)),
    ] {
        let answer = ask(&directory, "POST", path, Some(&bearer)).map(drop);
        assert_eq!(answer.map_err(|r| r.status()), expected, "{path}");
    }
}

#[test]
fn keys_end_at_their_time() {
    let directory = given_directory();
    for (expires_in, expected) in [(1, Ok(())), (0, Err(Why::TokenExpired))] {
        let at = NOW_S as i64 + expires_in;
        let token = given_token_until(&directory, &[], &[], Some(at));
        let answer = events(&directory, &token).map(drop);
        assert_eq!(answer, expected.map_err(Refusal::Unauthorised), "{expires_in}");
    }
}

#[test]
fn scopes_bind_actions_and_channels() {
    let directory = given_directory();
    let token = given_token(&directory, &[Action::Publish], &["room-*"]);
    let admitted = events(&directory, &token).expect("a good key");
    let publish = |name: &str| admitted.require_channel(Action::Publish, &name.parse().unwrap());
    assert_eq!(publish("room-1"), Ok(()));
    assert_eq!(publish("news"), Err(Refusal::ScopeChannel));
    let read = Action::ChannelsRead;
    assert_eq!(admitted.require(read), Err(Refusal::ScopeAction(read)));
    assert!(!admitted.covers_every_channel());

    let nothing = given_token(&directory, &[], &[]);
    let admitted = events(&directory, &nothing).expect("a good key");
    assert!(Action::ALL.into_iter().all(|action| admitted.require(action).is_err()));
}

#[test]
fn what_ends_is_refused_at_once() {
    let directory = given_directory();
    let token = given_token(&directory, &[Action::Publish], &["**"]);
    let bearer = format!("Bearer {}", token.expose());
    let pending = ask(&directory, "POST", "/apps/100042/events", Some(&bearer)).expect("valid");
    kill(&directory, Kill::RevokeSecretKey { app: app(), id: token.id() });
    let refused = Err(Refusal::Unauthorised(Why::Token));
    assert_eq!(pending.admit(b"{}").map(drop), refused, "revoked while its body was sent");
    assert_eq!(events(&directory, &token).map(drop), refused);

    let token = given_token(&directory, &[Action::Publish], &["**"]);
    let app_before = directory.app_by_path("100042").expect("known");
    kill(&directory, Kill::DisableApp { app: app() });
    assert_eq!(events(&directory, &token).map(drop), Err(Refusal::AppDisabled));
    assert_eq!(connect(&app_before, None, true).map(drop), Err(Refusal::AppDisabled));
    kill(&directory, Kill::DeleteApp { app: app() });
    assert_eq!(events(&directory, &token).map(drop), Err(Refusal::AppUnknown));
    assert_eq!(connect(&app_before, None, true).map(drop), Err(Refusal::AppUnknown));
    assert!(directory.secret_key(&token.hash()).is_none());
}

#[test]
fn a_revoked_pair_takes_no_signatures_while_the_other_does() {
    let directory = given_directory();
    given_app(&directory, app_record("100042", &[(KEY, SECRET), ("second_key", "second")]));
    let key: AppKey = KEY.parse().unwrap();
    kill(&directory, Kill::RevokeCredential { app: app(), key: key.clone() });
    assert!(directory.app_by_key(KEY).is_none());
    let state = directory.app_by_key("second_key").expect("still active").state();
    assert!(state.credential(KEY).is_none() && state.credential("second_key").is_some());
}

#[test]
fn publishes_and_reads_are_limited_per_app() {
    let directory = given_directory();
    let token = given_token(&directory, &Action::ALL, &["**"]);
    let admitted = events(&directory, &token).expect("a good key");
    for _ in 0..20 {
        assert_eq!(admitted.charge_publish(10), Ok(()));
    }
    assert_eq!(admitted.charge_publish(10).map_err(|r| r.status()), Err(429));
    assert_eq!(admitted.charge_read(), Ok(()));
    let again = events(&directory, &token).expect("the credential itself is fine");
    assert!(again.charge_publish(10).is_err(), "the bucket is the app's, not the request's");
}

#[test]
fn places_are_counted_exactly_and_given_back() {
    let directory = Directory::new(master());
    let mut record = app_record("1", &[("k1", "s")]);
    record.limits.max_connections = 2;
    given_app(&directory, record);
    let app = directory.app_by_key("k1").expect("known");
    let first = connect(&app, None, false).expect("a place");
    let _second = connect(&app, None, false).expect("a place");
    let full = Err(Refusal::ConnectionLimit { whose: Whose::App, used: 2, limit: 2 });
    assert_eq!(connect(&app, None, false).map(drop), full);
    drop(first);
    assert_eq!(app.connections.open(), 1);
    assert!(connect(&app, None, false).is_ok());
    assert_eq!(app.connections.take_peak(), 2);
}

#[test]
fn connections_are_refused_by_origin_and_without_tls() {
    let directory = Directory::new(master());
    let mut record = app_record("1", &[("k1", "s")]);
    record.settings.allowed_origins = vec!["https://example.com".into()];
    record.settings.tls_only = true;
    given_app(&directory, record);
    let app = directory.app_by_key("k1").expect("known");
    for (origin, tls, expected) in [
        (Some("https://example.com"), true, Ok(())),
        (None, true, Ok(())),
        (Some("https://evil.test"), true, Err(Refusal::OriginRefused)),
        (Some("https://example.com"), false, Err(Refusal::TlsRequired)),
    ] {
        assert_eq!(connect(&app, origin, tls).map(drop), expected, "{origin:?} {tls}");
    }
}
