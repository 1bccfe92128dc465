use super::{model::Report, store};
use crate::testing::{Answer, Customer, Service, service};
use contract::uses::Uses;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

const USES: &str = "/internal/v1/uses";

async fn report(service: &Service, body: &Value) -> Answer {
    Answer::of(service.as_gateway(Method::POST, USES).json(body)).await
}

async fn report_used(service: &Service, key: &str, id: &str, at: OffsetDateTime) {
    let at_s = at.unix_timestamp();
    let credentials = json!([{"key": key, "at_s": at_s}]);
    let secret_keys = json!([{"id": id, "at_s": at_s}]);
    let body = json!({"gateway": "g1", "credentials": credentials, "secret_keys": secret_keys});
    report(service, &body).await.expect(204);
}

fn time(value: &Value) -> Option<OffsetDateTime> {
    value.as_str().map(|text| OffsetDateTime::parse(text, &Rfc3339).expect(text))
}

/// What the management API says about the first credential and the first key.
async fn last_used(who: &Customer) -> [Option<OffsetDateTime>; 2] {
    let credentials = who.get(&who.of_app("/credentials")).await.expect(200);
    let keys = who.get(&who.of_app("/keys")).await.expect(200);
    [credentials, keys].map(|list| time(&list["items"][0]["last_used_at"]))
}

