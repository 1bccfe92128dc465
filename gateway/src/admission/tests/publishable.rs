//! Keys that clients carry openly. Source: spec/metered.md §2, §4, §6.

use super::*;
use crate::admission::{Bearing, KeyRef, Why, publishable, signed_token};
use contract::{
    Action,
    directory::{Kill, PublishableKeyRecord},
};

pub(crate) const PK: &str = "pk_live_demo";

fn record(actions: &[Action], channels: &[&str]) -> PublishableKeyRecord {
    PublishableKeyRecord {
        key: PK.parse().unwrap(),
        app: "100042".parse().unwrap(),
        actions: actions.to_vec(),
        channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        allowed_origins: Vec::new(),
        allow_no_origin: false,
        ice_servers: true,
        expires_at: None,
    }
}

fn put(directory: &Directory, record: PublishableKeyRecord) {
    let next = directory.status().applied() + 1;
    drop(directory.apply(next, Change::PublishableKey(record)));
}

fn open(directory: &Directory, key: &str, origin: Option<&str>) -> Result<Bearing, Refusal> {
    publishable(directory, key, origin, NOW_S * 1_000)
}

#[test]
fn a_key_lets_in_where_its_origins_allow() {
    let directory = given_directory();
    let (home, evil) = (Some("https://home.example"), Some("https://evil.test"));
    for (origins, allow_no_origin, origin, expected) in [
        (&[][..], false, None, Ok(())),
        (&[], false, evil, Ok(())),
        (&["https://home.example"], false, home, Ok(())),
        (&["https://home.example"], false, evil, Err(Refusal::OriginRefused)),
        (&["https://home.example"], false, None, Err(Refusal::OriginRefused)),
        (&["https://home.example"], true, None, Ok(())),
        (&["https://home.example"], true, evil, Err(Refusal::OriginRefused)),
    ] {
        let allowed_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        put(
            &directory,
            PublishableKeyRecord { allowed_origins, allow_no_origin, ..record(&[], &[]) },
        );
        let answer = open(&directory, PK, origin).map(drop);
        assert_eq!(answer, expected, "{origins:?} {allow_no_origin} {origin:?}");
    }
}

#[test]
fn unknown_revoked_and_expired_keys_are_refused() {
    let directory = given_directory();
    let refused = || Err(Refusal::Unauthorised(Why::Token));
    put(&directory, record(&[Action::Subscribe], &["**"]));
    let bearing = open(&directory, PK, None).unwrap();
    assert_eq!(bearing.key, KeyRef::Publishable(PK.parse().unwrap()));
    assert_eq!(bearing.app.id.as_str(), "100042");
    for at in 0..PK.len() {
        let mut bytes = PK.as_bytes().to_vec();
        bytes[at] ^= 1;
        let flipped = String::from_utf8(bytes).unwrap();
        assert_eq!(open(&directory, &flipped, None).map(drop), refused(), "{flipped}");
    }
    assert_eq!(open(&directory, "", None).map(drop), refused());
    put(&directory, PublishableKeyRecord { expires_at: Some(NOW_S as i64), ..record(&[], &[]) });
    let expired = Err(Refusal::Unauthorised(Why::TokenExpired));
    assert_eq!(open(&directory, PK, None).map(drop), expired);
    let kill =
        Kill::RevokePublishableKey { app: "100042".parse().unwrap(), key: PK.parse().unwrap() };
    let next = directory.status().applied() + 1;
    assert!(directory.apply(next, Change::Kill(kill)).is_some());
    assert_eq!(open(&directory, PK, None).map(drop), refused());
    assert!(!bearing.grant.current() && !bearing.grant.allows(Action::Subscribe));
}

#[test]
fn protected_channels_need_more_than_a_key_that_everybody_has() {
    let directory = given_directory();
    put(&directory, record(&[Action::Subscribe], &["**"]));
    given_key(&directory, super::tokens::key_record(&[Action::Subscribe], &["**"]));
    let open_to_all = open(&directory, PK, None).unwrap().grant;
    let token = super::tokens::token_of("u_1");
    let signed = signed_token(&directory, &token, NOW_S * 1_000).unwrap().0.grant;
    for (name, is_open) in [
        ("news", true),
        ("app_abc/room", true),
        ("cache-news", true),
        ("private-room", false),
        ("private-cache-room", false),
        ("private-encrypted-room", false),
        ("presence-room", false),
    ] {
        let channel = name.parse().unwrap();
        assert_eq!(open_to_all.authorises(&channel), is_open, "{name}");
        assert!(signed.authorises(&channel) && open_to_all.covers(&channel), "{name}");
    }
    let own = "#server-to-user-u_1".parse().unwrap();
    assert!(!open_to_all.covers(&own) && !signed.covers(&own) && !signed.authorises(&own));
}

#[test]
fn patterns_are_granted_when_everything_they_name_is() {
    let directory = given_directory();
    put(&directory, record(&[Action::Subscribe], &["app/**", "p*", "room-*"]));
    let grant = open(&directory, PK, None).unwrap().grant;
    for (pattern, expected) in [
        ("app/**", true),
        ("app/*", true),
        ("app/x-*/y", true),
        ("room-*", true),
        ("room-1*", true),
        ("**", false),
        ("other/*", false),
        ("room-**", false),
        ("pu*", true),
        ("p*", true),
        ("private-*", false),
        ("presence-a*", false),
        ("pr*-x", true),
        ("#server-to-user-*", false),
        ("", false),
        (&"*a".repeat(17), false),
    ] {
        assert_eq!(grant.covers_pattern(pattern), expected, "{pattern}");
    }
    put(&directory, record(&[Action::Subscribe], &["app/*"]));
    assert!(!grant.covers_pattern("app/**") && grant.covers_pattern("app/*"), "narrowed since");
}

#[test]
fn whether_ice_servers_are_offered_is_the_keys_choice() {
    let directory = given_directory();
    for ice_servers in [true, false] {
        put(&directory, PublishableKeyRecord { ice_servers, ..record(&[], &[]) });
        let grant = open(&directory, PK, None).unwrap().grant;
        assert_eq!(grant.takes_ice_servers(), ice_servers);
    }
}
