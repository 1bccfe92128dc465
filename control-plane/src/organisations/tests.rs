use super::{Permission, Role};
use crate::{
    db::{Db, Organisation, PersonId},
    testing::{Answer, Customer, Service, service},
};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

#[test]
fn a_role_may_what_the_table_says() {
    use Permission::*;
    // Owner, admin, developer, billing, viewer.
    for (permission, expected) in [
        (AppsRead, [true, true, true, true, true]),
        (AppsWrite, [true, true, true, false, false]),
        (AppsDelete, [true, true, false, false, false]),
        (KeysRead, [true, true, true, false, true]),
        (KeysWrite, [true, true, true, false, false]),
        (UsageRead, [true, true, true, true, true]),
        (TeamRead, [true, true, true, true, true]),
        (TeamWrite, [true, true, false, false, false]),
        (TokensRead, [true, true, true, false, false]),
        (TokensWrite, [true, true, false, false, false]),
        (BillingRead, [true, true, false, true, false]),
        (BillingWrite, [true, true, false, true, false]),
        (AuditRead, [true, true, false, false, false]),
        (OrganisationWrite, [true, true, false, false, false]),
        (OrganisationDelete, [true, false, false, false, false]),
    ] {
        assert_eq!(Role::ALL.map(|role| role.may(permission)), expected, "{permission:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_organisation_is_renamed_by_those_who_run_it(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = format!("/v1/organisations/{}", ann.organisation);
    let renamed = ann.patch(&path, json!({"name": "New name"})).await.expect(200);
    assert_eq!(renamed["name"], "New name");
    assert_eq!(ann.get(&path).await.expect(200), renamed);
    assert_eq!(ann.get("/v1/organisations").await.expect(200)["items"][0], renamed);
    ann.patch(&path, json!({"name": ""})).await.problem(422, "invalid");
    ann.patch(&path, json!({})).await.problem(422, "invalid");
}

async fn make(db: &PgPool, who: &Customer, role: &str) {
    sqlx::query("UPDATE memberships SET role = $2 WHERE organisation_id = $1")
        .bind(who.organisation)
        .bind(role)
        .execute(&mut as_owner_of_rows(db, who.organisation).await)
        .await
        .unwrap();
}

/// A connection that sees one organisation, for arranging what the API does not offer yet.
async fn as_owner_of_rows(db: &PgPool, organisation: Uuid) -> sqlx::PgConnection {
    let mut connection = db.acquire().await.unwrap().detach();
    sqlx::query("SELECT set_config('role', 'signalbox_app', false), set_config('signalbox.organisation', $1, false)")
        .bind(organisation.to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

/// Every operation on someone's organisation and app, with a body that would pass.
fn operations(who: &Customer, key: &str, open: &str) -> Vec<(Method, String, serde_json::Value)> {
    let organisation = format!("/v1/organisations/{}", who.organisation);
    vec![
        (Method::GET, organisation.clone(), json!(null)),
        (Method::PATCH, organisation.clone(), json!({"name": "x"})),
        (Method::GET, format!("{organisation}/apps"), json!(null)),
        (Method::GET, format!("{organisation}/subscription"), json!(null)),
        (Method::GET, format!("{organisation}/usage"), json!(null)),
        (
            Method::GET,
            format!(
                "{organisation}/usage/ledger?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
            ),
            json!(null),
        ),
        (Method::POST, format!("{organisation}/apps"), json!({"name": "x"})),
        (Method::GET, who.of_app(""), json!(null)),
        (Method::PATCH, who.of_app(""), json!({"name": "x"})),
        (Method::GET, who.of_app("/credentials"), json!(null)),
        (Method::POST, who.of_app("/credentials"), json!({})),
        (Method::DELETE, who.of_app(&format!("/credentials/{}", who.key)), json!(null)),
        (Method::GET, who.of_app("/keys"), json!(null)),
        (Method::POST, who.of_app("/keys"), json!({"name": "x", "actions": [], "channels": []})),
        (Method::PATCH, who.of_app(&format!("/keys/{key}")), json!({"name": "x"})),
        (Method::POST, who.of_app(&format!("/keys/{key}/token-secret")), json!({})),
        (Method::DELETE, who.of_app(&format!("/keys/{key}")), json!(null)),
        (Method::GET, who.of_app("/publishable-keys"), json!(null)),
        (Method::POST, who.of_app("/publishable-keys"), json!({"name": "x"})),
        (Method::PATCH, who.of_app(&format!("/publishable-keys/{open}")), json!({"name": "x"})),
        (Method::DELETE, who.of_app(&format!("/publishable-keys/{open}")), json!(null)),
        (Method::POST, who.of_app("/publish"), json!({"channel": "c", "name": "e", "data": ""})),
        (Method::GET, who.of_app("/channels"), json!(null)),
        (Method::GET, who.of_app("/live"), json!(null)),
        (Method::GET, who.of_app("/usage"), json!(null)),
        (Method::GET, who.of_app("/refusals"), json!(null)),
        (Method::GET, who.of_app("/refusals/r"), json!(null)),
        (Method::DELETE, who.of_app(""), json!(null)),
    ]
}

async fn send(who: &Customer, method: Method, path: &str, body: &serde_json::Value) -> Answer {
    let request = who.request(method, path);
    Answer::of(if body.is_null() { request } else { request.json(body) }).await
}

#[sqlx::test(migrations = "../migrations")]
async fn what_belongs_to_others_answers_like_what_does_not_exist(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let key = bob.create_key("bobs").await["key"]["id"].as_str().unwrap().to_owned();
    let open = bob.create_publishable_key().await;
    let nowhere = Customer {
        organisation: Uuid::new_v4(),
        app: "1234567890".parse().unwrap(),
        ..bob.clone()
    };
    let nameless = |answer: Answer| {
        answer.problem(404, "not_found");
        let mut body = answer.json();
        body["request_id"].take();
        body
    };
    let theirs = operations(&bob, &key, &open);
    for ((method, path, body), (_, missing, _)) in
        theirs.iter().zip(operations(&nowhere, &key, &open))
    {
        let foreign = nameless(send(&ann, method.clone(), path, body).await);
        let absent = nameless(send(&ann, method.clone(), &missing, body).await);
        assert_eq!(foreign, absent, "{method} {path}");
    }
    // Not even through an app of one's own.
    let mixed = [
        format!("/keys/{key}"),
        format!("/credentials/{}", bob.key),
        format!("/publishable-keys/{open}"),
    ];
    for rest in mixed {
        ann.delete(&ann.of_app(&rest)).await.problem(404, "not_found");
    }
    for rest in [format!("/keys/{key}"), format!("/publishable-keys/{open}")] {
        ann.patch(&ann.of_app(&rest), json!({"name": "x"})).await.problem(404, "not_found");
    }
    let path = ann.of_app(&format!("/keys/{key}/token-secret"));
    ann.post(&path, json!({})).await.problem(404, "not_found");
    let keys = bob.get(&bob.of_app("/keys")).await.expect(200);
    assert_eq!(keys["items"].as_array().unwrap().len(), 1, "nothing of Bob's changed");
    assert_eq!(keys["items"][0]["name"], "bobs");
    let keys = bob.get(&bob.of_app("/publishable-keys")).await.expect(200);
    assert_eq!(
        (&keys["items"][0]["key"], &keys["items"][0]["name"]),
        (&json!(open), &json!("web"))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_viewer_reads_and_a_developer_builds(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let key = ann.create_key("k").await["key"]["id"].as_str().unwrap().to_owned();
    let open = ann.create_publishable_key().await;
    make(&db, &ann, "viewer").await;
    for (method, path, body) in operations(&ann, &key, &open) {
        let answer = send(&ann, method.clone(), &path, &body).await;
        match method {
            Method::GET => assert_ne!(answer.status, 403, "{path}"),
            _ => answer.problem(403, "forbidden"),
        }
    }
    make(&db, &ann, "developer").await;
    let organisation = format!("/v1/organisations/{}", ann.organisation);
    ann.patch(&organisation, json!({"name": "x"})).await.problem(403, "forbidden");
    ann.delete(&ann.of_app("")).await.problem(403, "forbidden");
    ann.post(&ann.of_app("/credentials"), json!({})).await.expect(201);
}

async fn two_tenants(db: &PgPool) -> (Service, Customer, Customer) {
    let service = service(db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    for who in [&ann, &bob] {
        let body = json!({"name": "k", "actions": [], "channels": []});
        let request = who.request(Method::POST, &who.of_app("/keys")).json(&body);
        Answer::of(request.header("idempotency-key", "once")).await.expect(201);
        who.create_publishable_key().await;
    }
    (service, ann, bob)
}

const FENCED: [&str; 9] = [
    "organisations",
    "memberships",
    "apps",
    "app_names",
    "app_credentials",
    "secret_keys",
    "publishable_keys",
    "idempotency_keys",
    "audit_log",
];

#[sqlx::test(migrations = "../migrations")]
async fn the_database_itself_keeps_tenants_apart(db: PgPool) {
    let (service, ann, bob) = two_tenants(&db).await;
    let access = Db::from_pool(db.clone());
    let person = PersonId(Uuid::new_v4());
    for table in FENCED {
        let column = if table == "organisations" { "id" } else { "organisation_id" };
        let tx = access.person(person).await.unwrap();
        let mut tx = tx.enter(person, Organisation::known(ann.organisation)).await.unwrap();
        let sql = format!("SELECT count(*) FILTER (WHERE {column} <> $1) FROM {table}");
        let foreign: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(ann.organisation)
            .fetch_one(tx.db())
            .await
            .unwrap();
        assert_eq!(foreign, 0, "{table}");
    }
    // A forged write meets the fence as well.
    let tx = access.person(person).await.unwrap();
    let mut tx = tx.enter(person, Organisation::known(ann.organisation)).await.unwrap();
    let stolen = sqlx::query("UPDATE apps SET name = 'stolen' WHERE id = $1")
        .bind(bob.app.as_str())
        .execute(tx.db())
        .await
        .unwrap();
    assert_eq!(stolen.rows_affected(), 0);
    let forged = sqlx::query(
        "INSERT INTO audit_log (organisation_id, action, subject) VALUES ($1, 'a', 's')",
    )
    .bind(bob.organisation)
    .execute(tx.db())
    .await
    .unwrap_err();
    assert_eq!(forged.as_database_error().unwrap().code().unwrap(), "42501");
    drop(service);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_query_with_no_tenant_set_is_an_error_and_no_rows(db: PgPool) {
    let (_service, ..) = two_tenants(&db).await;
    for table in FENCED {
        // `none` is the tables' owner, on whom row security is forced.
        for role in ["none", "signalbox_app", "signalbox_person"] {
            let mut tx = db.begin().await.unwrap();
            sqlx::query("SELECT set_config('role', $1, true)")
                .bind(role)
                .execute(&mut *tx)
                .await
                .unwrap();
            let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let outcome = sqlx::query_scalar::<_, i64>(count).fetch_one(&mut *tx).await;
            // Not granted at all, or no scope set: either way the code for "you may not".
            let error = outcome.expect_err(table);
            let code = error.as_database_error().unwrap().code().unwrap().into_owned();
            assert_eq!(code, "42501", "{role} {table}");
        }
    }
}
