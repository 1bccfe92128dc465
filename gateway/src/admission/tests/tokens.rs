//! Tokens signed in the name of a secret key. Source: spec/metered.md §3, §10.

use super::*;
use crate::{
    admission::{KeyRef, TokenClaims, TokenRefusal, signed_token},
    directory::SigningKey,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{
    Action, TokenHash,
    directory::{Kill, SecretKeyRecord},
};

/// Signed with `sk_secret_def` for the key `sk_id_abc`.
const VECTOR: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InNrX2lkX2FiYyJ9.\
    eyJzdWIiOiJ1XzEiLCJleHAiOjQxMDI0NDQ4MDAsImNoYW5uZWxzIjpbImFwcF9hYmMvcm9vbS0xIl0sInBlcm1pc3Npb25z\
    IjpbInB1Ymxpc2giLCJzdWJzY3JpYmUiLCJwcmVzZW5jZSIsInNlbmQiXX0.\
    MugAHnZL0G22R7MLD1UdsO4bNDCaSLakDVyvqTALQRk";
const KID: &str = "sk_id_abc";
const TOKEN_SECRET: &str = "sk_secret_def";
const FOUR: [Action; 4] = [Action::Publish, Action::Subscribe, Action::Presence, Action::Send];

pub(super) fn key_record(actions: &[Action], channels: &[&str]) -> SecretKeyRecord {
    SecretKeyRecord {
        id: KID.parse().unwrap(),
        app: "100042".parse().unwrap(),
        hash: TokenHash::of(KID),
        actions: actions.to_vec(),
        channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        expires_at: None,
        sealed_token_secret: Some(master().seal(TOKEN_SECRET, KID).unwrap()),
        previous: None,
        max_publishes_per_s: None,
        allowed_addresses: Vec::new(),
    }
}

/// A token of that key for `peer`, about nothing else.
pub(super) fn token_of(peer: &str) -> String {
    token_by(KID, peer)
}

/// A token in the name of `kid`, signed with the one secret there is.
pub(super) fn token_by(kid: &str, peer: &str) -> String {
    let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#);
    signed(&header, &format!(r#"{{"sub":"{peer}","exp":4102444800}}"#))
}

fn with_key() -> Directory {
    let directory = given_directory();
    given_key(&directory, key_record(&FOUR, &["app_abc/**"]));
    directory
}

fn read(directory: &Directory, token: &str) -> Result<TokenClaims, TokenRefusal> {
    signed_token(directory, token, NOW_S * 1_000).map(|(_, claims)| claims)
}

fn signed(header: &str, claims: &str) -> String {
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let message = format!("{header}.{claims}");
    let tag = SigningKey::new(TOKEN_SECRET).sign(&[message.as_bytes()]);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":"sk_id_abc"}"#;

/// A token that is valid but for what `more` adds to its claims.
fn with_claims(more: &str) -> String {
    signed(HEADER, &format!(r#"{{"sub":"u_1","exp":4102444800{more}}}"#))
}

#[test]
fn the_sheets_token_is_accepted_and_every_flipped_character_refused() {
    let directory = with_key();
    let (bearing, claims) = signed_token(&directory, VECTOR, NOW_S * 1_000).unwrap();
    assert_eq!(bearing.key, KeyRef::Secret(KID.parse().unwrap()));
    assert_eq!((bearing.app.id.as_str(), claims.peer.as_str()), ("100042", "u_1"));
    assert_eq!(claims.expires_at_s, 4_102_444_800);
    assert!(claims.metadata.is_none() && claims.peer_metadata.is_none());
    for at in 0..VECTOR.len() {
        let mut bytes = VECTOR.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let flipped = String::from_utf8(bytes).unwrap();
        assert_eq!(read(&directory, &flipped).err(), Some(TokenRefusal::Invalid), "byte {at}");
    }
}

#[test]
fn headers_bring_no_key_and_choose_no_algorithm() {
    let directory = with_key();
    for (header, fits) in [
        (HEADER.to_owned(), true),
        (r#"{"alg":"HS256","kid":"sk_id_abc"}"#.to_owned(), true),
        (HEADER.replace("JWT", "jwt"), true),
        (HEADER.replace("JWT", "JWE"), false),
        (HEADER.replace("HS256", "none"), false),
        (HEADER.replace("HS256", "HS384"), false),
        (HEADER.replace("HS256", "RS256"), false),
        (HEADER.replace("HS256", "hs256"), false),
        (HEADER.replace("sk_id_abc", "sk_id_abC"), false),
        (HEADER.replace("sk_id_abc", "sk_id_abc "), false),
        (HEADER.replace("\"sk_id_abc\"", "1"), false),
        (r#"{"alg":"HS256"}"#.to_owned(), false),
        (r#"{"kid":"sk_id_abc"}"#.to_owned(), false),
        (HEADER.replace("{", r#"{"jku":"https://evil.test","#), false),
        (HEADER.replace("{", r#"{"jwk":{},"#), false),
        (HEADER.replace("{", r#"{"x5u":"https://evil.test","#), false),
        (HEADER.replace("{", r#"{"crit":["exp"],"#), false),
        (HEADER.replace("{", r#"{"alg":"HS256","#), false),
        (HEADER.replace("{", r#"{"cty":"x","#), true),
        (format!("[{HEADER}]"), false),
        (format!("{HEADER} x"), false),
    ] {
        let token = signed(&header, r#"{"sub":"u_1","exp":4102444800}"#);
        assert_eq!(read(&directory, &token).is_ok(), fits, "{header}");
    }
}

#[test]
fn a_token_is_three_parts_without_padding() {
    let directory = with_key();
    let (message, signature) = VECTOR.rsplit_once('.').unwrap();
    for token in [
        "",
        ".",
        "..",
        "...",
        message,
        &format!("{message}."),
        &format!("{message}.{signature}="),
        &format!("{message}.{signature}."),
        &format!("{message}..{signature}"),
        &format!("{VECTOR} "),
        &format!("{VECTOR}\n"),
        &"a".repeat(40_000),
    ] {
        assert_eq!(read(&directory, token).err(), Some(TokenRefusal::Invalid), "{token:.60}");
    }
}

#[test]
fn times_are_kept() {
    let directory = with_key();
    let exp = |exp: &str| signed(HEADER, &format!(r#"{{"sub":"u_1","exp":{exp}}}"#));
    let (late, bad) = (Err(TokenRefusal::Expired), Err(TokenRefusal::Invalid));
    let nbf = |nbf: u64| with_claims(&format!(r#","nbf":{nbf}"#));
    for (token, expected) in [
        (exp(&(NOW_S + 1).to_string()), Ok(NOW_S + 1)),
        (exp(&format!("{}.75", NOW_S + 1)), Ok(NOW_S + 1)),
        (exp(&NOW_S.to_string()), late),
        (exp("0"), late),
        (exp("-5"), late),
        (exp("null"), bad),
        (exp("\"4102444800\""), bad),
        (exp("1e999"), bad),
        (exp("true"), bad),
        (signed(HEADER, r#"{"sub":"u_1"}"#), bad),
        (nbf(NOW_S), Ok(4_102_444_800)),
        (nbf(NOW_S + 5), Ok(4_102_444_800)),
        (nbf(NOW_S + 6), bad),
        (with_claims(r#","nbf":"soon""#), bad),
    ] {
        let read = read(&directory, &token).map(|claims| claims.expires_at_s);
        assert_eq!(read, expected, "{token}");
    }
    let forged = exp("0").replace(&exp("0")[exp("0").len() - 5..], "AAAAA");
    assert_eq!(read(&directory, &forged).err(), Some(TokenRefusal::Invalid), "signature first");
}

#[test]
fn claims_are_of_their_shape_and_within_their_limits() {
    let directory = with_key();
    let sub = |sub: &str| signed(HEADER, &format!(r#"{{"sub":{sub},"exp":4102444800}}"#));
    let list = |n: usize, item: &str| vec![format!("\"{item}\""); n].join(",");
    let bag = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for (what, token, fits) in [
        ("plain", sub("\"u_1\""), true),
        ("128 characters", sub(&format!("\"{}\"", "u".repeat(128))), true),
        ("129 characters", sub(&format!("\"{}\"", "u".repeat(129))), false),
        ("nobody", sub("\"\""), false),
        ("a number", sub("7"), false),
        ("not ASCII", sub("\"ü\""), false),
        ("a control character", sub("\"a\\u0007\""), false),
        ("no sub", signed(HEADER, r#"{"exp":4102444800}"#), false),
        ("twice", with_claims(r#","sub":"u_2""#), false),
        ("others", with_claims(r#","iss":7,"aud":{},"iat":"x""#), true),
        ("no channels", with_claims(r#","channels":[]"#), true),
        ("100", with_claims(&format!(r#","channels":[{}]"#, list(100, "app_abc/a"))), true),
        ("101", with_claims(&format!(r#","channels":[{}]"#, list(101, "app_abc/a"))), false),
        ("an empty name", with_claims(r#","channels":[""]"#), false),
        ("not a list", with_claims(r#","channels":"app_abc/a""#), false),
        ("not a name", with_claims(r#","channels":[1]"#), false),
        ("16", with_claims(&format!(r#","permissions":[{}]"#, list(16, "send"))), true),
        ("17", with_claims(&format!(r#","permissions":[{}]"#, list(17, "send"))), false),
        ("no action", with_claims(r#","permissions":["fly"]"#), false),
        ("4 KB", with_claims(&format!(r#","peerMetadata":{}"#, bag(4_096))), true),
        ("over 4 KB", with_claims(&format!(r#","peerMetadata":{}"#, bag(4_097))), false),
        ("8 KB", with_claims(&format!(r#","metadata":{}"#, bag(8_192))), true),
        ("over 8 KB", with_claims(&format!(r#","metadata":{}"#, bag(8_193))), false),
        ("a list", with_claims(r#","metadata":[]"#), false),
        ("a text", with_claims(r#","peerMetadata":"x""#), false),
        ("deep", with_claims(&format!(r#","metadata":{deep}"#)), false),
        ("a lone surrogate", with_claims(r#","metadata":{"a":"\ud800"}"#), false),
        ("null is absent", with_claims(r#","metadata":null,"channels":null"#), true),
        ("not an object", signed(HEADER, "[]"), false),
        ("not JSON", signed(HEADER, "{"), false),
        ("trailing bytes", signed(HEADER, r#"{"sub":"u_1","exp":4102444800} x"#), false),
    ] {
        let answer = read(&directory, &token).map(drop);
        let expected = if fits { Ok(()) } else { Err(TokenRefusal::Invalid) };
        assert_eq!(answer, expected, "{what}");
    }
}

#[test]
fn metadata_keeps_its_bytes() {
    let directory = with_key();
    let bag = r#"{ "big": 12345678901234567890123, "exact": 0.10, "text": "a  b\u0041" }"#;
    let claims = read(&directory, &with_claims(&format!(r#","peerMetadata":{bag}"#))).unwrap();
    let kept = r#"{"big":12345678901234567890123,"exact":0.10,"text":"a  b\u0041"}"#;
    assert_eq!(claims.peer_metadata.as_deref(), Some(kept));
}

#[test]
fn a_token_is_never_wider_than_its_key() {
    let directory = with_key();
    for (channels, expected) in [
        (r#"["app_abc/room-1"]"#, Ok(())),
        (r#"["app_abc/*","app_abc/**","app_abc/*/x"]"#, Ok(())),
        (r#"["app_abc/room-1","other/room-1"]"#, Err(TokenRefusal::OutsideKey)),
        (r#"["**"]"#, Err(TokenRefusal::OutsideKey)),
        (r#"["app_ab*/x"]"#, Err(TokenRefusal::OutsideKey)),
    ] {
        let token = with_claims(&format!(r#","channels":{channels}"#));
        assert_eq!(read(&directory, &token).map(drop), expected, "{channels}");
    }
    let token = with_claims(r#","permissions":["publish","history"]"#);
    let (bearing, _) = signed_token(&directory, &token, NOW_S * 1_000).unwrap();
    assert!(bearing.grant.allows(Action::Publish));
    assert!(!bearing.grant.allows(Action::Subscribe), "the token has it not");
    assert!(!bearing.grant.allows(Action::History), "the key has it not");
}

#[test]
fn unknown_and_keyless_keys_are_like_wrong_signatures() {
    let directory = given_directory();
    assert_eq!(read(&directory, VECTOR).err(), Some(TokenRefusal::Invalid), "unknown");
    let mut record = key_record(&FOUR, &["**"]);
    record.sealed_token_secret = None;
    given_key(&directory, record);
    assert_eq!(read(&directory, VECTOR).err(), Some(TokenRefusal::Invalid), "signs no tokens");
    let mut record = key_record(&FOUR, &["**"]);
    record.expires_at = Some(NOW_S as i64);
    given_key(&directory, record);
    assert_eq!(read(&directory, VECTOR).err(), Some(TokenRefusal::Invalid), "key expired");
    let mut record = key_record(&FOUR, &["**"]);
    record.sealed_token_secret = Some(master().seal("sk_secret_deg", KID).unwrap());
    given_key(&directory, record);
    assert_eq!(read(&directory, VECTOR).err(), Some(TokenRefusal::Invalid), "another secret");
}

#[test]
fn narrowing_and_revoking_the_key_reach_an_open_grant() {
    let directory = with_key();
    let token = with_claims(r#","channels":["app_abc/**"]"#);
    let (bearing, _) = signed_token(&directory, &token, NOW_S * 1_000).unwrap();
    let grant = &bearing.grant;
    let deep = "app_abc/sub/deep".parse().unwrap();
    assert!(grant.covers(&deep) && grant.allows(Action::Send) && grant.current());
    given_key(&directory, key_record(&[Action::Subscribe], &["app_abc/*"]));
    assert!(!grant.covers(&deep) && !grant.allows(Action::Send));
    assert!(grant.covers(&"app_abc/room".parse().unwrap()) && grant.allows(Action::Subscribe));
    assert!(grant.current());
    let revoked =
        Kill::RevokeSecretKey { app: "100042".parse().unwrap(), id: KID.parse().unwrap() };
    let next = directory.status().applied() + 1;
    assert!(directory.apply(next, Change::Kill(revoked)).is_some());
    assert!(!grant.current() && !grant.allows(Action::Subscribe));
    assert!(!grant.covers(&"app_abc/room".parse().unwrap()));
    assert_eq!(read(&directory, &token).err(), Some(TokenRefusal::Invalid));
}
