use crate::testing::{Answer, service};
use contract::{
    PublishableKey,
    directory::{Change, Kill, SnapshotLine},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_made_with_the_usual_scope_known_to_gateways_and_revoked(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let path = ann.of_app("/publishable-keys");
    let made = ann.post(&path, json!({"name": "web"})).await.expect(201);
    let key: PublishableKey = made["key"].as_str().unwrap().parse().unwrap();
    assert!(key.as_str().starts_with("pk_sbx_"));
    assert_eq!(
        made["actions"],
        json!(["publish", "subscribe", "presence"]),
        "send is off at first"
    );
    assert_eq!((&made["channels"], &made["ice_servers"]), (&json!(["**"]), &json!(true)));
    assert_eq!((&made["allowed_origins"], &made["allow_no_origin"]), (&json!([]), &json!(false)));
    assert_eq!((&made["last_used_at"], &made["expires_at"]), (&Value::Null, &Value::Null));
    let Change::PublishableKey(record) = gateway.change().await.change else { panic!("a key") };
    assert_eq!((&record.key, &record.app), (&key, &ann.app));
    assert!(record.ice_servers && record.expires_at.is_none());
    assert_eq!(ann.get(&path).await.expect(200)["items"], json!([made]));

    let one = format!("{path}/{key}");
    let revoked = ann.delete(&one).await.expect(200);
    let kill = gateway.change().await;
    let expected = Kill::RevokePublishableKey { app: ann.app.clone(), key };
    assert_eq!(kill.change, Change::Kill(expected));
    assert_eq!(revoked["receipt"]["revision"], kill.revision);
    assert_eq!(revoked["receipt"]["pending"], json!(["gw"]));
    let again = ann.delete(&one).await.expect(200);
    assert_eq!(again["receipt"]["revision"], kill.revision, "once more names the same");
    assert_eq!(ann.get(&path).await.expect(200)["items"], json!([]));
    ann.patch(&one, json!({"name": "x"})).await.problem(404, "not_found");
    ann.delete(&format!("{path}/pk_unknown")).await.problem(404, "not_found");
    ann.delete(&format!("{path}/nonsense")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_names_the_whole_new_state(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let body = json!({"name": "web", "actions": ["send", "send", "subscribe"], "channels": ["a/*"],
                      "allowed_origins": ["https://shop.example", "http://localhost:5173"],
                      "allow_no_origin": true, "ice_servers": false,
                      "expires_at": "2100-01-01T00:00:00Z"});
    let made = ann.post(&ann.of_app("/publishable-keys"), body).await.expect(201);
    gateway.change().await;
    let one = ann.of_app(&format!("/publishable-keys/{}", made["key"].as_str().unwrap()));
    let patch = json!({"actions": ["subscribe"], "allowed_origins": [], "ice_servers": true});
    let mut expected = made.clone();
    expected["actions"] = json!(["subscribe"]);
    expected["allowed_origins"] = json!([]);
    expected["ice_servers"] = json!(true);
    assert_eq!(made["actions"], json!(["subscribe", "send"]));
    assert_eq!(ann.patch(&one, patch).await.expect(200), expected);
    let Change::PublishableKey(record) = gateway.change().await.change else { panic!("a key") };
    assert_eq!(serde_json::to_value(&record.actions).unwrap(), json!(["subscribe"]));
    assert_eq!(record.channels[0].as_str(), "a/*");
    assert!(record.allowed_origins.is_empty() && record.allow_no_origin && record.ice_servers);
    assert_eq!(record.expires_at, Some(4_102_444_800));
    ann.patch(&one, json!({"actions": ["history"]})).await.problem(422, "invalid");
    ann.patch(&one, json!({"expires_at": 7})).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_are_refused_by_field(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/publishable-keys");
    for (field, value) in [
        ("name", json!("")),
        ("key", json!("sk_sbx_x")),
        ("key", json!("pk_sbx_mistyped")),
        ("key", json!("pk_a/b")),
        ("actions[1]", json!(["publish", "history"])),
        ("actions[0]", json!(["channels.read"])),
        ("actions[0]", json!(["fly"])),
        ("channels[0]", json!([""])),
        ("channels", json!(vec!["a"; 101])),
        ("allowed_origins[0]", json!(["shop.example"])),
        ("allowed_origins[1]", json!(["https://a.example", "https://a.example/path"])),
        ("allowed_origins[0]", json!(["https://*.example"])),
        ("allowed_origins", json!(vec!["https://a.example"; 51])),
        ("allow_no_origin", json!("yes")),
        ("expires_at", json!("2001-01-01T00:00:00Z")),
        ("secret", json!(true)),
    ] {
        let mut body = json!({"name": "k"});
        body[field.split('[').next().unwrap()] = value.clone();
        let answer = ann.post(&path, body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{value}: {}", answer.text);
    }
    let most = json!({"name": "k", "channels": vec!["a"; 100], "actions": [],
                      "allowed_origins": vec!["https://a.example"; 50]});
    ann.post(&path, most).await.expect(201);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_brought_along_stays_as_it_is_and_belongs_to_one_app(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let body = json!({"name": "moved", "key": "pk_live_4f9b8e21"});
    let made = ann.post(&ann.of_app("/publishable-keys"), body.clone()).await.expect(201);
    assert_eq!(made["key"], "pk_live_4f9b8e21");
    let path = bob.of_app("/publishable-keys");
    bob.post(&path, body.clone()).await.problem(409, "key_taken");
    ann.delete(&ann.of_app("/publishable-keys/pk_live_4f9b8e21")).await.expect(200);
    bob.post(&path, body).await.problem(409, "key_taken");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_retry_with_the_same_key_makes_one(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/publishable-keys");
    let send = || {
        let request = ann.request(Method::POST, &path).header("idempotency-key", "once");
        Answer::of(request.json(&json!({"name": "k"})))
    };
    let first = send().await.expect(201);
    assert_eq!(send().await.expect(201), first);
    assert_eq!(ann.get(&path).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_snapshot_has_the_keys_that_still_count(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    for who in [&ann, &bob] {
        who.post(&who.of_app("/publishable-keys"), json!({"name": "k"})).await.expect(201);
    }
    let gone = json!({"name": "gone", "key": "pk_gone"});
    ann.post(&ann.of_app("/publishable-keys"), gone).await.expect(201);
    ann.delete(&ann.of_app("/publishable-keys/pk_gone")).await.expect(200);
    bob.delete(&bob.of_app("")).await.expect(200);
    let answer = Answer::of(service.as_gateway(Method::GET, "/internal/v1/directory")).await;
    let keys: Vec<_> = answer
        .text
        .lines()
        .filter_map(|line| match serde_json::from_str(line).expect(line) {
            SnapshotLine::Change(change) => match *change {
                Change::PublishableKey(record) => Some(record),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let [key] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!(key.app, ann.app);
    assert!(key.key.as_str() != "pk_gone" && key.ice_servers && !key.allow_no_origin);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_app_has_as_many_keys_of_both_kinds_as_the_plan_allows(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (secret, open) = (ann.of_app("/keys"), ann.of_app("/publishable-keys"));
    let body = json!({"name": "k", "actions": [], "channels": []});
    let first = ann.post(&open, body.clone()).await.expect(201);
    for n in 1..10 {
        let path = if n % 2 == 0 { &open } else { &secret };
        ann.post(path, body.clone()).await.expect(201);
    }
    ann.post(&open, body.clone()).await.problem(403, "plan_limit");
    ann.post(&secret, body.clone()).await.problem(403, "plan_limit");
    ann.delete(&format!("{open}/{}", first["key"].as_str().unwrap())).await.expect(200);
    ann.post(&secret, body.clone()).await.expect(201);
    ann.post(&open, body).await.problem(403, "plan_limit");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_replaced_by_another_that_allows_the_same(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let body = json!({"name": "web", "actions": ["subscribe"], "channels": ["a/*"],
                      "allowed_origins": ["https://shop.example"]});
    let made = ann.post(&ann.of_app("/publishable-keys"), body).await.expect(201);
    let Change::PublishableKey(first) = gateway.change().await.change else { panic!("a key") };
    let path = ann.of_app(&format!("/publishable-keys/{}", first.key));
    let rotated = ann.post(&format!("{path}/rotate"), json!({"overlap_s": 60})).await.expect(201);
    assert_eq!(
        (&rotated["key"]["replaces"], &rotated["replaced"]["key"]),
        (&made["key"], &made["key"])
    );
    let Change::PublishableKey(old) = gateway.change().await.change else { panic!("the old key") };
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    assert!((50..=60).contains(&(old.expires_at.expect("it ends") - now)));
    let Change::PublishableKey(new) = gateway.change().await.change else { panic!("the new key") };
    assert_ne!(new.key, first.key);
    assert_eq!(contract::directory::PublishableKeyRecord { key: first.key.clone(), ..new }, first);

    let at_once = ann.post(&format!("{path}/rotate"), json!({"overlap_s": 0})).await.expect(201);
    let kill = gateway.change().await;
    let expected = Kill::RevokePublishableKey { app: ann.app.clone(), key: first.key };
    assert_eq!(kill.change, Change::Kill(expected));
    assert_eq!(at_once["receipt"]["revision"], kill.revision);

    let path =
        ann.of_app(&format!("/publishable-keys/{}", rotated["key"]["key"].as_str().unwrap()));
    let patch = json!({"expires_at": "2100-01-01T00:00:00Z"});
    assert_eq!(
        ann.patch(&path, patch.clone()).await.expect(200)["expires_at"],
        patch["expires_at"]
    );
    let open_ended = ann.patch(&path, json!({"expires_at": null})).await.expect(200);
    assert_eq!(open_ended["expires_at"], Value::Null);
}
