use super::*;
use crate::webhooks::{events::OwnEvent, own_events};

fn told(sink: &Sink) -> Vec<(String, Value)> {
    let seen = sink.seen();
    seen.iter()
        .map(|seen| {
            let body = seen.json();
            (body["type"].as_str().unwrap().to_owned(), body["data"].clone())
        })
        .collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn every_kind_of_key_that_is_revoked_is_told(db: PgPool) {
    let service = service(&db).await;
    let (whole, app, deaf) = (Sink::start().await, Sink::start().await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    given_endpoint(&service, &ann, &whole.url, Wanted { of_app: false, ..STANDARD }).await;
    given_endpoint(&service, &ann, &app.url, STANDARD).await;
    given_endpoint(&service, &ann, &deaf.url, PUSHER).await;
    let secret = ann.create_key("jobs").await["key"]["id"].as_str().unwrap().to_owned();
    let publishable = ann.create_publishable_key().await;
    for path in [
        format!("/keys/{secret}"),
        format!("/publishable-keys/{publishable}"),
        format!("/credentials/{}", ann.key),
    ] {
        ann.delete(&ann.of_app(&path)).await.expect_status(200);
    }
    deliver(&service).await;
    let expected =
        [("secret_key", &secret), ("publishable_key", &publishable), ("credential", &ann.key)];
    for sink in [&whole, &app] {
        let mut heard: Vec<_> = told(sink)
            .into_iter()
            .map(|(event, data)| {
                assert_eq!(event, "key.revoked");
                assert_eq!(
                    (&data["app_id"], &data["organisation_id"]),
                    (&json!(ann.app), &json!(ann.organisation))
                );
                (
                    data["kind"].as_str().unwrap().to_owned(),
                    data["key"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        heard.sort();
        let mut expected = expected.map(|(kind, key)| (kind.to_owned(), key.to_owned()));
        expected.sort();
        assert_eq!(heard, expected);
    }
    assert!(deaf.seen().is_empty(), "Pusher's form has no words for it");
    assert_eq!(count(&service, "webhook_outbox").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_concerns_money_is_told_to_the_organisation_only(db: PgPool) {
    let service = service(&db).await;
    let (whole, app) = (Sink::start().await, Sink::start().await);
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    given_endpoint(&service, &ann, &whole.url, Wanted { of_app: false, ..STANDARD }).await;
    given_endpoint(&service, &ann, &app.url, STANDARD).await;
    given_endpoint(&service, &bob, &app.url, Wanted { of_app: false, ..STANDARD }).await;
    let mut tx = service.as_tenant(&ann).await;
    own_events::keep(&mut tx, OwnEvent::InvoicePaid, None, &json!({"number": 1})).await.unwrap();
    tx.commit().await.unwrap();
    // What is taken back with its deed is not told.
    let mut tx = service.as_tenant(&ann).await;
    own_events::keep(&mut tx, OwnEvent::InvoicePaid, None, &json!({"number": 2})).await.unwrap();
    drop(tx);
    deliver(&service).await;
    assert_eq!(told(&whole), [("invoice.paid".to_owned(), json!({"number": 1}))]);
    assert!(app.seen().is_empty());
}
