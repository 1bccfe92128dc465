use super::{receipt, store};
use crate::testing::{Answer, service};
use contract::directory::{Change, Confirmation, FeedLine, Kill, SnapshotLine};
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use std::time::{Duration, Instant};

const DIRECTORY: &str = "/internal/v1/directory";

#[sqlx::test(migrations = "../migrations")]
async fn the_internal_routes_are_for_holders_of_the_token(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let feed = "/internal/v1/feed?after=0&gateway=g&boot=x&ops_url=x";
    for (method, path) in [
        (Method::GET, DIRECTORY),
        (Method::GET, feed),
        (Method::POST, "/internal/v1/confirmations"),
    ] {
        for token in ["", "wrong", "a-token-that-gateways-hol", "a-token-that-gateways-hold "] {
            let request = service.request(method.clone(), path);
            let request = request.header("authorization", format!("Bearer {token}"));
            let answer = Answer::of(request).await;
            // A trailing blank is not part of a header's value, so the last one is the token.
            if !token.ends_with(' ') {
                answer.problem(401, "unauthenticated");
            }
        }
        Answer::of(ann.request(method, path)).await.problem(401, "unauthenticated");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_gateway_says_who_it_is(db: PgPool) {
    let service = service(&db).await;
    let boot = "00000000-0000-4000-8000-000000000000";
    for query in [
        String::new(),
        format!("after=0&gateway=&boot={boot}&ops_url=http://a"),
        format!("after=0&gateway=a%20b&boot={boot}&ops_url=http://a"),
        format!("after=0&gateway={}&boot={boot}&ops_url=http://a", "g".repeat(65)),
        "after=0&gateway=g&boot=x&ops_url=http://a".to_owned(),
        format!("after=0&gateway=g&boot={boot}&ops_url=file:///etc/passwd"),
        format!("after=-1&gateway=g&boot={boot}&ops_url=http://a"),
        format!("after={}&gateway=g&boot={boot}&ops_url=http://a", u64::MAX),
    ] {
        let path = format!("/internal/v1/feed?{query}");
        Answer::of(service.as_gateway(Method::GET, &path)).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_snapshot_is_what_still_counts_at_one_revision(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let kept = ann.create_key("kept").await["key"]["id"].as_str().unwrap().to_owned();
    let gone = ann.create_key("gone").await["key"]["id"].as_str().unwrap().to_owned();
    bob.create_key("with its app").await;
    ann.delete(&ann.of_app(&format!("/keys/{gone}"))).await.expect(200);
    bob.delete(&bob.of_app("")).await.expect(200);
    ann.patch(&ann.of_app(""), json!({"limits": {"max_connections": 5}})).await.expect(200);

    let answer = Answer::of(service.as_gateway(Method::GET, DIRECTORY)).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines: Vec<SnapshotLine> =
        answer.text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let head = 8;
    assert!(matches!(&lines[0], SnapshotLine::Start { snapshot } if snapshot.revision == head));
    assert!(matches!(lines.last(), Some(SnapshotLine::End { end })
        if end.revision == head && end.records == lines.len() as u64 - 2));
    let changes: Vec<&Change> = lines
        .iter()
        .filter_map(|line| if let SnapshotLine::Change(c) = line { Some(&**c) } else { None })
        .collect();
    let [Change::App(app), Change::SecretKey(key)] = changes[..] else { panic!("{changes:?}") };
    assert_eq!((&app.id, app.limits.max_connections, app.enabled), (&ann.app, 5, true));
    assert_eq!(app.credentials[0].key.as_str(), ann.key);
    assert_eq!(key.id.as_str(), kept);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_reaches_a_gateway_at_once_and_silence_is_a_heartbeat(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 0).await;
    assert!(matches!(gateway.change().await.change, Change::App(_)), "what was before it came");
    ann.create_key("first").await;
    gateway.change().await;
    let before = Instant::now();
    ann.create_key("timed").await;
    let entry = gateway.change().await;
    assert!(matches!(entry.change, Change::SecretKey(_)));
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    loop {
        match gateway.line().await.expect("the feed goes on") {
            FeedLine::Heartbeat { heartbeat } if heartbeat.revision == entry.revision => break,
            FeedLine::Heartbeat { .. } => {}
            FeedLine::Entry(other) => panic!("{other:?}"),
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_order_of_revisions_is_the_order_of_commits(db: PgPool) {
    let service = service(&db).await;
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(service.sign_up(&format!("p{n}@example.com")).await);
    }
    let mut gateway = service.gateway("gw", 4).await;
    let writers = people.iter().map(|person| async move {
        for n in 0..10 {
            person.create_key(&format!("{n}")).await;
        }
    });
    let reader = async {
        // A reader that follows while others write sees every revision, once, in order: one that
        // was committed late would have been skipped.
        for expected in 5..=44 {
            assert_eq!(gateway.change().await.revision, expected);
        }
    };
    tokio::join!(futures_util::future::join_all(writers), reader);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_gateway_too_far_behind_or_ahead_takes_a_snapshot(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for n in 0..4 {
        ann.create_key(&format!("{n}")).await;
    }
    let mut tx = service.state.db.service().await.unwrap();
    assert_eq!(store::prune(&mut tx, 2).await.unwrap(), 3);
    tx.commit().await.unwrap();
    for (after, reached) in [(0, false), (2, false), (3, true), (5, true), (6, false)] {
        let mut tx = service.state.db.service().await.unwrap();
        assert_eq!(store::reaches_back_to(&mut tx, after).await.unwrap(), reached, "{after}");
    }
    let boot = "00000000-0000-4000-8000-000000000000";
    let path = format!("/internal/v1/feed?after=2&gateway=g&boot={boot}&ops_url=http://a");
    Answer::of(service.as_gateway(Method::GET, &path)).await.problem(410, "feed_gone");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_receipt_names_who_confirmed_and_who_did_not(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let id = ann.create_key("k").await["key"]["id"].as_str().unwrap().to_owned();
    let mut quick = service.gateway("quick", 2).await;
    let _slow = service.gateway("slow", 2).await;
    let path = ann.of_app(&format!("/keys/{id}"));
    let revoke = ann.delete(&path);
    let confirm = async {
        let kill = quick.change().await;
        assert!(matches!(kill.change, Change::Kill(Kill::RevokeSecretKey { .. })));
        service.confirm(&quick.id, &quick.boot, kill.revision).await.expect(204);
    };
    let (answer, ()) = tokio::join!(revoke, confirm);
    let receipt = answer.expect(200)["receipt"].clone();
    assert_eq!(receipt["confirmed"][0]["gateway"], "quick");
    assert!(receipt["confirmed"][0]["ms"].as_u64().unwrap() < 1_000, "{receipt}");
    assert_eq!(receipt["pending"], json!(["slow"]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_receipt_does_not_wait_for_gateways_that_are_gone_or_done(db: PgPool) {
    let service = service(&db).await;
    let started = Instant::now();
    let receipt = receipt::wait(&service.state, 1).await.unwrap();
    assert!(receipt.confirmed.is_empty() && receipt.pending.is_empty());
    service.sign_up("ann@example.com").await;
    let gateway = service.gateway("gone", 0).await;
    sqlx::query("UPDATE gateways SET last_seen = now() - interval '16 seconds'")
        .execute(&db)
        .await
        .unwrap();
    let receipt = receipt::wait(&service.state, 1).await.unwrap();
    assert!(receipt.pending.is_empty(), "{receipt:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
    service.confirm(&gateway.id, &gateway.boot, 1).await.expect(204);
    let receipt = receipt::wait(&service.state, 1).await.unwrap();
    assert_eq!(receipt.confirmed.len(), 1, "a confirmation makes it live again");
}

#[sqlx::test(migrations = "../migrations")]
async fn confirmations_count_once_registered_and_never_backwards(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    ann.create_key("k").await;
    let gateway = service.gateway("gw", 0).await;
    let other_boot = "00000000-0000-4000-8000-000000000000";
    service.confirm("unknown", &gateway.boot, 1).await.problem(404, "not_found");
    service.confirm("gw", other_boot, 1).await.problem(404, "not_found");
    service.confirm("gw", "not a boot", 1).await.problem(404, "not_found");
    let confirmed = || async {
        let gateways = ann.get("/v1/gateways").await.expect(200);
        assert_eq!(gateways["head"], 2);
        assert_eq!(gateways["items"][0]["live"], true);
        gateways["items"][0]["confirmed_revision"].as_u64().unwrap()
    };
    for (reported, counted) in [(1, 1), (2, 2), (1, 2), (u64::MAX, 2)] {
        service.confirm("gw", &gateway.boot, reported).await.expect(204);
        assert_eq!(confirmed().await, counted, "{reported}");
    }
    let body = serde_json::to_value(Confirmation {
        gateway: "gw".into(),
        boot: gateway.boot.clone(),
        revision: 2,
    });
    assert!(body.is_ok_and(|b| b["revision"] == 2), "the shape that gateways send");
    // A restart starts from what its replica holds.
    let _restarted = service.gateway("gw", 1).await;
    assert_eq!(confirmed().await, 1);
    assert!(!ann.get("/v1/gateways").await.text.contains("http://"), "addresses are not shown");
}
