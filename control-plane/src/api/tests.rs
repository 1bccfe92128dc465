use super::openapi;
use crate::testing::{Answer, service};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

/// Open to everyone, with what an empty request gets there.
const OPEN: &[(&str, u16)] = &[
    ("/health", 200),
    ("/openapi.json", 200),
    ("/cli/signalbox", 200),
    ("/v1/signup", 415),
    ("/v1/login", 415),
    ("/v1/login/second-factor", 415),
    ("/v1/email/verify", 415),
    ("/v1/password/reset", 415),
    ("/v1/password/reset/confirm", 415),
    ("/v1/plans", 200),
    ("/v1/permissions", 200),
    ("/v1/invitations/inspect", 415),
    ("/v1/invitations/sign-up", 415),
];

#[sqlx::test(migrations = "../migrations")]
async fn every_documented_operation_exists_and_is_closed_to_strangers(db: PgPool) {
    let service = service(&db).await;
    for (template, item) in &openapi::document().paths.paths {
        let filled = template.split('/').map(|s| if s.starts_with('{') { "1" } else { s });
        let path = filled.collect::<Vec<_>>().join("/");
        for method in openapi::methods(item) {
            let method: Method = method.parse().unwrap();
            let answer = Answer::of(service.request(method.clone(), &path)).await;
            let open = OPEN.iter().find(|(open, _)| *open == template);
            let expected = open.map_or(401, |(_, status)| *status);
            assert_eq!(answer.status.as_u16(), expected, "{method} {template}: {}", answer.text);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_documented_is_not_there(db: PgPool) {
    let service = service(&db).await;
    for path in ["/v1", "/v1/nothing", "/v1/apps", "/v1/apps/1/nothing", "/internal/v1/nothing"] {
        Answer::of(service.request(Method::GET, path)).await.problem(404, "not_found");
    }
    let answer = Answer::of(service.request(Method::PUT, "/v1/apps/1")).await;
    answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "GET, PATCH, DELETE");
}

#[sqlx::test(migrations = "../migrations")]
async fn bodies_are_read_strictly_and_only_after_sign_in(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/keys");
    let good = r#"{"name":"k","actions":[],"channels":[]}"#;
    let json_type = "application/json";
    let big = format!(r#"{{"name":"{}","actions":[],"channels":[]}}"#, "x".repeat(70_000));
    let deep = format!(r#"{{"name":{}"#, "[".repeat(60_000));
    for (content_type, body, status, code) in [
        ("text/plain", good, 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "name=k", 415, "unsupported_media_type"),
        ("application/jsonp", good, 415, "unsupported_media_type"),
        (json_type, big.as_str(), 413, "too_large"),
        (json_type, "", 400, "malformed_json"),
        (json_type, "{", 400, "malformed_json"),
        (json_type, &format!("{good} {good}"), 400, "malformed_json"),
        (json_type, r#"{"name":"\ud800","actions":[],"channels":[]}"#, 400, "malformed_json"),
        (json_type, deep.as_str(), 422, "invalid"),
        (json_type, "[]", 422, "invalid"),
        (json_type, r#"{"name":"a","name":"b","actions":[],"channels":[]}"#, 422, "invalid"),
        (json_type, r#"{"name":"a","actions":["fly"],"channels":[]}"#, 422, "invalid"),
        (json_type, r#"{"name":"a","actions":[],"channels":[],"more":1}"#, 422, "invalid"),
    ] {
        let send = |request: reqwest::RequestBuilder| {
            Answer::of(request.header("content-type", content_type).body(body.to_owned()))
        };
        send(ann.request(Method::POST, &path)).await.problem(status, code);
        send(service.request(Method::POST, &path)).await.problem(401, "unauthenticated");
    }
    let typed = ann.request(Method::POST, &path);
    let typed = typed.header("content-type", "Application/JSON; charset=utf-8").body(good);
    Answer::of(typed).await.expect(201);
    let packed = ann.request(Method::POST, &path).header("content-encoding", "gzip");
    let packed = packed.header("content-type", json_type).body(good);
    Answer::of(packed).await.problem(415, "unsupported_media_type");
    let chunks =
        futures_util::stream::iter((0..80).map(|_| Ok::<_, std::io::Error>("x".repeat(1024))));
    let endless = ann.request(Method::POST, &path).header("content-type", json_type);
    let endless = endless.body(reqwest::Body::wrap_stream(chunks));
    Answer::of(endless).await.problem(413, "too_large");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_that_does_not_arrive_is_not_waited_for(db: PgPool) {
    let service = service(&db).await;
    let never = futures_util::stream::pending::<Result<String, std::io::Error>>();
    let request = service.request(Method::POST, "/v1/login");
    let request = request.header("content-type", "application/json");
    let answer = Answer::of(request.body(reqwest::Body::wrap_stream(never))).await;
    answer.problem(408, "body_timeout");
}

#[sqlx::test(migrations = "../migrations")]
async fn lists_come_in_pages(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for n in 0..5 {
        ann.create_key(&format!("key {n}")).await;
    }
    let mut names = Vec::new();
    let mut path = ann.of_app("/keys?limit=2");
    for pages in 1.. {
        let page = ann.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|k| k["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = ann.of_app(&format!("/keys?limit=2&cursor={cursor}")),
            None => {
                assert_eq!(pages, 3);
                break;
            }
        }
    }
    assert_eq!(names, ["key 4", "key 3", "key 2", "key 1", "key 0"]);
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=", "page=2"] {
        ann.get(&ann.of_app(&format!("/keys?{query}"))).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_retry_with_the_same_key_answers_the_same_and_changes_nothing(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.put_on(&ann, "growth").await;
    let path = format!("/v1/organisations/{}/apps", ann.organisation);
    let create = |key: &'static str, name: &str| {
        let request = ann.request(Method::POST, &path).header("idempotency-key", key);
        Answer::of(request.json(&json!({"name": name})))
    };
    let first = create("k1", "Shop").await;
    let again = create("k1", "Shop").await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    let first = first.expect(201);
    assert_eq!(again.expect(201), first, "the secret included");
    assert_ne!(create("k2", "Shop").await.expect(201)["app"]["id"], first["app"]["id"]);
    create("k1", "Other").await.problem(422, "idempotency_key_reused");

    let same: Vec<Answer> =
        futures_util::future::join_all((0..6).map(|_| create("k3", "Race"))).await;
    let ids: std::collections::HashSet<String> =
        same.into_iter().map(|a| a.expect(201)["app"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "six attempts, one app");
    let apps = ann.get(&path).await.expect(200);
    assert_eq!(apps["items"].as_array().unwrap().len(), 4);

    // Another person's key of the same name is another key.
    let bob = service.sign_up("bob@example.com").await;
    let bobs = format!("/v1/organisations/{}/apps", bob.organisation);
    let request = bob.request(Method::POST, &bobs).header("idempotency-key", "k1");
    let made = Answer::of(request.json(&json!({"name": "Shop"}))).await.expect(201);
    assert_ne!(made["app"]["id"], first["app"]["id"]);
    for key in ["", "k".repeat(256).as_str(), "two words"] {
        let request = ann.request(Method::POST, &path).header("idempotency-key", key);
        Answer::of(request.json(&json!({"name": "x"}))).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn without_the_database_callers_hear_so_in_two_seconds(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    // Every connection of the pool is held by someone else.
    let mut held = Vec::new();
    while let Ok(Ok(tx)) =
        tokio::time::timeout(std::time::Duration::from_millis(500), service.state.db.service())
            .await
    {
        held.push(tx);
    }
    let answer = ann.get("/v1/session").await;
    answer.problem(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    drop(held);
    ann.get("/v1/session").await.expect(200);
}
