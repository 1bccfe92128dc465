use super::sweep;
use crate::{
    db::TenantTx,
    testing::{Answer, Customer, Service, service},
};
use contract::{
    directory::Change,
    webhooks::{HookKind, HookSet},
};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use uuid::Uuid;

const IN_TIME: Duration = Duration::from_secs(5);

/// The reading end of a stream.
struct Terminal {
    response: Response,
    unread: String,
}

impl Terminal {
    async fn open(who: &Customer, query: &str) -> Self {
        let response = who.request(Method::GET, &who.of_app(&format!("/webhooks/events{query}")));
        let response = response.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-ndjson");
        Self { response, unread: String::new() }
    }

    /// The next line, or nothing at the end.
    async fn line(&mut self) -> Option<Value> {
        let next = async {
            loop {
                if let Some((line, rest)) = self.unread.split_once('\n') {
                    let line = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
                    self.unread = rest.to_owned();
                    return Some(line);
                }
                let chunk = self.response.chunk().await.expect("the stream goes on")?;
                self.unread.push_str(std::str::from_utf8(&chunk).expect("text"));
            }
        };
        timeout(IN_TIME, next).await.expect("a line in time")
    }

    /// The next event, past heartbeats.
    async fn event(&mut self) -> Value {
        loop {
            let line = self.line().await.expect("the stream goes on");
            if line["heartbeat"] != true {
                return line;
            }
        }
    }
}

/// Stores a message as the intake does.
async fn store(tx: &mut TenantTx, who: &Customer, kind: &str, channel: &str) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO webhook_messages (id, organisation_id, app_id, type, channel, data, at)
         VALUES ($1, $2, $3, $4, nullif($5, ''), $6, now())",
    )
    .bind(id)
    .bind(who.organisation)
    .bind(who.app.as_str())
    .bind(kind)
    .bind(channel)
    .bind(json!({"n": 1}))
    .execute(tx.db())
    .await
    .unwrap();
    sqlx::query("SELECT pg_notify('signalbox_webhooks', '')").execute(tx.db()).await.unwrap();
    id
}

async fn stored(service: &Service, who: &Customer, kind: &str, channel: &str) -> Uuid {
    let mut tx = service.as_tenant(who).await;
    let id = store(&mut tx, who, kind, channel).await;
    tx.commit().await.unwrap();
    id
}

