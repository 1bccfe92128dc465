//! Bearers that are derived from an app's secret, that are the secret, or that are a key of their
//! own. Source: spec/anycable.md §2, §13; spec/metered.md §2, §12; spec/relay.md §2.

use super::{app_tokens::CABLE_SECRET, *};
use crate::admission::{
    KeyRef, Purpose, Rule, Why, bearer_credential, derived_bearer, failures::FailureTable,
};
use contract::{Action, SecretKeyToken, directory::Kill};
use std::net::IpAddr;

const API: &str = "5769a03eca4ed66bbafa648f35b9c0eeffeffbf6224bf2ceaff743b7cfc04c8f";
const BROADCAST: &str = "922a95c75aa63dc974c42fba4770a16289225f616f7652f26909875f70155e6d";
const RPC: &str = "c8648525f75926dcbad817afec0f84f424e0bc94348ec325795b3d8850b09dd3";
const QWERTY_API: &str = "bdd0244b3664404d03b7d0c2f1b946dc4fc6c13fdcbfa2be62a4a28deb04d096";

/// Three apps; the last two share a secret that a customer brought along.
fn given_cables() -> Directory {
    let directory = Directory::new(master());
    given_app(&directory, app_record("42", &[("cable", CABLE_SECRET)]));
    given_app(&directory, app_record("43", &[("first", "qwerty"), ("spare", "spare-secret")]));
    given_app(&directory, app_record("44", &[("second", "shared"), ("third", "shared")]));
    directory
}

fn ask_with(
    directory: &Directory,
    app: Option<&str>,
    purpose: Purpose,
    token: &str,
) -> Result<String, Refusal> {
    let app = app.map(|id| directory.app_by_id(id).expect(id));
    let authorization = format!("Bearer {token}");
    let now_ms = NOW_S * 1_000;
    derived_bearer(directory, app.as_ref(), purpose, Some(&authorization), None, now_ms)?
        .admit(b"[]")
        .map(|admitted| match &admitted.key {
            KeyRef::App(key) => key.to_string(),
            other => panic!("{other:?}"),
        })
}

#[test]
fn derived_bearers_name_their_app_and_what_they_are_for() {
    let directory = given_cables();
    let refused = || Err(Refusal::Unauthorised(Why::Token));
    for (app, purpose, token, expected) in [
        (None, Purpose::Api, API, Ok("cable".to_owned())),
        (None, Purpose::Broadcast, BROADCAST, Ok("cable".to_owned())),
        (Some("42"), Purpose::Api, API, Ok("cable".to_owned())),
        (Some("42"), Purpose::Broadcast, BROADCAST, Ok("cable".to_owned())),
        (None, Purpose::Api, QWERTY_API, Ok("first".to_owned())),
        (None, Purpose::Broadcast, API, refused()),
        (None, Purpose::Api, BROADCAST, refused()),
        (Some("42"), Purpose::Broadcast, API, refused()),
        (None, Purpose::Api, RPC, refused()),
        (None, Purpose::Api, CABLE_SECRET, refused()),
        (Some("42"), Purpose::Api, CABLE_SECRET, refused()),
        (Some("43"), Purpose::Api, API, refused()),
        (None, Purpose::Api, "", refused()),
        (None, Purpose::Api, &API.to_uppercase(), refused()),
    ] {
        assert_eq!(ask_with(&directory, app, purpose, token), expected, "{app:?} {token}");
    }
}

#[test]
fn every_flipped_character_of_a_derived_bearer_is_refused() {
    let directory = given_cables();
    for (purpose, token) in [(Purpose::Api, API), (Purpose::Broadcast, BROADCAST)] {
        for at in 0..token.len() {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let flipped = String::from_utf8(bytes).unwrap();
            for app in [None, Some("42")] {
                let status = ask_with(&directory, app, purpose, &flipped).map_err(|r| r.status());
                assert_eq!(status, Err(401), "{purpose:?} {app:?} byte {at}");
            }
        }
    }
}

fn derived(secret: &str, purpose: Purpose) -> String {
    hex::encode(
        crate::directory::SigningKey::new(secret)
            .sign(&[purpose.label().expect("derived").as_bytes()]),
    )
}

