use crate::testing::{Customer, FollowingGateway, Service, service};
use contract::directory::{Change, Kill};
use serde_json::{Value, json};
use sqlx::PgPool;

/// The next record or kill of an app, as gateways hear it.
async fn next(gateway: &mut FollowingGateway) -> Change {
    gateway.change().await.change
}

async fn move_back(service: &Service, who: &Customer, days: i32) {
    let mut tx = service.as_tenant(who).await;
    let earlier = "UPDATE organisations SET deleting_at = deleting_at - make_interval(days => $1)";
    sqlx::query(earlier).bind(days).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = service.state.db.service().await.unwrap();
    let earlier = "UPDATE jobs SET run_at = run_at - make_interval(days => $1)
                   WHERE kind = 'erase_organisation'";
    sqlx::query(earlier).bind(days).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn deleting_stops_traffic_at_once_and_restoring_brings_it_back(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let deleted = ann.delete(&ann.of_organisation("")).await.expect(200);
    assert!(deleted["deleting_at"].is_string(), "{deleted}");
    assert_eq!(next(&mut gateway).await, Change::Kill(Kill::DisableApp { app: ann.app.clone() }));
    let Change::App(record) = next(&mut gateway).await else { panic!("the app's record") };
    assert!(!record.enabled);
    assert_eq!(deleted["receipt"]["pending"], json!(["gw"]));
    let mails = service.mails().await;
    assert!(mails.iter().any(|mail| mail.to == ann.email && mail.subject.contains("deleted")));

    // It can be looked at, and nothing in it changes.
    ann.get(&ann.of_app("/keys")).await.expect(200);
    for (path, body) in [
        (ann.of_organisation("/apps"), json!({"name": "x"})),
        (ann.of_app("/keys"), json!({"name": "x", "actions": [], "channels": []})),
        (ann.of_organisation("/invitations"), json!({"email": "b@example.com", "role": "viewer"})),
    ] {
        ann.post(&path, body).await.problem(409, "organisation_deleting");
    }
    ann.patch(&ann.of_app(""), json!({"enabled": true}))
        .await
        .problem(409, "organisation_deleting");
    let again = ann.delete(&ann.of_organisation("")).await.expect(200);
    assert_eq!((&again["deleting_at"], &again["receipt"]), (&deleted["deleting_at"], &Value::Null));

    let restored = ann.post(&ann.of_organisation("/restore"), json!({})).await.expect(200);
    assert_eq!(restored["deleting_at"], Value::Null);
    let Change::App(record) = next(&mut gateway).await else { panic!("the app's record") };
    assert!(record.enabled);
    ann.post(&ann.of_organisation("/restore"), json!({})).await.problem(409, "not_deleting");
    ann.patch(&ann.of_app(""), json!({"name": "Again"})).await.expect(200);
    // The job of the deletion that was undone does nothing.
    move_back(&service, &ann, 31).await;
    service.run_jobs().await;
    ann.get(&ann.of_app("")).await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn after_the_grace_people_and_secrets_are_gone_and_the_ledger_stays(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    ann.create_key("k").await;
    ann.create_publishable_key().await;
    let script = ann.script(&["apps.read"]).await;
    let mut tx = service.state.db.service().await.unwrap();
    let traffic = "INSERT INTO usage_hours (app_id, hour, key, organisation_id, counters)
                   VALUES ($1, now(), '', $2, '{1,2,3}')";
    let traffic = sqlx::query(traffic).bind(ann.app.as_str()).bind(ann.organisation);
    traffic.execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    ann.delete(&ann.of_organisation("")).await.expect(200);
    move_back(&service, &ann, 29).await;
    service.run_jobs().await;
    ann.get(&ann.of_organisation("")).await.expect(200);
    move_back(&service, &ann, 2).await;
    service.run_jobs().await;

    ann.get(&ann.of_organisation("")).await.problem(404, "not_found");
    script.get(&ann.of_app("")).await.problem(401, "unauthenticated");
    let mut tx = service.as_tenant(&ann).await;
    for (table, left) in [
        ("memberships", 0),
        ("management_tokens", 0),
        ("secret_keys", 0),
        ("publishable_keys", 0),
        ("app_credentials", 0),
        ("audit_log", 0),
        ("audit_heads", 1),
        ("organisations", 1),
        ("apps", 1),
        ("usage_hours", 1),
        ("subscriptions", 1),
    ] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(count).fetch_one(tx.db()).await.unwrap();
        assert_eq!(count, left, "{table}");
    }
    drop(tx);
    // Its key is never given to another, and others are as they were.
    let import = json!({"name": "x", "import": {"key": ann.key, "secret": "0123456789abcdef"}});
    bob.post(&bob.of_organisation("/apps"), import).await.problem(409, "app_name_taken");
    bob.get(&bob.of_app("/keys")).await.expect(200);
    let log = bob.get(&bob.of_organisation("/audit")).await.expect(200);
    assert!(!log["items"].as_array().unwrap().is_empty());
}
