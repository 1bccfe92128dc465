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
