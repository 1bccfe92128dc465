use super::{JobKind, NewJob, enqueue, run::retry_after, store};
use crate::testing::{Service, service};
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;
use time::macros::datetime;

const LEASE: Duration = Duration::from_secs(60);

async fn add(service: &Service, key: Option<&str>) {
    let mut tx = service.state.db.anonymous().await.unwrap();
    let job = NewJob { key: key.map(str::to_owned), ..NewJob::now(JobKind::Mail, json!({})) };
    enqueue(tx.db(), &job).await.unwrap();
    tx.commit().await.unwrap();
}

async fn count(db: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(db).await.unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_job_exists_if_its_transaction_commits(db: PgPool) {
    let service = service(&db).await;
    let mut tx = service.state.db.anonymous().await.unwrap();
    enqueue(tx.db(), &NewJob::now(JobKind::Mail, json!({}))).await.unwrap();
    drop(tx);
    assert_eq!(count(&db).await, 0);
    add(&service, None).await;
    assert_eq!(count(&db).await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_key_twice_is_one_job_until_it_is_done(db: PgPool) {
    let service = service(&db).await;
    for _ in 0..3 {
        add(&service, Some("one")).await;
    }
    add(&service, Some("two")).await;
    assert_eq!(count(&db).await, 2);
    let taken = store::take(&service.state.db, 10, LEASE).await.unwrap();
    add(&service, Some("one")).await;
    assert_eq!(count(&db).await, 2, "it runs");
    store::done(&service.state.db, &taken[0]).await.unwrap();
    store::give_up(&service.state.db, &taken[1], "no").await.unwrap();
    for key in ["one", "two"] {
        add(&service, Some(key)).await;
    }
    assert_eq!(count(&db).await, 3, "the failed one stays, its key is free");
}

#[sqlx::test(migrations = "../migrations")]
async fn several_control_planes_take_each_job_once(db: PgPool) {
    let services = [service(&db).await, service(&db).await, service(&db).await];
    for _ in 0..30 {
        add(&services[0], None).await;
    }
    let takes = (0..12).map(|n| store::take(&services[n % 3].state.db, 5, LEASE));
    let taken = futures_util::future::join_all(takes).await;
    let mut ids: Vec<i64> = taken.into_iter().flat_map(|t| t.unwrap()).map(|job| job.id).collect();
    ids.sort_unstable();
    let before = ids.len();
    ids.dedup();
    assert_eq!((ids.len(), before), (30, 30));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_process_took_with_it_comes_back_and_the_late_one_changes_nothing(db: PgPool) {
    let service = service(&db).await;
    let state = &service.state.db;
    add(&service, None).await;
    let first = store::take(state, 1, LEASE).await.unwrap().remove(0);
    assert!(store::take(state, 1, LEASE).await.unwrap().is_empty(), "leased");
    sqlx::query("UPDATE jobs SET run_at = now()").execute(&db).await.unwrap();
    let second = store::take(state, 1, LEASE).await.unwrap().remove(0);
    assert_eq!((second.id, second.attempts), (first.id, 2));
    store::done(state, &first).await.unwrap();
    store::give_up(state, &first, "late").await.unwrap();
    assert_eq!(count(&db).await, 1, "it is the second's now");
    store::done(state, &second).await.unwrap();
    assert_eq!(count(&db).await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn attempts_end(db: PgPool) {
    let service = service(&db).await;
    add(&service, None).await;
    sqlx::query("UPDATE jobs SET max_attempts = 1").execute(&db).await.unwrap();
    store::take(&service.state.db, 1, Duration::ZERO).await.unwrap();
    assert!(store::take(&service.state.db, 1, LEASE).await.unwrap().is_empty());
    store::tend(&service.state.db).await.unwrap();
    let failed: (bool, String) =
        sqlx::query_as("SELECT failed_at IS NOT NULL, last_error FROM jobs WHERE kind = 'mail'")
            .fetch_one(&db)
            .await
            .unwrap();
    assert_eq!(failed, (true, "it never came back".to_owned()));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payload_that_makes_no_sense_is_given_up_at_once(db: PgPool) {
    let service = service(&db).await;
    add(&service, None).await;
    sqlx::query("INSERT INTO jobs (kind, payload) VALUES ('from_the_future', '{}')")
        .execute(&db)
        .await
        .unwrap();
    service.run_jobs().await;
    let rows: Vec<(String, i32, bool)> =
        sqlx::query_as("SELECT kind, attempts, failed_at IS NOT NULL FROM jobs ORDER BY id")
            .fetch_all(&db)
            .await
            .unwrap();
    assert_eq!(rows, [("mail".into(), 1, true), ("from_the_future".into(), 0, false)]);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_recurs_is_written_down_once_per_turn(db: PgPool) {
    let services = [service(&db).await, service(&db).await];
    for service in [&services[0], &services[1], &services[0]] {
        store::tend(&service.state.db).await.unwrap();
    }
    let recurring = JobKind::ALL.into_iter().filter(|kind| kind.every().is_some()).count() as i64;
    // A turn may have begun in between.
    assert!((recurring..=2 * recurring).contains(&count(&db).await));
    let at = datetime!(2026-01-01 10:59:59 UTC);
    let hour = Duration::from_secs(3600);
    assert_eq!(store::next_turn(at, hour), Some(datetime!(2026-01-01 11:00 UTC)));
    assert_eq!(
        store::next_turn(datetime!(2026-01-01 11:00 UTC), hour),
        Some(datetime!(2026-01-01 12:00 UTC))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_process_works_until_it_is_told_to_stop(db: PgPool) {
    let service = service(&db).await;
    let worker = tokio::spawn(super::work(service.state.clone()));
    for _ in 0..9 {
        add(&service, None).await;
    }
    let all_given_up = async {
        while sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM jobs WHERE kind = 'mail' AND failed_at IS NULL",
        )
        .fetch_one(&db)
        .await
        .unwrap()
            > 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all_given_up).await.expect("nine jobs");
    service.state.closing.send_replace(true);
    tokio::time::timeout(Duration::from_secs(5), worker).await.expect("it stops").unwrap();
}

#[test]
fn waits_double_up_to_an_hour_and_differ_a_little() {
    for (attempts, seconds) in [(1, 5), (2, 10), (5, 80), (10, 2560), (11, 3600), (20, 3600)] {
        let wait = retry_after(attempts).as_secs_f64();
        let base = f64::from(seconds);
        assert!(wait >= base && wait <= base * 1.25, "{attempts}: {wait}");
    }
}
