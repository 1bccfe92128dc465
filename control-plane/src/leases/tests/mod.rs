mod many;

use super::{
    model::{Ask, Holder, Request},
    pools, store,
};
use crate::testing::{Answer, Customer, Service, service};
use contract::lease::{LeaseAnswer, LeaseGrant};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

const LEASES: &str = "/internal/v1/leases";

async fn ask(service: &Service, body: &Value) -> Answer {
    Answer::of(service.as_gateway(Method::POST, LEASES).json(body)).await
}

/// Asks as a gateway would, at a moment of the test's choice.
async fn ask_at(
    service: &Service,
    who: &Customer,
    gateway: &str,
    used: i64,
    wanted: i64,
    now: OffsetDateTime,
) -> LeaseGrant {
    let ask = Ask { app: who.app.clone(), used, wanted, open: 0, wanted_connections: 0 };
    let holder = Holder { gateway: gateway.into(), boot: "b".into() };
    let request = Request { holder, asks: vec![ask] };
    let answer = store::answer_at(&service.state.db, &request, now).await.unwrap();
    answer.grants.into_iter().next().expect("a grant")
}

/// Leaves so many units in the organisation's pool.
async fn leave(service: &Service, units: i64) {
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query("UPDATE quota_pools SET units_left = $1 WHERE app_id = ''")
        .bind(units)
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn subscribe(service: &Service, who: &Customer, plan: &str, spend_limit: Option<i64>) {
    let mut tx = service.as_tenant(who).await;
    sqlx::query("UPDATE subscriptions SET plan = $1, version = 1, spend_limit_micros = $2")
        .bind(plan)
        .bind(spend_limit)
        .execute(tx.db())
        .await
        .unwrap();
    crate::plans::republish(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_organisation_starts_with_one_day(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let asks = json!([
        {"app": ann.app, "used": 0, "wanted": 500, "open": 3, "wanted_connections": 10},
        {"app": "nobodys", "used": 0, "wanted": 500, "open": 0, "wanted_connections": 0},
    ]);
    let body = json!({"gateway": "g1", "boot": "b1", "asks": asks});
    let answer = ask(&service, &body).await.expect(200);
    let tomorrow = (OffsetDateTime::now_utc() + Duration::DAY).replace_time(time::Time::MIDNIGHT);
    let grant = json!({
        "app": ann.app, "granted": 500, "connections": 13, "connections_open": 3,
        "connections_limit": 200,
        "pool": {"rule": "messages", "limit": 300_000, "used": 0, "is_exhausted": false,
                 "has_overage": false, "resets_at": tomorrow.unix_timestamp()},
    });
    assert_eq!(answer["grants"], json!([grant]));
    let again = ask(&service, &body).await.expect(200);
    assert_eq!(again, answer, "asked twice is answered twice");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_request_is_refused(db: PgPool) {
    let service = service(&db).await;
    let one = json!({"app": "1", "used": 0, "wanted": 0, "open": 0, "wanted_connections": 0});
    for (body, field) in [
        (json!({"gateway": "a b", "boot": "b", "asks": []}), "gateway"),
        (json!({"gateway": "a", "boot": "", "asks": []}), "boot"),
        (json!({"gateway": "a", "boot": "b", "asks": [one, one]}), "asks[1].app"),
        (
            json!({"gateway": "a", "boot": "b", "asks": [{"app": "1", "used": u64::MAX,
            "wanted": 0, "open": 0, "wanted_connections": 0}]}),
            "asks[0].used",
        ),
    ] {
        let answer = ask(&service, &body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let stranger = service.post(LEASES, json!({"gateway": "a", "boot": "b", "asks": []})).await;
    stranger.problem(401, "unauthenticated");
}

#[sqlx::test(migrations = "../migrations")]
async fn two_hundred_requests_at_once_are_never_granted_too_much(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    leave(&service, 1_000).await;
    let requests = (0..200).map(|n| {
        let asks = json!([{"app": ann.app, "used": 0, "wanted": 70, "open": 0,
                           "wanted_connections": 30}]);
        let body = json!({"gateway": format!("g{n}"), "boot": "b", "asks": asks});
        let service = &service;
        async move {
            let answer: LeaseAnswer =
                serde_json::from_value(ask(service, &body).await.expect(200)).unwrap();
            (answer.grants[0].granted, answer.grants[0].connections)
        }
    });
    let granted = futures_util::future::join_all(requests).await;
    let units: u64 = granted.iter().map(|grant| grant.0).sum();
    let connections: u32 = granted.iter().map(|grant| grant.1).sum();
    assert!(units <= 1_000, "{units} units");
    assert!(units >= 900, "{units} units: nearly all of it is out");
    assert!(connections <= 200, "{connections} connections");
}

#[sqlx::test(migrations = "../migrations")]
async fn exactly_the_quota_passes_through_several_gateways(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    leave(&service, 777).await;
    let now = OffsetDateTime::now_utc();
    let mut used = [0_i64; 3];
    for round in 0.. {
        let mut is_exhausted = true;
        for (n, used) in used.iter_mut().enumerate() {
            let grant = ask_at(&service, &ann, &format!("g{n}"), *used, 50, now).await;
            *used = grant.granted.cast_signed();
            is_exhausted &= grant.pool.is_exhausted;
        }
        if is_exhausted {
            break;
        }
        assert!(round < 100, "{used:?}");
    }
    assert_eq!(used.iter().sum::<i64>(), 777);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_debt_is_taken_from_the_next_day_and_rest_is_kept(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    leave(&service, 10).await;
    let now = OffsetDateTime::now_utc();
    // The last message went to forty subscribers.
    let grant = ask_at(&service, &ann, "g1", 41, 100, now).await;
    assert_eq!((grant.granted, grant.pool.is_exhausted), (41, true));
    let mut left = Vec::new();
    for days in [1, 2, 40] {
        let grant = ask_at(&service, &ann, "g1", 41, 100, now + Duration::days(days)).await;
        assert_eq!((grant.granted, grant.pool.is_exhausted), (141, false));
        left.push(grant.pool.limit.cast_signed());
    }
    assert_eq!(left, [299_969, 599_969, 9_000_000]);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_upgrade_adds_the_difference_of_the_day_at_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    leave(&service, 0).await;
    let now = OffsetDateTime::now_utc();
    assert!(ask_at(&service, &ann, "g1", 0, 100, now).await.pool.is_exhausted);
    subscribe(&service, &ann, "starter", None).await;
    let grant = ask_at(&service, &ann, "g1", 0, 100, now).await;
    assert_eq!((grant.granted, grant.pool.limit), (100, 1_700_000));
    assert_eq!(grant.connections_limit, 1_000);
    for plan in ["free", "starter"] {
        subscribe(&service, &ann, plan, None).await;
    }
    let grant = ask_at(&service, &ann, "g1", 0, 100, now).await;
    assert_eq!(grant.pool.limit, 1_700_000, "and only once");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_silent_gateway_did_not_use_comes_back(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    leave(&service, 100).await;
    let now = OffsetDateTime::now_utc();
    assert_eq!(ask_at(&service, &ann, "g1", 0, 100, now).await.granted, 100);
    for (seconds, granted) in [(0, 0), (9, 0), (11, 100)] {
        let at = now + Duration::seconds(seconds);
        let grant = ask_at(&service, &ann, "g2", 0, 100, at).await;
        assert_eq!((grant.granted, grant.pool.is_exhausted), (granted, false), "{seconds} s");
    }
    // It had used some of it, and says so when it is back.
    let at = now + Duration::seconds(12);
    let late = ask_at(&service, &ann, "g1", 60, 100, at).await;
    assert_eq!(late.granted, 60);
    let other = ask_at(&service, &ann, "g2", 100, 100, at).await;
    assert_eq!((other.granted, other.pool.is_exhausted), (100, true));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_ledger_charges_what_a_process_did_not_live_to_tell(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    leave(&service, 100).await;
    let now = OffsetDateTime::now_utc();
    ask_at(&service, &ann, "g1", 30, 50, now).await;
    let send = async |published: u64, delivered: u64| {
        let totals = json!({"published_units": published, "delivered_units": delivered});
        let minute = now.unix_timestamp() / 60;
        let rows = json!([{"app": ann.app, "key": "k", "minute": minute, "totals": totals}]);
        let body = json!({"gateway": "g1", "boot": "b", "rows": rows});
        let answer = service.as_gateway(Method::POST, "/internal/v1/usage").json(&body);
        Answer::of(answer).await.expect(204);
        let mut tx = service.as_tenant(&ann).await;
        pools::pool(&mut tx, None).await.unwrap().unwrap().0.left
    };
    assert_eq!(send(10, 15).await, 70, "less than the leases have told");
    assert_eq!(send(20, 30).await, 50);
    assert_eq!(send(20, 30).await, 50, "and once");
    let grant = ask_at(&service, &ann, "g1", 45, 10, now).await;
    assert_eq!(grant.granted, 60, "a lease cannot take back what the ledger shows");
}

#[sqlx::test(migrations = "../migrations")]
async fn overage_goes_on_until_the_spend_limit(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    ann.patch(&ann.of_app(""), json!({"at_quota": "overage"})).await.problem(403, "plan_limit");
    subscribe(&service, &ann, "starter", None).await;
    ann.patch(&ann.of_app(""), json!({"at_quota": "overage"})).await.expect(200);
    leave(&service, 10).await;
    let now = OffsetDateTime::now_utc();
    let grant = ask_at(&service, &ann, "g1", 0, 1_000, now).await;
    assert_eq!((grant.granted, grant.pool.has_overage), (1_000, true));
    let grant = ask_at(&service, &ann, "g1", 1_000, 1_000, now).await;
    assert_eq!((grant.granted, grant.pool.is_exhausted), (2_000, false));
    // 2.5 dollars a million: this pays for 1,200 units, of which 990 are used.
    subscribe(&service, &ann, "starter", Some(3_000)).await;
    let grant = ask_at(&service, &ann, "g1", 1_000, 1_000, now).await;
    assert_eq!((grant.granted, grant.pool.is_exhausted), (1_210, false));
    let grant = ask_at(&service, &ann, "g1", 1_210, 1_000, now).await;
    assert_eq!((grant.granted, grant.pool.rule.as_str()), (1_210, "spend_limit"));
    assert_eq!((grant.pool.limit, grant.pool.used), (1_200, 1_200));
    assert!(grant.pool.is_exhausted);
    // Tomorrow the plan adds units again, and those cost nothing more.
    let grant = ask_at(&service, &ann, "g1", 1_210, 1_000, now + Duration::DAY).await;
    assert_eq!((grant.granted, grant.pool.rule.as_str()), (2_210, "messages"));
    subscribe(&service, &ann, "starter", None).await;
    assert!(ask_at(&service, &ann, "g1", 1_210, 1_000, now).await.granted > 1_210);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_app_with_a_part_of_its_own_ends_there(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let app = ann.of_app("");
    for (part, status, code) in [
        (json!(0), 422, "invalid"),
        (json!(300_001), 403, "plan_limit"),
        (json!(-1), 422, "invalid"),
    ] {
        let patch = json!({"messages_per_day": part});
        ann.patch(&app, patch).await.problem(status, code);
    }
    let patched = ann.patch(&app, json!({"messages_per_day": 40})).await.expect(200);
    assert_eq!(patched["messages_per_day"], 40);
    let now = OffsetDateTime::now_utc();
    let grant = ask_at(&service, &ann, "g1", 0, 100, now).await;
    assert_eq!((grant.granted, grant.pool.rule.as_str()), (40, "app_messages"));
    let grant = ask_at(&service, &ann, "g1", 40, 100, now).await;
    assert_eq!((grant.granted, grant.pool.is_exhausted), (40, true));
    ann.patch(&app, json!({"messages_per_day": 60})).await.expect(200);
    assert_eq!(ask_at(&service, &ann, "g1", 40, 100, now).await.granted, 60, "at the next ask");
    let patched = ann.patch(&app, json!({"messages_per_day": null})).await.expect(200);
    assert_eq!(patched["messages_per_day"], Value::Null);
    let grant = ask_at(&service, &ann, "g1", 40, 100, now).await;
    assert_eq!((grant.granted, grant.pool.rule.as_str()), (140, "messages"));
    assert_eq!(grant.pool.used, 40, "of the whole it was used as well");
}

#[sqlx::test(migrations = "../migrations")]
async fn connections_of_all_gateways_and_apps_fit_the_limits(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = format!("/v1/organisations/{}/apps", ann.organisation);
    let second = ann.post(&path, json!({"name": "second"})).await.expect(201);
    let second = second["app"]["id"].as_str().unwrap().to_owned();
    ann.patch(&ann.of_app(""), json!({"limits": {"max_connections": 50}})).await.expect(200);
    let connections = async |gateway: &str, app: &str, open: u32, wanted: u32| {
        let asks = json!([{"app": app, "used": 0, "wanted": 0, "open": open,
                           "wanted_connections": wanted}]);
        let body = json!({"gateway": gateway, "boot": "b", "asks": asks});
        let grant = ask(&service, &body).await.expect(200)["grants"][0].clone();
        ["connections", "connections_open", "connections_limit"]
            .map(|name| grant[name].as_u64().unwrap())
    };
    let first = ann.app.as_str().to_owned();
    assert_eq!(connections("g1", &first, 30, 100).await, [50, 30, 50]);
    assert_eq!(connections("g2", &first, 0, 100).await, [0, 30, 50], "g1 holds the rest");
    assert_eq!(connections("g2", &first, 0, 0).await, [0, 30, 50]);
    for _ in 0..2 {
        assert_eq!(connections("g1", &first, 30, 0).await, [30, 30, 50]);
    }
    assert_eq!(connections("g1", &second, 140, 100).await, [170, 170, 200]);
    assert_eq!(connections("g2", &second, 0, 100).await, [0, 170, 200]);
    for _ in 0..2 {
        assert_eq!(connections("g1", &second, 0, 0).await[0], 0);
    }
    assert_eq!(connections("g2", &second, 0, 100).await, [100, 30, 200], "they were given back");
    // A smaller limit closes nothing, and fills no place again.
    ann.patch(&ann.of_app(""), json!({"limits": {"max_connections": 20}})).await.expect(200);
    assert_eq!(connections("g1", &first, 30, 100).await, [20, 30, 20]);
}

#[sqlx::test(migrations = "../migrations")]
async fn asks_and_ledgers_at_once_charge_every_unit_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    ann.patch(&ann.of_app(""), json!({"messages_per_day": 100_000})).await.expect(200);
    let minute = OffsetDateTime::now_utc().unix_timestamp() / 60;
    let rounds = (0..120_i64).map(|n| {
        let (gateway, units) = (format!("g{}", n % 4), n / 4 * 10);
        let apps = [bob.app.as_str(), ann.app.as_str()];
        let (path, body) = match n % 3 {
            0 => {
                let asks = apps.map(|app| {
                    json!({"app": app, "used": units, "wanted": 50, "open": 1,
                           "wanted_connections": 1})
                });
                (LEASES, json!({"gateway": gateway, "boot": "b", "asks": asks}))
            }
            _ => {
                let totals = json!({"published_units": units + 15});
                let rows = apps.map(|app| {
                    json!({"app": app, "key": "k", "minute": minute - n % 2, "totals": totals})
                });
                ("/internal/v1/usage", json!({"gateway": gateway, "boot": "b", "rows": rows}))
            }
        };
        let request = service.as_gateway(Method::POST, path).json(&body);
        async { Answer::of(request).await.status.as_u16() }
    });
    let answers = futures_util::future::join_all(rounds).await;
    assert!(answers.iter().all(|status| matches!(status, 200 | 204)), "{answers:?}");
    for who in [&ann, &bob] {
        let mut tx = service.as_tenant(who).await;
        let left = pools::pool(&mut tx, None).await.unwrap().unwrap().0.left;
        let charged: i64 = sqlx::query_scalar("SELECT sum(used)::bigint FROM quota_leases")
            .fetch_one(tx.db())
            .await
            .unwrap();
        assert_eq!(left, 300_000 - charged);
        // The ledgers went further than the leases, whichever came last.
        let usage = who.get(&who.of_app("/usage?granularity=hour")).await.expect(200);
        assert_eq!(usage["total"]["units"], charged);
    }
}

/// `cargo test --release -p control-plane leases -- --ignored --nocapture`
#[sqlx::test(migrations = "../migrations")]
#[ignore = "prints how long a large request takes"]
async fn cost_of_a_request_for_five_thousand_apps(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut tx = service.as_tenant(&ann).await;
    sqlx::query(
        "INSERT INTO apps (id, organisation_id, name, settings, limits)
         SELECT '5' || n, $1, 'x', '{}', '{}' FROM generate_series(100000, 104999) n",
    )
    .bind(ann.organisation)
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    for round in 0..6_i64 {
        let asks = (0..5_000).map(|n| Ask {
            app: format!("5{}", 100_000 + n).parse().unwrap(),
            used: round * 3,
            wanted: 10,
            open: 1,
            wanted_connections: 1,
        });
        let holder = Holder { gateway: "g1".into(), boot: "b".into() };
        let request = Request { holder, asks: asks.collect() };
        let started = std::time::Instant::now();
        let answer = store::answer(&service.state.db, &request).await.unwrap();
        println!("{} grants in {:?}", answer.grants.len(), started.elapsed());
        assert_eq!(answer.grants.len(), 5_000);
    }
}
