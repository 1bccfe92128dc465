//! From sign-up to an invoice that anybody can recompute.

use super::{
    cli,
    invoices::model::Invoice,
    jobs::tick,
    line::Line,
    verify::{VerifyError, verify},
};
use crate::usage::ledger::{BadLedger, LedgerHour, LedgerLine, Writer};
use crate::{
    db::Organisation,
    testing::{Answer, Customer, Service, service},
};
use contract::usage::{Metric, Totals};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

fn of(customer: &Customer, rest: &str) -> String {
    format!("/v1/organisations/{}{rest}", customer.organisation)
}

async fn put(customer: &Customer, rest: &str, body: Value) -> Answer {
    Answer::of(customer.request(Method::PUT, &of(customer, rest)).json(&body)).await
}

async fn choose(customer: &Customer, plan: &str) -> Value {
    put(customer, "/subscription", json!({ "plan": plan })).await.expect(200)
}

async fn current(customer: &Customer) -> Value {
    customer.get(&of(customer, "/billing/current")).await.expect(200)
}

async fn invoices(customer: &Customer) -> Vec<Value> {
    let listed = customer.get(&of(customer, "/invoices")).await.expect(200);
    listed["items"].as_array().unwrap().clone()
}

/// From now on the app goes on beyond the pool.
async fn let_exceed(service: &Service, customer: &Customer) {
    let tenant = Organisation::known(customer.organisation);
    let mut tx = service.state.db.tenant("billing", tenant).await.unwrap();
    sqlx::query("UPDATE apps SET at_quota = 'overage' WHERE id = $1")
        .bind(customer.app.as_str())
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What a gateway and the roll-up leave behind for one hour.
async fn used(service: &Service, customer: &Customer, row: &LedgerHour) {
    let counters: Vec<i64> =
        Metric::all().map(|metric| row.counters.get(metric).cast_signed()).collect();
    let peaks = row.minute_peaks.iter().map(|peak| peak.cast_signed()).collect::<Vec<_>>();
    let peaks = Some(peaks).filter(|peaks| !peaks.is_empty());
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query(
        "INSERT INTO usage_hours (app_id, hour, key, organisation_id, counters, minute_peaks)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (app_id, hour, key) DO UPDATE SET counters = $5",
    )
    .bind(customer.app.as_str())
    .bind(row.hour)
    .bind(&row.key)
    .bind(customer.organisation)
    .bind(counters)
    .bind(peaks)
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

fn row(customer: &Customer, hour: OffsetDateTime, published: u64, delivered: u64) -> LedgerHour {
    let mut totals = Totals::default();
    totals.set(Metric::PublishedUnits, published);
    totals.set(Metric::DeliveredUnits, delivered);
    let (app, key) = (customer.app.to_string(), customer.key.clone());
    LedgerHour { app, hour, key, counters: totals, minute_peaks: Vec::new(), settled: true }
}

/// The ledger as the service hands it out.
async fn export(customer: &Customer, invoice: &str) -> String {
    let invoice: Invoice = serde_json::from_str(invoice).unwrap();
    let period = invoice.recipe.usage_from().unwrap();
    let (from, to) = (period.start.unix_timestamp(), period.end.unix_timestamp());
    let at = |seconds| {
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        at.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    let path = of(customer, &format!("/usage/ledger?from={}&to={}", at(from), at(to)));
    let exported = customer.get(&path).await;
    assert_eq!(exported.status, 200, "{}", exported.text);
    exported.text
}

/// The same with other contents, sealed as if it were true.
fn sealed_again(ledger: &str, from: &str, to: &str) -> String {
    let mut writer = Writer::default();
    let mut out = String::new();
    for line in ledger.lines() {
        let line: LedgerLine = serde_json::from_str(&line.replace(from, to)).unwrap();
        if !matches!(line, LedgerLine::End { .. }) {
            out.push_str(&String::from_utf8(writer.line(&line).unwrap()).unwrap());
        }
    }
    out + &String::from_utf8(writer.end().unwrap()).unwrap()
}

fn midnight(now: OffsetDateTime) -> OffsetDateTime {
    now.replace_time(time::Time::MIDNIGHT)
}

#[sqlx::test(migrations = "../migrations")]
async fn from_sign_up_to_an_invoice_that_anybody_can_recompute(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    let start = midnight(now);
    let profile = json!({"name": "Ann & Co", "address": "1 Main St\nBern", "country": "CH",
                         "vat_id": "CHE123456789", "email": "books@example.com"});
    put(&ann, "/billing/profile", profile).await.expect(200);
    let preview = ann.post(&of(&ann, "/subscription/preview"), json!({"plan": "growth"})).await;
    let preview = preview.expect(200);
    assert_eq!(
        (&preview["takes"], &preview["price_micros"]),
        (&json!("at_once"), &json!(79_000_000))
    );
    assert_eq!(invoices(&ann).await, Vec::<Value>::new(), "a look ahead changes nothing");
    let changed = choose(&ann, "growth").await;
    assert_eq!((&changed["plan"], &changed["invoice_number"]), (&json!("growth"), &json!(1)));
    let_exceed(&service, &ann).await;

    // 10 M units a day are in the pool: a million and a half of the first day are beyond it.
    let mut whole = row(&ann, start, 0, 0);
    (whole.key, whole.minute_peaks) = (String::new(), vec![700; 60]);
    for row in [
        row(&ann, start, 1_000_000, 10_000_000),
        row(&ann, start + Duration::HOUR, 0, 500_000),
        row(&ann, start + Duration::DAY, 2_000_000, 8_000_000),
        whole,
    ] {
        used(&service, &ann, &row).await;
    }
    let so_far = current(&ann).await;
    assert_eq!(so_far["overage_micros"], 3_000_000);
    assert!(so_far["forecast_overage_micros"].as_i64() >= Some(3_000_000), "{so_far}");
    assert_eq!(so_far["next_fee_micros"], 79_000_000);

    let end = start + Duration::days(30);
    tick(&service.state, end).await.unwrap();
    assert_eq!(invoices(&ann).await.len(), 1, "late batches are waited for");
    tick(&service.state, end + Duration::HOUR).await.unwrap();
    tick(&service.state, end + Duration::HOUR).await.unwrap();
    let listed = invoices(&ann).await;
    assert_eq!(listed.len(), 2, "one invoice per period");
    assert_eq!((&listed[0]["number"], &listed[0]["total_cents"]), (&json!(2), &json!(8_200)));

    let document = ann.get(&of(&ann, "/invoices/2")).await;
    assert_eq!(document.header("content-type"), "application/json");
    let ledger = export(&ann, &document.text).await;
    let (differences, invoice) = verify(&document.text, Some(&ledger)).unwrap();
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(invoice.total_cents, 8_200);
    let kinds: Vec<String> = invoice.lines.iter().map(ToString::to_string).collect();
    assert_eq!(invoice.lines.len(), 2, "{kinds:?}");
    let first = ann.get(&of(&ann, "/invoices/1")).await;
    assert_eq!(verify(&first.text, None).unwrap().0, Vec::<String>::new());

    let raw = verify(&document.text, Some(&ledger.replace("500000", "500001")));
    assert!(matches!(raw, Err(VerifyError::Ledger(BadLedger::Seal))));
    let tampered = sealed_again(&ledger, "500000", "500001");
    let (differences, _) = verify(&document.text, Some(&tampered)).unwrap();
    assert_eq!(differences.len(), 3, "a line less, a line more, another total: {differences:?}");
    let cheaper = document.text.replace("\"amount_micros\":3000000", "\"amount_micros\":2000000");
    assert_ne!(verify(&cheaper, Some(&ledger)).unwrap().0, Vec::<String>::new());
    assert!(matches!(verify(&document.text, None), Err(VerifyError::NotCovered(_))));

    let page = ann.get(&of(&ann, "/invoices/2.html")).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text.contains("Ann &amp; Co") && page.text.contains("$82.00"), "{}", page.text);
    let pdf = ann.request(Method::GET, &of(&ann, "/invoices/2.pdf")).send().await.unwrap();
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = pdf.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.windows(6).any(|w| w == b"$82.00"));
    ann.get(&of(&ann, "/invoices/3")).await.problem(404, "not_found");
    ann.get(&of(&ann, "/invoices/x.pdf")).await.problem(404, "not_found");

    // A gateway comes back with what it had counted: the next invoice makes up for it.
    used(&service, &ann, &row(&ann, start + Duration::HOUR, 0, 900_000)).await;
    tick(&service.state, end + Duration::days(30) + Duration::HOUR).await.unwrap();
    let third = ann.get(&of(&ann, "/invoices/3")).await;
    let ledger = export(&ann, &third.text).await;
    let (differences, invoice) = verify(&third.text, Some(&ledger)).unwrap();
    assert_eq!(differences, Vec::<String>::new());
    let corrected = |line: &Line| match line {
        Line::Correction(line) => Some((line.units, line.amount_micros.0)),
        _ => None,
    };
    assert_eq!(invoice.lines.iter().find_map(corrected), Some((400_000, 800_000)));
    assert_eq!(invoice.total_cents, 7_980);

    let mails = service.mails().await;
    let told = |to: &str| {
        mails.iter().filter(|mail| mail.to == to && mail.subject.starts_with("Invoice ")).count()
    };
    assert!(told("ann@example.com") >= 3 && told("books@example.com") >= 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_smaller_plan_comes_with_the_next_period_and_can_be_taken_back(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    put(&ann, "/subscription", json!({"plan": "enterprise"})).await.problem(422, "invalid");
    put(&ann, "/subscription", json!({"plan": "golden"})).await.problem(422, "invalid");
    choose(&ann, "growth").await;
    let down = choose(&ann, "starter").await;
    assert_eq!(
        (&down["takes"], &down["plan"], &down["next_plan"], &down["due_now_cents"]),
        (&json!("with_next_period"), &json!("growth"), &json!("starter"), &json!(0))
    );
    let back = choose(&ann, "growth").await;
    assert_eq!((&back["takes"], &back["next_plan"]), (&json!("nothing"), &Value::Null));
    choose(&ann, "free").await;
    assert_eq!(invoices(&ann).await.len(), 1, "only more costs at once");
    tick(&service.state, midnight(now) + Duration::days(30) + Duration::HOUR).await.unwrap();
    assert_eq!(invoices(&ann).await.len(), 1, "the free plan costs nothing");
    let tenant = Organisation::known(ann.organisation);
    let mut tx = service.state.db.tenant("billing", tenant).await.unwrap();
    let subscription = super::subscription::lock(&mut tx).await.unwrap();
    assert_eq!((subscription.plan.plan.as_str(), subscription.next), ("free", None));
}

/// What the organisation's own servers are to be told: of which invoice.
pub async fn kept_events(service: &Service) -> Vec<String> {
    let mut tx = service.state.db.service().await.unwrap();
    let kept = "SELECT type || ' ' || (payload->'data'->>'number') FROM webhook_outbox
        WHERE type LIKE 'invoice.%' ORDER BY created_at, id";
    sqlx::query_scalar(kept).fetch_all(tx.db()).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn who_pays_by_transfer_has_fourteen_days(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    choose(&ann, "starter").await;
    ann.post(&of(&ann, "/invoices/1/pay"), json!({})).await.problem(409, "no_payment_provider");
    let tenant = Organisation::known(ann.organisation);
    for (days, standing) in [(0, "good"), (6, "good"), (10, "good"), (15, "reduced")] {
        tick(&service.state, now + Duration::days(days)).await.unwrap();
        assert_eq!(current(&ann).await["standing"], standing, "day {days}");
        if days == 10 {
            let mut tx = service.state.db.tenant("billing", tenant).await.unwrap();
            let later = now + Duration::days(days);
            super::change::change(&service.state, &mut tx, "growth", later).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    assert_eq!(invoices(&ann).await.len(), 2, "the second still has time");
    let mut tx = service.state.db.tenant("billing", tenant).await.unwrap();
    cli::mark_paid(&mut tx, 1, "bank 42", now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(current(&ann).await["standing"], "good");
    assert_eq!(invoices(&ann).await[1]["state"], "paid");
    assert_eq!(
        kept_events(&service).await,
        ["invoice.created 1", "invoice.created 2", "invoice.paid 1"],
        "what is only not there yet is no failure"
    );
    let mut tx = service.state.db.tenant("billing", tenant).await.unwrap();
    let again = sqlx::query("UPDATE invoice_payments SET state = 'open', paid_at = NULL");
    let refused = again.execute(tx.db()).await.unwrap_err().to_string();
    assert!(refused.contains("stays paid"), "{refused}");
}

#[sqlx::test(migrations = "../migrations")]
async fn who_never_pays_goes_on_with_the_free_plan(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let now = OffsetDateTime::now_utc();
    choose(&ann, "starter").await;
    for days in [0, 6, 15, 31] {
        tick(&service.state, now + Duration::days(days)).await.unwrap();
    }
    let bill = current(&ann).await;
    assert_eq!((&bill["plan"], &bill["standing"]), (&json!("free"), &json!("reduced")));
    assert_eq!(invoices(&ann).await.len(), 1, "what is not given is not charged");
}

#[sqlx::test(migrations = "../migrations")]
async fn several_control_planes_make_one_invoice(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let start = midnight(OffsetDateTime::now_utc());
    choose(&ann, "starter").await;
    let late = start + Duration::days(60) + Duration::HOUR;
    let ticks = (0..4).map(|_| tick(&service.state, late));
    for done in futures_util::future::join_all(ticks).await {
        done.unwrap();
    }
    let numbers: Vec<i64> =
        invoices(&ann).await.iter().map(|i| i["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [3, 2, 1], "two periods have ended, and one plan was bought");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_limit_on_spending_is_on_the_bill(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let start = midnight(OffsetDateTime::now_utc());
    put(&ann, "/billing/spend-limit", json!({"spend_limit_micros": -1}))
        .await
        .problem(422, "invalid");
    put(&ann, "/billing/spend-limit", json!({})).await.problem(422, "invalid");
    let limit = json!({"spend_limit_micros": 500_000});
    assert_eq!(put(&ann, "/billing/spend-limit", limit.clone()).await.expect(200), limit);
    choose(&ann, "growth").await;
    let_exceed(&service, &ann).await;
    used(&service, &ann, &row(&ann, start, 0, 11_000_000)).await;
    let bill = current(&ann).await;
    assert_eq!(bill["spend_limit_micros"], 500_000);
    // The first entry of the history, before the limit was set, had none.
    assert_eq!(bill["overage_micros"], 2_000_000);
    let next = start + Duration::days(30);
    used(&service, &ann, &row(&ann, next, 0, 400_000_000)).await;
    tick(&service.state, next + Duration::days(30) + Duration::HOUR).await.unwrap();
    let document = ann.get(&of(&ann, "/invoices/3")).await.expect(200);
    let invoice: Invoice = serde_json::from_value(document).unwrap();
    assert_eq!(invoice.total_cents, 7_950);
    assert!(invoice.lines.iter().any(|line| matches!(line, Line::SpendLimit { .. })));
}

#[sqlx::test(migrations = "../migrations")]
async fn money_is_for_those_who_may_and_never_for_others(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    choose(&ann, "starter").await;
    for rest in [
        "/invoices",
        "/invoices/1",
        "/invoices/1.html",
        "/invoices/1.pdf",
        "/billing/current",
        "/billing/profile",
        "/billing/payment-method",
    ] {
        bob.get(&of(&ann, rest)).await.problem(404, "not_found");
    }
    let mut tx =
        service.state.db.tenant("billing", Organisation::known(ann.organisation)).await.unwrap();
    sqlx::query("UPDATE memberships SET role = 'developer'").execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    ann.get(&of(&ann, "/invoices")).await.problem(403, "forbidden");
    put(&ann, "/subscription", json!({"plan": "scale"})).await.problem(403, "forbidden");
    let immutable = {
        let tenant = Organisation::known(ann.organisation);
        let mut tx = service.state.db.tenant("billing", tenant).await.unwrap();
        let change = sqlx::query("UPDATE invoices SET total_cents = 0").execute(tx.db()).await;
        change.unwrap_err().to_string()
    };
    assert!(immutable.contains("permission denied"), "{immutable}");
}
