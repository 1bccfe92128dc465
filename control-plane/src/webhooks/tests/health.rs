use super::*;

async fn text(service: &Service, who: &Customer, query: &'static str) -> String {
    let mut tx = service.as_tenant(who).await;
    sqlx::query_scalar(query).fetch_one(tx.db()).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn tries_follow_the_schedule_and_end_as_a_dead_letter(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::answering(500).await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    tell(&service, &[occupied(&ann, 1, "a")]).await;
    let waits = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
    for (tries, wait) in waits.into_iter().enumerate() {
        deliver(&service).await;
        assert_eq!(sink.seen().len(), tries + 1);
        let query = "SELECT extract(epoch FROM next_at - now())::text FROM webhook_deliveries";
        let until: f64 = text(&service, &ann, query).await.parse().unwrap();
        let wait = f64::from(wait);
        assert!((wait * 0.79 - 1.0..=wait * 1.21).contains(&until), "try {tries}: {until}");
        deliver(&service).await;
        assert_eq!(sink.seen().len(), tries + 1, "not before its time");
        time_passes(&service).await;
    }
    deliver(&service).await;
    time_passes(&service).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 8);
    let dead = "webhook_deliveries WHERE state = 'dead' AND attempts = 8 AND last_status = 500
        AND finished_at IS NOT NULL";
    assert_eq!(count(&service, dead).await, 1);
    assert_eq!(count(&service, "webhook_attempts").await, 8);
    let mut stamps: Vec<_> = sink.seen().iter().map(|seen| seen.body.clone()).collect();
    stamps.dedup();
    assert_eq!(stamps.len(), 8, "each try has a time of its own");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_server_that_asks_to_be_left_alone_is(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    sink.decide(|_| (429, vec![("retry-after", "120".into())]));
    tell(&service, &[occupied(&ann, 1, "a")]).await;
    deliver(&service).await;
    let query = "SELECT extract(epoch FROM least(d.next_at, e.rests_until) - now())::text
        FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id";
    let until: f64 = text(&service, &ann, query).await.parse().unwrap();
    assert!((115.0..=120.0).contains(&until), "{until}");
    tell(&service, &[occupied(&ann, 2, "b")]).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 1, "other channels too");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_that_fails_rests_and_is_caught_up_with_when_it_is_back(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::answering(500).await);
    let ann = service.sign_up("ann@example.com").await;
    let good = Sink::start().await;
    let (id, _) = given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    given_endpoint(&service, &ann, &good.url, STANDARD).await;
    let shown = async || {
        let path = ann.of_app(&format!("/webhooks/{id}"));
        ann.get(&path).await.expect(200)["rests_until"].clone()
    };
    assert_eq!(shown().await, Value::Null);
    let told: Vec<_> = (1..=9).map(|n| joined(&ann, n, &format!("presence-{n}"))).collect();
    tell(&service, &told).await;
    deliver(&service).await;
    assert_eq!((sink.seen().len(), good.seen().len()), (5, 9), "five failures, then a rest");
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 5);
    assert!(shown().await.is_string());
    let probe = "UPDATE webhook_endpoints SET rests_until = now()";
    arrange(&service, probe).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 6, "one probe");
    let longer = "webhook_endpoints WHERE rests_until > now() + interval '50 seconds'";
    assert_eq!(count(&service, longer).await, 1);
    sink.answer_with(200);
    arrange(&service, probe).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 6 + 9, "all that waits goes at once");
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'delivered'").await, 18);
    assert_eq!(count(&service, "webhook_endpoints WHERE failures > 0").await, 0);
    assert_eq!(shown().await, Value::Null);
}

#[sqlx::test(migrations = "../migrations")]
async fn five_days_without_a_success_are_the_end_and_the_owners_are_told(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::answering(503).await);
    let ann = service.sign_up("ann@example.com").await;
    let hears = Sink::start().await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    given_endpoint(&service, &ann, &hears.url, Wanted { of_app: false, ..STANDARD }).await;
    for n in 1..=4 {
        tell(&service, &[occupied(&ann, n, "a")]).await;
        deliver(&service).await;
        time_passes(&service).await;
    }
    assert_eq!(count(&service, "webhook_endpoints WHERE NOT enabled").await, 0);
    arrange(
        &service,
        "UPDATE webhook_endpoints SET failing_since = now() - interval '5 days'
         WHERE failing_since IS NOT NULL",
    )
    .await;
    deliver(&service).await;
    let disabled = "webhook_endpoints WHERE NOT enabled AND disabled_why = 'failing'";
    assert_eq!(count(&service, disabled).await, 1);
    super::super::pruning::sweep(&service.state.db).await.unwrap();
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'dead'").await, 4);
    let mails = service.mails().await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("disabled")).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains(&sink.url) && told[0].text.contains("five days"));
    deliver(&service).await;
    let body = hears.seen()[0].json();
    assert_eq!(body["type"], "endpoint.disabled");
    assert_eq!((&body["data"]["url"], &body["data"]["why"]), (&json!(sink.url), &json!("failing")));
    let before = sink.seen().len();
    tell(&service, &[occupied(&ann, 9, "a")]).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), before);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_says_that_it_is_gone_is_believed(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::answering(410).await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    tell(&service, &[joined(&ann, 1, "presence-a"), joined(&ann, 2, "presence-a")]).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 1);
    let gone = "webhook_endpoints WHERE NOT enabled AND disabled_why = 'gone'";
    assert_eq!(count(&service, gone).await, 1);
    super::super::pruning::sweep(&service.state.db).await.unwrap();
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'dead'").await, 2);
}
