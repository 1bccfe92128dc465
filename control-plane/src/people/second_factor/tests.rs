use super::totp::TotpSecret;
use crate::testing::{Answer, Customer, Service, cookie_of, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

const PASSWORD: &str = "correct horse";

/// Somebody's authenticator app.
struct App(TotpSecret);

impl App {
    fn from_offer(offer: &Value) -> Self {
        Self(TotpSecret::from_base32(offer["secret"].as_str().unwrap()).unwrap())
    }

    /// The code of `steps` from now.
    fn code(&self, steps: i64) -> String {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        format!("{:06}", self.0.code_at(TotpSecret::step_at(now) + steps))
    }

    /// Six digits that are none of the codes of now.
    fn wrong(&self) -> String {
        let good: Vec<String> = (-2..=2).map(|n| self.code(n)).collect();
        let candidates = (0..10).map(|n| format!("{n:06}"));
        candidates.into_iter().find(|c| !good.contains(c)).unwrap()
    }
}

async fn turn_on(person: &Customer) -> (App, Vec<String>) {
    let offer = person.post("/v1/second-factor", json!({})).await.expect(201);
    let app = App::from_offer(&offer);
    let confirm = json!({"code": app.code(-1)});
    let codes = person.post("/v1/second-factor/confirm", confirm).await.expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().iter();
    (app, codes.map(|c| c.as_str().unwrap().to_owned()).collect())
}

async fn first_step(service: &Service, email: &str) -> String {
    let answer = service.log_in(email, PASSWORD).await;
    assert_eq!(answer.header("set-cookie"), "", "no session yet");
    let required = answer.expect(200);
    assert_eq!(required["second_factor"], "required");
    assert_eq!(required["expires_in_s"], 300);
    assert!(required.get("csrf_token").is_none() && required.get("user").is_none());
    required["pending_token"].as_str().unwrap().to_owned()
}

async fn second_step(service: &Service, pending: &str, code: &str) -> Answer {
    let body = json!({"pending_token": pending, "code": code});
    service.post("/v1/login/second-factor", body).await
}

/// Lets a code of the running step work again.
async fn forget_used_codes(db: &PgPool) {
    sqlx::query("UPDATE second_factors SET last_step = 0").execute(db).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_second_factor_is_offered_confirmed_and_asked_for(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann+work@example.com").await;
    let off = ann.get("/v1/second-factor").await.expect(200);
    assert_eq!(off, json!({"enabled": false, "enabled_at": null, "recovery_codes_left": 0}));

    let offer = ann.post("/v1/second-factor", json!({})).await.expect(201);
    let secret = offer["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    assert_eq!(
        offer["otpauth_uri"],
        format!(
            "otpauth://totp/Signalbox:ann%2Bwork%40example%2Ecom?secret={secret}\
                 &issuer=Signalbox&algorithm=SHA1&digits=6&period=30"
        )
    );
    // Offered is not yet on.
    service.log_in(&ann.email, PASSWORD).await.expect(200)["csrf_token"].as_str().unwrap();
    let app = App::from_offer(&offer);
    ann.post("/v1/second-factor/confirm", json!({"code": app.wrong()}))
        .await
        .problem(403, "wrong_code");
    ann.post("/v1/second-factor/confirm", json!({"code": "12345"})).await.problem(422, "invalid");
    let codes =
        ann.post("/v1/second-factor/confirm", json!({"code": app.code(0)})).await.expect(200);
    assert_eq!(codes["recovery_codes"].as_array().unwrap().len(), 10);
    let on = ann.get("/v1/second-factor").await.expect(200);
    assert_eq!((&on["enabled"], &on["recovery_codes_left"]), (&json!(true), &json!(10)));
    assert_eq!(ann.get("/v1/session").await.expect(200)["user"]["second_factor"], true);
    assert_eq!(service.mails().await.pop().unwrap().subject, "Two-factor sign-in is on");
    ann.post("/v1/second-factor", json!({})).await.problem(409, "second_factor_on");
    ann.post("/v1/second-factor/confirm", json!({"code": app.code(0)}))
        .await
        .problem(409, "second_factor_on");

    let pending = first_step(&service, &ann.email).await;
    second_step(&service, &pending, &app.wrong()).await.problem(403, "wrong_code");
    let signed_in = second_step(&service, &pending, &app.code(1)).await;
    let cookie = cookie_of(&signed_in);
    let body = signed_in.expect(200);
    assert_eq!(body["user"]["email"], "ann+work@example.com");
    let session = service.request(Method::GET, "/v1/session").header("cookie", cookie);
    assert_eq!(Answer::of(session).await.expect(200)["csrf_token"], body["csrf_token"]);
    second_step(&service, &pending, &app.code(1)).await.problem(401, "login_expired");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_works_once_and_only_around_its_time(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, _) = turn_on(&ann).await;
    forget_used_codes(&db).await;
    let pending = first_step(&service, &ann.email).await;
    for steps in [-3, 3] {
        second_step(&service, &pending, &app.code(steps)).await.problem(403, "wrong_code");
    }
    let code = app.code(0);
    // With a blank in it, as apps show it.
    second_step(&service, &pending, &format!("{} {}", &code[..3], &code[3..])).await.expect(200);
    let pending = first_step(&service, &ann.email).await;
    second_step(&service, &pending, &code).await.problem(403, "wrong_code");
    second_step(&service, &pending, &app.code(-1)).await.problem(403, "wrong_code");
    second_step(&service, &pending, &app.code(1)).await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_who_bring_the_same_code_one_gets_in(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, codes) = turn_on(&ann).await;
    forget_used_codes(&db).await;
    for code in [app.code(0), codes[0].clone()] {
        let [a, b] =
            [first_step(&service, &ann.email).await, first_step(&service, &ann.email).await];
        let (a, b) =
            tokio::join!(second_step(&service, &a, &code), second_step(&service, &b, &code));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403], "{code}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_pending_login_ends_after_five_tries_or_five_minutes(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, _) = turn_on(&ann).await;
    let pending = first_step(&service, &ann.email).await;
    for _ in 0..5 {
        second_step(&service, &pending, &app.wrong()).await.problem(403, "wrong_code");
    }
    second_step(&service, &pending, &app.code(1)).await.problem(401, "login_expired");
    second_step(&service, "", &app.code(1)).await.problem(401, "login_expired");
    let late = first_step(&service, &ann.email).await;
    sqlx::query("UPDATE pending_logins SET expires_at = now()").execute(&db).await.unwrap();
    second_step(&service, &late, &app.code(1)).await.problem(401, "login_expired");

    let first = first_step(&service, &ann.email).await;
    for _ in 0..10 {
        first_step(&service, &ann.email).await;
    }
    second_step(&service, &first, &app.code(1)).await.problem(401, "login_expired");

    // Beginning anew does not give more tries for ever.
    let pending = first_step(&service, &ann.email).await;
    for _ in 0..5 {
        second_step(&service, &pending, &app.wrong()).await.problem(403, "wrong_code");
    }
    let pending = first_step(&service, &ann.email).await;
    second_step(&service, &pending, &app.code(1)).await.problem(429, "rate_limited");
    let events = ann.get("/v1/session/events").await.expect(200);
    let failed = events["items"].as_array().unwrap().iter();
    assert_eq!(failed.filter(|e| e["kind"] == "second_factor.failed").count(), 10);
}

#[sqlx::test(migrations = "../migrations")]
async fn each_recovery_code_gets_one_in_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (_, codes) = turn_on(&ann).await;
    let pending = first_step(&service, &ann.email).await;
    second_step(&service, &pending, &codes[0].to_uppercase()).await.expect(200);
    let used = service.mails().await.pop().unwrap();
    assert_eq!(used.subject, "A recovery code was used");
    assert!(used.text.contains("9 are left"), "{}", used.text);
    let pending = first_step(&service, &ann.email).await;
    second_step(&service, &pending, &codes[0]).await.problem(403, "wrong_code");

    let made = ann.post("/v1/second-factor/recovery-codes", json!({})).await.expect(200);
    assert_eq!(ann.get("/v1/second-factor").await.expect(200)["recovery_codes_left"], 10);
    second_step(&service, &pending, &codes[1]).await.problem(403, "wrong_code");
    second_step(&service, &pending, made["recovery_codes"][3].as_str().unwrap()).await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn turning_it_off_takes_the_password_and_a_code(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let off = |password: &str, code: &str| {
        let (ann, body) = (ann.clone(), json!({"password": password, "code": code}));
        async move { ann.post("/v1/second-factor/disable", body).await }
    };
    off(PASSWORD, "123456").await.problem(409, "second_factor_off");
    ann.post("/v1/second-factor/recovery-codes", json!({})).await.problem(409, "second_factor_off");
    let (app, codes) = turn_on(&ann).await;
    off("wrong horse", &codes[0]).await.problem(403, "wrong_password");
    off(PASSWORD, &app.wrong()).await.problem(403, "wrong_code");
    off(PASSWORD, &app.code(1)).await.expect(204);
    assert_eq!(service.mails().await.pop().unwrap().subject, "Two-factor sign-in is off");
    service.log_in(&ann.email, PASSWORD).await.expect(200)["csrf_token"].as_str().unwrap();
    let (_, codes) = turn_on(&ann).await;
    off(PASSWORD, &codes[0]).await.expect(204);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM recovery_codes").fetch_one(&db).await.unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stolen_session_or_an_unproved_address_cannot_turn_it_on(db: PgPool) {
    let service = service(&db).await;
    let unproved = service.sign_up_unverified("bob@example.com").await;
    unproved.post("/v1/second-factor", json!({})).await.problem(403, "email_unverified");
    let ann = service.sign_up("ann@example.com").await;
    ann.post("/v1/second-factor/confirm", json!({"code": "123456"}))
        .await
        .problem(404, "not_found");
    sqlx::query("UPDATE sessions SET confirmed_at = now() - interval '16 minutes'")
        .execute(&db)
        .await
        .unwrap();
    for path in ["/v1/second-factor", "/v1/second-factor/recovery-codes"] {
        ann.post(path, json!({})).await.problem(403, "confirmation_required");
    }
    let body = json!({"code": "123456"});
    ann.post("/v1/second-factor/confirm", body).await.problem(403, "confirmation_required");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_password_does_not_go_round_the_second_factor(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, _) = turn_on(&ann).await;
    let pending = first_step(&service, &ann.email).await;
    service.post("/v1/password/reset", json!({"email": ann.email})).await.expect(202);
    let token = service.mails().await.pop().unwrap().token();
    let body = json!({"token": token, "password": "battery staple"});
    service.post("/v1/password/reset/confirm", body).await.expect(204);
    second_step(&service, &pending, &app.code(0)).await.problem(401, "login_expired");
    let required = service.log_in(&ann.email, "battery staple").await.expect(200);
    assert_eq!(required["second_factor"], "required");
}

#[sqlx::test(migrations = "../migrations")]
async fn neither_the_secret_nor_a_code_is_stored_readable(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let offer = ann.post("/v1/second-factor", json!({})).await.expect(201);
    let app = App::from_offer(&offer);
    let made =
        ann.post("/v1/second-factor/confirm", json!({"code": app.code(0)})).await.expect(200);
    let pending = first_step(&service, &ann.email).await;
    let dump: String = sqlx::query_scalar(
        "SELECT string_agg(t, '\n') FROM (
             SELECT to_jsonb(f)::text || encode(sealed_secret, 'escape') AS t FROM second_factors f
             UNION ALL SELECT to_jsonb(r)::text || encode(code_hash, 'escape') FROM recovery_codes r
             UNION ALL SELECT to_jsonb(p)::text FROM pending_logins p
             UNION ALL SELECT to_jsonb(j)::text FROM jobs j) everything",
    )
    .fetch_one(&db)
    .await
    .unwrap();
    let code = made["recovery_codes"][0].as_str().unwrap();
    for secret in [offer["secret"].as_str().unwrap(), code, &code.replace('-', ""), &pending] {
        assert!(!dump.contains(secret), "{secret}");
    }
    assert!(dump.contains("attempts_left"), "the dump is not empty");
}
