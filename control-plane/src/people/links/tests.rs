use crate::{
    housekeeping,
    testing::{Answer, Service, service},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};

async fn verify(service: &Service, token: &str) -> Answer {
    service.post("/v1/email/verify", json!({"token": token})).await
}

async fn ask(service: &Service, email: &str) -> Answer {
    service.post("/v1/password/reset", json!({"email": email})).await
}

async fn reset(service: &Service, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    service.post("/v1/password/reset/confirm", body).await
}

async fn execute(db: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(db).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_is_proved_by_the_link_that_was_sent_to_it(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up_unverified("Ann@example.com").await;
    let session = ann.get("/v1/session").await.expect(200);
    assert_eq!(session["user"]["email_verified"], false);
    let mails = service.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&*mails[0].to, &*mails[0].subject),
        ("Ann@example.com", "Confirm your e-mail address")
    );
    let link = "http://127.0.0.1:8000/verify-email#token=";
    assert!(mails[0].text.contains(link) && mails[0].html.contains(link), "{}", mails[0].text);

    let token = mails[0].token();
    // In another browser: nobody is signed in there.
    let verified = verify(&service, &token).await.expect(200);
    assert_eq!(verified["email"], "Ann@example.com");
    assert_eq!(ann.get("/v1/session").await.expect(200)["user"]["email_verified"], true);
    verify(&service, &token).await.problem(410, "link_invalid");
    assert_eq!(service.mails().await.len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_link_is_refused_alike(db: PgPool) {
    let service = service(&db).await;
    service.sign_up_unverified("ann@example.com").await;
    let token = service.mails().await[0].token();
    ask(&service, "ann@example.com").await.expect(202);
    let reset_token = service.mails().await[1].token();
    for wrong in ["", "x", &token.to_uppercase(), &token[1..], &reset_token] {
        verify(&service, wrong).await.problem(410, "link_invalid");
    }
    for wrong in ["", &token] {
        reset(&service, wrong, "battery staple").await.problem(410, "link_invalid");
    }
    execute(&db, "UPDATE mail_links SET expires_at = now() - interval '1 second'").await;
    verify(&service, &token).await.problem(410, "link_invalid");
    reset(&service, &reset_token, "battery staple").await.problem(410, "link_invalid");
    housekeeping::sweep(&service.state.db).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM mail_links").fetch_one(&db).await.unwrap();
    assert_eq!(left, 0, "old links are swept up");
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_who_use_a_link_at_once_one_succeeds(db: PgPool) {
    let service = service(&db).await;
    service.sign_up_unverified("ann@example.com").await;
    let token = service.mails().await[0].token();
    let answers = futures_util::future::join_all((0..4).map(|_| verify(&service, &token))).await;
    let mut codes: Vec<u16> = answers.iter().map(|a| a.status.as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 410, 410, 410]);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_mail_can_be_asked_for_again_now_and_then(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up_unverified("ann@example.com").await;
    for _ in 0..3 {
        ann.post("/v1/email/verify/resend", json!({})).await.expect(202);
    }
    let limited = ann.post("/v1/email/verify/resend", json!({})).await;
    limited.problem(429, "rate_limited");
    assert!(limited.header("retry-after").parse::<u64>().unwrap() > 60);
    let mails = service.mails().await;
    assert_eq!(mails.len(), 4);
    // Mail may arrive in any order, so earlier links still work.
    verify(&service, &mails[1].token()).await.expect(200);
    ann.post("/v1/email/verify/resend", json!({})).await.expect(202);
    assert_eq!(service.mails().await.len(), 4, "nothing left to prove");
    verify(&service, &mails[2].token()).await.problem(410, "link_invalid");
    let stranger = service.post("/v1/email/verify/resend", json!({})).await;
    stranger.problem(401, "unauthenticated");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_forgotten_password_is_replaced_and_every_session_ends(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up_unverified("ann@example.com").await;
    let other = service.sign_in(&ann).await;
    ask(&service, "ANN@example.com").await.expect(202);
    let mails = service.mails().await;
    let mail = mails.last().unwrap();
    assert_eq!((&*mail.to, &*mail.subject), ("ann@example.com", "Set a new password"));
    assert!(mail.text.contains("http://127.0.0.1:8000/reset-password#token="), "{}", mail.text);

    let token = mail.token();
    reset(&service, &token, "short").await.problem(422, "invalid");
    reset(&service, &token, "battery staple").await.expect(204);
    reset(&service, &token, "battery staple 2").await.problem(410, "link_invalid");
    for ended in [&ann, &other] {
        ended.get("/v1/session").await.problem(401, "unauthenticated");
    }
    service.log_in("ann@example.com", "correct horse").await.problem(401, "wrong_login");
    let signed_in = service.log_in("ann@example.com", "battery staple").await.expect(200);
    assert_eq!(signed_in["user"]["email_verified"], true, "the link came to the address");
    let notice = service.mails().await.pop().unwrap();
    assert_eq!(notice.subject, "Your password was changed");
    assert!(notice.text.contains("Address: 127.0.0.1"), "{}", notice.text);
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_learns_who_has_an_account(db: PgPool) {
    let service = service(&db).await;
    service.sign_up("ann@example.com").await;
    let comparable = |answer: &Answer| {
        let names = answer.headers.keys().map(|k| k.as_str().to_owned()).collect::<Vec<_>>();
        (answer.status, answer.text.clone(), names)
    };
    let known = ask(&service, "ann@example.com").await;
    let unknown = ask(&service, "nobody@example.com").await;
    assert_eq!(comparable(&known), comparable(&unknown));
    assert_eq!(known.status, 202);
    // The same work: one job each, in the same words.
    let jobs: Vec<(String, Value)> = sqlx::query_as(
        "SELECT kind, payload - 'email' FROM jobs WHERE kind = 'reset_password' ORDER BY id",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[0], jobs[1]);

    let mut times = [Vec::new(), Vec::new()];
    for n in 0..12 {
        for (who, times) in ["ann", "nobody"].iter().zip(&mut times) {
            // Other capitals are other addresses for no limit, so both are limited alike.
            let started = Instant::now();
            let answer = ask(&service, &format!("{who}@example.com")).await;
            times.push(started.elapsed());
            assert_eq!(answer.status.as_u16(), if n < 2 { 202 } else { 429 }, "{who} {n}");
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let [known, unknown] = &mut times;
    let (known, unknown) = (median(known), median(unknown));
    assert!(known.abs_diff(unknown) < Duration::from_millis(20), "{known:?} {unknown:?}");

    let to_ann = service.mails().await.into_iter().filter(|m| m.to == "ann@example.com").count();
    assert_eq!(to_ann, 3);
    assert_eq!(service.mails().await.len(), 3, "nobody else is written to");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_owner_of_a_taken_address_is_told_once_a_day(db: PgPool) {
    let service = service(&db).await;
    service.sign_up("ann@example.com").await;
    let again = json!({"email": "ANN@example.com", "password": "12345678"});
    for _ in 0..3 {
        service.post("/v1/signup", again.clone()).await.problem(409, "email_taken");
    }
    let mails = service.mails().await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        (&*mails[0].to, &*mails[0].subject),
        ("ann@example.com", "You already have an account")
    );
    execute(&db, "UPDATE users SET signup_notice_at = now() - interval '25 hours'").await;
    service.post("/v1/signup", again).await.problem(409, "email_taken");
    assert_eq!(service.mails().await.len(), 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn links_lie_nowhere_in_the_database(db: PgPool) {
    let service = service(&db).await;
    service.sign_up_unverified("ann@example.com").await;
    ask(&service, "ann@example.com").await.expect(202);
    let before: Vec<Value> =
        sqlx::query_scalar("SELECT payload FROM jobs").fetch_all(&db).await.unwrap();
    assert_eq!(before.len(), 2);
    let mails = service.mails().await;
    let dump: String = sqlx::query_scalar(
        "SELECT string_agg(t, '\n') FROM (
             SELECT to_jsonb(l)::text AS t FROM mail_links l
             UNION ALL SELECT to_jsonb(j)::text FROM jobs j
             UNION ALL SELECT to_jsonb(e)::text FROM account_events e) everything",
    )
    .fetch_one(&db)
    .await
    .unwrap();
    assert!(dump.contains("reset_password"), "the dump is not empty");
    for mail in mails {
        let token = mail.token();
        assert!(token.len() > 40 && !dump.contains(&token));
        assert!(before.iter().all(|payload| !payload.to_string().contains(&token)));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn links_are_not_used_by_other_sites(db: PgPool) {
    let service = service(&db).await;
    service.sign_up_unverified("ann@example.com").await;
    let body = json!({"token": service.mails().await[0].token()});
    let foreign = service.request(Method::POST, "/v1/email/verify").json(&body);
    Answer::of(foreign.header("origin", "https://evil.test")).await.problem(403, "foreign_origin");
}
