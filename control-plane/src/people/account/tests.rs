use crate::{
    db::{Organisation, PersonId},
    people::store,
    testing::{Answer, Customer, Service, service},
};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

const PASSWORD: &str = "correct horse";

async fn verify(service: &Service, token: &str) -> Answer {
    service.post("/v1/email/verify", json!({"token": token})).await
}

async fn change_email(ann: &Customer, email: &str, password: &str) -> Answer {
    ann.post("/v1/user/email", json!({"email": email, "password": password})).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_address_counts_once_it_is_proved_and_the_old_one_is_told(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.mails().await;
    change_email(&ann, "new@example.com", "wrong horse").await.problem(403, "wrong_password");
    change_email(&ann, "new@example.com", PASSWORD).await.expect(202);
    let mail = service.mails().await.pop().unwrap();
    assert_eq!((&*mail.to, &*mail.subject), ("new@example.com", "Confirm your new e-mail address"));
    let user = ann.get("/v1/session").await.expect(200)["user"].clone();
    assert_eq!(user["email"], "ann@example.com", "not yet");

    let verified = verify(&service, &mail.token()).await.expect(200);
    assert_eq!(verified["email"], "new@example.com");
    service.log_in("ann@example.com", PASSWORD).await.problem(401, "wrong_login");
    service.log_in("new@example.com", PASSWORD).await.expect(200);
    let told = service.mails().await.pop().unwrap();
    assert_eq!((&*told.to, &*told.subject), ("ann@example.com", "Your e-mail address was changed"));
    assert!(told.text.contains("new@example.com"), "{}", told.text);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_of_somebody_else_is_neither_taken_nor_told_apart(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.sign_up("bob@example.com").await;
    service.mails().await;
    change_email(&ann, "BOB@example.com", PASSWORD).await.expect(202);
    assert!(service.mails().await.is_empty(), "no mail to who did not ask");

    // Somebody signs up with the new address while the link is on its way.
    change_email(&ann, "new@example.com", PASSWORD).await.expect(202);
    let token = service.mails().await.pop().unwrap().token();
    service.sign_up("new@example.com").await;
    verify(&service, &token).await.problem(409, "email_taken");
    let user = ann.get("/v1/session").await.expect(200)["user"].clone();
    assert_eq!(user["email"], "ann@example.com");
    // Capitals of one's own may be changed.
    change_email(&ann, "Ann@example.com", PASSWORD).await.expect(202);
    let token = service.mails().await.pop().unwrap().token();
    assert_eq!(verify(&service, &token).await.expect(200)["email"], "Ann@example.com");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_to_the_old_address_is_void_after_a_change(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up_unverified("typo@example.com").await;
    let first = service.mails().await.pop().unwrap().token();
    service.post("/v1/password/reset", json!({"email": "typo@example.com"})).await.expect(202);
    let reset = service.mails().await.pop().unwrap().token();
    change_email(&ann, "ann@example.com", PASSWORD).await.expect(202);
    let change = service.mails().await.pop().unwrap().token();
    verify(&service, &change).await.expect(200);
    verify(&service, &first).await.problem(410, "link_invalid");
    let body = json!({"token": reset, "password": "battery staple"});
    service.post("/v1/password/reset/confirm", body).await.problem(410, "link_invalid");
    service.log_in("ann@example.com", PASSWORD).await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_changed_password_ends_the_other_sessions_and_links(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let other = service.sign_in(&ann).await;
    service.post("/v1/password/reset", json!({"email": "ann@example.com"})).await.expect(202);
    let reset = service.mails().await.pop().unwrap().token();

    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        let ann = ann.clone();
        async move { ann.post("/v1/user/password", body).await }
    };
    change("wrong horse", "battery staple").await.problem(403, "wrong_password");
    change(PASSWORD, "short").await.problem(422, "invalid");
    change(PASSWORD, "battery staple").await.expect(204);
    ann.get("/v1/session").await.expect(200);
    other.get("/v1/session").await.problem(401, "unauthenticated");
    service.log_in("ann@example.com", PASSWORD).await.problem(401, "wrong_login");
    service.log_in("ann@example.com", "battery staple").await.expect(200);
    let body = json!({"token": reset, "password": "by mail after all"});
    service.post("/v1/password/reset/confirm", body).await.problem(410, "link_invalid");
    let notice = service.mails().await.pop().unwrap();
    assert_eq!((&*notice.to, &*notice.subject), ("ann@example.com", "Your password was changed"));
}

#[sqlx::test(migrations = "../migrations")]
async fn guessing_the_old_password_is_slowed_down_like_signing_in(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for n in 0..10 {
        let answer = match n % 2 {
            0 => ann.post("/v1/session/confirm", json!({"password": "wrong"})).await,
            _ => change_email(&ann, "new@example.com", "wrong").await,
        };
        answer.problem(403, "wrong_password");
    }
    ann.post("/v1/session/confirm", json!({"password": PASSWORD}))
        .await
        .problem(429, "rate_limited");
    service.log_in("ann@example.com", PASSWORD).await.problem(429, "rate_limited");
}

#[sqlx::test(migrations = "../migrations")]
async fn one_can_be_called_something_else(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let user = ann.patch("/v1/user", json!({"name": "Ann"})).await.expect(200);
    assert_eq!((&user["name"], &user["email"]), (&json!("Ann"), &json!("ann@example.com")));
    ann.patch("/v1/user", json!({"name": " "})).await.problem(422, "invalid");
    ann.patch("/v1/user", json!({"email": "x@example.com"})).await.problem(422, "invalid");
    ann.patch("/v1/user", json!({})).await.problem(422, "invalid");
    ann.patch("/v1/user", json!({"name": null})).await.expect(200);
    assert!(ann.get("/v1/session").await.expect(200)["user"]["name"].is_null());
}

/// As the API of teams does it.
async fn join(service: &Service, organisation: Uuid, email: &str, role: &str) {
    let user = store::account(&service.state.db, email).await.unwrap().unwrap().user;
    let (person, organisation) = (PersonId(user.id), Organisation::known(organisation));
    let tx = service.state.db.person(person).await.unwrap();
    let mut tx = tx.enter(person, organisation).await.unwrap();
    sqlx::query(
        "INSERT INTO memberships (organisation_id, user_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (organisation_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(organisation.uuid())
    .bind(user.id)
    .bind(role)
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn an_account_is_deleted_unless_an_organisation_would_be_left_alone(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    ann.delete("/v1/user").await.problem(409, "sole_owner");
    join(&service, ann.organisation, "bob@example.com", "admin").await;
    ann.delete("/v1/user").await.problem(409, "sole_owner");
    join(&service, ann.organisation, "bob@example.com", "owner").await;

    let gone = ann.delete("/v1/user").await;
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    gone.expect(204);
    ann.get("/v1/session").await.problem(401, "unauthenticated");
    service.log_in("ann@example.com", PASSWORD).await.problem(401, "wrong_login");
    let path = format!("/v1/organisations/{}", ann.organisation);
    assert_eq!(bob.get(&path).await.expect(200)["role"], "owner");
    let told = service.mails().await.pop().unwrap();
    assert_eq!((&*told.to, &*told.subject), ("ann@example.com", "Your account is deleted"));
    let last = bob.get(&format!("{path}/audit?limit=1")).await.expect(200)["items"][0].clone();
    assert_eq!(last["action"], "member.deleted_account", "{last}");
    assert_eq!(last["actor"]["name"], "ann@example.com", "{last}");
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&db).await.unwrap();
    assert_eq!(left, 1, "Bob's");
    service.sign_up("ann@example.com").await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_owners_who_leave_at_once_one_stays(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    join(&service, ann.organisation, "bob@example.com", "owner").await;
    // Bob's own has another owner, who is not the question here.
    service.sign_up("eve@example.com").await;
    join(&service, bob.organisation, "eve@example.com", "owner").await;
    let (first, second) = tokio::join!(ann.delete("/v1/user"), bob.delete("/v1/user"));
    let mut codes = [first.status.as_u16(), second.status.as_u16()];
    codes.sort_unstable();
    assert_eq!(codes, [204, 409], "{first:?} {second:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn deleting_needs_the_password_to_have_been_given_lately(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    sqlx::query("UPDATE sessions SET confirmed_at = now() - interval '16 minutes'")
        .execute(&db)
        .await
        .unwrap();
    ann.delete("/v1/user").await.problem(403, "confirmation_required");
    ann.post("/v1/session/confirm", json!({"password": "wrong"}))
        .await
        .problem(403, "wrong_password");
    ann.delete("/v1/user").await.problem(403, "confirmation_required");
    ann.post("/v1/session/confirm", json!({"password": PASSWORD})).await.expect(204);
    ann.delete("/v1/user").await.problem(409, "sole_owner");
    let stranger = Answer::of(service.request(Method::DELETE, "/v1/user")).await;
    stranger.problem(401, "unauthenticated");
}
