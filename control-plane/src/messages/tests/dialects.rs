//! Publishing through each dialect's own API, as the gateway is asked.

use super::*;
use crate::testing::{Answer, Customer, Service};
use reqwest::Method;

const JSON: &str = r#"{ "n": 1.0000000000000000001 }"#;

async fn set_up(db: &PgPool) -> (FakeGateway, Service, Customer) {
    let (gateway, base) = FakeGateway::start().await;
    let service = service_with(db, |s| s.public_gateway_url = Some(base)).await;
    let ann = service.sign_up("ann@example.com").await;
    (gateway, service, ann)
}

/// `more` is what the body has beside dialect and data.
async fn publish(who: &Customer, dialect: &str, more: &str, data: &str) -> Answer {
    let body = format!(r#"{{"dialect":"{dialect}",{more},"data":{data}}}"#);
    let request = who.request(Method::POST, &who.of_app("/publish"));
    Answer::of(request.header("content-type", "application/json").body(body)).await
}

async fn signing_key(who: &Customer, channels: &[&str], more: Value) -> Value {
    let mut wanted = json!({"name": "k", "actions": ["publish"], "channels": channels,
                            "token_secret": true});
    if let (Value::Object(wanted), Value::Object(more)) = (&mut wanted, more) {
        wanted.extend(more);
    }
    who.post(&who.of_app("/keys"), wanted).await.expect(201)
}

#[sqlx::test(migrations = "../migrations")]
async fn relay_is_asked_with_the_secret(db: PgPool) {
    let (gateway, _service, ann) = set_up(&db).await;
    for (more, data, sent) in [
        (
            r#""channel":"a/b","name":"hi""#,
            r#""x""#,
            r#"{"channel":"a/b","event":"hi","data":"x"}"#,
        ),
        (
            r#""channel":"c""#,
            r#"{"n":1.0}"#,
            r#"{"channel":"c","event":"message","data":"{\"n\":1.0}"}"#,
        ),
    ] {
        publish(&ann, "relay", more, data).await.expect(200);
        let asked = gateway.last();
        assert_eq!((asked.method.as_str(), asked.body.as_str()), ("POST", sent));
        assert_eq!(asked.path, format!("/apps/{}/events", ann.app));
        assert_eq!(asked.authorization, Some(format!("Bearer {}", ann.secret)));
        assert!(asked.query.is_empty(), "a signed query would be Pusher");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn anycable_is_asked_with_what_is_derived_from_the_secret(db: PgPool) {
    let (gateway, _service, ann) = set_up(&db).await;
    gateway.will_answer_nothing(201);
    let bearer = super::super::signature::mac(&ann.secret, "api-cable");
    for data in [JSON, r#""a text""#, "null", "[1]"] {
        publish(&ann, "anycable", r#""channel":"chat/1""#, data).await.expect(200);
        let asked = gateway.last();
        let expected = format!(r#"{{"stream":"chat/1","data":{}}}"#, json!(data));
        assert_eq!(asked.body, expected, "the text of the value");
        assert_eq!(asked.path, format!("/apps/{}/api/publish", ann.app));
        assert_eq!(asked.authorization, Some(format!("Bearer {bearer}")));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn metered_is_asked_with_the_oldest_key_that_may(db: PgPool) {
    let (gateway, _service, ann) = set_up(&db).await;
    let try_it = || publish(&ann, "metered", r#""channel":"fleet/7 \u00e4""#, JSON);
    try_it().await.problem(409, "no_secret_key");
    // None of these may, or can be used.
    ann.create_key("its token is not kept").await;
    signing_key(&ann, &["other/**"], json!({})).await;
    signing_key(&ann, &["**"], json!({"actions": ["subscribe"]})).await;
    signing_key(&ann, &["**"], json!({"allowed_addresses": ["192.0.2.0/24"]})).await;
    let revoked = signing_key(&ann, &["**"], json!({})).await;
    let id = revoked["key"]["id"].as_str().unwrap();
    ann.delete(&ann.of_app(&format!("/keys/{id}"))).await.expect(200);
    try_it().await.problem(409, "no_secret_key");
    let key = signing_key(&ann, &["fleet/*"], json!({})).await;
    signing_key(&ann, &["**"], json!({})).await;
    try_it().await.expect(200);
    let asked = gateway.last();
    assert_eq!(asked.path, "/v1/channels/fleet%2F7%20%C3%A4/publish");
    assert_eq!(asked.body, format!(r#"{{"data":{JSON}}}"#));
    assert_eq!(asked.authorization, Some(format!("Bearer {}", key["pair"].as_str().unwrap())));
    for channel in [".", ".."] {
        let more = format!(r#""channel":"{channel}""#);
        let answer = publish(&ann, "metered", &more, "1").await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], "channel");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_retry_publishes_once_also_where_the_dialect_knows_no_such_keys(db: PgPool) {
    let (gateway, _service, ann) = set_up(&db).await;
    gateway.will_answer_nothing(201);
    let send = async |key: &str, data: u32| {
        let body = json!({"dialect": "anycable", "channel": "c", "data": data});
        let request = ann.request(Method::POST, &ann.of_app("/publish")).json(&body);
        Answer::of(request.header("idempotency-key", key)).await
    };
    gateway.will_answer_nothing(501);
    send("k1", 1).await.problem(503, "gateway_unavailable");
    gateway.will_answer_nothing(201);
    for _ in 0..3 {
        send("k1", 1).await.expect(200);
    }
    assert_eq!(gateway.count(), 2, "what was refused is tried again, what was taken is not");
    send("k1", 2).await.problem(422, "idempotency_key_reused");
    send("k2", 2).await.expect(200);
    assert_eq!(gateway.count(), 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_dialect_has_no_words_for_is_named(db: PgPool) {
    let (gateway, _service, ann) = set_up(&db).await;
    for (dialect, more, field) in [
        ("pusher", r#""channel":"c""#, "name"),
        ("pusher", r#""channel":"a/b","name":"e""#, "channel"),
        ("relay", r#""channel":"","name":"e""#, "channel"),
        ("anycable", r#""channel":"c","name":"e""#, "name"),
        ("metered", r#""channel":"c","name":"e""#, "name"),
        ("metered", "\"channel\":\"a\\u0000b\"", "channel"),
        ("smoke", r#""channel":"c""#, "dialect"),
    ] {
        let answer = publish(&ann, dialect, more, "1").await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{dialect} {more}");
    }
    assert_eq!(gateway.count(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_dialect_that_is_off_says_so(db: PgPool) {
    let (gateway, _service, ann) = set_up(&db).await;
    signing_key(&ann, &["**"], json!({})).await;
    let told = json!({"error": "dialect_disabled", "message": "this dialect is switched off"});
    gateway.will_answer(403, told);
    let answer = publish(&ann, "metered", r#""channel":"c""#, "1").await;
    answer.problem(403, "gateway_refused");
    assert_eq!(answer.json()["detail"], "this dialect is switched off");
    gateway.will_answer(403, json!({"error": "the dialect is switched off"}));
    let answer = publish(&ann, "relay", r#""channel":"c""#, "1").await;
    answer.problem(403, "gateway_refused");
    assert_eq!(answer.json()["detail"], "the dialect is switched off");
    gateway.will_answer_nothing(403);
    let answer = publish(&ann, "anycable", r#""channel":"c""#, "1").await;
    answer.problem(403, "gateway_refused");
    assert_eq!(answer.json()["detail"], "AnyCable is switched off for this app");
}
