use super::{ledger, rollup};
use crate::testing::{Answer, Customer, Service, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

const USAGE: &str = "/internal/v1/usage";

async fn send(service: &Service, gateway: &str, boot: &str, rows: Value) -> Answer {
    let body = json!({"gateway": gateway, "boot": boot, "rows": rows});
    Answer::of(service.as_gateway(Method::POST, USAGE).json(&body)).await
}

fn row(app: &str, key: &str, at: OffsetDateTime, totals: Value) -> Value {
    json!({"app": app, "key": key, "minute": at.unix_timestamp() / 60, "totals": totals})
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}

/// The beginning of an hour that has been over for a while.
fn past_hour(hours: i64) -> OffsetDateTime {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    OffsetDateTime::from_unix_timestamp((now / 3_600 - hours) * 3_600).unwrap()
}

async fn by(who: &Customer, granularity: &str, from: OffsetDateTime, hours: i64) -> Value {
    let (from, to) = (text(from), text(from + Duration::hours(hours)));
    let query = format!("/usage?granularity={granularity}&from={from}&to={to}");
    who.get(&who.of_app(&query)).await.expect(200)
}

async fn count(db: &Service, table: &str) -> i64 {
    let mut tx = db.state.db.service().await.unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    count
}

/// A generator that gives the same numbers again, xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn batches_may_come_twice_late_and_in_any_order(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let hour = past_hour(5);
    let mut dice = Dice(0x5eed);
    // Counters that only grow, and every report of them that was ever sent.
    let mut truth: BTreeMap<(u64, u64, u64, u64), [u64; 2]> = BTreeMap::new();
    let mut reports = Vec::new();
    for _ in 0..120 {
        let at @ (gateway, boot, key, minute) =
            (dice.roll(3), dice.roll(2), dice.roll(3), dice.roll(90));
        let counts = truth.entry(at).or_default();
        *counts = [counts[0] + dice.roll(50), counts[1] + dice.roll(50)];
        reports.push((gateway, boot, key, minute, *counts));
    }
    let mut sent = reports.clone();
    sent.extend((0..80).map(|_| reports[dice.roll(120) as usize]));
    for n in (1..sent.len()).rev() {
        sent.swap(n, dice.roll(n as u64 + 1) as usize);
    }
    for (n, (gateway, boot, key, minute, [published, delivered])) in sent.into_iter().enumerate() {
        let at = hour + Duration::minutes(minute.cast_signed());
        let totals = json!({"published_units": published, "delivered_units": delivered});
        let rows = json!([row(ann.app.as_str(), &format!("k{key}"), at, totals)]);
        send(&service, &format!("g{gateway}"), &format!("b{boot}"), rows).await.expect(204);
        if n % 50 == 49 {
            rollup::add_up(&service.state.db).await.unwrap();
        }
    }
    let expected: u64 = truth.values().map(|counts| counts[0] + counts[1]).sum();
    for _ in 0..2 {
        let usage = by(&ann, "hour", hour, 2).await;
        assert_eq!(usage["total"]["units"], expected);
        for (n, key) in usage["keys"].as_array().unwrap().iter().enumerate() {
            let of_key = truth.iter().filter(|(at, _)| at.2 == n as u64);
            let published: u64 = of_key.map(|(_, counts)| counts[0]).sum();
            assert_eq!(
                (&key["key"], &key["published_units"]),
                (&json!(format!("k{n}")), &json!(published))
            );
        }
        // The quota was charged the same.
        assert_eq!(usage["quotas"][0]["used"], expected);
        while rollup::add_up(&service.state.db).await.unwrap() > 0 {}
        assert_eq!(count(&service, "usage_stale_hours").await, 0);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn usage_is_there_at_once_by_minute_hour_day_and_month(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    let app = ann.app.as_str();
    let rows = json!([
        row(app, &ann.key, now, json!({"published": 3, "published_units": 4, "requests_2xx": 3})),
        row(app, "", now, json!({"connections_peak": 7, "refused.rate_limited": 2})),
    ]);
    send(&service, "g1", "b1", rows).await.expect(204);
    for granularity in ["minute", "hour", "day", "month"] {
        let usage = ann.get(&ann.of_app(&format!("/usage?granularity={granularity}"))).await;
        let usage = usage.expect(200);
        let last = usage["buckets"].as_array().unwrap().last().unwrap();
        assert_eq!(last["published"], 3, "{granularity}");
        assert_eq!(last["requests"]["2xx"], 3);
        assert_eq!(last["refused"], json!({"rate_limited": 2}));
        assert_eq!(last["connections_peak"], 7);
        assert_eq!(usage["total"]["units"], 4);
        assert_eq!(usage["keys"].as_array().unwrap().len(), 2);
        assert_eq!(usage["connections"]["peak"], 7);
    }
    let usage = ann.get(&ann.of_app(&format!("/usage?key={}", ann.key))).await.expect(200);
    assert_eq!((&usage["total"]["published"], &usage["total"]["refused"]), (&json!(3), &json!({})));
    let quota = &usage["quotas"][0];
    assert_eq!((&quota["used"], &quota["left"]), (&json!(4), &json!(299_996)));
    assert_eq!((&quota["rule"], &quota["per_day"]), (&json!("messages"), &json!(300_000)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_hour_is_computed_anew_when_late_minutes_come(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, hour) = (ann.app.as_str(), past_hour(4));
    let published = |n: u64| json!({"published": n});
    send(&service, "g1", "b1", json!([row(app, "k", hour, published(5))])).await.expect(204);
    assert_eq!(rollup::add_up(&service.state.db).await.unwrap(), 1);
    assert_eq!(rollup::add_up(&service.state.db).await.unwrap(), 0);
    assert_eq!(by(&ann, "hour", hour, 1).await["total"]["published"], 5);
    for (gateway, minute, n, total) in
        [("g1", 0, 7, 7), ("g1", 1, 2, 9), ("g2", 0, 1, 10), ("g1", 0, 6, 10)]
    {
        let at = hour + Duration::minutes(minute);
        send(&service, gateway, "b1", json!([row(app, "k", at, published(n))])).await.expect(204);
        assert_eq!(by(&ann, "hour", hour, 1).await["total"]["published"], total, "before");
        assert_eq!(rollup::add_up(&service.state.db).await.unwrap(), 1);
        assert_eq!(by(&ann, "hour", hour, 1).await["total"]["published"], total, "after");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn connections_are_summed_by_minute_over_gateways(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, hour) = (ann.app.as_str(), past_hour(3));
    let peak = |minute, n: u64| {
        row(app, "", hour + Duration::minutes(minute), json!({"connections_peak": n}))
    };
    let steady: Vec<Value> = (0..60).map(|minute| peak(minute, 10)).collect();
    send(&service, "g1", "b1", json!(steady)).await.expect(204);
    send(&service, "g2", "b1", json!([peak(0, 5), peak(1, 200)])).await.expect(204);
    // Started anew within the minute: its connections are not counted twice.
    send(&service, "g2", "b2", json!([peak(0, 4)])).await.expect(204);
    for _ in 0..2 {
        let usage = by(&ann, "hour", hour, 1).await;
        assert_eq!(usage["connections"], json!({"peak": 210, "p99": 210}));
        assert_eq!(usage["buckets"][0]["connections_peak"], 210);
        let usage = by(&ann, "hour", hour - Duration::hours(1), 2).await;
        assert_eq!(usage["connections"], json!({"peak": 210, "p99": 15}), "one minute in 120");
        let minutes = by(&ann, "minute", hour, 1).await;
        let peaks: Vec<&Value> =
            minutes["buckets"].as_array().unwrap().iter().map(|b| &b["connections_peak"]).collect();
        assert_eq!(peaks[..3], [15, 210, 10]);
        rollup::add_up(&service.state.db).await.unwrap();
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn batches_that_are_wrong_are_refused_by_name(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (app, now) = (ann.app.as_str(), OffsetDateTime::now_utc());
    let fine = row(app, "k", now, json!({"published": 1}));
    for (rows, field) in [
        (json!([fine, row(app, "k", now + Duration::hours(1), json!({}))]), "rows[1].minute"),
        (json!([row(app, "k", now - Duration::days(40), json!({}))]), "rows[0].minute"),
        (json!([row(app, "a b", now, json!({}))]), "rows[0].key"),
        (json!([row(app, &"k".repeat(65), now, json!({}))]), "rows[0].key"),
        (json!([row("a/b", "k", now, json!({}))]), "rows[0].app"),
        (json!([row(app, "k", now, json!({"unheard_of": 1}))]), "rows[0].totals"),
        (json!(vec![fine.clone(); 2_001]), "rows"),
    ] {
        let answer = send(&service, "g1", "b1", rows).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    send(&service, "g1", "a b", json!([fine])).await.problem(422, "invalid");
    service.post(USAGE, json!({})).await.problem(401, "unauthenticated");
    assert_eq!(count(&service, "usage_minutes").await, 0, "all of a batch or nothing");
    send(&service, "g1", "b1", json!([])).await.expect(204);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_counted_for_apps_that_are_gone_is_kept(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    ann.delete(&ann.of_app("")).await.expect(200);
    let now = OffsetDateTime::now_utc();
    let rows = json!([
        row(ann.app.as_str(), "k", now, json!({"published": 2})),
        row("nobodys", "k", now, json!({"published": 2, "published_units": 2})),
    ]);
    send(&service, "g1", "b1", rows).await.expect(204);
    assert_eq!(count(&service, "usage_minutes").await, 2);
    let path = format!("/v1/organisations/{}/usage", ann.organisation);
    let usage = ann.get(&path).await.expect(200);
    assert_eq!(usage["total"]["published"], 2);
    assert_eq!(usage["apps"][0]["is_deleted"], true);
    assert_eq!(usage["apps"][0]["published"], 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_organisation_sees_all_its_apps_and_nothing_of_others(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    let path = format!("/v1/organisations/{}/apps", ann.organisation);
    let second = ann.post(&path, json!({"name": "=second"})).await.expect(201);
    let second = second["app"]["id"].as_str().unwrap();
    let now = OffsetDateTime::now_utc();
    let rows = json!([
        row(ann.app.as_str(), "k", now, json!({"published": 1})),
        row(second, "", now, json!({"published": 10, "connections_peak": 3})),
        row(ann.app.as_str(), "", now, json!({"connections_peak": 4})),
        row(bob.app.as_str(), "k", now, json!({"published": 100})),
    ]);
    send(&service, "g1", "b1", rows).await.expect(204);
    let path = format!("/v1/organisations/{}/usage", ann.organisation);
    let usage = ann.get(&path).await.expect(200);
    assert_eq!(usage["total"]["published"], 11);
    assert_eq!(usage["connections"]["peak"], 7, "of one minute together");
    let apps: Vec<(&Value, &Value)> = usage["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (&a["published"], &a["connections"]["peak"]))
        .collect();
    assert_eq!(apps, [(&json!(1), &json!(4)), (&json!(10), &json!(3))]);
    ann.get(&format!("/v1/organisations/{}/usage", bob.organisation))
        .await
        .problem(404, "not_found");
    ann.get(&bob.of_app("/usage")).await.problem(404, "not_found");
    let csv = ann.get(&format!("{path}?format=csv&granularity=minute")).await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    let lines: Vec<&str> = csv.text.lines().collect();
    assert!(lines[0].starts_with("start,app,key,published,published_units,"), "{}", lines[0]);
    assert_eq!(lines.len(), 4, "{}", csv.text);
    let asked = ann.request(Method::GET, &ann.of_app("/usage")).header("accept", "text/csv");
    assert!(Answer::of(asked).await.text.contains(",k,1,0,"));
}

#[sqlx::test(migrations = "../migrations")]
async fn ranges_that_cannot_be_answered_are_refused_by_name(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for (query, field) in [
        ("from=2020-01-01T00:00:00Z", "from"),
        ("from=2100-01-01T00:00:00Z", "from"),
        ("granularity=week", "query"),
        ("format=xml", "format"),
        ("from=yesterday", "query"),
        ("unheard=1", "query"),
    ] {
        let answer = ann.get(&ann.of_app(&format!("/usage?{query}"))).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_ledger_leaves_sealed_and_says_the_same_before_and_after_hours_are_added_up(
    db: PgPool,
) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    let (app, hour) = (ann.app.as_str(), past_hour(30));
    for (gateway, n) in [("g1", 3), ("g2", 4)] {
        let rows = json!([
            row(app, "k", hour, json!({"published": n, "published_units": n})),
            row(app, "", hour + Duration::minutes(2), json!({"connections_peak": n})),
            row(app, "k", hour + Duration::hours(26), json!({"delivered": n})),
            row(bob.app.as_str(), "k", hour, json!({"published": 50})),
        ]);
        send(&service, gateway, "b1", rows).await.expect(204);
    }
    let export = async |who: &Customer| {
        let (from, to) = (text(hour), text(hour + Duration::hours(29)));
        let path =
            format!("/v1/organisations/{}/usage/ledger?from={from}&to={to}", ann.organisation);
        who.get(&path).await
    };
    export(&bob).await.problem(404, "not_found");
    let before = export(&ann).await;
    assert_eq!(before.header("content-type"), "application/x-ndjson");
    let (start, mut open) = ledger::read(&before.text).unwrap();
    assert_eq!((start.organisation_id, start.from), (ann.organisation, hour));
    assert_eq!(open.len(), 3, "{}", before.text);
    assert!(open.iter().all(|row| !row.settled));
    while rollup::add_up(&service.state.db).await.unwrap() > 0 {}
    let (_, closed) = ledger::read(&export(&ann).await.text).unwrap();
    open.iter_mut().for_each(|row| row.settled = true);
    assert_eq!(open, closed);
    let whole = &closed[0];
    assert_eq!((whole.key.as_str(), whole.minute_peaks[2], whole.minute_peaks.len()), ("", 7, 60));
    assert_eq!(closed[1].counters.units(), 7);
}

#[sqlx::test(migrations = "../migrations")]
async fn minutes_go_only_when_their_hour_is_added_up(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let hour = past_hour(24 * 30);
    send(&service, "g1", "b1", json!([row(ann.app.as_str(), "k", hour, json!({"published": 1}))]))
        .await
        .expect(204);
    let mut tx = service.state.db.service().await.unwrap();
    for sql in [
        "UPDATE usage_minutes SET minute = minute - 6 * 1440",
        "UPDATE usage_stale_hours SET hour = hour - interval '6 days'",
    ] {
        sqlx::query(sql).execute(tx.db()).await.unwrap();
    }
    tx.commit().await.unwrap();
    rollup::prune(&service.state.db).await.unwrap();
    assert_eq!(count(&service, "usage_minutes").await, 1, "not added up yet");
    rollup::add_up(&service.state.db).await.unwrap();
    rollup::prune(&service.state.db).await.unwrap();
    assert_eq!(count(&service, "usage_minutes").await, 0);
    assert_eq!(by(&ann, "day", hour - Duration::days(7), 48).await["total"]["published"], 1);
}
