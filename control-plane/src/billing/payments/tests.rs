use super::fake::{FakeStripe, Next, WEBHOOK_SECRET, signature, signed, unix_now};
use crate::{
    billing::{jobs::tick, tests::kept_events},
    testing::{Answer, Customer, Service, service_with},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

async fn with_stripe(db: &PgPool) -> (Service, FakeStripe, Customer) {
    let stripe = FakeStripe::start().await;
    let url = stripe.url.clone();
    let service = service_with(db, |settings| {
        settings.stripe_secret_key = Some("sk_test".into());
        settings.stripe_webhook_secret = Some(WEBHOOK_SECRET.into());
        settings.stripe_url = Some(url);
    })
    .await;
    let ann = service.sign_up("ann@example.com").await;
    (service, stripe, ann)
}

fn of(customer: &Customer, rest: &str) -> String {
    format!("/v1/organisations/{}{rest}", customer.organisation)
}

async fn send(service: &Service, event: (String, String)) -> Answer {
    let request = service.request(Method::POST, "/webhooks/stripe");
    Answer::of(request.header("stripe-signature", event.1).body(event.0)).await
}

/// Gives a card as a customer does: the provider's page, then its event.
async fn give_card(service: &Service, customer: &Customer, last4: &str) {
    let page = customer.post(&of(customer, "/billing/payment-method"), json!({})).await.expect(201);
    assert_eq!(page["url"], "https://pay.example/cs_1");
    let setup = json!({"id": "cs_1", "setup_intent": format!("seti_{}_{last4}", unix_now())});
    let event = signed(&format!("evt_{last4}"), "checkout.session.completed", setup, unix_now());
    send(service, event).await.expect_status(204);
}

async fn upgrade(customer: &Customer) -> Value {
    let path = of(customer, "/subscription");
    let request = customer.request(Method::PUT, &path).json(&json!({"plan": "growth"}));
    Answer::of(request).await.expect(200)
}

async fn invoice(customer: &Customer) -> Value {
    customer.get(&of(customer, "/invoices")).await.expect(200)["items"][0].clone()
}

async fn standing(customer: &Customer) -> Value {
    customer.get(&of(customer, "/billing/current")).await.expect(200)["standing"].clone()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_upgrade_is_paid_with_the_card_that_was_given(db: PgPool) {
    let (service, stripe, ann) = with_stripe(&db).await;
    let path = of(&ann, "/subscription");
    let request = || ann.request(Method::PUT, &path).json(&json!({"plan": "growth"}));
    Answer::of(request()).await.problem(409, "payment_method_required");
    give_card(&service, &ann, "4242").await;
    let method = ann.get(&of(&ann, "/billing/payment-method")).await.expect(200);
    assert_eq!(
        method,
        json!({"provider": "stripe",
               "method": {"brand": "visa", "last4": "4242", "expires": "2031-04"}})
    );
    let changed = upgrade(&ann).await;
    let paid = invoice(&ann).await;
    assert_eq!((&paid["state"], &paid["failures"]), (&json!("paid"), &json!(0)));
    assert_eq!(stripe.books().taken, changed["due_now_cents"].as_i64().unwrap());
    assert_eq!(standing(&ann).await, "good");
    ann.delete(&of(&ann, "/billing/payment-method")).await.expect_status(204);
    let method = ann.get(&of(&ann, "/billing/payment-method")).await.expect(200);
    assert_eq!(method["method"], Value::Null);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lost_answer_never_takes_the_money_twice(db: PgPool) {
    let (service, stripe, ann) = with_stripe(&db).await;
    give_card(&service, &ann, "4242").await;
    stripe.plan(&[Next::SucceedInSilence]);
    let due = upgrade(&ann).await["due_now_cents"].as_i64().unwrap();
    let now = OffsetDateTime::now_utc();
    for minutes in [11, 22, 33] {
        tick(&service.state, now + Duration::minutes(minutes)).await.unwrap();
    }
    assert_eq!(invoice(&ann).await["state"], "paid");
    assert_eq!(stripe.books().taken, due, "once");
    let tries = stripe.books().asked.iter().filter(|(path, ..)| path.ends_with("confirm")).count();
    assert!(tries <= 6, "what is paid is not asked for again: {tries}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_provider_that_is_down_costs_no_try(db: PgPool) {
    let (service, stripe, ann) = with_stripe(&db).await;
    give_card(&service, &ann, "4242").await;
    stripe.plan(&[Next::Down; 3]);
    upgrade(&ann).await;
    let waiting = invoice(&ann).await;
    assert_eq!((&waiting["state"], &waiting["failures"]), (&json!("open"), &json!(0)));
    tick(&service.state, OffsetDateTime::now_utc() + Duration::minutes(11)).await.unwrap();
    assert_eq!(invoice(&ann).await["state"], "paid");
}

#[sqlx::test(migrations = "../migrations")]
async fn three_tries_in_fourteen_days_then_the_free_limits_until_it_is_paid(db: PgPool) {
    let (service, stripe, ann) = with_stripe(&db).await;
    give_card(&service, &ann, "0002").await;
    stripe.plan(&[Next::Decline; 3]);
    upgrade(&ann).await;
    let now = OffsetDateTime::now_utc();
    let failed = invoice(&ann).await;
    assert_eq!((&failed["failures"], &failed["state"]), (&json!(1), &json!("open")));
    assert_eq!(failed["last_error"], "Your card was declined.");
    assert_eq!(standing(&ann).await, "past_due");
    for (days, failures, expected) in [(4, 1, "past_due"), (6, 2, "past_due"), (15, 3, "reduced")] {
        tick(&service.state, now + Duration::days(days)).await.unwrap();
        assert_eq!(invoice(&ann).await["failures"], failures, "day {days}");
        assert_eq!(standing(&ann).await, expected, "day {days}");
    }
    let refused = Answer::of(
        ann.request(Method::PUT, &of(&ann, "/subscription")).json(&json!({"plan": "scale"})),
    );
    refused.await.problem(409, "payment_due");
    // Another card pays at once, and everything is back.
    give_card(&service, &ann, "4242").await;
    assert_eq!(invoice(&ann).await["state"], "paid");
    assert_eq!(standing(&ann).await, "good");
    assert_eq!(stripe.books().intents.len(), 1, "one intent per invoice, however often it failed");
    let failed = "invoice.payment_failed 1";
    assert_eq!(
        kept_events(&service).await,
        ["invoice.created 1", failed, failed, failed, "invoice.paid 1"]
    );
    let mails = service.mails().await;
    let about = |text: &str| mails.iter().filter(|mail| mail.text.contains(text)).count();
    assert_eq!(about("could not be collected: Your card was declined"), 3);
    assert_eq!(about("Your plan's limits are in force again"), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn events_may_come_twice_late_and_out_of_order(db: PgPool) {
    let (service, stripe, ann) = with_stripe(&db).await;
    give_card(&service, &ann, "4242").await;
    stripe.plan(&[Next::Process]);
    upgrade(&ann).await;
    assert_eq!(invoice(&ann).await["state"], "processing");
    let intent = stripe.only_intent();
    let event = |id: &str, kind: &str| signed(id, kind, json!({"id": intent}), unix_now());
    stripe.settle(&intent, "succeeded");
    // The failure is old news: what the intent is now decides.
    send(&service, event("evt_a", "payment_intent.payment_failed")).await.expect_status(204);
    assert_eq!(invoice(&ann).await["state"], "paid");
    let paid_at = invoice(&ann).await["paid_at"].clone();
    for (id, kind) in [
        ("evt_b", "payment_intent.succeeded"),
        ("evt_b", "payment_intent.succeeded"),
        ("evt_c", "payment_intent.processing"),
        ("evt_d", "payment_intent.payment_failed"),
    ] {
        send(&service, event(id, kind)).await.expect_status(204);
    }
    assert_eq!(invoice(&ann).await["paid_at"], paid_at, "paid is for good");
    assert_eq!(standing(&ann).await, "good");
    // A card that was given earlier does not displace the one given later.
    let older = json!({"id": format!("seti_{}_1111", unix_now() - 500)});
    let event = signed("evt_e", "setup_intent.succeeded", older, unix_now());
    send(&service, event).await.expect_status(204);
    let method = ann.get(&of(&ann, "/billing/payment-method")).await.expect(200);
    assert_eq!(method["method"]["last4"], "4242");
    let nobodys = signed("evt_f", "payment_intent.succeeded", json!({"id": "pi_9"}), unix_now());
    send(&service, nobodys).await.expect_status(204);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_that_fails_in_the_end_counts_once(db: PgPool) {
    let (service, stripe, ann) = with_stripe(&db).await;
    give_card(&service, &ann, "4242").await;
    stripe.plan(&[Next::Process]);
    upgrade(&ann).await;
    let intent = stripe.only_intent();
    stripe.settle(&intent, "requires_payment_method");
    for id in ["evt_a", "evt_b"] {
        let event = signed(id, "payment_intent.payment_failed", json!({"id": intent}), unix_now());
        send(&service, event).await.expect_status(204);
    }
    let failed = invoice(&ann).await;
    assert_eq!((&failed["state"], &failed["failures"]), (&json!("open"), &json!(1)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_event_that_stripe_did_not_sign_is_refused(db: PgPool) {
    let (service, _, _) = with_stripe(&db).await;
    let now = unix_now();
    let (body, good) = signed("evt_1", "anything", json!({"id": "x"}), now);
    let with = |header: String| send(&service, (body.clone(), header));
    with(good.clone()).await.expect_status(204);
    let v1 = signature(WEBHOOK_SECRET, &body, now);
    let old = now - 301;
    for header in [
        format!("t={now},v1={}", signature("another", &body, now)),
        format!("t={now},v0={v1}"),
        format!("t={},v1={v1}", now - 1),
        format!("t={old},v1={}", signature(WEBHOOK_SECRET, &body, old)),
        format!("t={now},t={now},v1={v1}"),
        format!("v1={v1}"),
        "t=now,v1=00".to_owned(),
        String::new(),
    ] {
        with(header).await.problem(400, "webhook_signature");
    }
    let rotating = format!("t={now},v1={},v1={v1}", signature("another", &body, now));
    with(rotating).await.expect_status(204);
    let altered = body.replace("evt_1", "evt_2");
    send(&service, (altered, good)).await.problem(400, "webhook_signature");
    let request = service.request(Method::POST, "/webhooks/stripe").body("{}");
    Answer::of(request).await.problem(400, "webhook_signature");
}
