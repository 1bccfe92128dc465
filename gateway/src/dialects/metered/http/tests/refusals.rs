use super::house::House;
use crate::dialects::metered::fixtures::{KEY_ID, PK, TOKEN_SECRET};
use actix_web::http::Method;
use contract::directory::{Change, Kill};

#[actix_web::test]
async fn both_forms_of_a_secret_key_are_taken() {
    let house = House::new();
    let pair = format!("{KEY_ID}:{TOKEN_SECRET}");
    for bearer in [house.token.as_str(), pair.as_str()] {
        let answer = house.ask(Some(bearer), Method::GET, "/v1/usage", "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// The body, but for the id that every refusal has of its own.
fn said(answer: &super::house::Answer) -> serde_json::Value {
    let mut body = answer.json();
    body["refusal"]["request_id"].take();
    body
}

#[actix_web::test]
async fn nothing_wrong_with_a_credential_is_told_apart() {
    let house = House::new();
    let expected = house.ask(None, Method::GET, "/v1/usage", "").await;
    expected.is(401, "unauthorized");
    let wrong_pair = format!("{KEY_ID}:sk_secret_xyz");
    let unknown_pair = format!("sk_id_nobody:{TOKEN_SECRET}");
    let mistyped = house.token.replace("sk_sbx_", "sk_sbx_x");
    for bearer in [
        "",
        PK,
        KEY_ID,
        TOKEN_SECRET,
        "sk_live_unknown",
        &wrong_pair,
        &unknown_pair,
        &format!("{KEY_ID}:"),
        &mistyped,
        "a-secret",
    ] {
        let answer = house.ask(Some(bearer), Method::GET, "/v1/usage", "").await;
        assert_eq!((answer.status, said(&answer)), (401, said(&expected)), "{bearer}");
    }
    let id = KEY_ID.parse().unwrap();
    let app = crate::dialects::metered::fixtures::APP.parse().unwrap();
    let _ = house.gateway.directory.apply(9, Change::Kill(Kill::RevokeSecretKey { app, id }));
    let revoked = house.get("/v1/usage").await;
    assert_eq!((revoked.status, said(&revoked)), (401, said(&expected)));
}

#[actix_web::test]
async fn the_credential_comes_before_everything_but_the_route() {
    let house = House::new();
    for (method, path) in [
        (Method::GET, "/v1/channels/_metered%2Fx/peers"),
        (Method::GET, "/v1/channels//peers"),
        (Method::POST, "/v1/channels/c/publish"),
        (Method::POST, "/v1/tokens"),
        (Method::DELETE, "/v1/peers/"),
    ] {
        house.ask(Some("sk_sbx_nobody"), method, path, "{").await.is(401, "unauthorized");
    }
}

#[actix_web::test]
async fn what_is_not_there_is_404() {
    let house = House::new();
    for (method, path) in [
        (Method::GET, "/v1"),
        (Method::GET, "/v1/"),
        (Method::GET, "/v1/nothing"),
        (Method::POST, "/v1/usage"),
        (Method::GET, "/v1/tokens"),
        (Method::PUT, "/v1/channels/a/publish"),
        (Method::GET, "/v1/channels/a"),
    ] {
        for bearer in [None, Some(house.token.as_str())] {
            house.ask(bearer, method.clone(), path, "").await.is(404, "not_found");
        }
    }
}

#[actix_web::test]
async fn a_closed_app_is_told_to_who_has_its_key() {
    let house = House::with(|records| records.app.enabled = false);
    house.get("/v1/usage").await.is(403, "account_suspended");
    let house = House::with(|records| records.app.settings.dialects.metered = false);
    house.get("/v1/usage").await.is(403, "dialect_disabled");
    house.ask(None, Method::GET, "/v1/usage", "").await.is(401, "unauthorized");
}
