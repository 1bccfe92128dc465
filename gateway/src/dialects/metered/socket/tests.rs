use super::*;
use crate::dialects::metered::fixtures::{self, KEY_ID, NOW_S, PK, Records, jwt, jwt_with};
use actix_http::header::HeaderMap;
use contract::IceServer;
use futures_util::FutureExt;

/// What comes of an upgrade with this query: `in`, or the code it is closed with.
#[track_caller]
fn check(
    change: impl FnOnce(&mut Records),
    query: &str,
    origin: Option<&str>,
    expected: Result<&str, u16>,
) {
    let (gateway, _) = fixtures::gateway(change);
    let outcome = ask(&gateway, query, origin);
    let outcome = outcome.map(|admission| match admission.conversation {
        dialects::Conversation::Metered(conversation) => {
            conversation.signed_in_as().map(|user| user.to_string()).unwrap_or_default()
        }
        _ => panic!("another dialect"),
    });
    match (outcome, expected) {
        (Ok(peer), Ok("uuid")) => assert_eq!(peer.len(), 36, "{query}"),
        (Ok(peer), Ok(expected)) => assert_eq!(peer, expected, "{query}"),
        (Err(farewell), Err(code)) => {
            assert_eq!(farewell.code, code, "{query}");
            assert!(farewell.frames.is_empty(), "no welcome, and no other word");
        }
        (outcome, _) => panic!("{query}: {:?}", outcome.map_err(|farewell| farewell.code)),
    }
}

fn ask(gateway: &Gateway, query: &str, origin: Option<&str>) -> Result<Admission, Farewell> {
    let headers = HeaderMap::new();
    let asked = asked(query, origin, None, &headers);
    let admitted = admit(gateway, &asked, fixtures::socket());
    admitted.now_or_never().expect("nothing to wait for")
}

fn asked<'a>(
    query: &'a str,
    origin: Option<&'a str>,
    peer: Option<&str>,
    headers: &'a HeaderMap,
) -> Asked<'a> {
    let peer = peer.map(|peer| peer.parse().expect(peer));
    Asked { path: "/v1", query, host: None, origin, is_tls: false, peer, headers }
}

fn token(claims: &str) -> String {
    format!("token={}", jwt(claims))
}

/// Expires long after these tests.
const CLAIMS: &str = r#"{"sub":"u_1","exp":4102444800}"#;