#[sqlx::test(migrations = "../migrations")]
async fn what_happens_is_printed_as_it_happens(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let script = ann.script(&["apps.read"]).await;
    stored(&service, &ann, "cache_miss", "before").await;
    let mut terminal = Terminal::open(&script, "").await;
    assert_eq!(terminal.line().await.unwrap(), json!({"heartbeat": true}), "at once");
    stored(&service, &bob, "channel_occupied", "of-another").await;
    let id = stored(&service, &ann, "channel_occupied", "room").await;
    let since = Instant::now();
    let event = terminal.event().await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert_eq!(event["id"], id.to_string());
    assert_eq!((&event["type"], &event["channel"]), (&json!("channel_occupied"), &json!("room")));
    assert_eq!(event["data"], json!({"n": 1}));
    assert!(event["at"].is_string());
    for n in 0..3 {
        stored(&service, &ann, "cache_miss", &format!("c{n}")).await;
    }
    for n in 0..3 {
        assert_eq!(terminal.event().await["channel"], format!("c{n}"), "once, and in order");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_listener_hears_what_it_asked_for(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut some =
        Terminal::open(&ann, "?events=member.added,subscription_count&channels=a-*,b/**").await;
    let mut usual = Terminal::open(&ann, "").await;
    for (kind, channel) in [
        ("member_added", "c"),
        ("channel_occupied", "a-1"),
        ("subscription_count", "b/x/y"),
        ("key.revoked", ""),
        ("invoice.paid", ""),
        ("member_added", "a-2"),
    ] {
        stored(&service, &ann, kind, channel).await;
    }
    for expected in ["b/x/y", "a-2"] {
        assert_eq!(some.event().await["channel"], expected);
    }
    for expected in ["member_added", "channel_occupied", "key.revoked", "member_added"] {
        assert_eq!(usual.event().await["type"], expected);
    }
    for query in ["?events=channel_sold", "?channels=a%01", "?follow=no", "?events=invoice.paid"] {
        let path = ann.of_app(&format!("/webhooks/events{query}"));
        ann.get(&path).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_committed_late_is_told_late_and_not_lost(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut terminal = Terminal::open(&ann, "").await;
    let mut slow = service.as_tenant(&ann).await;
    store(&mut slow, &ann, "cache_miss", "slow").await;
    stored(&service, &ann, "cache_miss", "quick").await;
    assert_eq!(terminal.event().await["channel"], "quick");
    slow.commit().await.unwrap();
    assert_eq!(terminal.event().await["channel"], "slow");
    stored(&service, &ann, "cache_miss", "last").await;
    assert_eq!(terminal.event().await["channel"], "last", "none twice");
}

#[sqlx::test(migrations = "../migrations")]
async fn gateways_tell_what_somebody_listens_to_for_as_long(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let told = async |gateway: &mut crate::testing::FollowingGateway| match gateway
        .change()
        .await
        .change
    {
        Change::App(record) => record.webhooks,
        other => panic!("{other:?}"),
    };
    let first = Terminal::open(&ann, "?events=cache_miss").await;
    let cache = HookSet::NONE.with(HookKind::CacheMiss);
    assert_eq!(told(&mut gateway).await, cache);
    let mut second = Terminal::open(&ann, "?events=client_event").await;
    assert_eq!(told(&mut gateway).await, cache.with(HookKind::ClientEvent));

    // One that died without a word is forgotten.
    let mut tx = service.as_tenant(&ann).await;
    let die = "UPDATE webhook_listeners SET expires_at = now() - interval '1 s'
               WHERE kinds = '{cache_miss}'";
    sqlx::query(die).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    sweep::sweep(&service.state).await.expect("swept");
    assert_eq!(told(&mut gateway).await, HookSet::NONE.with(HookKind::ClientEvent));
    drop(first);

    // One that ends says so.
    service.state.closing.send_replace(true);
    while second.line().await.is_some() {}
    timeout(IN_TIME, async {
        loop {
            let mut tx = service.as_tenant(&ann).await;
            let left = "SELECT count(*) FROM webhook_listeners";
            let left: i64 = sqlx::query_scalar(left).fetch_one(tx.db()).await.unwrap();
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("its row goes with it");
    let mut tx = service.as_tenant(&ann).await;
    let kinds = "SELECT webhook_kinds FROM apps";
    let kinds: Vec<String> = sqlx::query_scalar(kinds).fetch_one(tx.db()).await.unwrap();
    assert!(kinds.is_empty(), "{kinds:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn so_many_may_listen_at_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut open = Vec::new();
    for _ in 0..super::PER_APP {
        open.push(Terminal::open(&ann, "").await);
    }
    let path = ann.of_app("/webhooks/events");
    let refused = ann.get(&path).await;
    refused.problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    let mut tx = service.as_tenant(&ann).await;
    let more = "INSERT INTO webhook_listeners (id, organisation_id, app_id, kinds, expires_at)
                SELECT gen_random_uuid(), organisation_id, app_id, kinds, expires_at
                FROM webhook_listeners, generate_series(1, 4)";
    sqlx::query(more).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    let another = ann.post(&ann.of_organisation("/apps"), json!({"name": "b"})).await.expect(201);
    let path = format!("/v1/apps/{}/webhooks/events", another["app"]["id"].as_str().unwrap());
    ann.get(&path).await.problem(429, "rate_limited");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_those_who_may_see_the_app_listen(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let path = ann.of_app("/webhooks/events");
    bob.get(&path).await.problem(404, "not_found");
    ann.with_token("mt_sbx_nonsense").get(&path).await.problem(401, "unauthenticated");
    ann.script(&["keys.read"]).await.get(&path).await.problem(403, "token_forbidden");
    let foreign = ann.request(Method::GET, &path).header("origin", "https://evil.test");
    Answer::of(foreign).await.problem(403, "foreign_origin");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_program_that_prints_it_is_served_to_everybody(db: PgPool) {
    let service = service(&db).await;
    let answer = Answer::of(service.request(Method::GET, "/cli/signalbox")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/x-python; charset=utf-8");
    assert!(answer.text.starts_with("#!/usr/bin/env python3\n"));
}
