use super::*;

#[sqlx::test(migrations = "../migrations")]
async fn what_a_gateway_tells_is_stored_once_however_often_it_comes(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, "http://127.0.0.1:9/", PUSHER).await;
    given_endpoint(&service, &ann, "http://127.0.0.1:9/", STANDARD).await;
    let told = [occupied(&ann, 1, "a"), joined(&ann, 2, "presence-a")];
    for _ in 0..3 {
        tell(&service, &told).await.expect_status(204);
    }
    let more = [joined(&ann, 2, "presence-a"), joined(&ann, 3, "presence-a")];
    tell(&service, &more).await.expect_status(204);
    assert_eq!(count(&service, "webhook_messages").await, 3);
    assert_eq!(count(&service, "webhook_deliveries").await, 6);
    // Another process counts from 1 again.
    tell_as(&service, "gw-2", &told).await.expect_status(204);
    assert_eq!(count(&service, "webhook_messages").await, 5);
    tell(&service, &[]).await.expect_status(204);
}

#[sqlx::test(migrations = "../migrations")]
async fn only_what_somebody_wants_is_kept(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let rooms = Wanted { events: &["channel_occupied"], channels: &["room-*"], ..PUSHER };
    given_endpoint(&service, &ann, "http://127.0.0.1:9/", rooms).await;
    let own = Wanted { of_app: false, ..STANDARD };
    given_endpoint(&service, &ann, "http://127.0.0.1:9/", own).await;
    let told = [
        occupied(&ann, 1, "room-1"),
        occupied(&ann, 2, "hall-1"),
        joined(&ann, 3, "presence-room-1"),
        occupied(&bob, 4, "room-1"),
        event(&ann, 5, "room-2", json!({"name": "channel_vacated"})),
        occupied(&ann, 6, "#server-to-user-ann"),
    ];
    tell(&service, &told).await.expect_status(204);
    assert_eq!(count(&service, "webhook_messages").await, 1);
    assert_eq!(count(&service, "webhook_deliveries").await, 1);
    // Who looks on in a terminal sees all of an app, and nothing is sent because of that.
    let mut tx = service.as_tenant(&bob).await;
    sqlx::query(
        "INSERT INTO webhook_listeners VALUES ($1, $2, $3, '{}', now() + interval '1 minute')",
    )
    .bind(Uuid::now_v7())
    .bind(bob.organisation)
    .bind(bob.app.as_str())
    .execute(tx.db())
    .await
    .unwrap();
    tx.commit().await.unwrap();
    tell(&service, &[occupied(&bob, 7, "room-1"), occupied(&ann, 8, "x")]).await.expect_status(204);
    assert_eq!(count(&service, "webhook_messages").await, 2);
    assert_eq!(count(&service, "webhook_deliveries").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_makes_no_sense_is_refused_as_a_whole(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, "http://127.0.0.1:9/", PUSHER).await;
    let good = occupied(&ann, 5, "a");
    for (bad, field) in [
        (occupied(&ann, 5, "a"), "events[1].seq"),
        (occupied(&ann, 4, "a"), "events[1].seq"),
        (occupied(&ann, u64::MAX, "a"), "events[1].seq"),
        (
            json!({"seq": 6, "app": ann.app, "channel": "a", "at_ms": u64::MAX, "name": "cache_miss"}),
            "events[1].at_ms",
        ),
    ] {
        let answer = tell(&service, &[good.clone(), bad]).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    tell(&service, &[occupied(&ann, 6, "")]).await.problem(422, "invalid");
    tell_as(&service, "not a gateway", std::slice::from_ref(&good)).await.problem(422, "invalid");
    let many: Vec<_> = (1..=1_001).map(|seq| occupied(&ann, seq, "a")).collect();
    tell(&service, &many).await.problem(422, "invalid");
    let body = json!({"gateway": "gw", "boot": "b", "events": [good]});
    let open = service.request(Method::POST, "/internal/v1/channel-events").json(&body);
    Answer::of(open).await.problem(401, "unauthenticated");
    assert_eq!(count(&service, "webhook_messages").await, 0);
    // An app that is gone, or was never there, keeps nobody else waiting.
    let mut nobodys = occupied(&ann, 7, "a");
    nobodys["app"] = json!("424242");
    tell(&service, &[nobodys, occupied(&ann, 8, "a")]).await.expect_status(204);
    assert_eq!(count(&service, "webhook_messages").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payload_passes_whatever_is_in_it(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    let payload = "\u{0} \u{1f600} \u{2028} \\u0000 \" 1.0e400 {\"a\":";
    let said =
        json!({"name": "client_event", "event": "client-x", "data": payload, "socket_id": "1.2"});
    tell(&service, &[event(&ann, 1, "private-a", said)]).await.expect_status(204);
    deliver(&service).await;
    assert_eq!(sink.of_each("data"), [payload]);
    assert!(sink.seen()[0].is_signed_with(&ann.secret));
}