#[test]
fn who_may_come_in_does_and_who_may_not_is_told_by_the_code_alone() {
    let key = format!("key={PK}");
    let good = token(CLAIMS);
    check(|_| {}, &key, None, Ok("uuid"));
    check(|_| {}, &good, None, Ok("u_1"));
    let both = format!("{key}&{good}");
    let forged =
        jwt_with(&format!(r#"{{"alg":"HS256","kid":"{KEY_ID}"}}"#), CLAIMS, "another secret");
    let unknown =
        jwt_with(r#"{"alg":"HS256","kid":"sk_id_nobody"}"#, CLAIMS, fixtures::TOKEN_SECRET);
    let none =
        jwt_with(&format!(r#"{{"alg":"none","kid":"{KEY_ID}"}}"#), CLAIMS, fixtures::TOKEN_SECRET);
    for query in [
        "",
        "key=",
        "key=pk_live_nobody",
        "token=abc",
        &both,
        &format!("token={forged}"),
        &format!("token={unknown}"),
        &format!("token={none}"),
        &format!("key={KEY_ID}"),
        &token(r#"{"exp":4102444800}"#),
        &token(r#"{"sub":"","exp":4102444800}"#),
        &token(r#"{"sub":"u_1"}"#),
        &token(r#"{"sub":"u_1","exp":4102444800,"nbf":4102444000}"#),
    ] {
        check(|_| {}, query, None, Err(4001));
    }
    check(|_| {}, &token(&format!(r#"{{"sub":"u_1","exp":{NOW_S}}}"#)), None, Err(4002));
}

#[test]
fn a_token_wider_than_its_key_is_4003() {
    let narrow =
        |records: &mut Records| records.secret.channels = vec!["app_abc/*".parse().unwrap()];
    let with = |channels: &str| {
        token(&format!(r#"{{"sub":"u_1","exp":4102444800,"channels":{channels}}}"#))
    };
    check(narrow, &with(r#"["app_abc/room-1"]"#), None, Ok("u_1"));
    check(narrow, &with("[]"), None, Ok("u_1"));
    check(narrow, &with(r#"["other/room-1"]"#), None, Err(4003));
    check(narrow, &with(r#"["app_abc/**"]"#), None, Err(4003));
}

#[test]
fn origins_are_the_keys_and_the_apps() {
    let key = format!("key={PK}");
    let bound = |records: &mut Records| {
        records.publishable.allowed_origins = vec!["https://example.com".into()];
    };
    check(bound, &key, Some("https://example.com"), Ok("uuid"));
    check(bound, &key, Some("https://evil.test"), Err(4001));
    check(bound, &key, None, Err(4001));
    let devices = |records: &mut Records| {
        bound(records);
        records.publishable.allow_no_origin = true;
    };
    check(devices, &key, None, Ok("uuid"));
    let app = |records: &mut Records| {
        records.app.settings.allowed_origins = vec!["https://example.com".into()];
    };
    check(app, &token(CLAIMS), Some("https://evil.test"), Err(4001));
    check(app, &token(CLAIMS), None, Ok("u_1"));
}

#[test]
fn closed_apps_and_full_ones_have_their_codes() {
    let good = token(CLAIMS);
    check(|records| records.app.enabled = false, &good, None, Err(4012));
    check(|records| records.app.settings.dialects.metered = false, &good, None, Err(4012));
    let (gateway, _) = fixtures::gateway(|records| records.app.limits.max_connections = 1);
    let first = ask(&gateway, &good, None);
    assert!(first.is_ok());
    assert_eq!(ask(&gateway, &good, None).map_err(|farewell| farewell.code).err(), Some(4010));
    drop(first);
    assert!(ask(&gateway, &good, None).is_ok(), "its place is free again");
}

#[test]
fn an_address_that_connects_too_often_is_told_over_http() {
    let (gateway, _) = fixtures::gateway(|_| {});
    let headers = HeaderMap::new();
    let connect = |peer| handshake(&gateway, &asked("", None, Some(peer), &headers));
    for _ in 0..60 {
        assert!(connect("192.0.2.1").is_ok());
    }
    let refused = connect("192.0.2.1").expect_err("one past the limit");
    assert_eq!((refused.status.as_u16(), refused.body.len()), (429, 0));
    assert!(refused.retry_after_s.is_some_and(|seconds| (1..=60).contains(&seconds)));
    assert!(connect("192.0.2.2").is_ok());
}

#[test]
fn the_apps_ice_servers_come_with_the_welcome_unless_the_token_has_its_own() {
    let served = |records: &mut Records| {
        records.app.settings.metered.ice_servers = vec![IceServer {
            urls: vec!["stun:stun.example:80".into()],
            username: None,
            credential: None,
        }];
    };
    let unserved = |records: &mut Records| {
        served(records);
        records.publishable.ice_servers = false;
    };
    let metadata = |change: &dyn Fn(&mut Records), query: &str| {
        let (gateway, _) = fixtures::gateway(change);
        let headers = HeaderMap::new();
        let pass = present(&gateway, &asked(query, None, None, &headers), NOW_S * 1_000);
        let pass = pass.expect("a good credential");
        welcome_metadata(&pass, &fixtures::app_of(&gateway).state())
    };
    let key = format!("key={PK}");
    let own = token(r#"{"sub":"u","exp":4102444800,"metadata":{"iceServers":[]}}"#);
    let stun = r#"{"iceServers":[{"urls":["stun:stun.example:80"]}]}"#;
    assert_eq!(metadata(&served, &key).as_deref(), Some(stun));
    assert_eq!(metadata(&served, &token(CLAIMS)).as_deref(), Some(stun));
    assert_eq!(metadata(&served, &own).as_deref(), Some(r#"{"iceServers":[]}"#));
    assert_eq!(metadata(&unserved, &key), None);
    assert_eq!(metadata(&|_| {}, &key), None);
}

#[test]
fn a_query_presents_exactly_one_credential() {
    let key = |text: &'static str| Some(Credential::Key(text.into()));
    for (query, expected) in [
        ("key=pk_live_dev", key("pk_live_dev")),
        ("x=1&key=pk_live_dev&y", key("pk_live_dev")),
        ("token=a.b.c", Some(Credential::Token("a.b.c".into()))),
        ("key=pk%5Flive", key("pk_live")),
        ("key=a+b", key("a+b")),
        ("", None),
        ("key", None),
        ("Key=pk_live_dev", None),
        ("key=a&token=b", None),
        ("key=a&key=a", None),
        ("token=%ff", None),
    ] {
        assert_eq!(Credential::in_query(query), expected, "{query}");
    }
}

#[test]
fn a_fresh_peer_is_a_random_uuid() {
    let peers: std::collections::HashSet<String> =
        (0..100).map(|_| fresh_peer().expect("randomness").as_str().to_owned()).collect();
    assert_eq!(peers.len(), 100);
    for peer in peers {
        let groups: Vec<usize> = peer.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{peer}");
        assert_eq!(peer.as_bytes()[14], b'4', "{peer}");
        assert!(b"89ab".contains(&peer.as_bytes()[19]), "{peer}");
    }
}

#[test]
fn ice_servers_are_added_where_there_are_none() {
    for (own, expected) in [
        ("{}", r#"{"iceServers":[1]}"#),
        (r#"{"a":{"b":{}}}"#, r#"{"a":{"b":{}},"iceServers":[1]}"#),
        (r#"{"iceServers":[]}"#, r#"{"iceServers":[]}"#),
        (r#"{"a":"iceServers"}"#, r#"{"a":"iceServers","iceServers":[1]}"#),
    ] {
        assert_eq!(with_ice_servers(own, "[1]"), expected, "{own}");
    }
}
