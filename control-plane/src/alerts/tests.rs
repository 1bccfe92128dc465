use super::jobs::check;
use crate::testing::{Answer, Customer, Service, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

fn of(customer: &Customer, rest: &str) -> String {
    format!("/v1/organisations/{}{rest}", customer.organisation)
}

/// Of the organisation's pool for today, so much is used.
async fn used(service: &Service, customer: &Customer, units: i64, of_units: i64) {
    let day = OffsetDateTime::now_utc().unix_timestamp() / 86_400;
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query(
        "INSERT INTO quota_pools
             (organisation_id, app_id, day, per_day, added, units_left, units_today)
         VALUES ($1, '', $2, $4, $4, $4 - $3, $3)
         ON CONFLICT (organisation_id, app_id) DO UPDATE
             SET day = $2, units_left = $4 - $3, units_today = $3",
    )
    .bind(customer.organisation)
    .bind(i32::try_from(day).unwrap())
    .bind(units)
    .bind(of_units)
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn alerts(customer: &Customer) -> Vec<i64> {
    let listed = customer.get(&of(customer, "/alerts")).await.expect(200);
    let thresholds = listed["items"].as_array().unwrap().iter();
    thresholds.map(|alert| alert["threshold"].as_i64().unwrap()).collect()
}

async fn mails(service: &Service) -> Vec<String> {
    let mails = service.mails().await;
    mails.into_iter().map(|mail| mail.subject).filter(|s| s.contains('%')).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn each_threshold_is_told_once_a_day_by_whoever_looks_first(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    used(&service, &ann, 499, 1_000).await;
    check(&service.state, now).await.unwrap();
    assert_eq!(alerts(&ann).await, Vec::<i64>::new());
    used(&service, &ann, 500, 1_000).await;
    for done in futures_util::future::join_all((0..4).map(|_| check(&service.state, now))).await {
        done.unwrap();
    }
    assert_eq!(alerts(&ann).await, [50]);
    assert_eq!(mails(&service).await, ["50 % of today's messages used"]);
    used(&service, &ann, 1_200, 1_000).await;
    check(&service.state, now).await.unwrap();
    check(&service.state, now).await.unwrap();
    assert_eq!(alerts(&ann).await, [100, 95, 80, 50]);
    assert_eq!(mails(&service).await.len(), 2, "one mail, about the highest");
    let events: Vec<Value> = {
        let mut tx = service.state.db.service().await.unwrap();
        sqlx::query_scalar("SELECT payload FROM webhook_outbox ORDER BY created_at, id")
            .fetch_all(tx.db())
            .await
            .unwrap()
    };
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["type"], "quota.threshold");
    assert_eq!(
        (&events[0]["data"]["threshold"], &events[0]["data"]["rule"]),
        (&json!(50), &json!("messages"))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn connections_and_spending_are_told_as_well(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query(
        "INSERT INTO quota_leases
             (app_id, gateway, boot, organisation_id, used, granted, held, wanted, open,
              connections, held_connections, wanted_connections, heard_at)
         VALUES ($1, 'gw', 'b', $2, 0, 0, 0, 0, 161, 0, 0, 0, $3),
                ($1, 'gone', 'b', $2, 0, 0, 0, 0, 500, 0, 0, 0, $3 - interval '1 minute')",
    )
    .bind(ann.app.as_str())
    .bind(ann.organisation)
    .bind(now)
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    check(&service.state, now).await.unwrap();
    let listed = ann.get(&of(&ann, "/alerts")).await.expect(200);
    assert_eq!(listed["items"][0]["rule"], "connections");
    assert_eq!(
        (&listed["items"][0]["used"], &listed["items"][0]["limit"]),
        (&json!(161), &json!(200))
    );
    assert_eq!(alerts(&ann).await, [80, 50]);
}

#[sqlx::test(migrations = "../migrations")]
async fn alerts_are_as_they_are_wanted(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = of(&ann, "/alerts/settings");
    let given = ann.get(&path).await.expect(200);
    assert_eq!(given["thresholds"], json!([50, 80, 95, 100]));
    let put = |body: Value| Answer::of(ann.request(Method::PUT, &path).json(&body));
    let wanted = |thresholds: Value, messages: bool| json!({"thresholds": thresholds, "messages": messages, "connections": true, "spending": true});
    for bad in [json!([0]), json!([101]), json!((1..12).collect::<Vec<_>>())] {
        put(wanted(bad, true)).await.problem(422, "invalid");
    }
    put(wanted(json!([90, 30, 90]), true)).await.expect(200);
    used(&service, &ann, 400, 1_000).await;
    let now = OffsetDateTime::now_utc();
    check(&service.state, now).await.unwrap();
    assert_eq!(alerts(&ann).await, [30]);
    put(wanted(json!([30, 90]), false)).await.expect(200);
    used(&service, &ann, 990, 1_000).await;
    check(&service.state, now).await.unwrap();
    assert_eq!(alerts(&ann).await, [30], "not wanted, not sent");
}
