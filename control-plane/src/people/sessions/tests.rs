use crate::testing::{Answer, Customer, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

const PASSWORD: &str = "correct horse";

async fn sessions(person: &Customer) -> Vec<Value> {
    person.get("/v1/sessions").await.expect(200)["items"].as_array().unwrap().clone()
}

async fn kinds(person: &Customer) -> Vec<String> {
    let events = person.get("/v1/session/events").await.expect(200);
    let items = events["items"].as_array().unwrap().iter();
    items.map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn one_sees_where_one_is_signed_in_and_ends_it(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let [phone, tablet] = [service.sign_in(&ann).await, service.sign_in(&ann).await];
    let bob = service.sign_up("bob@example.com").await;

    let seen = sessions(&ann).await;
    assert_eq!(seen.len(), 3);
    assert_eq!(seen.iter().filter(|s| s["current"] == true).count(), 1);
    assert_eq!((&seen[0]["current"], &seen[0]["address"]), (&json!(true), &json!("127.0.0.1")));
    let id = |s: &Value| s["id"].as_str().unwrap().to_owned();
    let phones = id(&sessions(&phone).await[0]);
    bob.delete(&format!("/v1/sessions/{phones}")).await.problem(404, "not_found");
    bob.delete("/v1/sessions").await.expect(204);
    ann.delete("/v1/sessions/nonsense").await.problem(404, "not_found");

    ann.delete(&format!("/v1/sessions/{phones}")).await.expect(204);
    ann.delete(&format!("/v1/sessions/{phones}")).await.problem(404, "not_found");
    phone.get("/v1/session").await.problem(401, "unauthenticated");
    tablet.get("/v1/session").await.expect(200);
    ann.delete("/v1/sessions").await.expect(204);
    tablet.get("/v1/session").await.problem(401, "unauthenticated");
    assert_eq!(sessions(&ann).await.len(), 1);
    assert_eq!(sessions(&bob).await.len(), 1);
    let happened = kinds(&ann).await;
    let expected = ["session.others_ended", "session.ended", "signed_in", "signed_in", "signed_up"];
    assert_eq!(happened, expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn when_a_session_was_last_seen_is_kept_coarsely(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let age = |minutes: i32| {
        let db = db.clone();
        async move {
            sqlx::query("UPDATE sessions SET last_seen_at = now() - make_interval(mins => $1)")
                .bind(minutes)
                .execute(&db)
                .await
                .unwrap();
        }
    };
    let seconds = || async {
        sqlx::query_scalar::<_, f64>(
            "SELECT extract(epoch FROM now() - last_seen_at)::float8 FROM sessions",
        )
        .fetch_one(&db)
        .await
        .unwrap()
    };
    age(4).await;
    ann.get("/v1/session").await.expect(200);
    assert!(seconds().await > 200.0, "not worth writing down");
    age(6).await;
    ann.get("/v1/session").await.expect(200);
    assert!(seconds().await < 60.0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sign_in_from_a_new_place_is_told(db: PgPool) {
    let service = service(&db).await;
    let log_in = |agent: &'static str| {
        let body = json!({"email": "ann@example.com", "password": PASSWORD});
        Answer::of(
            service.request(Method::POST, "/v1/login").header("user-agent", agent).json(&body),
        )
    };
    service.sign_up("ann@example.com").await;
    service.log_in("ann@example.com", PASSWORD).await.expect(200);
    assert!(service.mails().await.is_empty(), "the one that signed up");
    log_in("Firefox/139.0").await.expect(200);
    let mails = service.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&*mails[0].to, &*mails[0].subject),
        ("ann@example.com", "New sign-in to your account")
    );
    assert!(mails[0].text.contains("Browser: Firefox/139.0"), "{}", mails[0].text);
    log_in("Firefox/140.0").await.expect(200);
    log_in("Firefox/140.0").await.expect(200);
    assert_eq!(service.mails().await.len(), 1, "an update is nothing new");
    log_in("curl/8").await.expect(200);
    assert_eq!(service.mails().await.len(), 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_happened_is_read_by_its_owner_page_by_page(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    for _ in 0..4 {
        service.sign_in(&ann).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = ann.get(&format!("/v1/session/events?limit=2{cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|e| e["address"] == "127.0.0.1"));
    sqlx::query(
        "INSERT INTO account_events (id, user_id, kind)
         SELECT gen_random_uuid(), id, 'from.the.future' FROM users",
    )
    .execute(&db)
    .await
    .unwrap();
    assert_eq!(kinds(&bob).await, ["signed_up"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_password_given_again_counts_for_one_session(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let other = service.sign_in(&ann).await;
    sqlx::query("UPDATE sessions SET confirmed_at = now() - interval '1 hour'")
        .execute(&db)
        .await
        .unwrap();
    ann.post("/v1/session/confirm", json!({"password": PASSWORD})).await.expect(204);
    ann.post("/v1/second-factor", json!({})).await.expect(201);
    other.post("/v1/second-factor", json!({})).await.problem(403, "confirmation_required");
}
