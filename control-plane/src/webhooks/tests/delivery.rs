use super::*;
use crate::webhooks::{deliverer::send_test, events::EventType, runtime::Target};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[sqlx::test(migrations = "../migrations")]
async fn what_comes_together_goes_out_together_in_order_and_signed(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    let told: Vec<_> = (1..=250).map(|seq| joined(&ann, seq, "presence-a")).collect();
    tell(&service, &told).await.expect_status(204);
    deliver(&service).await;
    let sizes: Vec<_> = sink.seen().iter().map(|seen| seen.of_each("name").len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let expected: Vec<_> = (1..=250).map(|n| format!("u{n}")).collect();
    assert_eq!(sink.of_each("user_id"), expected);
    for seen in sink.seen().iter() {
        assert!(seen.is_signed_with(&ann.secret));
        assert_eq!(seen.headers["x-pusher-key"], ann.key);
        assert_eq!(seen.headers["content-type"], "application/json");
    }
    assert_eq!(count(&service, "webhook_deliveries WHERE state = 'delivered'").await, 250);
    assert_eq!(count(&service, "webhook_attempts WHERE status = 200").await, 3);
    assert_eq!(count(&service, "webhook_attempt_deliveries").await, 250);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_long_batch_is_cut_where_it_gets_too_long(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    let long = "x".repeat(60_000);
    let told: Vec<_> = (1..=10)
        .map(|seq| {
            let said = json!({"name": "client_event", "event": format!("client-{seq}"),
                "data": long, "socket_id": "1.2"});
            event(&ann, seq, "private-a", said)
        })
        .collect();
    tell(&service, &told).await.expect_status(204);
    deliver(&service).await;
    let sizes: Vec<_> = sink.seen().iter().map(|seen| seen.of_each("name").len()).collect();
    assert_eq!(sizes, [4, 4, 2]);
    assert!(sink.seen().iter().all(|seen| seen.body.len() <= 256 << 10));
    let expected: Vec<_> = (1..=10).map(|n| format!("client-{n}")).collect();
    assert_eq!(sink.of_each("event"), expected);
}

/// Pusher's SDK for PHP looks for `X-Pusher-Key` and no other spelling.
#[sqlx::test(migrations = "../migrations")]
async fn headers_have_the_case_that_sdks_look_for(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a?b=c", listener.local_addr().unwrap());
    given_endpoint(&service, &ann, &url, PUSHER).await;
    tell(&service, &[occupied(&ann, 1, "a")]).await.expect_status(204);
    let head = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        let bytes = socket.read(&mut read).await.unwrap();
        socket.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&read[..bytes]).into_owned()
    });
    deliver(&service).await;
    let head = head.await.unwrap();
    assert!(head.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{head}");
    for line in [
        "\r\nX-Pusher-Signature: ",
        &format!("\r\nX-Pusher-Key: {}\r\n", ann.key),
        "\r\nContent-Type: application/json\r\n",
        "\r\nUser-Agent: Signalbox-Webhooks/",
    ] {
        assert!(head.contains(line), "{line:?} in {head}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_standard_form_tells_one_at_a_time_and_signs_with_both_secrets(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    let (id, secret) = given_endpoint(&service, &ann, &sink.url, STANDARD).await;
    let older = EndpointSecret::generate().unwrap();
    let mut tx = service.as_tenant(&ann).await;
    let overlap = "UPDATE webhook_endpoints SET previous_sealed_secret = $2,
        previous_secret_expires_at = now() + interval '1 day' WHERE id = $1";
    let sealed = older.seal(&service.state.master_key, id).unwrap();
    sqlx::query(overlap).bind(id).bind(sealed).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    tell(&service, &[joined(&ann, 1, "presence-a"), joined(&ann, 2, "presence-a")]).await;
    deliver(&service).await;
    let seen = sink.seen().clone();
    assert_eq!(seen.len(), 2);
    for (seen, user) in seen.iter().zip(["u1", "u2"]) {
        let body = seen.json();
        assert_eq!(
            (&body["type"], &body["data"]),
            (
                &json!("member.added"),
                &json!({"app_id": ann.app, "channel": "presence-a", "user_id": user})
            )
        );
        let expected = [&secret, &older].map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret.key()).unwrap();
            let (id, at) = (&seen.headers["webhook-id"], &seen.headers["webhook-timestamp"]);
            mac.update(format!("{id}.{at}.{}", seen.body).as_bytes());
            format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
        });
        assert_eq!(seen.headers["webhook-signature"], expected.join(" "));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_oldest_pair_signs_with_the_secret_that_goes_first(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    let newer = ann.post(&ann.of_app("/credentials"), json!({})).await.expect(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rotated = ann.of_app(&format!("/credentials/{}/rotate", ann.key));
    ann.post(&rotated, json!({})).await.expect_status(201);
    tell(&service, &[occupied(&ann, 1, "a")]).await;
    deliver(&service).await;
    assert!(sink.seen()[0].is_signed_with(&ann.secret), "while the old one is taken");
    ann.delete(&ann.of_app(&format!("/credentials/{}", ann.key))).await.expect_status(200);
    tell(&service, &[occupied(&ann, 2, "a")]).await;
    deliver(&service).await;
    let (key, secret) = (text(&newer["credential"]["key"]), text(&newer["credential"]["secret"]));
    assert_eq!(sink.seen()[1].headers["x-pusher-key"], key);
    assert!(sink.seen()[1].is_signed_with(&secret));
    ann.delete(&ann.of_app(&format!("/credentials/{key}"))).await.expect_status(200);
    tell(&service, &[occupied(&ann, 3, "a")]).await;
    deliver(&service).await;
    assert_eq!(sink.seen().len(), 2, "nothing is sent unsigned");
    let waits = "webhook_deliveries WHERE state = 'pending' AND last_error LIKE '%active key%'";
    assert_eq!(count(&service, waits).await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn redirects_are_not_followed_and_refused_addresses_not_asked(db: PgPool) {
    let service = service(&db).await;
    let (sink, elsewhere) = (Sink::start().await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    let to = elsewhere.url.clone();
    sink.decide(move |_| (302, vec![("location", to.clone())]));
    given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    given_endpoint(&service, &ann, "https://10.0.0.1/", PUSHER).await;
    tell(&service, &[occupied(&ann, 1, "a")]).await;
    deliver(&service).await;
    assert_eq!((sink.seen().len(), elsewhere.seen().len()), (1, 0));
    let mut tx = service.as_tenant(&ann).await;
    let errors: Vec<String> =
        sqlx::query_scalar("SELECT last_error FROM webhook_deliveries ORDER BY last_error")
            .fetch_all(tx.db())
            .await
            .unwrap();
    assert_eq!(
        errors,
        [
            "answered 302: redirects are not followed",
            "the address leads to 10.0.0.1, which is not an address on the public internet"
        ]
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_test_is_sent_at_once_and_never_again(db: PgPool) {
    let (service, sink) = (service(&db).await, Sink::answering(500).await);
    let ann = service.sign_up("ann@example.com").await;
    let (id, _) = given_endpoint(&service, &ann, &sink.url, PUSHER).await;
    let target = Target { organisation: ann.organisation, endpoint: id };
    let attempt = send_test(&service.state, target, None).await.unwrap();
    assert_eq!((attempt.status, attempt.error.as_deref()), (Some(500), Some("answered 500")));
    assert_eq!(attempt.response_body.as_deref(), Some("thank you"));
    assert_eq!(attempt.request_headers["X-Pusher-Key"], ann.key);
    sink.answer_with(200);
    for event in EventType::of_channels() {
        let attempt = send_test(&service.state, target, Some(event)).await.unwrap();
        assert_eq!(attempt.error, None);
        assert!(attempt.request_body.contains(event.as_str()));
    }
    let own = EventType::own().next();
    assert!(send_test(&service.state, target, own).await.is_err(), "no words for it");
    let other = Target { endpoint: Uuid::now_v7(), ..target };
    assert!(send_test(&service.state, other, None).await.is_err());
    deliver(&service).await;
    assert_eq!(count(&service, "webhook_attempts").await, 8);
    assert_eq!(count(&service, "webhook_deliveries").await, 0);
    assert_eq!(count(&service, "webhook_endpoints WHERE failures > 0").await, 0);
    let own = Wanted { of_app: false, ..STANDARD };
    let (id, _) = given_endpoint(&service, &ann, &sink.url, own).await;
    let target = Target { endpoint: id, ..target };
    for event in EventType::own() {
        let attempt = send_test(&service.state, target, Some(event)).await.unwrap();
        assert!(attempt.request_body.contains("\"test\":true"));
    }
}
