use crate::testing::service;
use contract::{
    SecretKeyToken,
    directory::{Change, Kill},
};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_shown_once_and_known_by_its_hash(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let body = json!({"name": "deploy", "actions": ["channels.read", "publish", "publish"],
                      "channels": ["room-*", "**"], "expires_at": "2100-01-01T00:00:00Z"});
    let made = ann.post(&ann.of_app("/keys"), body).await.expect(201);
    let token: SecretKeyToken = made["token"].as_str().unwrap().parse().unwrap();
    assert_eq!(made["key"]["actions"], json!(["publish", "channels.read"]));
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    assert!(record.hash.ct_eq(&token.hash()));
    assert_eq!((record.id.as_str(), &record.app), (token.id().as_str(), &ann.app));
    assert_eq!(record.expires_at, Some(4_102_444_800));
    let listed = ann.get(&ann.of_app("/keys")).await.expect(200);
    assert_eq!(listed["items"], json!([made["key"]]));

    let id = token.id().as_str().to_owned();
    let path = ann.of_app(&format!("/keys/{id}"));
    let revoked = ann.delete(&path).await.expect(200);
    let kill = gateway.change().await;
    let expected = Kill::RevokeSecretKey { app: ann.app.clone(), id: token.id() };
    assert_eq!(kill.change, Change::Kill(expected));
    assert_eq!(revoked["receipt"]["revision"], kill.revision);
    let again = ann.delete(&path).await.expect(200);
    assert_eq!(again["receipt"]["revision"], kill.revision, "once more names the same");
    assert_eq!(ann.get(&ann.of_app("/keys")).await.expect(200)["items"], json!([]));
    ann.delete(&ann.of_app("/keys/000000000000")).await.problem(404, "not_found");
    ann.delete(&ann.of_app("/keys/short")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_are_refused_by_field(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let good = json!({"name": "k", "actions": ["publish"], "channels": ["a"]});
    for (field, value) in [
        ("name", json!("")),
        ("actions", json!("publish")),
        ("actions[0]", json!(["everything"])),
        ("channels[0]", json!([""])),
        ("channels[0]", json!(["a".repeat(257)])),
        ("channels", json!(vec!["a"; 101])),
        ("expires_at", json!("2001-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
    ] {
        let mut body = good.clone();
        body[field.split('[').next().unwrap()] = value.clone();
        let answer = ann.post(&ann.of_app("/keys"), body).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{value}: {}", answer.text);
    }
    let mut most = good.clone();
    most["channels"] = json!(vec!["a"; 100]);
    most["expires_at"] = Value::Null;
    ann.post(&ann.of_app("/keys"), most).await.expect(201);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_app_has_a_hundred_usable_keys_at_most(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let body = json!({"name": "k", "actions": [], "channels": []});
    let first = ann.post(&ann.of_app("/keys"), body.clone()).await.expect(201);
    for _ in 1..100 {
        ann.post(&ann.of_app("/keys"), body.clone()).await.expect(201);
    }
    ann.post(&ann.of_app("/keys"), body.clone()).await.problem(422, "invalid");
    let id = first["key"]["id"].as_str().unwrap();
    ann.delete(&ann.of_app(&format!("/keys/{id}"))).await.expect(200);
    ann.post(&ann.of_app("/keys"), body).await.expect(201);
}
