use crate::testing::service;
use contract::directory::{Change, Kill};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn pairs_rotate_without_a_gap(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let path = ann.of_app("/credentials");

    let made = ann.post(&path, json!({})).await.expect(201);
    let key = made["credential"]["key"].as_str().unwrap().to_owned();
    let Change::App(record) = gateway.change().await.change else { panic!("the app's record") };
    let keys: Vec<_> = record.credentials.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, [ann.key.as_str(), key.as_str()], "oldest first");
    let opened = service.state.master_key.open(&record.credentials[1].sealed_secret, &key).unwrap();
    assert_eq!(made["credential"]["secret"], opened.as_str());
    let opened = service.state.master_key.open(&record.credentials[0].sealed_secret, &ann.key);
    assert_eq!(opened.unwrap().as_str(), ann.secret);

    let revoked = ann.delete(&format!("{path}/{}", ann.key)).await.expect(200);
    let kill = gateway.change().await;
    let expected = Kill::RevokeCredential { app: ann.app.clone(), key: ann.key.parse().unwrap() };
    assert_eq!(kill.change, Change::Kill(expected));
    assert_eq!(revoked["receipt"]["revision"], kill.revision);
    let left = ann.get(&path).await.expect(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    assert_eq!(left["items"][0]["key"], key.as_str());
    assert!(!left.to_string().contains("secret"), "secrets are shown once");

    // Once more changes nothing and names the same revocation.
    let again = ann.delete(&format!("{path}/{}", ann.key)).await.expect(200);
    assert_eq!(again["receipt"]["revision"], kill.revision);
    ann.delete(&format!("{path}/unknown")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_app_has_ten_active_pairs_at_most(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/credentials");
    for _ in 1..10 {
        // A request that has nothing to say may have no body.
        let request = ann.request(reqwest::Method::POST, &path);
        crate::testing::Answer::of(request).await.expect(201);
    }
    ann.post(&path, json!({})).await.problem(422, "invalid");
    ann.delete(&format!("{path}/{}", ann.key)).await.expect(200);
    ann.post(&path, json!({})).await.expect(201);
    ann.post(&path, json!({"key": "mine"})).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_secret_is_replaced_under_its_key(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let path = ann.of_app(&format!("/credentials/{}", ann.key));
    let opened = |sealed: &[u8]| {
        service.state.master_key.open(sealed, &ann.key).expect("sealed").as_str().to_owned()
    };

    let rotated = ann.post(&format!("{path}/rotate"), json!({"overlap_s": 60})).await.expect(201);
    assert_eq!(rotated["credential"]["key"], ann.key.as_str(), "clients carry it");
    let secret = rotated["credential"]["secret"].as_str().unwrap();
    assert_ne!(secret, ann.secret);
    let Change::App(record) = gateway.change().await.change else { panic!("the app's record") };
    let [pair] = &record.credentials[..] else { panic!("one pair") };
    assert_eq!(opened(&pair.sealed_secret), secret);
    let previous = pair.previous.as_ref().expect("in its overlap");
    assert_eq!(opened(&previous.sealed_secret), ann.secret);
    let snapshot = service.as_gateway(reqwest::Method::GET, "/internal/v1/directory");
    let snapshot = crate::testing::Answer::of(snapshot).await.text;
    let in_snapshot = snapshot.lines().find_map(|line| match serde_json::from_str(line) {
        Ok(Change::App(app)) if app.id == ann.app => Some(app),
        _ => None,
    });
    assert_eq!(in_snapshot.expect("the app").credentials, record.credentials);
    let listed = ann.get(&ann.of_app("/credentials")).await.expect(200);
    assert!(listed["items"][0]["previous"]["expires_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(secret));

    let ended = ann.delete(&format!("{path}/previous-secret")).await.expect(200);
    let change = gateway.change().await;
    assert_eq!(ended["receipt"]["revision"], change.revision);
    let Change::App(record) = change.change else { panic!("the app's record") };
    assert!(record.credentials[0].previous.is_none());
    ann.delete(&format!("{path}/previous-secret")).await.problem(404, "not_found");

    let at_once = ann.post(&format!("{path}/rotate"), json!({"overlap_s": 0})).await.expect(201);
    assert_eq!(at_once["receipt"]["revision"], gateway.change().await.revision);
    ann.post(&ann.of_app("/credentials/unknown/rotate"), json!({})).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_pair_may_have_an_end(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let path = ann.of_app(&format!("/credentials/{}", ann.key));
    let patch = json!({"expires_at": "2100-01-01T00:00:00Z"});
    let changed = ann.patch(&path, patch).await.expect(200);
    assert_eq!(changed["expires_at"], "2100-01-01T00:00:00Z");
    let Change::App(record) = gateway.change().await.change else { panic!("the app's record") };
    assert_eq!(record.credentials[0].expires_at, Some(4_102_444_800));
    let changed = ann.patch(&path, json!({"expires_at": null})).await.expect(200);
    assert_eq!(changed["expires_at"], serde_json::Value::Null);
    let Change::App(record) = gateway.change().await.change else { panic!("the app's record") };
    assert_eq!(record.credentials[0].expires_at, None);
    let past = json!({"expires_at": "2001-01-01T00:00:00Z"});
    ann.patch(&path, past).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn pairs_come_from_elsewhere_in_any_vendors_shape(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_app("/credentials");
    for (key, secret) in [
        ("278d425bdf160c739803", "7ad3773142a6692b25b8"),
        ("app-key", "app-secret"),
        ("xVLyHw.I6hfpA", "q2Yw3xZ_5t-Lr8mNcVb0aQ"),
        ("vk_demo.7", "s3cr3t+with/base64=="),
    ] {
        let body = json!({"import": {"key": key, "secret": secret}});
        let made = ann.post(&path, body.clone()).await.expect(201);
        assert_eq!(made["credential"]["secret"], secret, "{key}");
        ann.post(&path, body).await.problem(409, "app_name_taken");
    }
    for (key, secret) in [("a:b", "s"), ("", "s"), ("k", "two words"), ("k", "")] {
        let body = json!({"import": {"key": key, "secret": secret}});
        ann.post(&path, body).await.problem(422, "invalid");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn everything_of_an_app_is_revoked_in_one_step(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    ann.create_key("k").await;
    ann.create_publishable_key().await;
    ann.post(&ann.of_app("/credentials"), json!({})).await.expect(201);
    let before = ann.get("/v1/gateways").await.expect(200)["head"].as_u64().unwrap();
    let mut gateway = service.gateway("gw", before).await;
    let path = ann.of_app("/revoke-all");
    bob.post(&path, json!({})).await.problem(404, "not_found");
    let done = ann.post(&path, json!({"new_credential": true})).await.expect(200);
    assert_eq!(
        (&done["credentials"], &done["secret_keys"], &done["publishable_keys"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let mut last = 0;
    for _ in 0..4 {
        let entry = gateway.change().await;
        assert!(matches!(entry.change, Change::Kill(_)), "{entry:?}");
        last = entry.revision;
    }
    assert_eq!(done["receipt"]["revision"], last);
    let Change::App(record) = gateway.change().await.change else { panic!("the app's record") };
    let keys: Vec<_> = record.credentials.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(keys, [done["credential"]["key"].as_str().unwrap()]);
    for list in ["/keys", "/publishable-keys"] {
        assert_eq!(ann.get(&ann.of_app(list)).await.expect(200)["items"], json!([]), "{list}");
    }
    assert_eq!(
        bob.get(&bob.of_app("/credentials")).await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
}
