use super::*;
use crate::{live::history::store::KEPT_PER_HOUR, testing::service};
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn what_is_told_twice_is_kept_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let first = [
        event(&ann, 1, ago(3), json!({"event": "a"})),
        event(&ann, 2, ago(2), json!({"event": "b"})),
    ];
    for _ in 0..3 {
        tell(&service, &first).await;
    }
    let more = [
        event(&ann, 2, ago(2), json!({"event": "b"})),
        event(&ann, 5, ago(1), json!({"event": "c"})),
    ];
    tell(&service, &more).await;
    assert_eq!(names(&history(&ann, "").await), ["c", "b", "a"]);
    // Another process counts from 1 again.
    tell_as(&service, "b-2", &first[..1]).await.expect(204);
    assert_eq!(count(&service).await, 4);
    tell(&service, &[]).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_makes_no_sense_is_refused_as_a_whole(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let good = event(&ann, 5, ago(1), json!({}));
    for (bad, field) in [
        (event(&ann, 5, ago(1), json!({})), "events[1].seq"),
        (event(&ann, 4, ago(1), json!({})), "events[1].seq"),
        (event(&ann, 6, i64::MAX, json!({})), "events[1].at_ms"),
    ] {
        let answer = tell_as(&service, "b-1", &[good.clone(), bad]).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    for more in [
        json!({"kind": "unheard_of"}),
        json!({"channel": ""}),
        json!({"channel": "a\u{0}"}),
        json!({"socket_id": "x", "kind": "connection_opened"}),
        json!({"app": "a/b"}),
    ] {
        let answer = tell_as(&service, "b-1", &[event(&ann, 6, ago(1), more.clone())]).await;
        answer.problem(422, "invalid");
    }
    tell_as(&service, "not a boot", std::slice::from_ref(&good)).await.problem(422, "invalid");
    let many: Vec<Value> = (1..=1_001).map(|seq| event(&ann, seq, ago(1), json!({}))).collect();
    tell_as(&service, "b-1", &many).await.problem(422, "invalid");
    let body = json!({"gateway": "gw", "boot": "b", "events": [good]});
    service.post("/internal/v1/live-events", body).await.problem(401, "unauthenticated");
    assert_eq!(count(&service).await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn odd_texts_are_tidied_and_strangers_keep_nobody_waiting(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let refused = json!({"kind": "refused", "source": "http", "code": "x".repeat(100),
                         "message": "é".repeat(600), "request_id": "r"});
    tell(
        &service,
        &[
            event(&ann, 1, ago(3), json!({"data": "a\u{0}b", "data_bytes": u64::MAX})),
            event(&ann, 2, ago(2), json!({"app": "424242"})),
            event(&ann, 3, ago(1), json!({"data": "é".repeat(1_000)})),
            event(&ann, 4, ago(-3_600), refused),
        ],
    )
    .await;
    let page = history(&ann, "").await;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    let length = |item: &Value, member: &str| item[member].as_str().unwrap().len();
    assert_eq!((length(&items[0], "code"), length(&items[0], "message")), (64, 512));
    assert!(items[0]["at_ms"].as_i64().unwrap() <= ago(-60), "a clock far ahead is not believed");
    assert_eq!(length(&items[1], "data"), 1_024);
    assert_eq!(
        (&items[2]["data"], &items[2]["data_bytes"]),
        (&json!("a\u{fffd}b"), &json!(i64::MAX))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn beyond_so_many_an_hour_events_are_counted(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    tell(&service, &[event(&ann, 1, ago(9), json!({"event": "a"}))]).await;
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query("UPDATE live_event_hours SET kept = $1")
        .bind(KEPT_PER_HOUR - 2)
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let dropped = json!({"kind": "dropped", "count": 40});
    tell(
        &service,
        &[
            event(&ann, 2, ago(8), json!({"event": "b"})),
            event(&ann, 3, ago(7), dropped),
            event(&ann, 4, ago(6), json!({"event": "c"})),
            event(&ann, 5, ago(5), json!({"event": "d"})),
            event(&ann, 6, ago(4), json!({"event": "e"})),
            event(&bob, 7, ago(3), json!({"event": "f"})),
        ],
    )
    .await;
    assert_eq!(names(&history(&ann, "").await), ["and 2", "c", "and 40", "b", "a"]);
    assert_eq!(names(&history(&bob, "").await), ["f"], "nobody else's room");
    let mut tx = service.state.db.service().await.unwrap();
    let (kept, passed): (i32, i64) =
        sqlx::query_as("SELECT kept, passed FROM live_event_hours WHERE app_id = $1")
            .bind(ann.app.as_str())
            .fetch_one(tx.db())
            .await
            .unwrap();
    assert_eq!((kept, passed), (KEPT_PER_HOUR, 2));
}
