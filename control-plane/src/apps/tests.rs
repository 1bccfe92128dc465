use crate::testing::service;
use contract::directory::{Change, Kill};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn an_imported_app_keeps_its_id_key_and_secret(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.put_on(&ann, "growth").await;
    let path = format!("/v1/organisations/{}/apps", ann.organisation);
    let import =
        json!({"id": "100042", "key": "vk_demo_7d3c1f0a", "secret": "s3cr3t-demo-4f9b8e21"});
    let made = ann.post(&path, json!({"name": "Moved", "import": import})).await.expect(201);
    assert_eq!(made["app"]["id"], "100042");
    assert_eq!(made["credential"]["key"], "vk_demo_7d3c1f0a");
    assert_eq!(made["credential"]["secret"], "s3cr3t-demo-4f9b8e21");
    // Where the key serves as the app's id, one name is both.
    let import = json!({"id": "same", "key": "same", "secret": "s"});
    ann.post(&path, json!({"name": "Moved too", "import": import})).await.expect(201);
    let import = json!({"key": "without-id", "secret": "s"});
    let made = ann.post(&path, json!({"name": "New id", "import": import})).await.expect(201);
    assert!(made["app"]["id"].as_str().unwrap().bytes().all(|b| b.is_ascii_digit()));
}

#[sqlx::test(migrations = "../migrations")]
async fn ids_and_keys_share_one_name_space_for_good(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    ann.delete(&ann.of_app("")).await.expect(200);
    let path = format!("/v1/organisations/{}/apps", bob.organisation);
    let (bobs_app, bobs_key) = (bob.app.as_str(), bob.key.as_str());
    for (id, key) in [
        (Some(bobs_app), "new"),
        (Some(bobs_key), "new"),
        (None, bobs_key),
        (None, bobs_app),
        (Some(ann.app.as_str()), "new"),
        (None, ann.key.as_str()),
    ] {
        let import = json!({"id": id, "key": key, "secret": "s"});
        let answer = bob.post(&path, json!({"name": "x", "import": import})).await;
        answer.problem(409, "app_name_taken");
    }
    for (field, import) in [
        ("import.key", json!({"key": "a/b", "secret": "s"})),
        ("import.key", json!({"key": "k".repeat(65), "secret": "s"})),
        ("import.id", json!({"id": "é", "key": "k", "secret": "s"})),
        ("import.secret", json!({"key": "k", "secret": ""})),
        ("import.secret", json!({"key": "k", "secret": "x".repeat(129)})),
        ("import.secret", json!({"key": "k", "secret": "as_sbx_mistyped"})),
        ("import.secret", json!({"key": "k"})),
    ] {
        let answer = bob.post(&path, json!({"name": "x", "import": import})).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_patch_changes_what_it_names_and_nothing_else(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let before = ann.get(&ann.of_app("")).await.expect(200);
    let patch = json!({"settings": {"client_events": true, "terminate_code": 4009},
                       "limits": {"max_connections": 7, "max_payload_bytes": 32_768}});
    let mut expected = before.clone();
    expected["settings"]["client_events"] = json!(true);
    expected["settings"]["terminate_code"] = json!(4009);
    expected["limits"]["max_connections"] = json!(7);
    expected["limits"]["max_payload_bytes"] = json!(32_768);
    expected["own_limits"] = json!({"max_connections": 7, "max_payload_bytes": 32_768});
    assert_eq!(ann.patch(&ann.of_app(""), patch).await.expect(200), expected);
    assert_eq!(ann.get(&ann.of_app("")).await.expect(200), expected);

    for (field, patch) in [
        ("limits.max_connections", json!({"limits": {"max_connections": 0}})),
        ("limits.max_event_bytes", json!({"limits": {"max_event_bytes": 262_145}})),
        ("limits.max_connections", json!({"limits": {"max_connections": -1}})),
        ("limits.max_payload_bytes", json!({"limits": {"max_payload_bytes": 1_023}})),
        ("settings.cache_ttl_s", json!({"settings": {"cache_ttl_s": 59}})),
        ("settings.allowed_origins[0]", json!({"settings": {"allowed_origins": ["a.test"]}})),
        (
            "settings.allowed_origins",
            json!({"settings": {"allowed_origins": vec!["https://a.test"; 51]}}),
        ),
        ("settings.terminate_code", json!({"settings": {"terminate_code": 4001}})),
        ("settings.unheard_of", json!({"settings": {"unheard_of": 1}})),
        ("name", json!({"name": " "})),
    ] {
        let answer = ann.patch(&ann.of_app(""), patch.clone()).await;
        answer.problem(422, "invalid");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{patch}: {}", answer.text);
    }
    assert_eq!(ann.get(&ann.of_app("")).await.expect(200), expected, "refusals change nothing");
}

#[sqlx::test(migrations = "../migrations")]
async fn dialects_are_switched_and_set_one_by_one(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let app = ann.of_app("");
    let mut expected = ann.get(&app).await.expect(200);
    let all_on = json!({"pusher": true, "relay": true, "anycable": true, "metered": true});
    assert_eq!(expected["settings"]["dialects"], all_on);
    let ice = json!({"urls": ["stun:stun.example:3478"]});
    for (pointer, value) in [
        ("dialects/metered", json!(false)),
        ("relay/app_path", json!("pusher")),
        ("relay/auth_endpoint", json!("credentialed")),
        ("relay/auth_channels", json!(["private-*", "presence-room/**"])),
        ("anycable/public_streams", json!(true)),
        ("anycable/presence_grace_s", json!(0)),
        ("metered/ice_servers", json!([ice])),
        ("anycable/sse", json!(false)),
    ] {
        let (group, field) = pointer.split_once('/').unwrap();
        let patch = json!({"settings": {group: {field: value}}});
        expected["settings"][group][field] = value;
        assert_eq!(ann.patch(&app, patch).await.expect(200), expected, "{pointer}");
        let Change::App(record) = gateway.change().await.change else { panic!("the app") };
        let settings = serde_json::to_value(&record.settings).unwrap();
        assert_eq!(settings[group][field], expected["settings"][group][field], "{pointer}");
    }
    assert_eq!(ann.get(&app).await.expect(200), expected);
    let server = |urls: Value| json!({"metered": {"ice_servers": [ice, {"urls": urls}]}});
    for (field, patch) in [
        ("dialects.smoke_signals", json!({"dialects": {"smoke_signals": true}})),
        ("dialects.pusher", json!({"dialects": {"pusher": "on"}})),
        ("relay.app_path", json!({"relay": {"app_path": "metered"}})),
        ("relay.auth_endpoint", json!({"relay": {"auth_endpoint": "everybody"}})),
        ("relay.auth_channels[1]", json!({"relay": {"auth_channels": ["a", ""]}})),
        ("relay.auth_channels", json!({"relay": {"auth_channels": vec!["a"; 51]}})),
        ("anycable.presence_grace_s", json!({"anycable": {"presence_grace_s": 301}})),
        ("anycable.secret", json!({"anycable": {"secret": "x"}})),
        ("metered.ice_servers[1].urls[0]", server(json!(["https://turn.example"]))),
        ("metered.ice_servers[1].urls[1]", server(json!(["stun:a", "stun:"]))),
        ("metered.ice_servers[1].urls", server(json!([]))),
        ("metered.ice_servers[1].urls", server(json!("stun:a"))),
        ("metered.ice_servers[1].urls[0]", server(json!([format!("stun:{}", "x".repeat(508))]))),
        ("metered.ice_servers", json!({"metered": {"ice_servers": vec![ice.clone(); 17]}})),
        (
            "metered.ice_servers[0].credential",
            json!({"metered": {"ice_servers": [{"urls": ["turn:a"], "credential": "x".repeat(1_025)}]}}),
        ),
    ] {
        let answer = ann.patch(&app, json!({"settings": patch})).await;
        answer.problem(422, "invalid");
        let named = &answer.json()["errors"][0]["field"];
        assert_eq!(*named, format!("settings.{field}"), "{patch}: {}", answer.text);
    }
    assert_eq!(ann.get(&app).await.expect(200), expected, "refusals change nothing");
}

#[sqlx::test(migrations = "../migrations")]
async fn switching_off_is_a_kill_and_switching_on_a_change(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let off = ann.patch(&ann.of_app(""), json!({"enabled": false})).await.expect(200);
    assert_eq!(off["enabled"], false);
    assert_eq!(off["receipt"]["pending"], json!(["gw"]));
    let kill = gateway.change().await;
    assert_eq!(kill.change, Change::Kill(Kill::DisableApp { app: ann.app.clone() }));
    assert_eq!(off["receipt"]["revision"], kill.revision);
    assert!(matches!(gateway.change().await.change, Change::App(app) if !app.enabled));
    let on = ann.patch(&ann.of_app(""), json!({"enabled": true})).await.expect(200);
    assert_eq!(on["receipt"], Value::Null);
    assert!(matches!(gateway.change().await.change, Change::App(app) if app.enabled));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deleted_app_is_gone(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let mut gateway = service.gateway("gw", 1).await;
    let receipt = ann.delete(&ann.of_app("")).await.expect(200);
    let kill = gateway.change().await;
    assert_eq!(kill.change, Change::Kill(Kill::DeleteApp { app: ann.app.clone() }));
    assert_eq!(receipt["receipt"]["revision"], kill.revision);
    for rest in ["", "/keys", "/credentials", "/channels"] {
        ann.get(&ann.of_app(rest)).await.problem(404, "not_found");
    }
    ann.delete(&ann.of_app("")).await.problem(404, "not_found");
    let path = format!("/v1/organisations/{}/apps", ann.organisation);
    assert_eq!(ann.get(&path).await.expect(200)["items"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_organisation_has_as_many_apps_as_its_plan_allows(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = format!("/v1/organisations/{}/apps", ann.organisation);
    for name in ["the second", "the last"] {
        ann.post(&path, json!({"name": name})).await.expect(201);
    }
    let refused = ann.post(&path, json!({"name": "one too many"})).await;
    refused.problem(403, "plan_limit");
    let problem = refused.json();
    assert_eq!((&problem["rule"], &problem["used"]), (&json!("max_apps"), &json!(3)));
    assert_eq!(problem["limit"], 3);
    ann.delete(&ann.of_app("")).await.expect(200);
    ann.post(&path, json!({"name": "there is room again"})).await.expect(201);
}
