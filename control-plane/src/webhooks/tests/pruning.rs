use super::{super::pruning::sweep, *};

async fn sweep_all(service: &Service) {
    sweep(&service.state.db).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_taken_goes_after_a_week_and_dead_letters_after_a_month(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    tell(&service, &[joined(&ann, 1, "presence-a"), joined(&ann, 2, "presence-b")]).await;
    deliver(&service).await;
    sink.answer_with(410);
    tell(&service, &[joined(&ann, 3, "presence-a")]).await;
    deliver(&service).await;
    let counts = async || {
        let messages = count(&service, "webhook_messages").await;
        (
            messages,
            count(&service, "webhook_deliveries").await,
            count(&service, "webhook_attempts").await,
        )
    };
    sweep_all(&service).await;
    assert_eq!(counts().await, (3, 3, 3));
    let age = async |by: &'static str| {
        for statement in [
            "UPDATE webhook_messages SET created_at = created_at - $1::interval",
            "UPDATE webhook_deliveries SET finished_at = finished_at - $1::interval",
            "UPDATE webhook_attempts SET at = at - $1::interval",
        ] {
            let mut tx = service.state.db.service().await.unwrap();
            sqlx::query(statement).bind(by).execute(tx.db()).await.unwrap();
            tx.commit().await.unwrap();
        }
        sweep_all(&service).await;
    };
    age("6 days 23 hours").await;
    assert_eq!(counts().await, (3, 3, 3));
    age("2 hours").await;
    assert_eq!(counts().await, (1, 1, 0));
    age("24 days").await;
    assert_eq!(counts().await, (0, 0, 0));
}

#[sqlx::test(migrations = "../migrations")]
async fn the_newest_thousand_attempts_of_an_endpoint_are_kept(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    arrange(
        &service,
        "INSERT INTO webhook_attempts
             (id, organisation_id, endpoint_id, at, duration_ms, attempt, events, request_headers,
              request_body)
         SELECT gen_random_uuid(), e.organisation_id, e.id, now() - make_interval(secs => n), n, 1,
                1, '{}', ''
         FROM webhook_endpoints e, generate_series(1, 1003) AS n",
    )
    .await;
    sweep_all(&service).await;
    assert_eq!(count(&service, "webhook_attempts").await, 1_000);
    assert_eq!(count(&service, "webhook_attempts WHERE duration_ms > 1000").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_goes_with_its_app(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::answering(500).await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    tell(&service, &[joined(&ann, 1, "presence-a")]).await;
    deliver(&service).await;
    ann.delete(&ann.of_app("")).await.expect_status(200);
    time_passes(&service).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 1);
    sweep_all(&service).await;
    sweep_all(&service).await;
    assert_eq!(count(&service, "webhook_deliveries").await, 0);
    arrange(&service, "UPDATE webhook_endpoints SET deleted_at = now() - interval '2 hours'").await;
    sweep_all(&service).await;
    assert_eq!(count(&service, "webhook_endpoints").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn deliveries_go_with_their_messages_and_with_their_endpoint(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for _ in 0..2 {
        given_endpoint(&service, &ann, "http://127.0.0.1:9/", PUSHER).await;
    }
    let told: Vec<_> = (1..=10).map(|seq| joined(&ann, seq, "presence-a")).collect();
    tell(&service, &told).await.expect_status(204);
    assert_eq!(count(&service, "webhook_deliveries").await, 20);
    arrange(&service, "DELETE FROM webhook_messages WHERE seq <= 4").await;
    assert_eq!(count(&service, "webhook_deliveries").await, 12);
    let one = "DELETE FROM webhook_endpoints WHERE id = (SELECT min(id::text)::uuid FROM webhook_endpoints)";
    arrange(&service, one).await;
    assert_eq!(count(&service, "webhook_deliveries").await, 6);
    let orphans = "webhook_deliveries d WHERE NOT EXISTS (SELECT FROM webhook_messages m WHERE m.id = d.message_id)";
    assert_eq!(count(&service, orphans).await, 0);
}