/// Someone whose credential and key are an hour old.
async fn customer(db: &PgPool, service: &Service, email: &str) -> (Customer, String) {
    let who = service.sign_up(email).await;
    let id = who.create_key("k").await["key"]["id"].as_str().unwrap().to_owned();
    let mut tx = db.begin().await.unwrap();
    sqlx::query(
        "SELECT set_config('role', 'signalbox_app', true),
                set_config('signalbox.organisation', $1, true)",
    )
    .bind(who.organisation.to_string())
    .execute(&mut *tx)
    .await
    .unwrap();
    for table in ["app_credentials", "secret_keys"] {
        let sql = format!("UPDATE {table} SET created_at = now() - interval '1 hour'");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    (who, id)
}

#[sqlx::test(migrations = "../migrations")]
async fn last_uses_are_shown_and_never_move_backwards(db: PgPool) {
    let service = service(&db).await;
    let (ann, id) = customer(&db, &service, "ann@example.com").await;
    let (bob, _) = customer(&db, &service, "bob@example.com").await;
    assert_eq!(last_used(&ann).await, [None, None]);
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    for (reported, shown) in [(60, 60), (90, 60), (30, 30), (60, 30), (30, 30)] {
        report_used(&service, &ann.key, &id, now - Duration::seconds(reported)).await;
        let expected = Some(now - Duration::seconds(shown));
        assert_eq!(last_used(&ann).await, [expected; 2], "{reported} s ago");
    }
    assert_eq!(last_used(&bob).await, [None, None], "nothing of others changed");
}

#[sqlx::test(migrations = "../migrations")]
async fn last_uses_are_neither_in_the_future_nor_before_the_credential(db: PgPool) {
    let service = service(&db).await;
    let (ann, id) = customer(&db, &service, "ann@example.com").await;
    report_used(&service, &ann.key, &id, OffsetDateTime::UNIX_EPOCH).await;
    let credentials = ann.get(&ann.of_app("/credentials")).await.expect(200);
    let made = time(&credentials["items"][0]["created_at"]);
    assert_eq!(last_used(&ann).await[0], made);
    let before = OffsetDateTime::now_utc();
    report_used(&service, &ann.key, &id, before + Duration::days(365)).await;
    for shown in last_used(&ann).await {
        let shown = shown.expect("used");
        // The database has a clock of its own, on this machine the same.
        let slack = Duration::milliseconds(100);
        assert!(before - slack <= shown && shown <= OffsetDateTime::now_utc() + slack, "{shown}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn of_several_uses_in_one_report_the_last_counts_and_strangers_are_passed_over(db: PgPool) {
    let service = service(&db).await;
    let (ann, _) = customer(&db, &service, "ann@example.com").await;
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let at_s = now.unix_timestamp();
    let credentials = json!([
        {"key": ann.key, "at_s": at_s - 20},
        {"key": ann.key, "at_s": at_s - 10},
        {"key": ann.key, "at_s": at_s - 30},
        {"key": "nobodys", "at_s": at_s},
    ]);
    let body = json!({"gateway": "g1", "credentials": credentials, "of_next_year": 1});
    report(&service, &body).await.expect(204);
    assert_eq!(last_used(&ann).await, [Some(now - Duration::seconds(10)), None]);
    report(&service, &json!({"gateway": "g1"})).await.expect(204);
}

#[sqlx::test(migrations = "../migrations")]
async fn publishable_keys_say_when_they_were_last_used(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let (key, others) = (ann.create_publishable_key().await, bob.create_publishable_key().await);
    let at_s = (OffsetDateTime::now_utc() + Duration::days(1)).unix_timestamp();
    let uses = json!([{"key": key, "at_s": at_s}, {"key": "pk_nobodys", "at_s": at_s}]);
    let body = json!({"gateway": "g1", "publishable_keys": uses});
    report(&service, &body).await.expect(204);
    for (who, made, used) in [(&ann, &key, true), (&bob, &others, false)] {
        let listed = who.get(&who.of_app("/publishable-keys")).await.expect(200);
        assert_eq!(listed["items"][0]["key"], **made);
        let at = time(&listed["items"][0]["last_used_at"]);
        assert_eq!(at.is_some(), used);
        assert!(at.is_none_or(|at| at.unix_timestamp() < at_s), "never beyond the clock");
    }
    let uses = json!([{"key": key, "at_s": 1}, {"key": "sk_no", "at_s": 1}]);
    let answer = report(&service, &json!({"gateway": "g1", "publishable_keys": uses})).await;
    answer.problem(422, "invalid");
    assert_eq!(answer.json()["errors"][0]["field"], "publishable_keys[1].key");
}

#[sqlx::test(migrations = "../migrations")]
async fn gateways_that_report_the_same_at_once_do_not_hinder_each_other(db: PgPool) {
    let service = service(&db).await;
    let mut keys = Vec::new();
    for n in 0..8 {
        keys.push(service.sign_up(&format!("p{n}@example.com")).await.key);
    }
    let backwards: Vec<_> = keys.iter().rev().cloned().collect();
    let now_s = OffsetDateTime::now_utc().unix_timestamp() + 60;
    let reports = (0..40).map(|n| {
        let keys = if n % 2 == 0 { &keys } else { &backwards };
        let used: Vec<_> = keys.iter().map(|key| json!({"key": key, "at_s": now_s})).collect();
        let body = json!({"gateway": format!("g{n}"), "credentials": used});
        let service = &service;
        async move { report(service, &body).await.expect(204) }
    });
    futures_util::future::join_all(reports).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn reports_are_taken_from_holders_of_the_token_only(db: PgPool) {
    let service = service(&db).await;
    let (ann, id) = customer(&db, &service, "ann@example.com").await;
    let body = json!({"gateway": "g1", "secret_keys": [{"id": id, "at_s": 1_760_000_000}]});
    Answer::of(service.request(Method::POST, USES).json(&body))
        .await
        .problem(401, "unauthenticated");
    let wrong = service.request(Method::POST, USES).bearer_auth("wrong").json(&body);
    Answer::of(wrong).await.problem(401, "unauthenticated");
    Answer::of(ann.request(Method::POST, USES).json(&body)).await.problem(401, "unauthenticated");
    assert_eq!(last_used(&ann).await, [None, None]);
}

#[sqlx::test(migrations = "../migrations")]
async fn malformed_reports_are_refused_by_field_and_as_a_whole(db: PgPool) {
    let service = service(&db).await;
    let (ann, id) = customer(&db, &service, "ann@example.com").await;
    let good = json!({"key": ann.key, "at_s": 1_760_000_000});
    for (field, body) in [
        ("gateway", json!({"credentials": [good]})),
        ("gateway", json!({"gateway": "a b", "credentials": [good]})),
        ("gateway", json!({"gateway": "g".repeat(65), "credentials": [good]})),
        ("credentials", json!({"gateway": "g1", "credentials": {}})),
        ("credentials[1].key", json!({"gateway": "g1", "credentials": [good, {"at_s": 1}]})),
        ("credentials[1].key", json!({"gateway": "g1", "credentials": [good, {"key": "a/b"}]})),
        ("credentials[1].at_s", json!({"gateway": "g1", "credentials": [good, {"key": "a"}]})),
        (
            "credentials[1].at_s",
            json!({"gateway": "g1", "credentials": [good, {"key": "a", "at_s": -1}]}),
        ),
        (
            "credentials[1].at_s",
            json!({"gateway": "g1", "credentials": [good, {"key": "a", "at_s": u64::MAX}]}),
        ),
        (
            "secret_keys[0].at_s",
            json!({"gateway": "g1", "credentials": [good],
                   "secret_keys": [{"id": id, "at_s": 300_000_000_000_u64}]}),
        ),
        ("secret_keys[0].id", json!({"gateway": "g1", "secret_keys": [{"id": "x", "at_s": 1}]})),
        ("body", json!({"gateway": "g1", "credentials": vec![good.clone(); 1_001]})),
        ("body", json!([])),
    ] {
        let answer = report(&service, &body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text);
    }
    let text = service.as_gateway(Method::POST, USES).body("{}");
    Answer::of(text).await.problem(415, "unsupported_media_type");
    let cut_off = service.as_gateway(Method::POST, USES).body("{\"gateway\":");
    let cut_off = cut_off.header("content-type", "application/json");
    Answer::of(cut_off).await.problem(400, "malformed_json");
    let long = json!({"gateway": "g".repeat(Uses::MAX_BYTES)});
    report(&service, &long).await.problem(413, "too_large");
    assert_eq!(last_used(&ann).await, [None, None], "nothing of a refused report counts");
    let most = json!({"gateway": "g1", "credentials": vec![good; 1_000]});
    report(&service, &most).await.expect(204);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_service_may_write_nothing_else_about_a_credential(db: PgPool) {
    let service = service(&db).await;
    customer(&db, &service, "ann@example.com").await;
    for change in [
        "app_credentials SET revoked_at = NULL, revoked_revision = NULL",
        "app_credentials SET sealed_secret = '\\x00'",
        "secret_keys SET token_hash = sha256('mine')",
        "secret_keys SET actions = '{publish}', last_used_at = now()",
        "secret_keys SET sealed_token_secret = NULL, token_secret_at = NULL",
        "publishable_keys SET revoked_at = NULL, revoked_revision = NULL",
        "publishable_keys SET allowed_origins = '{}', last_used_at = now()",
    ] {
        let mut tx = service.state.db.service().await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("UPDATE {change}"));
        let error = sqlx::query(sql).execute(tx.db()).await.expect_err(change);
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501", "{change}");
    }
    let uses = Uses::of("g1");
    store::note(&service.state.db, &Report::parse(uses).unwrap()).await.expect("nothing to do");
}