#[test]
fn a_secret_that_two_apps_share_names_neither() {
    let directory = given_cables();
    let shared = derived("shared", Purpose::Api);
    let find = |app: Option<&str>| ask_with(&directory, app, Purpose::Api, &shared);
    assert!(find(None).is_ok(), "two credentials of one app");
    given_app(&directory, app_record("45", &[("fourth", "shared")]));
    assert_eq!(find(None), Err(Refusal::Unauthorised(Why::Token)));
    assert_eq!(find(Some("45")), Ok("fourth".to_owned()), "the address says whose");
    assert!(find(Some("44")).is_ok());
    given_app(&directory, app_record("45", &[("fourth", "of-its-own")]));
    assert!(find(None).is_ok(), "shared no longer");
    assert_eq!(find(Some("45")), Err(Refusal::Unauthorised(Why::Token)));
}

#[test]
fn derived_bearers_end_with_their_credential() {
    let directory = given_cables();
    let (qwerty, spare) = (derived("qwerty", Purpose::Api), derived("spare-secret", Purpose::Api));
    assert_eq!(ask_with(&directory, None, Purpose::Api, &spare), Ok("spare".to_owned()));
    let kill = |kill: Kill| {
        let next = directory.status().applied() + 1;
        assert!(directory.apply(next, Change::Kill(kill)).is_some());
    };
    let app = || "43".parse().unwrap();
    kill(Kill::RevokeCredential { app: app(), key: "first".parse().unwrap() });
    let status = |token| ask_with(&directory, None, Purpose::Api, token).map_err(|r| r.status());
    assert_eq!((status(&qwerty), status(&spare)), (Err(401), Ok("spare".to_owned())));
    kill(Kill::DisableApp { app: app() });
    assert_eq!((status(&qwerty), status(&spare)), (Err(401), Err(403)));
    kill(Kill::DeleteApp { app: app() });
    assert_eq!((status(&qwerty), status(&spare)), (Err(401), Err(401)));
}

fn given_secret_key(directory: &Directory) -> (SecretKeyToken, String) {
    let token = SecretKeyToken::generate().unwrap();
    let secret = contract::TokenSecret::generate().unwrap().expose().to_owned();
    let id = token.id();
    let record = SecretKeyRecord {
        id: id.clone(),
        app: "100042".parse().unwrap(),
        hash: token.hash(),
        actions: vec![Action::Publish],
        channels: vec!["room-*".parse().unwrap()],
        expires_at: None,
        sealed_token_secret: Some(master().seal(&secret, id.as_str()).unwrap()),
        previous: None,
        max_publishes_per_s: None,
        allowed_addresses: Vec::new(),
    };
    given_key(directory, record);
    (token, secret)
}

fn by_itself(directory: &Directory, token: &str, peer: Option<IpAddr>) -> Result<KeyRef, Refusal> {
    let authorization = format!("Bearer {token}");
    let pending = bearer_credential(directory, Some(&authorization), peer, NOW_S * 1_000)?;
    pending.admit(b"{}").map(|admitted| admitted.key)
}

#[test]
fn secret_keys_are_taken_as_a_token_and_as_a_pair() {
    let directory = given_directory();
    let (token, secret) = given_secret_key(&directory);
    let (other, other_secret) = given_secret_key(&directory);
    let (id, whole) = (token.id(), token.expose().to_owned());
    for (presented, fits) in [
        (whole.clone(), true),
        (format!("{id}:{secret}"), true),
        (format!("{}:{other_secret}", other.id()), true),
        (id.to_string(), false),
        (format!("{id}:"), false),
        (format!(":{secret}"), false),
        (secret.clone(), false),
        (format!("{id}:{whole}"), false),
        (format!("{id}:{secret}:"), false),
        (format!("{}:{secret}", other.id()), false),
        (format!("sk_id_nobody:{secret}"), false),
        (format!("{id}:{}", &secret[..secret.len() - 1]), false),
        ("pk_live_abc".to_owned(), false),
        (String::new(), false),
    ] {
        let answer = by_itself(&directory, &presented, None).map(drop);
        let expected = if fits { Ok(()) } else { Err(Refusal::Unauthorised(Why::Token)) };
        assert_eq!(answer, expected, "{presented}");
    }
    let pair = format!("{id}:{secret}");
    for at in 0..pair.len() {
        let mut bytes = pair.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        let flipped = String::from_utf8(bytes).unwrap();
        assert_eq!(by_itself(&directory, &flipped, None).map_err(|r| r.status()), Err(401));
    }
    let none = bearer_credential(&directory, None, None, NOW_S * 1_000).map(drop);
    assert_eq!(none, Err(Refusal::Unauthorised(Why::Missing)));
}

