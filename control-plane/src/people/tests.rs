use crate::testing::{Answer, cookie_of, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

const PATH: (&str, &str) = ("/v1/signup", "/v1/login");

#[sqlx::test(migrations = "../migrations")]
async fn a_newcomer_has_an_organisation_and_an_app_ready(db: PgPool) {
    let service = service(&db).await;
    let body = json!({"email": "Ann@example.com", "password": "correct horse", "name": "Ann",
                      "organisation": "Ann & Co"});
    let answer = service.post(PATH.0, body).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let made = answer.expect(201);
    assert_eq!(made["user"]["name"], "Ann");
    assert_eq!(made["organisation"]["name"], "Ann & Co");
    assert_eq!(made["organisation"]["role"], "owner");
    assert!(made["app"]["id"].as_str().unwrap().bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(made["credential"]["key"].as_str().unwrap().len(), 20);
    assert!(made["credential"]["secret"].as_str().unwrap().starts_with("as_sbx_"));

    // The address is one, however it is capitalised.
    let session = service.log_in("ann@EXAMPLE.com", "correct horse").await;
    let cookie = cookie_of(&session);
    assert_eq!(session.expect(200)["organisations"][0]["name"], "Ann & Co");
    let session = Answer::of(service.request(Method::GET, "/v1/session").header("cookie", cookie));
    let session = session.await.expect(200);
    assert_eq!(session["user"]["email"], "Ann@example.com");
    assert_eq!(session["gateway_url"], "http://127.0.0.1:9");
}

#[sqlx::test(migrations = "../migrations")]
async fn sign_up_refuses_by_field(db: PgPool) {
    let service = service(&db).await;
    service.sign_up("taken@example.com").await;
    let good = json!({"email": "new@example.com", "password": "12345678"});
    for (field, value) in [
        ("email", json!("nobody")),
        ("email", json!("a@b")),
        ("email", json!("a b@example.com")),
        ("email", json!(format!("{}@example.com", "a".repeat(243)))),
        ("email", json!(1)),
        ("password", json!("1234567")),
        ("password", json!("x".repeat(129))),
        ("password", Value::Null),
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("name", json!("line\nbreak")),
        ("organisation", json!(" blank ")),
        ("is_admin", json!(true)),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let answer = service.post(PATH.0, body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{value}: {}", answer.text);
    }
    let taken = json!({"email": "TAKEN@example.com", "password": "12345678"});
    service.post(PATH.0, taken).await.problem(409, "email_taken");
    let longest = json!({"email": "long@example.com", "password": "x".repeat(128)});
    service.post(PATH.0, longest).await.expect(201);
}

#[sqlx::test(migrations = "../migrations")]
async fn login_does_not_tell_which_half_was_wrong(db: PgPool) {
    let service = service(&db).await;
    service.sign_up("ann@example.com").await;
    let without_id = |answer: Answer| {
        answer.problem(401, "wrong_login");
        let mut body = answer.json();
        body["request_id"].take();
        body
    };
    let wrong_password = without_id(service.log_in("ann@example.com", "wrong horse").await);
    for (email, password) in [
        ("bob@example.com", "wrong horse"),
        ("not an address", "wrong horse"),
        ("ann@example.com", ""),
        ("", ""),
    ] {
        assert_eq!(without_id(service.log_in(email, password).await), wrong_password, "{email}");
    }
    let too_long = service.log_in("ann@example.com", &"x".repeat(129)).await;
    too_long.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn guessing_is_slowed_down_per_account(db: PgPool) {
    let service = service(&db).await;
    service.sign_up("ann@example.com").await;
    for _ in 0..10 {
        service.log_in("ann@example.com", "wrong horse").await.problem(401, "wrong_login");
    }
    let refused = service.log_in("Ann@example.com", "correct horse").await;
    refused.problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    service.log_in("bob@example.com", "wrong horse").await.problem(401, "wrong_login");
}

#[sqlx::test(migrations = "../migrations")]
async fn changes_need_the_csrf_token_and_the_consoles_origin(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let rename = || {
        let path = format!("/v1/organisations/{}", ann.organisation);
        service.request(Method::PATCH, &path).header("cookie", &ann.cookie)
    };
    let body = json!({"name": "Renamed"});
    Answer::of(rename().json(&body)).await.problem(403, "csrf");
    Answer::of(rename().header("x-csrf-token", "0").json(&body)).await.problem(403, "csrf");
    let good = || rename().header("x-csrf-token", &ann.csrf).json(&body);
    Answer::of(good().header("origin", "https://evil.test")).await.problem(403, "foreign_origin");
    Answer::of(good().header("origin", "null")).await.problem(403, "foreign_origin");
    Answer::of(good().header("sec-fetch-site", "cross-site")).await.problem(403, "foreign_origin");
    Answer::of(good().header("origin", "http://localhost:8000")).await.expect(200);
    Answer::of(good()).await.expect(200);
    let login = service.request(Method::POST, PATH.1).header("origin", "https://evil.test");
    let body = json!({"email": ann.email, "password": "correct horse"});
    Answer::of(login.json(&body)).await.problem(403, "foreign_origin");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_ends_at_sign_out_and_at_its_time(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let out = ann.post("/v1/logout", json!({})).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    out.expect(204);
    ann.get("/v1/session").await.problem(401, "unauthenticated");

    let bob = service.sign_up("bob@example.com").await;
    bob.get("/v1/session").await.expect(200);
    sqlx::query("UPDATE sessions SET expires_at = now() - interval '1 second'")
        .execute(&db)
        .await
        .unwrap();
    bob.get("/v1/session").await.problem(401, "unauthenticated");
    crate::housekeeping::sweep(&service.state.db).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&db).await.unwrap();
    assert_eq!(left, 0, "ended sessions are swept up");
}

#[sqlx::test(migrations = "../migrations")]
async fn one_person_has_twenty_sessions_at_most(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for _ in 0..20 {
        service.log_in(&ann.email, "correct horse").await.expect(200);
    }
    ann.get("/v1/session").await.problem(401, "unauthenticated");
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&db).await.unwrap();
    assert_eq!(left, 20);
}

#[sqlx::test(migrations = "../migrations")]
async fn neither_passwords_nor_tokens_are_stored(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let token = ann.cookie.split('=').nth(1).unwrap();
    let key = ann.create_key("deploy").await["token"].as_str().unwrap().to_owned();
    let dump: String = sqlx::query_scalar(
        "SELECT string_agg(t, '\n') FROM (
             SELECT to_jsonb(s)::text AS t FROM sessions s
             UNION ALL SELECT to_jsonb(u)::text FROM users u
             UNION ALL SELECT payload::text FROM changes) everything",
    )
    .fetch_one(&db)
    .await
    .unwrap();
    for secret in ["correct horse", token, &key, &ann.secret] {
        assert!(!dump.contains(secret));
    }
    assert!(dump.contains("$argon2id$"), "the dump is not empty");
}

#[sqlx::test(migrations = "../migrations")]
async fn requests_that_make_no_sense_are_refused_and_change_nothing(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let long = "x".repeat(129);
    for (path, member, values) in [
        ("/v1/email/verify", "token", vec![json!(null), json!(1), json!(["x"])]),
        (
            "/v1/password/reset",
            "email",
            vec![json!("nobody"), json!(""), json!("a@b\r\nBcc: c@d.test")],
        ),
        (
            "/v1/password/reset/confirm",
            "password",
            vec![json!("1234567"), json!(long), json!(null)],
        ),
        ("/v1/login/second-factor", "code", vec![json!(123_456), json!("12345"), json!("")]),
        ("/v1/session/confirm", "password", vec![json!(long), json!(null)]),
        ("/v1/user/email", "email", vec![json!("<a@b.test>"), json!("a@b.test,c@d.test")]),
        ("/v1/user/password", "new_password", vec![json!("1234567"), json!(long)]),
        ("/v1/second-factor/confirm", "code", vec![json!("1234567"), json!("abcdef")]),
        ("/v1/second-factor/disable", "code", vec![json!("１２３４５６")]),
    ] {
        let good = json!({"token": "t", "email": "new@example.com", "password": "12345678",
            "code": "123456", "pending_token": "p", "current_password": "correct horse",
            "new_password": "battery staple"});
        let members: &[&str] = match path {
            "/v1/email/verify" => &["token"],
            "/v1/password/reset" => &["email"],
            "/v1/password/reset/confirm" => &["token", "password"],
            "/v1/login/second-factor" => &["pending_token", "code"],
            "/v1/session/confirm" => &["password"],
            "/v1/user/email" => &["email", "password"],
            "/v1/user/password" => &["current_password", "new_password"],
            "/v1/second-factor/confirm" => &["code"],
            _ => &["password", "code"],
        };
        let body: serde_json::Map<String, Value> =
            members.iter().map(|m| ((*m).to_owned(), good[*m].clone())).collect();
        for value in values {
            let mut body = body.clone();
            body.insert(member.into(), value.clone());
            let answer = ann.post(path, Value::Object(body)).await;
            answer.problem(422, "invalid");
            assert_eq!(answer.json()["errors"][0]["field"], member, "{path} {value}");
        }
        let mut more = body.clone();
        more.insert("is_admin".into(), json!(true));
        ann.post(path, Value::Object(more)).await.problem(422, "invalid");
        ann.post(path, json!([])).await.problem(422, "invalid");
        ann.post(path, json!({"token": "x".repeat(70_000)})).await.problem(413, "too_large");
    }
    assert!(service.mails().await.is_empty());
    service.log_in("ann@example.com", "correct horse").await.expect(200);
}
