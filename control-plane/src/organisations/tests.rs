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

#[sqlx::test(migrations = "../migrations")]
async fn somebody_owns_ten_organisations_at_most(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let create = || ann.post("/v1/organisations", json!({"name": "Another"}));
    let made = create().await.expect(201);
    assert_eq!((&made["name"], &made["role"]), (&json!("Another"), &json!("owner")));
    let apps = format!("/v1/organisations/{}/apps", made["id"].as_str().unwrap());
    ann.post(&apps, json!({"name": "First"})).await.expect(201);
    for _ in 3..=10 {
        create().await.expect(201);
    }
    create().await.problem(409, "too_many_organisations");
    let both = futures_util::future::join_all((0..3).map(|_| create())).await;
    assert!(both.iter().all(|answer| answer.status == 409));
    ann.post("/v1/organisations", json!({"name": ""})).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_roles_may_is_said_to_everyone(db: PgPool) {
    let service = service(&db).await;
    let answer = Answer::of(service.request(Method::GET, "/v1/permissions")).await.expect(200);
    assert_eq!(answer["permissions"].as_array().unwrap().len(), Permission::ALL.len());
    let owner = &answer["roles"][0];
    assert_eq!(owner["role"], "owner");
    assert_eq!(owner["permissions"].as_array().unwrap().len(), Permission::ALL.len());
    let described = answer["permissions"].as_array().unwrap().iter();
    assert!(described.clone().all(|p| p["description"].as_str().unwrap().len() > 5));
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

const FENCED: [&str; 12] = [
    "organisations",
    "memberships",
    "apps",
    "app_names",
    "app_credentials",
    "secret_keys",
    "publishable_keys",
    "idempotency_keys",
    "audit_log",
    "audit_heads",
    "invitations",
    "management_tokens",
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
    let (_service, ann, _) = two_tenants(&db).await;
    // A policy is asked about rows, so every table has some.
    let invitation = json!({"email": "cara@example.com", "role": "viewer"});
    ann.post(&ann.of_organisation("/invitations"), invitation).await.expect(201);
    ann.create_token(json!({"name": "ci", "permissions": ["apps.read"]})).await;
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
