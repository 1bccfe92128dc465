use super::store;
use crate::testing::{Customer, Service, service};
use contract::directory::{AppRecord, Change, SnapshotLine};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

async fn change(service: &Service, who: &Customer, plan: &str, standing: &str) {
    let mut tx = service.as_tenant(who).await;
    sqlx::query("UPDATE subscriptions SET plan = $1, version = 1, standing = $2")
        .bind(plan)
        .bind(standing)
        .execute(tx.db())
        .await
        .unwrap();
    super::republish(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// The app as gateways find it in a snapshot.
async fn in_directory(service: &Service, who: &Customer) -> AppRecord {
    let answer = service.as_gateway(Method::GET, "/internal/v1/directory").send().await.unwrap();
    let text = answer.text().await.unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut apps = lines.filter_map(|line: SnapshotLine| match line {
        SnapshotLine::Change(change) => match *change {
            Change::App(app) if app.id == who.app => Some(app),
            _ => None,
        },
        _ => None,
    });
    apps.next().expect("the app")
}

#[sqlx::test(migrations = "../migrations")]
async fn everybody_sees_the_plans_that_can_be_chosen(db: PgPool) {
    let service = service(&db).await;
    let list = async || {
        let answer = service.request(Method::GET, "/v1/plans").send().await.unwrap();
        answer.json::<Value>().await.unwrap()["items"].clone()
    };
    let plans = list().await;
    let found: Vec<(&str, i64, i64, i64)> = plans
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| {
            let number = |value: &Value| value.as_i64().unwrap();
            let limits = &plan["limits"];
            let name = plan["plan"].as_str().unwrap();
            let connections = number(&limits["max_connections"]);
            (name, number(&plan["price_micros"]), connections, number(&limits["messages_per_day"]))
        })
        .collect();
    assert_eq!(
        found,
        [
            ("free", 0, 200, 300_000),
            ("starter", 19_000_000, 1_000, 2_000_000),
            ("growth", 79_000_000, 5_000, 10_000_000),
            ("scale", 299_000_000, 25_000, 50_000_000),
        ]
    );
    assert_eq!(plans[0]["overage_micros_per_million"], Value::Null);
    assert_eq!(plans[0]["features"]["history"], true);
    // A newer version takes the place of the older once it is valid.
    for change in [
        r#"{"price_micros": 89000000}"#,
        r#"{"price_micros": 99000000, "valid_from": "2100-01-01T00:00:00Z"}"#,
    ] {
        sqlx::query("SELECT add_plan_version('growth', $1::jsonb)")
            .bind(change)
            .execute(&db)
            .await
            .unwrap();
    }
    let plans = list().await;
    assert_eq!((&plans[2]["version"], &plans[2]["price_micros"]), (&json!(2), &json!(89_000_000)));
    assert_eq!(plans.as_array().unwrap().len(), 4);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_version_of_a_plan_never_changes(db: PgPool) {
    for sql in [
        "UPDATE plan_versions SET price_micros = 1 WHERE plan = 'free'",
        "DELETE FROM plan_versions WHERE plan = 'scale'",
        "SELECT add_plan_version('growth', '{\"prize\": 1}')",
        "SELECT add_plan_version('growth', '{\"version\": 9}')",
        "SELECT add_plan_version('gold', '{}')",
    ] {
        assert!(sqlx::query(sql).execute(&db).await.is_err(), "{sql}");
    }
    sqlx::query("UPDATE plan_versions SET is_public = false WHERE plan = 'scale'")
        .execute(&db)
        .await
        .expect("a plan may be withdrawn");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_organisation_is_on_the_free_plan(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    let path = format!("/v1/organisations/{}/subscription", ann.organisation);
    let subscription = ann.get(&path).await.expect(200);
    assert_eq!(subscription["plan"]["plan"], "free");
    assert_eq!(subscription["standing"], "good");
    assert_eq!(subscription["next"], Value::Null);
    assert_eq!(subscription["limits"]["max_apps"], 3);
    bob.get(&path).await.problem(404, "not_found");
    let app = ann.get(&ann.of_app("")).await.expect(200);
    assert_eq!(app["own_limits"], json!({}));
    assert_eq!(app["limits"]["max_connections"], 200);
    assert_eq!(app["limits"]["max_event_bytes"], 10_240);
    assert_eq!(app["at_quota"], "cap");
}

#[sqlx::test(migrations = "../migrations")]
async fn apps_have_the_smaller_of_the_plans_limits_and_their_own(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let app = ann.of_app("");
    for (limit, above, most) in [
        ("max_connections", 201, 200),
        ("max_publishes_per_s", 201, 200),
        ("max_event_bytes", 65_537, 65_536),
        ("max_payload_bytes", 65_537, 65_536),
        ("max_presence_members", 101, 100),
    ] {
        let refused = ann.patch(&app, json!({"limits": {limit: above}})).await;
        refused.problem(403, "plan_limit");
        let problem = refused.json();
        let told = (&problem["rule"], &problem["used"], &problem["limit"]);
        assert_eq!(told, (&json!(limit), &json!(above), &json!(most)));
        ann.patch(&app, json!({"limits": {limit: most}})).await.expect(200);
        let free = ann.patch(&app, json!({"limits": {limit: null}})).await.expect(200);
        assert_eq!(free["own_limits"], json!({}), "{limit}");
    }
    ann.patch(&app, json!({"limits": {"max_connections": 150}})).await.expect(200);
    change(&service, &ann, "growth", "good").await;
    let record = in_directory(&service, &ann).await;
    assert_eq!((record.limits.max_connections, record.limits.max_publishes_per_s), (150, 5_000));
    assert_eq!((record.plan.name.as_str(), record.plan.is_metered), ("growth", true));
    let raised = json!({"limits": {"max_connections": 4_000, "max_payload_bytes": 262_144}});
    ann.patch(&app, raised).await.expect(200);
    change(&service, &ann, "starter", "past_due").await;
    let limits = in_directory(&service, &ann).await.limits;
    assert_eq!((limits.max_connections, limits.max_payload_bytes), (1_000, 65_536));
    let shown = ann.get(&app).await.expect(200);
    assert_eq!(shown["own_limits"]["max_connections"], 4_000, "it is remembered");
    assert_eq!(shown["limits"]["max_connections"], 1_000);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_of_plan_reaches_the_gateways(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    for (plan, standing, name, connections) in [
        ("scale", "good", "scale", 25_000),
        ("scale", "reduced", "free", 200),
        ("scale", "good", "scale", 25_000),
    ] {
        change(&service, &ann, plan, standing).await;
        let Change::App(record) = gateway.change().await.change else { panic!("the app") };
        assert_eq!((record.plan.name.as_str(), record.limits.max_connections), (name, connections));
        assert_eq!(in_directory(&service, &ann).await, record, "the snapshot says the same");
    }
    let path = format!("/v1/organisations/{}/subscription", ann.organisation);
    change(&service, &ann, "scale", "reduced").await;
    let subscription = ann.get(&path).await.expect(200);
    assert_eq!(subscription["plan"]["plan"], "scale", "what was agreed on");
    assert_eq!(subscription["limits"]["max_connections"], 200, "what holds");
}

#[sqlx::test(migrations = "../migrations")]
async fn billing_reads_and_locks_what_was_agreed_on(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut tx = service.as_tenant(&ann).await;
    let locked = store::lock(&mut tx).await.unwrap();
    assert_eq!((locked.plan.plan.as_str(), locked.next), ("free", None));
    assert!(locked.period_end - locked.period_start == time::Duration::days(30));
    let growth = store::version(&mut tx, "growth", 1).await.unwrap().expect("growth");
    assert_eq!(growth.overage_micros_per_million, Some(2_000_000));
    assert!(store::version(&mut tx, "growth", 9).await.unwrap().is_none());
    let limits = store::limits(&mut tx).await.unwrap();
    assert!(limits.require_seats(2).is_ok() && limits.require_seats(3).is_err());
    assert!(limits.require_keys(9).is_ok() && limits.require_keys(10).is_err());
}
