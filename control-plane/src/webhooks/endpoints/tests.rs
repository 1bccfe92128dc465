use crate::{
    testing::{Answer, Customer, FollowingGateway, Service, service, service_with},
    webhooks::secret::EndpointSecret,
};
use contract::{
    directory::{Change, Kill, SnapshotLine},
    webhooks::{HookKind, HookSet},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use uuid::Uuid;

const URL: &str = "https://1.1.1.1/hook";

async fn made(who: &Customer, more: Value) -> Value {
    let mut body = json!({"url": URL});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    who.post(&who.of_app("/webhooks"), body).await.expect(201)
}

fn one(who: &Customer, made: &Value) -> String {
    who.of_app(&format!("/webhooks/{}", made["endpoint"]["id"].as_str().unwrap()))
}

/// What the gateways are told next of what is wanted of them.
async fn told(gateway: &mut FollowingGateway) -> HookSet {
    match gateway.change().await.change {
        Change::App(record) => record.webhooks,
        other => panic!("{other:?}"),
    }
}

fn kinds(kinds: &[HookKind]) -> HookSet {
    kinds.iter().copied().collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_is_made_shown_changed_and_deleted(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = made(&ann, json!({"description": " Orders ", "channels": ["orders-*"]})).await;
    assert_eq!(made["secret"], Value::Null, "this form is signed with the app's secret");
    let endpoint = &made["endpoint"];
    assert_eq!((&endpoint["url"], &endpoint["form"]), (&json!(URL), &json!("pusher")));
    assert_eq!(endpoint["app_id"], ann.app.as_str());
    assert_eq!(endpoint["description"], "Orders");
    assert_eq!((&endpoint["events"], &endpoint["channels"]), (&json!([]), &json!(["orders-*"])));
    assert_eq!((&endpoint["enabled"], &endpoint["disabled_why"]), (&json!(true), &Value::Null));
    let none = json!({"pending": 0, "dead": 0, "last_success_at": null, "last_status": null});
    assert_eq!(endpoint["stats"], none);
    assert_eq!(ann.get(&ann.of_app("/webhooks")).await.expect(200)["items"], json!([endpoint]));
    let path = one(&ann, &made);
    assert_eq!(ann.get(&path).await.expect(200), *endpoint);

    let patch = json!({"url": "https://9.9.9.9/b", "events": ["member.added"], "channels": [],
                       "enabled": false});
    let changed = ann.patch(&path, patch).await.expect(200);
    assert_eq!(
        (&changed["url"], &changed["enabled"]),
        (&json!("https://9.9.9.9/b"), &json!(false))
    );
    assert_eq!(changed["events"], json!(["member_added"]), "either spelling is taken");
    assert_eq!((&changed["channels"], &changed["disabled_why"]), (&json!([]), &json!("owner")));
    assert_eq!(changed["description"], "Orders", "what is absent stays");
    ann.delete(&path).await.expect(204);
    assert_eq!(ann.get(&ann.of_app("/webhooks")).await.expect(200)["items"], json!([]));
    ann.get(&path).await.problem(404, "not_found");
    ann.delete(&path).await.problem(404, "not_found");
    ann.get(&ann.of_app("/webhooks/nonsense")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_acceptable_is_refused_by_field(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/webhooks");
    for (field, value) in [
        ("url", json!("http://example.com/hook")),
        ("url", json!("https://user:word@example.com/")),
        ("url", json!("https://10.0.0.1/")),
        ("url", json!("https://[::ffff:169.254.169.254]/latest")),
        ("url", json!("http://127.0.0.1:9/")),
        ("url", json!("nonsense")),
        ("url", json!(format!("https://1.1.1.1/{}", "a".repeat(2048)))),
        ("form", json!("smoke")),
        ("events[1]", json!(["cache_miss", "channel_sold"])),
        ("events[0]", json!(["invoice.paid"])),
        ("channels[0]", json!([""])),
        ("channels", json!(vec!["a"; 21])),
        ("description", json!("a".repeat(201))),
        ("description", json!("two\nlines")),
        ("secret", json!("whsec_mine")),
    ] {
        let mut body = json!({"url": URL});
        body[field.split('[').next().unwrap()] = value.clone();
        let answer = ann.post(&path, body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{value}: {}", answer.text);
    }
    let most = json!({"channels": vec!["a"; 20], "description": "ä".repeat(200)});
    let made = made(&ann, most).await;
    let path = one(&ann, &made);
    for (field, value) in [
        ("url", json!("https://192.168.0.1/")),
        ("events[0]", json!(["key.revoked"])),
        ("channels", json!(vec!["a"; 21])),
        ("form", json!("standard")),
    ] {
        let mut body = json!({});
        body[field.split('[').next().unwrap()] = value.clone();
        let answer = ann.patch(&path, body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{value}: {}", answer.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn this_machine_is_for_development(db: PgPool) {
    let service = service_with(&db, |s| s.webhooks_to_loopback = Some(true)).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = made(&ann, json!({"url": "http://127.0.0.1:9/hook"})).await;
    assert_eq!(made["endpoint"]["url"], "http://127.0.0.1:9/hook");
    let body = json!({"url": "https://10.0.0.1/hook"});
    ann.post(&ann.of_app("/webhooks"), body).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_plan_limits_the_endpoints_of_all_apps_together(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let first = made(&ann, json!({})).await;
    let refused = ann.post(&ann.of_organisation("/webhooks"), json!({"url": URL})).await;
    refused.problem(403, "plan_limit");
    let problem = refused.json();
    assert_eq!(
        (&problem["rule"], &problem["used"], &problem["limit"]),
        (&json!("max_webhooks"), &json!(1), &json!(1))
    );
    ann.delete(&one(&ann, &first)).await.expect(204);
    ann.post(&ann.of_organisation("/webhooks"), json!({"url": URL})).await.expect(201);
    ann.post(&ann.of_app("/webhooks"), json!({"url": URL})).await.problem(403, "plan_limit");
    service.put_on(&ann, "starter").await;
    let path = ann.of_app("/webhooks");
    let attempts = (0..6).map(|_| ann.post(&path, json!({"url": URL})));
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|a| a.status == 201).count(), 4, "also at the same time");
}

#[sqlx::test(migrations = "../migrations")]
async fn gateways_tell_what_somebody_wants_and_nothing_else(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.put_on(&ann, "growth").await;
    let mut gateway = service.gateway("gw", 2).await;
    let usual = made(&ann, json!({})).await;
    let all = told(&mut gateway).await;
    assert!(!all.contains(HookKind::SubscriptionCount), "has to be asked for");
    assert_eq!(all.kinds().count(), HookKind::ALL.len() - 1);
    let counts = made(&ann, json!({"events": ["subscription_count"]})).await;
    assert_eq!(told(&mut gateway).await, kinds(&HookKind::ALL));
    // The same again is no news.
    made(&ann, json!({"form": "relay"})).await;
    ann.patch(&one(&ann, &usual), json!({"events": ["cache_miss"]})).await.expect(200);
    use HookKind::*;
    let of_relay = [ChannelOccupied, ChannelVacated, MemberAdded, MemberRemoved];
    let with_relay = kinds(&of_relay).with(CacheMiss).with(SubscriptionCount);
    assert_eq!(told(&mut gateway).await, with_relay);
    ann.patch(&one(&ann, &counts), json!({"enabled": false})).await.expect(200);
    assert_eq!(told(&mut gateway).await, kinds(&of_relay).with(CacheMiss));
    ann.delete(&one(&ann, &usual)).await.expect(204);
    assert_eq!(told(&mut gateway).await, kinds(&of_relay));
    // What concerns the organisation is told by no gateway, and neither are keys.
    ann.post(&ann.of_organisation("/webhooks"), json!({"url": URL})).await.expect(201);
    made(&ann, json!({"form": "standard", "events": ["key.revoked"]})).await;
    ann.patch(&one(&ann, &counts), json!({"enabled": true})).await.expect(200);
    assert_eq!(told(&mut gateway).await, kinds(&of_relay).with(SubscriptionCount));

    // Another change of the app says it as well, and so does a snapshot.
    ann.patch(&ann.of_app(""), json!({"name": "Again"})).await.expect(200);
    assert_eq!(told(&mut gateway).await, kinds(&of_relay).with(SubscriptionCount));
    let snapshot = Answer::of(service.as_gateway(Method::GET, "/internal/v1/directory")).await;
    let apps: Vec<HookSet> = snapshot
        .text
        .lines()
        .filter_map(|line| match serde_json::from_str(line).expect(line) {
            SnapshotLine::Change(change) => match *change {
                Change::App(record) => Some(record.webhooks),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(apps, [kinds(&of_relay).with(SubscriptionCount)]);
}

async fn sealed(service: &Service, who: &Customer, id: Uuid) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut tx = service.as_tenant(who).await;
    let row = "SELECT sealed_secret, previous_sealed_secret FROM webhook_endpoints WHERE id = $1";
    let row = sqlx::query(row).bind(id).fetch_one(tx.db()).await.unwrap();
    (row.get(0), row.get(1))
}

#[sqlx::test(migrations = "../migrations")]
async fn a_secret_is_shown_once_and_rotates_with_an_overlap(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = made(&ann, json!({"form": "standard"})).await;
    let (path, first) = (one(&ann, &made), made["secret"].as_str().unwrap().to_owned());
    let id: Uuid = made["endpoint"]["id"].as_str().unwrap().parse().unwrap();
    let open = |sealed: &[u8]| {
        let secret = EndpointSecret::open(&service.state.master_key, sealed, id).expect("opens");
        secret.expose().to_owned()
    };
    let (current, previous) = sealed(&service, &ann, id).await;
    assert_eq!((open(&current), previous), (first.clone(), None));

    let rotated = ann.post(&format!("{path}/secret"), json!({})).await.expect(200);
    let second = rotated["secret"].as_str().unwrap().to_owned();
    assert!(second.starts_with("whsec_") && second != first);
    let shown = ann.get(&path).await.expect(200);
    assert_eq!(shown["secret_rotated_until"], rotated["previous_expires_at"]);
    assert!(rotated["previous_expires_at"].is_string());
    let (current, previous) = sealed(&service, &ann, id).await;
    assert_eq!((open(&current), previous.map(|p| open(&p))), (second.clone(), Some(first.clone())));

    let at_once = ann.post(&format!("{path}/secret"), json!({"overlap_s": 0})).await.expect(200);
    assert_eq!(at_once["previous_expires_at"], Value::Null);
    assert_eq!(sealed(&service, &ann, id).await.1, None);
    let list = ann.get(&ann.of_app("/webhooks")).await;
    let log = ann.get(&ann.of_organisation("/audit")).await;
    for text in [&list.text, &log.text, &ann.get(&path).await.text] {
        assert!(!text.contains("whsec_") && !text.contains(&first[6..]), "{text}");
    }
    let too_long = ann.post(&format!("{path}/secret"), json!({"overlap_s": 2_592_001})).await;
    too_long.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn forms_that_the_app_signs_have_no_secret_of_their_own(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = made(&ann, json!({"form": "relay"})).await;
    let refused = ann.post(&format!("{}/secret", one(&ann, &made)), json!({})).await;
    refused.problem(409, "signed_with_app_secret");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_organisations_endpoints_are_its_own(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.put_on(&ann, "starter").await;
    let path = ann.of_organisation("/webhooks");
    let made_for_all = ann.post(&path, json!({"url": URL})).await.expect(201);
    let endpoint = &made_for_all["endpoint"];
    assert_eq!((&endpoint["app_id"], &endpoint["form"]), (&Value::Null, &json!("standard")));
    assert!(made_for_all["secret"].as_str().unwrap().starts_with("whsec_"));
    let of_app = made(&ann, json!({})).await;
    assert_eq!(ann.get(&path).await.expect(200)["items"], json!([endpoint]));
    let id = endpoint["id"].as_str().unwrap();
    ann.get(&ann.of_app(&format!("/webhooks/{id}"))).await.problem(404, "not_found");
    let apps_id = of_app["endpoint"]["id"].as_str().unwrap();
    ann.get(&format!("{path}/{apps_id}")).await.problem(404, "not_found");
    for body in [
        json!({"url": URL, "form": "pusher"}),
        json!({"url": URL, "channels": ["a"]}),
        json!({"url": URL, "events": ["channel_occupied"]}),
    ] {
        ann.post(&path, body).await.problem(422, "invalid");
    }
    let patch = json!({"events": ["invoice.paid", "quota.threshold"], "description": "Money"});
    let changed = ann.patch(&format!("{path}/{id}"), patch).await.expect(200);
    assert_eq!(changed["events"], json!(["invoice.paid", "quota.threshold"]));
    ann.post(&format!("{path}/{id}/secret"), json!({})).await.expect(200);
    // Somebody who may change apps may not change these.
    let script = ann.script(&["apps.read", "apps.write"]).await;
    script.get(&path).await.expect(200);
    script.post(&path, json!({"url": URL})).await.problem(403, "token_forbidden");
    script.delete(&format!("{path}/{id}")).await.problem(403, "token_forbidden");
    let confined = json!({"name": "t", "permissions": ["apps.read"], "apps": [ann.app.as_str()]});
    let confined = ann.create_token(confined).await["token"].as_str().unwrap().to_owned();
    ann.with_token(&confined).get(&path).await.problem(403, "token_forbidden");
    ann.delete(&format!("{path}/{id}")).await.expect(204);
}

#[sqlx::test(migrations = "../migrations")]
async fn every_deed_is_in_the_log_without_what_a_url_hides(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let url = json!({"url": "https://1.1.1.1/hook?token=hidden-word", "form": "standard"});
    let made = made(&ann, url).await;
    let path = one(&ann, &made);
    ann.patch(&path, json!({"description": "x"})).await.expect(200);
    ann.patch(&path, json!({"enabled": false})).await.expect(200);
    ann.patch(&path, json!({"enabled": true})).await.expect(200);
    ann.post(&format!("{path}/secret"), json!({})).await.expect(200);
    ann.delete(&path).await.expect(204);
    let log = ann.get(&ann.of_organisation("/audit?action=webhook")).await;
    let entries = log.json()["items"].as_array().unwrap().clone();
    let deeds: Vec<&str> = entries.iter().map(|e| e["action"].as_str().unwrap()).rev().collect();
    let expected = ["created", "updated", "disabled", "enabled", "secret_rotated", "deleted"];
    assert_eq!(deeds, expected.map(|deed| format!("webhook.{deed}")));
    assert!(entries.iter().all(|entry| entry["subject"] == made["endpoint"]["id"]));
    assert_eq!(entries[0]["before"]["url"], "https://1.1.1.1/hook");
    assert!(!log.text.contains("hidden-word"), "{}", log.text);
}

#[sqlx::test(migrations = "../migrations")]
async fn enabling_begins_anew(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = made(&ann, json!({})).await;
    let path = one(&ann, &made);
    let mut tx = service.as_tenant(&ann).await;
    let fail =
        "UPDATE webhook_endpoints SET enabled = false, disabled_why = 'failing', failures = 9,
                    failing_since = now(), rests_until = now() + interval '1 hour'";
    sqlx::query(fail).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    let shown = ann.get(&path).await.expect(200);
    assert_eq!(
        (&shown["disabled_why"], shown["failing_since"].is_string()),
        (&json!("failing"), true)
    );
    let renamed = ann.patch(&path, json!({"description": "x"})).await.expect(200);
    assert_eq!(renamed["disabled_why"], "failing", "other changes leave it as it is");
    let enabled = ann.patch(&path, json!({"enabled": true})).await.expect(200);
    assert_eq!(
        (&enabled["disabled_why"], &enabled["failing_since"], &enabled["enabled"]),
        (&Value::Null, &Value::Null, &json!(true))
    );
    let mut tx = service.as_tenant(&ann).await;
    let left = "SELECT count(*) FROM webhook_endpoints
                WHERE failures = 0 AND rests_until IS NULL AND failing_since IS NULL";
    let left: i64 = sqlx::query_scalar(left).fetch_one(tx.db()).await.unwrap();
    assert_eq!(left, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_retry_with_the_same_key_makes_one(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/webhooks");
    let send = |form: &'static str| {
        let request = ann.request(Method::POST, &path).header("idempotency-key", "once");
        Answer::of(request.json(&json!({"url": URL, "form": form})))
    };
    let first = send("standard").await.expect(201);
    assert_eq!(send("standard").await.expect(201), first, "its secret included");
    send("relay").await.problem(422, "idempotency_key_reused");
    assert_eq!(ann.get(&path).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn endpoints_end_with_their_app(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.put_on(&ann, "starter").await;
    made(&ann, json!({})).await;
    ann.post(&ann.of_organisation("/webhooks"), json!({"url": URL})).await.expect(201);
    let mut gateway = service.gateway("gw", 3).await;
    ann.delete(&ann.of_app("")).await.expect(200);
    let kill = Change::Kill(Kill::DeleteApp { app: ann.app.clone() });
    assert_eq!(gateway.change().await.change, kill);
    let mut tx = service.as_tenant(&ann).await;
    let left = "SELECT count(*) FROM webhook_endpoints WHERE deleted_at IS NULL";
    let left: i64 = sqlx::query_scalar(left).fetch_one(tx.db()).await.unwrap();
    assert_eq!(left, 1, "the organisation's own is still there");
}

/// A server that takes what it is sent.
async fn sink() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut read = Vec::new();
            while !read.ends_with(b"}") {
                if socket.read_buf(&mut read).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let answer =
                b"HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\nconnection: close\r\n\r\ntaken";
            socket.write_all(answer).await.unwrap();
        }
    });
    url
}

#[sqlx::test(migrations = "../migrations")]
async fn a_test_is_sent_at_once_and_says_how_it_went(db: PgPool) {
    let service = service_with(&db, |s| s.webhooks_to_loopback = Some(true)).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = made(&ann, json!({"url": sink().await, "events": ["cache_miss"]})).await;
    let path = one(&ann, &made);
    let attempt = ann.post(&format!("{path}/test"), json!({})).await.expect(200);
    assert_eq!((&attempt["status"], &attempt["error"]), (&json!(202), &Value::Null));
    assert_eq!(attempt["response_body"], "taken");
    let body: Value = serde_json::from_str(attempt["request_body"].as_str().unwrap()).unwrap();
    assert_eq!(body["events"][0]["name"], "cache_miss", "what the endpoint hears of");
    let named = json!({"type": "member.added"});
    let named = ann.post(&format!("{path}/test"), named).await.expect(200);
    assert!(named["request_body"].as_str().unwrap().contains("member_added"));
    for kind in ["key.revoked", "channel_sold"] {
        let refused = ann.post(&format!("{path}/test"), json!({"type": kind})).await;
        refused.problem(422, "invalid");
        assert_eq!(refused.json()["errors"][0]["field"], "type");
    }
    let attempts = ann.get(&format!("{path}/attempts")).await.expect(200);
    assert_eq!(attempts["items"].as_array().unwrap().len(), 2);
    assert_eq!(attempts["items"][0]["id"], named["id"]);

    // Nobody listens here; and somebody's server is not tried out without end.
    ann.patch(&path, json!({"url": "http://127.0.0.1:9/"})).await.expect(200);
    for _ in 0..8 {
        let attempt = ann.post(&format!("{path}/test"), json!({})).await.expect(200);
        assert_eq!(attempt["status"], Value::Null);
        assert!(attempt["error"].is_string());
    }
    ann.post(&format!("{path}/test"), json!({})).await.problem(429, "rate_limited");
}