#[test]
fn the_apps_own_secret_is_a_bearer_where_that_is_asked_for() {
    let directory = given_directory();
    let (token, _) = given_secret_key(&directory);
    given_app(&directory, app_record("100042", &[(KEY, SECRET), ("next", "next-secret")]));
    let ask = |path: &str, token: &str, app_secret_bearer| {
        let authorization = format!("Bearer {token}");
        let authorization = Some(authorization.as_str());
        let view = RequestView { path, authorization, app_secret_bearer, ..Default::default() };
        let pending = http_credential(&directory, view, NOW_S * 1_000)?;
        pending.admit(b"{}").map(|admitted| (admitted.key.clone(), admitted))
    };
    let of = |key: &str| KeyRef::App(key.parse().unwrap());
    for (path, presented, taken, expected) in [
        ("/apps/100042/events", SECRET, true, Ok(of(KEY))),
        ("/apps/vk_demo_7d3c1f0a/events", "next-secret", true, Ok(of("next"))),
        ("/apps/100042/events", token.expose(), true, Ok(KeyRef::Secret(token.id()))),
        ("/apps/100042/events", SECRET, false, Err(401)),
        ("/apps/100042/events", "other_secret", true, Err(401)),
        ("/apps/200001/events", SECRET, true, Err(401)),
        ("/users/u/terminate_connections", SECRET, true, Ok(of(KEY))),
        ("/users/u/terminate_connections", SECRET, false, Err(401)),
        ("/apps/100042/events", KEY, true, Err(401)),
        ("/apps/nobody/events", SECRET, true, Err(404)),
    ] {
        let answer = ask(path, presented, taken).map(|(key, _)| key).map_err(|r| r.status());
        assert_eq!(answer, expected, "{path} {presented} {taken}");
    }
    for at in 0..SECRET.len() {
        let mut bytes = SECRET.as_bytes().to_vec();
        bytes[at] ^= 1;
        let flipped = String::from_utf8(bytes).unwrap();
        let answer = ask("/apps/100042/events", &flipped, true).map(drop);
        assert_eq!(answer.map_err(|r| r.status()), Err(401), "byte {at}");
    }
    let (_, admitted) = ask("/apps/100042/events", SECRET, true).unwrap();
    assert!(admitted.covers_every_channel() && admitted.require(Action::UsersTerminate).is_ok());
}

#[test]
fn a_flood_of_wrong_bearers_is_slowed_down_and_locks_nobody_out() {
    let directory = given_directory();
    let (token, secret) = given_secret_key(&directory);
    let peer: Option<IpAddr> = Some([192, 0, 2, 7].into());
    let burst = FailureTable::BURST as usize;
    let wrong = format!("{}:wrong", token.id());
    let statuses: Vec<_> =
        (0..burst + 3).map(|_| by_itself(&directory, &wrong, peer).unwrap_err().status()).collect();
    assert_eq!(statuses[..burst], vec![401; burst]);
    assert_eq!(statuses[burst..], [429; 3]);
    let refusal = by_itself(&directory, "sk_sbx_x", peer).unwrap_err();
    assert!(
        matches!(refusal, Refusal::RateLimited { rule: Rule::FailedCredentials, .. }),
        "{refusal:?}"
    );
    assert!(by_itself(&directory, &format!("{}:{secret}", token.id()), peer).is_ok());
    let elsewhere = Some([192, 0, 2, 8].into());
    assert_eq!(by_itself(&directory, &wrong, elsewhere).unwrap_err().status(), 401);

    let app = directory.app_by_id("100042").unwrap();
    let derived = |token: &str| {
        let (authorization, now_ms) = (format!("Bearer {token}"), NOW_S * 1_000);
        let authorization = Some(authorization.as_str());
        derived_bearer(&directory, Some(&app), Purpose::Api, authorization, peer, now_ms)
            .map(drop)
            .map_err(|r| r.status())
    };
    let statuses: Vec<_> = (0..=burst).map(|_| derived("wrong").unwrap_err()).collect();
    assert_eq!((statuses[0], statuses[burst]), (401, 429), "counted per app");
    let right = hex::encode(crate::directory::SigningKey::new(SECRET).sign(&[b"api-cable"]));
    assert_eq!(derived(&right), Ok(()));
}
