use super::*;
use crate::{live::history::pruning, testing::service};
use sqlx::PgPool;

async fn set(who: &Customer, value: &str) -> Answer {
    who.patch(&who.of_app(""), json!({"settings": {"live_history": value}})).await
}

#[sqlx::test(migrations = "../migrations")]
async fn payloads_go_when_they_are_no_longer_wanted(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    let of = |who, seq| event(who, seq, ago(5), json!({"data": "needle", "data_bytes": 6}));
    tell(&service, &[of(&ann, 1), of(&bob, 2)]).await;
    let shown = async |who: &Customer| history(who, "").await["items"][0]["data"].clone();
    assert_eq!(shown(&ann).await, "needle");
    set(&ann, "without_data").await.expect(200);
    let page = history(&ann, "").await;
    assert_eq!(
        (&page["kept"], &page["items"][0]["data_bytes"]),
        (&json!("without_data"), &json!(6))
    );
    assert_eq!(page["items"][0]["data"], Value::Null, "not shown at once");
    assert_eq!(names(&history(&ann, "q=needle").await), Vec::<String>::new(), "nor found");
    run_later_jobs(&service).await;
    set(&ann, "with_data").await.expect(200);
    assert_eq!(shown(&ann).await, Value::Null, "and gone a little later");
    assert_eq!(shown(&bob).await, "needle");
    set(&ann, "without_data").await.expect(200);
    tell(&service, &[event(&ann, 3, ago(0), json!({"event": "late"}))]).await;
    set(&ann, "with_data").await.expect(200);
    assert_eq!(shown(&ann).await, Value::Null, "what comes late is not stored either");
    assert_eq!(names(&history(&ann, "").await), ["late", "e"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn switched_off_nothing_is_shown_and_soon_nothing_is_there(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    tell(&service, &[event(&ann, 1, ago(5), json!({})), event(&bob, 2, ago(5), json!({}))]).await;
    set(&ann, "sometimes").await.problem(422, "invalid");
    set(&ann, "off").await.expect(200);
    let page = history(&ann, "").await;
    assert_eq!((&page["kept"], names(&page)), (&json!("off"), vec![]));
    tell(
        &service,
        &[
            event(&ann, 3, ago(0), json!({})),
            event(&ann, 4, ago(0), json!({"kind": "dropped", "count": 2})),
        ],
    )
    .await;
    assert_eq!(count(&service).await, 2, "what comes is not stored");
    run_later_jobs(&service).await;
    assert_eq!(count(&service).await, 1);
    assert_eq!(names(&history(&bob, "").await), ["e"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_events_of_a_deleted_app_go_with_it(db: PgPool) {
    let service = service(&db).await;
    let [ann, bob] =
        [service.sign_up("ann@example.com").await, service.sign_up("bob@example.com").await];
    tell(&service, &[event(&ann, 1, ago(5), json!({})), event(&bob, 2, ago(5), json!({}))]).await;
    ann.delete(&ann.of_app("")).await.expect(200);
    ann.get(&ann.of_app("/live/history")).await.problem(404, "not_found");
    tell(&service, &[event(&ann, 3, ago(0), json!({}))]).await;
    run_later_jobs(&service).await;
    assert_eq!((count(&service).await, names(&history(&bob, "").await).len()), (1, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_nobody_can_look_back_to_is_pruned(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    tell(
        &service,
        &[
            event(&ann, 1, ago(3_700), json!({"event": "old"})),
            event(&ann, 2, ago(3_500), json!({"event": "new"})),
        ],
    )
    .await;
    let mut tx = service.state.db.service().await.unwrap();
    sqlx::query("UPDATE live_event_hours SET hour = hour - interval '3 days'")
        .execute(tx.db())
        .await
        .unwrap();
    sqlx::query("UPDATE live_reporters SET heard_at = heard_at - interval '3 days'")
        .execute(tx.db())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(&history(&ann, "").await), ["new"]);
    pruning::sweep(&service.state.db).await.unwrap();
    assert_eq!(count(&service).await, 1);
    let mut tx = service.state.db.service().await.unwrap();
    for table in ["live_event_hours", "live_reporters"] {
        let left = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(left).fetch_one(tx.db()).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn gateways_are_told_what_to_keep(db: PgPool) {
    use contract::{LiveHistory, directory::Change};
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    set(&ann, "without_data").await.expect(200);
    let Change::App(record) = gateway.change().await.change else { panic!("the app") };
    assert_eq!(
        (record.settings.live_history, record.plan.live_hours),
        (LiveHistory::WithoutData, 1)
    );
}
