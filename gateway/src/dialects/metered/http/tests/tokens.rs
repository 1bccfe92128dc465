use super::house::House;
use crate::{
    admission,
    dialects::metered::fixtures::{KEY_ID, PK, TOKEN_SECRET},
    hub::clock,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contract::{Action, ChannelName};

#[actix_web::test]
async fn a_minted_token_is_one_that_connects_with_what_was_asked_for() {
    let house = House::new();
    let body = r#"{"peerId":"u_1","channels":["app_abc/room-1"],"permissions":["publish","subscribe"],
        "expiresInSec":60,"metadata":{"iceServers":[]},"peerMetadata":{"username":"One"}}"#;
    let answer = house.post("/v1/tokens", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let minted = answer.json();
    assert_eq!(minted.as_object().map(|members| members.len()), Some(2));
    let token = minted["token"].as_str().unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header, serde_json::json!({"alg": "HS256", "kid": KEY_ID, "typ": "JWT"}));
    let now = clock::unix_ms();
    let (bearing, claims) = admission::signed_token(&house.gateway.directory, token, now).unwrap();
    assert_eq!(claims.peer.as_str(), "u_1");
    assert_eq!(Some(claims.expires_at_s), minted["expiresAt"].as_u64());
    assert!((now / 1_000 + 55..=now / 1_000 + 60).contains(&claims.expires_at_s));
    assert_eq!(claims.metadata.as_deref(), Some(r#"{"iceServers":[]}"#));
    assert_eq!(claims.peer_metadata.as_deref(), Some(r#"{"username":"One"}"#));
    let channel = |name: &str| name.parse::<ChannelName>().unwrap();
    assert!(bearing.grant.covers(&channel("app_abc/room-1")));
    assert!(!bearing.grant.covers(&channel("app_abc/room-2")));
    assert!(bearing.grant.allows(Action::Publish) && !bearing.grant.allows(Action::Send));
}

#[actix_web::test]
async fn what_is_not_asked_for_is_the_keys() {
    let house = House::new();
    let minted = house.post("/v1/tokens", r#"{"peerId":"u_1"}"#).await.json();
    let now = clock::unix_ms();
    let token = minted["token"].as_str().unwrap();
    let (bearing, claims) = admission::signed_token(&house.gateway.directory, token, now).unwrap();
    assert!((now / 1_000 + 3_595..=now / 1_000 + 3_600).contains(&claims.expires_at_s));
    assert!(bearing.grant.allows(Action::Send));
}

#[actix_web::test]
async fn every_field_holds_at_its_limit_and_fails_one_past_it() {
    let house = House::new();
    let text = |n: usize| format!("\"{}\"", "x".repeat(n));
    let list = |n: usize, item: &str| format!("[{}]", vec![item; n].join(","));
    let bag = |bytes: usize| format!(r#"{{"m":{}}}"#, text(bytes - 8));
    for (field, value, status) in [
        ("peerId", text(128), 200),
        ("peerId", text(129), 400),
        ("peerId", text(0), 400),
        ("peerId", "\"é\"".into(), 400),
        ("peerId", "7".into(), 400),
        ("peerId", "null".into(), 400),
        ("channels", list(100, "\"a\""), 200),
        ("channels", list(101, "\"a\""), 400),
        ("channels", "[]".into(), 200),
        ("channels", "\"a\"".into(), 400),
        ("channels", "[1]".into(), 400),
        ("permissions", list(16, "\"send\""), 200),
        ("permissions", list(17, "\"send\""), 400),
        ("permissions", "[\"fly\"]".into(), 400),
        ("expiresInSec", "86400".into(), 200),
        ("expiresInSec", "86401".into(), 400),
        ("expiresInSec", "0".into(), 400),
        ("expiresInSec", "-1".into(), 400),
        ("expiresInSec", "1.5".into(), 400),
        ("expiresInSec", "\"60\"".into(), 400),
        ("expiresInSec", "99999999999999999999999".into(), 400),
        ("metadata", bag(8_192), 200),
        ("metadata", bag(8_193), 400),
        ("metadata", "[]".into(), 400),
        ("peerMetadata", bag(4_096), 200),
        ("peerMetadata", bag(4_097), 400),
    ] {
        let mut fields = vec![("peerId", "\"u_1\"")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, &value));
        let members: Vec<String> = fields.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
        let answer = house.post("/v1/tokens", &format!("{{{}}}", members.join(","))).await;
        assert_eq!(answer.status, status, "{field} {value:.60}: {:.200}", answer.text);
        if status != 200 {
            answer.is(status, "invalid_request");
        }
    }
}

#[actix_web::test]
async fn a_token_is_never_wider_than_its_key() {
    let house = House::with(|records| {
        records.secret.actions = vec![Action::Subscribe];
        records.secret.channels = vec!["app_abc/*".parse().unwrap()];
    });
    let mint =
        async |more: &str| house.post("/v1/tokens", &format!(r#"{{"peerId":"u_1",{more}}}"#)).await;
    mint(r#""channels":["other/a"]"#).await.is(403, "channel_not_authorized");
    mint(r#""channels":["app_abc/**"]"#).await.is(403, "channel_not_authorized");
    mint(r#""permissions":["subscribe","send"]"#).await.is(403, "action_not_permitted");
    let within = mint(r#""channels":["app_abc/a"],"permissions":["subscribe"]"#).await;
    assert_eq!(within.status, 200, "{}", within.text);
}

#[actix_web::test]
async fn a_key_without_a_signing_secret_says_so() {
    let house = House::new();
    let bare = house.key(&[Action::Subscribe], &["**"]);
    let answer = house
        .ask(Some(&bare), actix_web::http::Method::POST, "/v1/tokens", r#"{"peerId":"u_1"}"#)
        .await;
    answer.is(400, "invalid_request");
    assert!(answer.text.contains("no secret to sign"), "{}", answer.text);
}

#[actix_web::test]
async fn no_answer_tells_a_secret() {
    let house = House::new();
    for path in ["/v1/tokens", "/v1/usage", "/v1/channels/c/publish"] {
        let answer = house.post(path, r#"{"peerId":"u_1","data":1}"#).await;
        assert!(!answer.text.contains(TOKEN_SECRET) && !answer.text.contains(PK));
    }
}
