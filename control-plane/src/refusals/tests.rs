use super::store;
use crate::testing::{Answer, Customer, Service, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

fn now_ms() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap()
}

fn record(app: &str, id: &str, code: &str, at_ms: i64) -> Value {
    json!({"request_id": id, "app": app, "at_ms": at_ms, "code": code, "key": "k1",
           "rule": "messages", "used": 10, "limit": 10, "resets_at": 1_900_000_000,
           "dialect": "pusher", "transport": "http", "action": "POST /events",
           "channel": "room", "message": "no more today"})
}

async fn report(service: &Service, refusals: Value) -> Answer {
    let body = json!({"gateway": "g1", "refusals": refusals});
    Answer::of(service.as_gateway(Method::POST, "/internal/v1/refusals").json(&body)).await
}

async fn ids(who: &Customer, query: &str) -> Vec<String> {
    let listed = who.get(&who.of_app(&format!("/refusals?{query}"))).await.expect(200);
    let items = listed["items"].as_array().unwrap().iter();
    items.map(|item| item["request_id"].as_str().unwrap().to_owned()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_is_found_by_its_request_id(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    let (app, now) = (ann.app.as_str(), now_ms());
    let one = json!([record(app, "r-1", "quota_exhausted", now - 5_000)]);
    for _ in 0..2 {
        report(&service, one.clone()).await.expect(204);
    }
    let found = ann.get(&ann.of_app("/refusals/r-1")).await.expect(200);
    for (field, expected) in [
        ("code", json!("quota_exhausted")),
        ("key", json!("k1")),
        ("rule", json!("messages")),
        ("used", json!(10)),
        ("limit", json!(10)),
        ("resets_at", json!("2030-03-17T17:46:40Z")),
        ("transport", json!("http")),
        ("channel", json!("room")),
        ("message", json!("no more today")),
    ] {
        assert_eq!(found[field], expected, "{field}");
    }
    assert_eq!(ids(&ann, "").await, ["r-1"], "reported twice, there once");
    let nameless = |answer: Answer| {
        answer.problem(404, "not_found");
        let mut body = answer.json();
        body["request_id"].take();
        body
    };
    let foreign = nameless(bob.get(&bob.of_app("/refusals/r-1")).await);
    assert_eq!(foreign, nameless(bob.get(&bob.of_app("/refusals/r-2")).await));
    assert_eq!(foreign, nameless(bob.get(&ann.of_app("/refusals/r-1")).await));
    bob.get(&ann.of_app("/refusals")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn refusals_are_listed_newest_first_and_filtered(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, now) = (ann.app.as_str(), now_ms());
    let mut keyless = record(app, "c", "rate_limited", now - 1_000);
    keyless["key"].take();
    let refusals = json!([
        record(app, "a", "quota_exhausted", now - 3_000),
        record(app, "b", "rate_limited", now - 2_000),
        keyless,
        record("nobodys", "d", "rate_limited", now),
    ]);
    report(&service, refusals).await.expect(204);
    let from = OffsetDateTime::from_unix_timestamp_nanos(i128::from(now - 2_500) * 1_000_000);
    let from = from.unwrap().format(&time::format_description::well_known::Rfc3339).unwrap();
    for (query, expected) in [
        (String::new(), vec!["c", "b", "a"]),
        ("code=rate_limited".into(), vec!["c", "b"]),
        ("key=k1".into(), vec!["b", "a"]),
        (format!("from={from}"), vec!["c", "b"]),
        (format!("to={from}"), vec!["a"]),
        ("key=k2".into(), vec![]),
    ] {
        assert_eq!(ids(&ann, &query).await, expected, "{query}");
    }
    let first = ann.get(&ann.of_app("/refusals?limit=2")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&ann, &format!("limit=2&cursor={cursor}")).await, ["a"]);
    for query in ["code=unheard_of", "limit=0", "unheard=1"] {
        ann.get(&ann.of_app(&format!("/refusals?{query}"))).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn of_one_app_and_day_ten_thousand_are_kept_for_seven_days(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, now) = (ann.app.as_str(), now_ms());
    report(&service, json!([record(app, "a", "rate_limited", now)])).await.expect(204);
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query("UPDATE refusal_days SET kept = $1")
        .bind(store::KEPT_PER_DAY - 1)
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let more: Vec<Value> = ["b", "c", "d"].map(|id| record(app, id, "rate_limited", now)).into();
    for _ in 0..2 {
        report(&service, json!(more)).await.expect(204);
    }
    assert_eq!(ids(&ann, "").await, ["b", "a"]);
    let mut tx = service.state.db.service().await.unwrap();
    let (kept, passed): (i32, i64) =
        sqlx::query_as("SELECT kept, passed FROM refusal_days").fetch_one(tx.db()).await.unwrap();
    assert_eq!((kept, passed > 0), (store::KEPT_PER_DAY, true));
    sqlx::query("UPDATE refusals SET at = now() - interval '8 days' WHERE request_id = 'a'")
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    ann.get(&ann.of_app("/refusals/a")).await.problem(404, "not_found");
    let mut tx = service.state.db.service().await.unwrap();
    assert_eq!(store::prune(&mut tx, 100).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(ids(&ann, "").await, ["b"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn reports_that_are_wrong_are_refused_and_odd_texts_are_tidied(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, now) = (ann.app.as_str(), now_ms());
    for (refusals, field) in [
        (json!([record(app, "", "rate_limited", now)]), "refusals[0].request_id"),
        (json!([record(app, &"r".repeat(65), "rate_limited", now)]), "refusals[0].request_id"),
        (json!([record(app, "r", "rate_limited", i64::MAX)]), "refusals[0].at_ms"),
        (json!([record(app, "r", "unheard_of", now)]), "refusals[0].code"),
        (json!(vec![record(app, "r", "rate_limited", now); 1_001]), "refusals"),
    ] {
        let answer = report(&service, refusals).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    service.post("/internal/v1/refusals", json!({})).await.problem(401, "unauthenticated");
    let mut odd = record(app, "odd", "bad_request", now);
    odd["channel"] = json!("a\u{0}b");
    odd["message"] = json!("é".repeat(1_000));
    report(&service, json!([odd])).await.expect(204);
    let found = ann.get(&ann.of_app("/refusals/odd")).await.expect(200);
    assert_eq!(found["channel"], "a\u{fffd}b");
    assert_eq!(found["message"].as_str().unwrap().len(), 512);
}
