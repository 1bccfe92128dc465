//! What an app's own secret signed for its users. Source: spec/anycable.md §2, §3, §5.3.

use super::*;
use crate::{
    admission::{
        AppTokenClaims, BadSignature, TokenRefusal, app_token, app_token_of_any_age, signed_stream,
        stream_name,
    },
    directory::AppState,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use std::sync::Arc;

pub(super) const CABLE_SECRET: &str = "app-42-secret-key";

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHQiOiJ7XCJ1c2VyX2lkXCI6NDJ9IiwiZXhwIjoxODkzNDU2MDAwfQ.\
    iviBAAVmu4FgUnJWgoGNkHxU4s0FSD4hfwALVEOYCjk";

const STREAMS: [(&str, &str); 5] = [
    (
        "ImNoYXQvMjAyNCI=--702cbd80aac9278eec7b3b2cf791ade9c824b4934ca8b742108d0350072f2b40",
        "chat/2024",
    ),
    (
        "ItC60L7QvNC90LDRgtCwLzEi--e89d51a4bfb6c98ba1e56b074237490a12f0fe7afc789374bd59c9ed00bcc637",
        "комната/1",
    ),
    (
        "ImNoYXRcLzIwMjQi--9f9f706cc1617f1be6d93f3c99d85babcec0181c1d584d709335368c2af74bee",
        "chat/2024",
    ),
    ("ImE/Ig==--85eef7a9ae47266b91f3543a9313ffd9023a3da3eb474f376bbb7d3e75efaf37", "a?"),
    ("ImE_Ig==--b8c4ce68d9d36144b61ed71930ab0b8efd1b261cedde0cf37e4915994816f636", "a?"),
];

/// An app in the middle of a rotation: two active secrets.
fn given_state() -> Arc<AppState> {
    let directory = Directory::new(master());
    given_app(&directory, app_record("1", &[("old", CABLE_SECRET), ("new", "next-secret")]));
    directory.app_by_key("old").expect("known").state()
}

fn read(jwt: &str) -> Result<AppTokenClaims, TokenRefusal> {
    app_token(&given_state(), jwt, NOW_S * 1_000)
}

fn signed(alg: &str, secret: &str, claims: &str) -> String {
    fn tag<M: Mac + KeyInit>(secret: &str, message: &str) -> Vec<u8> {
        let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
    let header = format!(r#"{{"alg":"{alg}"}}"#);
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = match alg {
        "HS384" => tag::<Hmac<Sha384>>(secret, &message),
        "HS512" => tag::<Hmac<Sha512>>(secret, &message),
        _ => tag::<Hmac<Sha256>>(secret, &message),
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[test]
fn the_sheets_token_is_accepted_and_every_flipped_character_refused() {
    let expected = AppTokenClaims {
        ext: r#"{"user_id":42}"#.into(),
        exp: Some(1_893_456_000),
        key: "old".parse().unwrap(),
    };
    assert_eq!(read(TOKEN), Ok(expected));
    let state = given_state();
    for at in 0..TOKEN.len() {
        let mut bytes = TOKEN.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        let answer = app_token(&state, &flipped, NOW_S * 1_000);
        assert_eq!(answer, Err(TokenRefusal::Invalid), "byte {at}");
    }
}

#[test]
fn any_active_secret_signs_by_any_of_three_algorithms() {
    let claims = r#"{"ext":"{}"}"#;
    for (alg, secret, expected) in [
        ("HS256", CABLE_SECRET, Ok("old")),
        ("HS384", CABLE_SECRET, Ok("old")),
        ("HS512", CABLE_SECRET, Ok("old")),
        ("HS256", "next-secret", Ok("new")),
        ("HS512", "next-secret", Ok("new")),
        ("HS256", "another-secret", Err(TokenRefusal::Invalid)),
        ("none", CABLE_SECRET, Err(TokenRefusal::Invalid)),
        ("RS256", CABLE_SECRET, Err(TokenRefusal::Invalid)),
    ] {
        let key = read(&signed(alg, secret, claims)).map(|claims| claims.key.to_string());
        assert_eq!(key.as_deref(), expected.as_deref(), "{alg} {secret}");
    }
}

#[test]
fn claims_say_who_and_until_when() {
    let (late, bad) = (Err(TokenRefusal::Expired), Err(TokenRefusal::Invalid));
    let at = |name: &str, at: u64| format!(r#"{{"ext":"{{}}","{name}":{at}}}"#);
    for (claims, expected) in [
        (r#"{"ext":"{}"}"#.to_owned(), Ok(None)),
        (at("exp", NOW_S + 1), Ok(Some(NOW_S + 1))),
        (at("exp", NOW_S), late),
        (at("nbf", NOW_S), Ok(None)),
        (at("nbf", NOW_S + 60), bad),
        (format!(r#"{{"ext":"{{}}","exp":1,"nbf":{}}}"#, NOW_S + 60), bad),
        (r#"{"ext":"{}","exp":"soon"}"#.to_owned(), bad),
        (r#"{"ext":{"user_id":42}}"#.to_owned(), bad),
        (r#"{"ext":42}"#.to_owned(), bad),
        (r#"{"exp":4102444800}"#.to_owned(), bad),
        (r#"{"ext":"a","ext":"b"}"#.to_owned(), bad),
        (r#"{"ext":"{}","iss":{},"aud":[1],"sub":7,"iat":"x"}"#.to_owned(), Ok(None)),
    ] {
        let answer = read(&signed("HS256", CABLE_SECRET, &claims)).map(|claims| claims.exp);
        assert_eq!(answer, expected, "{claims}");
    }
    let forged = signed("HS256", "another-secret", &at("exp", 1));
    assert_eq!(read(&forged), Err(TokenRefusal::Invalid), "the signature comes first");
}

#[test]
fn lateness_may_be_forgiven_and_nothing_else() {
    let state = given_state();
    let read = |claims: &str| {
        let token = signed("HS256", CABLE_SECRET, claims);
        app_token_of_any_age(&state, &token, NOW_S * 1_000).map(|(_, is_late)| is_late)
    };
    assert_eq!(read(r#"{"ext":"{}","exp":1}"#), Ok(true));
    assert_eq!(read(r#"{"ext":"{}","exp":4102444800}"#), Ok(false));
    assert_eq!(read(r#"{"ext":"{}","exp":1,"nbf":4102444800}"#), Err(TokenRefusal::Invalid));
    assert_eq!(read(r#"{"ext":7,"exp":1}"#), Err(TokenRefusal::Invalid));
}

#[test]
fn the_sheets_streams_are_accepted_and_every_flipped_character_refused() {
    let state = given_state();
    for (signed, name) in STREAMS {
        assert_eq!(stream_name(&state, signed).as_deref(), Ok(name), "{signed}");
        let (_, key) = signed_stream(&state, signed).unwrap();
        assert_eq!(key.as_str(), "old");
        for at in 0..signed.len() {
            let mut bytes = signed.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let flipped = String::from_utf8(bytes).unwrap();
            assert!(stream_name(&state, &flipped).is_err(), "{name}, byte {at}");
        }
    }
}

#[test]
fn only_one_form_of_signed_name_is_read() {
    let state = given_state();
    let sign = |encoded: &str| {
        let key = state.credential("new").unwrap().signing_key();
        format!("{encoded}--{}", hex::encode(key.sign(&[encoded.as_bytes()])))
    };
    let (form, mismatch) = (Err(BadSignature::Form), Err(BadSignature::Mismatch));
    let right = sign("ImEi");
    for (signed, expected) in [
        (right.clone(), Ok("a".to_owned())),
        (sign("ImE_Ig"), Ok("a?".to_owned())),
        (sign("IiI="), Ok(String::new())),
        (sign("ImEtLWIi"), Ok("a--b".to_owned())),
        (right.to_uppercase(), form.clone()),
        (right[..right.len() - 1].to_owned(), form.clone()),
        (format!("{right}0"), form.clone()),
        ("ImEi".to_owned(), form.clone()),
        (String::new(), form.clone()),
        (format!("ImEi--{}", "0".repeat(64)), mismatch.clone()),
        (format!("ImEi--{right}"), mismatch),
        (sign("NDI="), form.clone()),
        (sign("e30="), form.clone()),
        (sign("!!!!"), form.clone()),
        (sign(""), form),
    ] {
        assert_eq!(stream_name(&state, &signed), expected, "{signed}");
    }
}
