use crate::testing::{Answer, service};
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
        ("token_secret", json!("yes")),
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
async fn a_signing_secret_comes_on_demand_is_shown_once_and_kept_sealed(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let plain = ann.create_key("plain").await;
    assert!(plain.get("token_secret").is_none() && plain.get("pair").is_none());
    assert_eq!(plain["key"]["token_secret_at"], Value::Null);
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    assert_eq!(record.sealed_token_secret, None);

    let body = json!({"name": "peers", "actions": ["publish"], "channels": ["**"],
                      "token_secret": true});
    let made = ann.post(&ann.of_app("/keys"), body).await.expect(201);
    let (id, secret) =
        (made["key"]["id"].as_str().unwrap(), made["token_secret"].as_str().unwrap());
    assert!(secret.parse::<contract::TokenSecret>().is_ok());
    assert_eq!(made["pair"], format!("{id}:{secret}"));
    assert!(made["key"]["token_secret_at"].is_string());
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    let opened = |sealed: Option<Vec<u8>>, place: &str| {
        service.state.master_key.open(&sealed.expect("a secret"), place).map(|s| s.to_string())
    };
    assert_eq!(opened(record.sealed_token_secret.clone(), id).unwrap(), secret);
    assert!(opened(record.sealed_token_secret, "another place").is_err());

    let path = ann.of_app(&format!("/keys/{id}/token-secret"));
    let rotated = ann.post(&path, json!({})).await.expect(201);
    let other = rotated["token_secret"].as_str().unwrap();
    assert_ne!(other, secret);
    assert_eq!(rotated["pair"], format!("{id}:{other}"));
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    let token: SecretKeyToken = made["token"].as_str().unwrap().parse().unwrap();
    assert!(record.hash.ct_eq(&token.hash()), "the key's own token stays");
    assert_eq!(opened(record.sealed_token_secret, id).unwrap(), other);
    let listed = ann.get(&ann.of_app("/keys")).await.expect(200);
    assert_eq!(listed["items"][0], rotated["key"]);
    assert!(!listed.to_string().contains("ss_sbx_"), "shown once");

    // A key that had none gets one the same way; one that is gone does not.
    let plain = plain["key"]["id"].as_str().unwrap();
    let path = ann.of_app(&format!("/keys/{plain}/token-secret"));
    let once = |path: &str| {
        let request = ann.request(reqwest::Method::POST, path);
        crate::testing::Answer::of(request.header("idempotency-key", "once"))
    };
    let first = once(&path).await.expect(201);
    assert_eq!(once(&path).await.expect(201), first, "a retry answers the same secret");
    ann.delete(&ann.of_app(&format!("/keys/{plain}"))).await.expect(200);
    ann.post(&path, json!({})).await.problem(404, "not_found");
    ann.post(&ann.of_app("/keys/short/token-secret"), json!({})).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_signing_key_brought_along_keeps_its_id_and_secret(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let mut gateway = service.gateway("gw", 2).await;
    let body = |import: Value| json!({"name": "moved", "actions": ["publish"], "channels": ["**"], "import": import});
    let import = json!({"id": "sk_id_abc", "token_secret": "sk_secret_0123456789"});
    let made = ann.post(&ann.of_app("/keys"), body(import.clone())).await.expect(201);
    assert_eq!(made["key"]["id"], "sk_id_abc");
    assert_eq!(made["pair"], "sk_id_abc:sk_secret_0123456789");
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    let token: SecretKeyToken = made["token"].as_str().unwrap().parse().unwrap();
    assert!(record.hash.ct_eq(&token.hash()), "its token is ours");
    let opened = service.state.master_key.open(&record.sealed_token_secret.unwrap(), "sk_id_abc");
    assert_eq!(opened.unwrap().as_str(), "sk_secret_0123456789");
    bob.post(&bob.of_app("/keys"), body(import.clone())).await.problem(409, "key_taken");
    ann.delete(&ann.of_app("/keys/sk_id_abc")).await.expect(200);
    bob.post(&bob.of_app("/keys"), body(import)).await.problem(409, "key_taken");
    for (field, import) in [
        ("import.id", json!({"id": "0123456789ab", "token_secret": "x".repeat(16)})),
        ("import.id", json!({"id": "sk_id_a:b", "token_secret": "x".repeat(16)})),
        ("import.token_secret", json!({"id": "sk_id_a", "token_secret": "x".repeat(15)})),
        ("import.token_secret", json!({"id": "sk_id_a", "token_secret": "x".repeat(129)})),
        ("import.token_secret", json!({"id": "sk_id_a"})),
    ] {
        let answer = ann.post(&ann.of_app("/keys"), body(import)).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_keys_scope_may_change_and_its_secrets_stay(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let body = json!({"name": "k", "actions": ["publish", "send"], "channels": ["**"],
                      "token_secret": true});
    let made = ann.post(&ann.of_app("/keys"), body).await.expect(201);
    let Change::SecretKey(before) = gateway.change().await.change else { panic!("a key") };
    let path = ann.of_app(&format!("/keys/{}", made["key"]["id"].as_str().unwrap()));
    let patch = json!({"name": "narrow", "actions": ["publish"], "channels": ["a/*"]});
    let mut expected = made["key"].clone();
    for (field, value) in patch.as_object().unwrap() {
        expected[field] = value.clone();
    }
    assert_eq!(ann.patch(&path, patch).await.expect(200), expected);
    let Change::SecretKey(after) = gateway.change().await.change else { panic!("a key") };
    assert_eq!(serde_json::to_value(&after.channels).unwrap(), json!(["a/*"]));
    assert!(after.hash.ct_eq(&before.hash));
    assert_eq!(after.sealed_token_secret, before.sealed_token_secret);
    assert_eq!(ann.patch(&path, json!({})).await.expect(200), expected);
    ann.patch(&path, json!({"channels": [""]})).await.problem(422, "invalid");
    ann.patch(&path, json!({"expires_at": 7})).await.problem(422, "invalid");
    ann.delete(&path).await.expect(200);
    ann.patch(&path, json!({})).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_is_replaced_with_an_overlap_or_at_once(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let made = ann.create_key("deploy").await;
    let Change::SecretKey(first) = gateway.change().await.change else { panic!("a key") };
    let path = ann.of_app(&format!("/keys/{}", made["key"]["id"].as_str().unwrap()));
    let rotate = format!("{path}/rotate");

    let rotated = ann.post(&rotate, json!({})).await.expect(201);
    let token: SecretKeyToken = rotated["token"].as_str().unwrap().parse().unwrap();
    assert_eq!(token.id().as_str(), made["key"]["id"], "the key stays the same");
    assert_ne!(rotated["token"], made["token"]);
    assert!(rotated.get("receipt").is_none(), "nothing has ended yet");
    let Change::SecretKey(second) = gateway.change().await.change else { panic!("a key") };
    assert!(second.hash.ct_eq(&token.hash()));
    let previous = second.previous.expect("in its overlap");
    assert!(previous.hash.ct_eq(&first.hash));
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    assert!((86_390..=86_400).contains(&(previous.expires_at - now)), "a day");
    assert_eq!(rotated["key"]["previous"]["last_used_at"], Value::Null);
    assert_eq!(snapshot_of(&service, &second.id).await.previous, second.previous);

    // The old token's uses are told apart, so that its owner sees when nobody has it any more.
    let uses = |previous| {
        json!({"gateway": "gw", "secret_keys":
        [{"id": second.id, "at_s": now + 60, "previous": previous}]})
    };
    let report = |body| service.as_gateway(reqwest::Method::POST, "/internal/v1/uses").json(&body);
    Answer::of(report(uses(true))).await.expect_status(204);
    let shown = ann.get(&ann.of_app("/keys")).await.expect(200)["items"][0].clone();
    assert_eq!(shown["last_used_at"], Value::Null);
    assert!(shown["previous"]["last_used_at"].is_string());

    let ended = ann.delete(&format!("{path}/previous-token")).await.expect(200);
    let change = gateway.change().await;
    assert_eq!(ended["receipt"]["revision"], change.revision);
    let Change::SecretKey(third) = change.change else { panic!("a key") };
    assert!(third.previous.is_none() && third.hash.ct_eq(&second.hash));
    ann.delete(&format!("{path}/previous-token")).await.problem(404, "not_found");

    let at_once = ann.post(&rotate, json!({"overlap_s": 0})).await.expect(201);
    let change = gateway.change().await;
    assert_eq!(at_once["receipt"]["revision"], change.revision);
    let Change::SecretKey(fourth) = change.change else { panic!("a key") };
    assert!(fourth.previous.is_none() && !fourth.hash.ct_eq(&third.hash));
    assert_eq!(at_once["key"]["previous"], Value::Null);

    for bad in [json!(-1), json!(2_592_001), json!("1 day")] {
        ann.post(&rotate, json!({"overlap_s": bad})).await.problem(422, "invalid");
    }
    ann.delete(&path).await.expect(200);
    ann.post(&rotate, json!({})).await.problem(404, "not_found");
}

/// The key's record in the snapshot that a new gateway takes.
async fn snapshot_of(
    service: &crate::testing::Service,
    id: &contract::SecretKeyId,
) -> contract::directory::SecretKeyRecord {
    let request = service.as_gateway(reqwest::Method::GET, "/internal/v1/directory");
    let snapshot = Answer::of(request).await;
    let records = snapshot.text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut found = records.filter_map(|change| match change {
        Change::SecretKey(record) if record.id == *id => Some(record),
        _ => None,
    });
    found.next_back().expect("the key")
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_may_be_bound_to_a_rate_a_time_and_networks(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let body = json!({"name": "k", "actions": ["publish"], "channels": ["**"],
                      "max_publishes_per_s": 5, "allowed_addresses": ["10.1.2.3/8", "2001:db8::1"]});
    let made = ann.post(&ann.of_app("/keys"), body).await.expect(201);
    assert_eq!(made["key"]["allowed_addresses"], json!(["10.0.0.0/8", "2001:db8::1/128"]));
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    assert_eq!((record.max_publishes_per_s, record.allowed_addresses.len()), (Some(5), 2));
    assert_eq!(snapshot_of(&service, &record.id).await, record);

    let path = ann.of_app(&format!("/keys/{}", record.id));
    let patch = json!({"max_publishes_per_s": 7, "expires_at": "2100-01-01T00:00:00Z",
                       "allowed_addresses": ["192.0.2.7"]});
    ann.patch(&path, patch).await.expect(200);
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    assert_eq!((record.max_publishes_per_s, record.expires_at), (Some(7), Some(4_102_444_800)));
    let patch = json!({"max_publishes_per_s": null, "expires_at": null, "allowed_addresses": []});
    let changed = ann.patch(&path, patch).await.expect(200);
    assert_eq!(
        (&changed["expires_at"], &changed["max_publishes_per_s"]),
        (&Value::Null, &Value::Null)
    );
    let Change::SecretKey(record) = gateway.change().await.change else { panic!("a key") };
    assert_eq!((record.max_publishes_per_s, record.expires_at), (None, None));
    assert!(record.allowed_addresses.is_empty());
    for bad in [
        json!({"max_publishes_per_s": 0}),
        json!({"max_publishes_per_s": 1_000_001}),
        json!({"expires_at": "2001-01-01T00:00:00Z"}),
        json!({"allowed_addresses": ["10.0.0.0/33"]}),
        json!({"allowed_addresses": ["localhost"]}),
        json!({"allowed_addresses": null, "unknown": 1}),
    ] {
        ann.patch(&path, bad).await.problem(422, "invalid");
    }
}
