use crate::testing::{Answer, Customer, Service, service};
use serde_json::{Value, json};
use sqlx::PgPool;

async fn invite(who: &Customer, email: &str, role: &str) -> Answer {
    who.post(&who.of_organisation("/invitations"), json!({"email": email, "role": role})).await
}

/// The token in the newest mail to somebody.
async fn mailed_to(service: &Service, email: &str) -> String {
    let mails = service.mails().await;
    let links = mails.iter().rev().filter(|mail| mail.to == email);
    let link = links.filter_map(|mail| mail.text.split("/invitation#token=").nth(1)).next();
    link.expect("a mail with a link").split_whitespace().next().unwrap().to_owned()
}

fn presented(token: &str) -> Value {
    json!({"token": token})
}

const ACCEPT: &str = "/v1/invitations/accept";

#[sqlx::test(migrations = "../migrations")]
async fn a_link_makes_a_member_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let eve = service.sign_up("eve@example.com").await;
    let sent = invite(&ann, "Bob@Example.com", "developer").await;
    let open = ann.get(&ann.of_organisation("/invitations")).await.expect(200);
    let token = mailed_to(&service, "Bob@Example.com").await;
    assert!(!sent.text.contains(&token) && !open.to_string().contains(&token), "only in the mail");
    assert_eq!(open["items"][0], sent.expect(201));

    let seen = service.post("/v1/invitations/inspect", presented(&token)).await.expect(200);
    assert_eq!((&seen["role"], &seen["has_account"]), (&json!("developer"), &json!(true)));
    eve.post(ACCEPT, presented(&token)).await.problem(409, "invitation_for_another");
    service.post(ACCEPT, presented(&token)).await.problem(401, "unauthenticated");

    let attempts = (0..3).map(|_| bob.post(ACCEPT, presented(&token)));
    let answers = futures_util::future::join_all(attempts).await;
    let accepted: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(accepted.len(), 1, "three at once, one member");
    assert_eq!(accepted[0].json()["role"], "developer");
    bob.get(&ann.of_app("")).await.expect(200);
    bob.post(ACCEPT, presented(&token)).await.problem(409, "invitation_spent");
    service
        .post("/v1/invitations/inspect", presented(&token))
        .await
        .problem(409, "invitation_spent");
    let deed = ann.get(&ann.of_organisation("/audit?limit=1")).await.expect(200);
    assert_eq!(deed["items"][0]["action"], "member.joined");
    assert_eq!(deed["items"][0]["actor"]["name"], "bob@example.com");
    invite(&ann, "bob@example.com", "viewer").await.problem(409, "already_member");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_invitation_ends_by_time_withdrawal_and_a_newer_one(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    invite(&ann, "bob@example.com", "viewer").await.expect(201);
    let first = mailed_to(&service, "bob@example.com").await;
    let second_id = invite(&ann, "BOB@example.com", "admin").await.expect(201)["id"].clone();
    let second = mailed_to(&service, "BOB@example.com").await;
    bob.post(ACCEPT, presented(&first)).await.problem(409, "invitation_spent");
    let open = ann.get(&ann.of_organisation("/invitations")).await.expect(200);
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    let path = ann.of_organisation(&format!("/invitations/{}", second_id.as_str().unwrap()));
    ann.delete(&path).await.expect(204);
    ann.delete(&path).await.problem(404, "not_found");
    bob.post(ACCEPT, presented(&second)).await.problem(409, "invitation_spent");

    invite(&ann, "bob@example.com", "viewer").await.expect(201);
    let third = mailed_to(&service, "bob@example.com").await;
    let mut tx = service.as_tenant(&ann).await;
    sqlx::query("UPDATE invitations SET expires_at = now() - interval '1 s'")
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    bob.post(ACCEPT, presented(&third)).await.problem(409, "invitation_spent");
    for wrong in ["", "nonsense", &"x".repeat(128)] {
        bob.post(ACCEPT, presented(wrong)).await.problem(409, "invitation_spent");
    }
    bob.post(ACCEPT, presented(&"x".repeat(129))).await.problem(422, "invalid");
    bob.get(&ann.of_app("")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_plans_seats_are_never_exceeded(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    // The free plan has three seats, and its owner has one.
    invite(&ann, "one@example.com", "viewer").await.expect(201);
    let late =
        [invite(&ann, "two@example.com", "viewer"), invite(&ann, "three@example.com", "viewer")];
    let late = futures_util::future::join_all(late).await;
    let mut statuses: Vec<u16> = late.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);
    invite(&ann, "four@example.com", "viewer").await.problem(403, "plan_limit");
    // The same address again takes no seat more, and its earlier link no longer works.
    let spent = mailed_to(&service, "one@example.com").await;
    invite(&ann, "one@example.com", "admin").await.expect(201);
    let one = service.sign_up("one@example.com").await;
    let token = mailed_to(&service, "one@example.com").await;
    one.post(ACCEPT, presented(&spent)).await.problem(409, "invitation_spent");
    one.post(ACCEPT, presented(&token)).await.expect(200);
    invite(&ann, "five@example.com", "viewer").await.problem(403, "plan_limit");
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_invites_to_more_than_they_have(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let admin = service.member_of(&ann, crate::organisations::Role::Admin).await;
    invite(&admin, "bob@example.com", "owner").await.problem(403, "forbidden");
    invite(&admin, "bob@example.com", "admin").await.expect(201);
    invite(&ann, "not an address", "viewer").await.problem(422, "invalid");
    let unproved = service.sign_up_unverified("new@example.com").await;
    invite(&unproved, "bob@example.com", "viewer").await.problem(403, "email_unverified");
}

#[sqlx::test(migrations = "../migrations")]
async fn who_has_no_account_signs_up_by_the_link(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    invite(&ann, "new@example.com", "developer").await.expect(201);
    let token = mailed_to(&service, "new@example.com").await;
    let body = json!({"token": token, "password": "correct horse", "name": "New"});
    let made = service.post("/v1/invitations/sign-up", body.clone()).await;
    let cookie = crate::testing::cookie_of(&made);
    let made = made.expect(201);
    assert_eq!(
        (&made["organisation"]["role"], &made["user"]["email"]),
        (&json!("developer"), &json!("new@example.com"))
    );
    assert_eq!(made["user"]["email_verified"], true);
    let csrf = made["csrf_token"].as_str().unwrap().to_owned();
    let new = Customer { cookie, csrf, email: "new@example.com".into(), ..ann.clone() };
    new.get(&ann.of_app("")).await.expect(200);
    let mine = new.get("/v1/organisations").await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1, "no organisation of one's own");
    service.post("/v1/invitations/sign-up", body).await.problem(409, "invitation_spent");

    // An address that has an account signs in instead, and keeps the invitation.
    let bob = service.sign_up("bob@example.com").await;
    invite(&ann, "bob@example.com", "viewer").await.expect(201);
    let token = mailed_to(&service, "bob@example.com").await;
    let body = json!({"token": token, "password": "correct horse"});
    service.post("/v1/invitations/sign-up", body).await.problem(409, "email_taken");
    bob.post(ACCEPT, presented(&token)).await.expect(200);
}
