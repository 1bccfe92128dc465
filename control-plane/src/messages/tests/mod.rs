mod dialects;

use super::signature::{Request, sign};
use crate::testing::{service, service_with};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

/// What a gateway was asked, and what it answers.
#[derive(Clone)]
struct FakeGateway {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<(u16, String)>>,
}

#[derive(Clone, Debug)]
struct Asked {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    idempotency_key: Option<String>,
    authorization: Option<String>,
    body: String,
}

impl FakeGateway {
    async fn start() -> (Self, String) {
        let answer = Arc::new(Mutex::new((200, "{}".to_owned())));
        let fake = Self { asked: Arc::default(), answer };
        let shared = fake.clone();
        let server = HttpServer::new(move || {
            App::new().app_data(web::Data::new(shared.clone())).default_service(web::to(record))
        });
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        (fake, base)
    }

    fn will_answer(&self, status: u16, body: Value) {
        *self.answer.lock().unwrap() = (status, body.to_string());
    }

    /// A status without a body, as AnyCable's API answers.
    fn will_answer_nothing(&self, status: u16) {
        *self.answer.lock().unwrap() = (status, String::new());
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().cloned().expect("a request")
    }
}

async fn record(request: HttpRequest, fake: web::Data<FakeGateway>, body: String) -> HttpResponse {
    let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    fake.asked.lock().unwrap().push(Asked {
        method: request.method().to_string(),
        // As it was sent.
        path: request.uri().path().to_owned(),
        query: query.unwrap().into_inner(),
        idempotency_key: header("x-idempotency-key"),
        authorization: header("authorization"),
        body,
    });
    let (status, body) = fake.answer.lock().unwrap().clone();
    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status).content_type("application/json").body(body)
}

/// Signs again what was asked, as a gateway does to check it.
#[track_caller]
fn check_signature(asked: &Asked, key: &str, secret: &str) {
    let value = |name: &str| {
        asked.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default()
    };
    let own: Vec<(&str, &str)> = asked
        .query
        .iter()
        .filter(|(name, _)| !name.starts_with("auth_") && name != "body_md5")
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let (method, path) = (asked.method.as_str(), asked.path.as_str());
    let request = Request { method, path, query: &own, body: asked.body.as_bytes() };
    let signed = sign(&request, key, secret, value("auth_timestamp").parse().unwrap());
    assert_eq!(value("auth_key"), key);
    assert_eq!(value("auth_signature"), signed.last().unwrap().1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_publish_is_signed_and_its_data_untouched(db: PgPool) {
    let (gateway, base) = FakeGateway::start().await;
    let service = service_with(&db, |s| s.public_gateway_url = Some(base)).await;
    let ann = service.sign_up("ann@example.com").await;
    for (data, sent) in [
        (r#""plain""#, r#""plain""#),
        (r#""\u00e9\/""#, r#""\u00e9\/""#),
        (r#"{ "n": 1.0000000000000000001 }"#, r#""{ \"n\": 1.0000000000000000001 }""#),
        ("null", r#""null""#),
        ("[1, 2]", r#""[1, 2]""#),
    ] {
        let body = format!(r#"{{"channel":"room-1","name":"hello","data":{data}}}"#);
        let request = ann.request(reqwest::Method::POST, &ann.of_app("/publish"));
        let request = request.header("content-type", "application/json").body(body);
        crate::testing::Answer::of(request).await.expect(200);
        let asked = gateway.last();
        assert_eq!(asked.path, format!("/apps/{}/events", ann.app));
        let expected = format!(r#"{{"name":"hello","channel":"room-1","data":{sent}}}"#);
        assert_eq!(asked.body, expected);
        check_signature(&asked, &ann.key, &ann.secret);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_retried_publish_is_the_gateways_to_recognise(db: PgPool) {
    let (gateway, base) = FakeGateway::start().await;
    let service = service_with(&db, |s| s.public_gateway_url = Some(base)).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut keys = Vec::new();
    for key in [None, Some("k1"), Some("k1"), Some("k2")] {
        let request = ann.request(reqwest::Method::POST, &ann.of_app("/publish"));
        let request = request.json(&json!({"channel": "c", "name": "e", "data": "d"}));
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        crate::testing::Answer::of(request).await.expect(200);
        keys.push(gateway.last().idempotency_key);
    }
    assert_eq!(keys[0], None);
    assert!(keys[1].is_some() && keys[1] == keys[2] && keys[2] != keys[3], "{keys:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn channels_are_asked_for_with_their_counts(db: PgPool) {
    let (gateway, base) = FakeGateway::start().await;
    let service = service_with(&db, |s| s.public_gateway_url = Some(format!("{base}/"))).await;
    let ann = service.sign_up("ann@example.com").await;
    gateway.will_answer(200, json!({"channels": {"news": {"subscription_count": 2}}}));
    let channels = ann.get(&ann.of_app("/channels")).await.expect(200);
    assert_eq!(channels["channels"], json!({"news": {"subscription_count": 2}}));
    check_signature(&gateway.last(), &ann.key, &ann.secret);
    gateway.will_answer(200, json!({"channels": {}, "truncated": true}));
    let path = ann.of_app("/channels?prefix=presence-a%26b%20c");
    assert_eq!(ann.get(&path).await.expect(200)["truncated"], true);
    let asked = gateway.last();
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    assert!(asked.query.contains(&pair("filter_by_prefix", "presence-a&b c")), "{asked:?}");
    assert!(asked.query.contains(&pair("info", "subscription_count,user_count")));
    check_signature(&asked, &ann.key, &ann.secret);
    let long = ann.of_app(&format!("/channels?prefix={}", "a".repeat(201)));
    ann.get(&long).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_gateways_refusals_are_told_in_our_words(db: PgPool) {
    let (gateway, base) = FakeGateway::start().await;
    let service = service_with(&db, |s| s.public_gateway_url = Some(base)).await;
    let ann = service.sign_up("ann@example.com").await;
    let event = json!({"channel": "c", "name": "e", "data": "d"});
    for (status, answered, code) in [
        (400, 422, "gateway_refused"),
        (401, 502, "gateway_refused"),
        (403, 403, "gateway_refused"),
        (404, 404, "gateway_refused"),
        (413, 413, "gateway_refused"),
        (422, 422, "gateway_refused"),
        (429, 429, "gateway_refused"),
        (500, 502, "gateway_refused"),
        (501, 503, "gateway_unavailable"),
        (503, 503, "gateway_unavailable"),
    ] {
        gateway.will_answer(status, json!({"error": "because", "code": "x", "status": status}));
        let answer = ann.post(&ann.of_app("/publish"), event.clone()).await;
        answer.problem(answered, code);
        if code == "gateway_refused" {
            assert_eq!(answer.json()["detail"], "because");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_gateway_or_a_pair_nothing_is_published(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let event = json!({"channel": "c", "name": "e", "data": "d"});
    let path = ann.of_app("/publish");
    let publish = || ann.post(&path, event.clone());
    publish().await.problem(503, "gateway_unavailable");
    ann.get(&ann.of_app("/channels")).await.problem(503, "gateway_unavailable");
    for (field, value) in [
        ("channel", json!("a b")),
        ("channel", json!("")),
        ("name", json!("")),
        ("name", json!(1)),
        ("name", Value::Null),
    ] {
        let mut body = event.clone();
        body[field] = value;
        let answer = ann.post(&ann.of_app("/publish"), body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    ann.delete(&ann.of_app(&format!("/credentials/{}", ann.key))).await.expect(200);
    publish().await.problem(409, "no_credential");
}
