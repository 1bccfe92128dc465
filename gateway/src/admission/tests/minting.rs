//! Tokens that are signed for a back end. Source: spec/metered.md §12.3.

use super::{tokens::key_record, *};
use crate::{
    admission::{Admitted, MintedToken, TokenOrder, bearer_credential, mint_token, signed_token},
    dialects::json,
};
use contract::Action;

const PAIR: &str = "Bearer sk_id_abc:sk_secret_def";

fn admitted(directory: &Directory) -> Admitted {
    let pending = bearer_credential(directory, Some(PAIR), None, NOW_S * 1_000).unwrap();
    pending.admit(b"{}").unwrap()
}

fn given_signer() -> Directory {
    let directory = given_directory();
    given_key(&directory, key_record(&[Action::Publish, Action::Subscribe], &["app_abc/**"]));
    directory
}

fn mint(directory: &Directory, order: TokenOrder<'_>) -> Result<MintedToken, Refusal> {
    mint_token(&admitted(directory), &order, NOW_S * 1_000)
}

#[test]
fn what_is_minted_is_accepted_and_says_what_was_ordered() {
    let directory = given_signer();
    let bag = r#"{"n":12345678901234567890123}"#;
    let order = TokenOrder {
        peer: "u \"1\"",
        channels: Some(json::parse(r#"["app_abc/room-1","app_abc/\"q\"/*"]"#).unwrap()),
        permissions: Some(json::parse(r#"["subscribe"]"#).unwrap()),
        expires_in_s: Some(60),
        metadata: Some(json::parse(r#"{"iceServers":[]}"#).unwrap()),
        peer_metadata: Some(json::parse(bag).unwrap()),
    };
    let minted = mint(&directory, order).unwrap();
    assert_eq!(minted.expires_at_s, NOW_S + 60);
    let (bearing, claims) = signed_token(&directory, &minted.token, NOW_S * 1_000).unwrap();
    assert_eq!((claims.peer.as_str(), claims.expires_at_s), ("u \"1\"", NOW_S + 60));
    assert_eq!(claims.metadata.as_deref(), Some(r#"{"iceServers":[]}"#));
    assert_eq!(claims.peer_metadata.as_deref(), Some(bag));
    let grant = bearing.grant;
    assert!(grant.allows(Action::Subscribe) && !grant.allows(Action::Publish));
    assert!(grant.covers(&"app_abc/\"q\"/x".parse().unwrap()));
    assert!(!grant.covers(&"app_abc/room-2".parse().unwrap()));
    let late = signed_token(&directory, &minted.token, (NOW_S + 60) * 1_000).map(drop);
    assert_eq!(late, Err(crate::admission::TokenRefusal::Expired));
}

#[test]
fn what_is_not_ordered_is_left_to_the_key() {
    let directory = given_signer();
    let minted = mint(&directory, TokenOrder { peer: "u_1", ..TokenOrder::default() }).unwrap();
    assert_eq!(minted.expires_at_s, NOW_S + 3_600);
    let (bearing, claims) = signed_token(&directory, &minted.token, NOW_S * 1_000).unwrap();
    assert!(claims.metadata.is_none() && claims.peer_metadata.is_none());
    assert!(bearing.grant.allows(Action::Publish) && bearing.grant.allows(Action::Subscribe));
    assert!(bearing.grant.covers(&"app_abc/any".parse().unwrap()));
    assert!(!bearing.grant.covers(&"other/any".parse().unwrap()));
}

#[test]
fn orders_beyond_the_limits_or_the_key_are_refused() {
    let directory = given_signer();
    let parse = |raw| Some(json::parse(raw).unwrap());
    let plain = TokenOrder { peer: "u_1", ..TokenOrder::default() };
    let long = "u".repeat(129);
    let many = format!("[{}]", vec!["\"app_abc/a\""; 101].join(","));
    let big = format!(r#"{{"a":"{}"}}"#, "x".repeat(4_096));
    for (order, expected) in [
        (plain, Ok(())),
        (TokenOrder { peer: "", ..plain }, Err("bad_request")),
        (TokenOrder { peer: &long, ..plain }, Err("bad_request")),
        (TokenOrder { peer: "ü", ..plain }, Err("bad_request")),
        (TokenOrder { expires_in_s: Some(0), ..plain }, Err("bad_request")),
        (TokenOrder { expires_in_s: Some(86_400), ..plain }, Ok(())),
        (TokenOrder { expires_in_s: Some(86_401), ..plain }, Err("bad_request")),
        (TokenOrder { expires_in_s: Some(u64::MAX), ..plain }, Err("bad_request")),
        (TokenOrder { channels: parse(r#"["app_abc/*"]"#), ..plain }, Ok(())),
        (TokenOrder { channels: parse("[]"), ..plain }, Ok(())),
        (TokenOrder { channels: parse(r#"["other/*"]"#), ..plain }, Err("scope_channel")),
        (TokenOrder { channels: parse(r#"{}"#), ..plain }, Err("bad_request")),
        (TokenOrder { channels: parse(&many), ..plain }, Err("bad_request")),
        (TokenOrder { permissions: parse(r#"["publish"]"#), ..plain }, Ok(())),
        (TokenOrder { permissions: parse(r#"["send"]"#), ..plain }, Err("scope_action")),
        (TokenOrder { permissions: parse(r#"["fly"]"#), ..plain }, Err("bad_request")),
        (TokenOrder { metadata: parse("7"), ..plain }, Err("bad_request")),
        (TokenOrder { metadata: parse(&big), ..plain }, Ok(())),
        (TokenOrder { peer_metadata: parse(&big), ..plain }, Err("bad_request")),
    ] {
        let answer = mint(&directory, order).map(drop).map_err(|refusal| refusal.code().as_str());
        assert_eq!(answer, expected, "{order:?}");
    }
}

#[test]
fn only_keys_with_a_secret_sign() {
    let directory = given_directory();
    let token = contract::SecretKeyToken::generate().unwrap();
    let mut record = key_record(&Action::ALL, &["**"]);
    (record.id, record.hash, record.sealed_token_secret) = (token.id(), token.hash(), None);
    given_key(&directory, record);
    let bearer = format!("Bearer {}", token.expose());
    let pending = bearer_credential(&directory, Some(&bearer), None, NOW_S * 1_000).unwrap();
    let order = TokenOrder { peer: "u_1", ..TokenOrder::default() };
    let answer = mint_token(&pending.admit(b"{}").unwrap(), &order, NOW_S * 1_000);
    assert_eq!(answer.map_err(|refusal| refusal.code().as_str()), Err("bad_request"));
}
