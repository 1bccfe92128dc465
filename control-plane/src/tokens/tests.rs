use crate::testing::{Answer, Customer, Service, service};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

/// Gives the only member of an organisation another role.
async fn make(service: &Service, who: &Customer, role: &str) {
    let mut tx = service.as_tenant(who).await;
    let update = "UPDATE memberships SET role = $2 WHERE organisation_id = $1";
    sqlx::query(update).bind(who.organisation).bind(role).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_may_what_it_was_made_for_and_needs_no_csrf(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let made = ann.create_token(json!({"name": "ci", "permissions": ["keys.write", "keys.read"]}));
    let made = made.await;
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("mt_sbx_"));
    let record = &made["management_token"];
    assert_eq!(record["permissions"], json!(["keys.read", "keys.write"]));
    assert_eq!((&record["apps"], &record["last_used_at"]), (&Value::Null, &Value::Null));

    let script = ann.with_token(token);
    script.get(&script.of_app("/keys")).await.expect(200);
    script.create_key("made by a script").await;
    script.get(&script.of_app("")).await.problem(403, "token_forbidden");
    script.get(&script.of_organisation("/tokens")).await.problem(403, "token_forbidden");
    script.get("/v1/gateways").await.expect(200);
    let organisations = script.get("/v1/organisations").await.expect(200);
    assert_eq!(organisations["items"][0]["id"], ann.organisation.to_string());

    let info = script.get("/v1/token").await.expect(200);
    assert_eq!(info["management_token"]["name"], "ci");
    assert_eq!(info["effective_permissions"], json!(["keys.read", "keys.write"]));
    let used = &info["management_token"]["last_used_at"];
    assert!(used.is_string(), "{used}");
    ann.get("/v1/token").await.problem(404, "not_found");

    let listed = ann.get(&ann.of_organisation("/tokens")).await;
    assert!(!listed.text.contains(token), "a token is shown once");
    assert_eq!(listed.expect(200)["items"][0]["id"], record["id"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_token_in_force_is_refused(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let script = ann.script(&["apps.read"]).await;
    let token = script.token.clone().unwrap();
    script.get(&script.of_app("")).await.expect(200);
    let another = contract::ManagementToken::generate().unwrap();
    let swapped = format!("{}{}", &token[..19], &another.expose()[19..]);
    for bad in ["", "nonsense", &token[..token.len() - 1], another.expose(), &swapped, &ann.secret]
    {
        let answer = ann.with_token(bad).get(&ann.of_app("")).await;
        answer.problem(401, "unauthenticated");
    }
    // A cookie that comes along does not make up for it.
    let both = ann.request(Method::GET, &ann.of_app("")).bearer_auth(another.expose());
    Answer::of(both).await.problem(401, "unauthenticated");
    // Another scheme is for whatever stands in front of the service.
    let basic = ann.request(Method::GET, &ann.of_app("")).basic_auth("proxy", Some("x"));
    Answer::of(basic).await.expect(200);

    let id = script.get("/v1/token").await.expect(200)["management_token"]["id"].clone();
    let path = ann.of_organisation(&format!("/tokens/{}", id.as_str().unwrap()));
    ann.delete(&path).await.expect(204);
    script.get(&script.of_app("")).await.problem(401, "unauthenticated");
    ann.delete(&path).await.problem(404, "not_found");

    let in_force = ann.script(&["apps.read"]).await;
    in_force.get(&ann.of_app("")).await.expect(200);
    let mut tx = service.as_tenant(&ann).await;
    let past = "UPDATE management_tokens SET expires_at = now() - interval '1 s'";
    sqlx::query(past).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    in_force.get(&ann.of_app("")).await.problem(401, "unauthenticated");
}

#[sqlx::test(migrations = "../migrations")]
async fn some_things_only_a_person_does(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let all: Vec<&str> = crate::organisations::Permission::ALL
        .iter()
        .map(|permission| permission.as_str())
        .collect();
    let script = ann.script(&all).await;
    script.get("/v1/session").await.problem(403, "person_only");
    script.post("/v1/logout", json!({})).await.problem(403, "person_only");
    ann.with_token("nonsense").get("/v1/session").await.problem(401, "unauthenticated");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_shrinks_with_its_maker(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let script = ann.script(&["organisation.write", "apps.write", "apps.read"]).await;
    let rename = json!({"name": "By a script"});
    script.patch(&script.of_organisation(""), rename.clone()).await.expect(200);
    make(&service, &ann, "developer").await;
    script.patch(&script.of_organisation(""), rename.clone()).await.problem(403, "forbidden");
    script.patch(&script.of_app(""), rename.clone()).await.expect(200);
    make(&service, &ann, "viewer").await;
    script.patch(&script.of_app(""), rename).await.problem(403, "forbidden");
    let info = script.get("/v1/token").await.expect(200);
    assert_eq!(info["effective_permissions"], json!(["apps.read"]));
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_gives_a_token_more_than_they_have(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let path = ann.of_organisation("/tokens");
    let wanted = json!({"name": "x", "permissions": ["organisation.delete"]});
    make(&service, &ann, "admin").await;
    ann.post(&path, wanted.clone()).await.problem(422, "invalid");
    make(&service, &ann, "owner").await;
    ann.post(&path, wanted.clone()).await.expect(201);
    let script = ann.script(&["tokens.write", "apps.read"]).await;
    script.post(&path, wanted).await.problem(422, "invalid");
    let fewer = json!({"name": "x", "permissions": ["apps.read"]});
    script.post(&path, fewer).await.expect(201);
    for (field, body) in [
        ("permissions", json!({"name": "x", "permissions": []})),
        ("permissions[0]", json!({"name": "x", "permissions": ["everything"]})),
        ("name", json!({"name": "", "permissions": ["apps.read"]})),
        (
            "expires_at",
            json!({"name": "x", "permissions": ["apps.read"],
                              "expires_at": "2020-01-01T00:00:00Z"}),
        ),
        ("apps", json!({"name": "x", "permissions": ["apps.read"], "apps": []})),
        ("apps", json!({"name": "x", "permissions": ["apps.read"], "apps": ["1234567"]})),
        ("permissions", json!({"name": "x", "permissions": ["team.read"], "apps": [ann.app]})),
    ] {
        let refused = ann.post(&path, body).await;
        refused.problem(422, "invalid");
        assert_eq!(refused.json()["errors"][0]["field"], field, "{}", refused.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_can_be_confined_to_apps(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let other = ann.post(&ann.of_organisation("/apps"), json!({"name": "Other"})).await.expect(201);
    let other = format!("/v1/apps/{}", other["app"]["id"].as_str().unwrap());
    let wanted =
        json!({"name": "x", "permissions": ["apps.read", "apps.write"], "apps": [ann.app]});
    let made = ann.create_token(wanted).await;
    let script = ann.with_token(made["token"].as_str().unwrap());
    script.get(&script.of_app("")).await.expect(200);
    script.patch(&script.of_app(""), json!({"name": "Mine"})).await.expect(200);
    script.get(&other).await.problem(404, "not_found");
    let apps = script.get(&script.of_organisation("/apps")).await.expect(200);
    assert_eq!(apps["items"].as_array().unwrap().len(), 1, "{apps}");
    let another = script.post(&script.of_organisation("/apps"), json!({"name": "x"})).await;
    another.problem(403, "token_forbidden");
    script.get(&script.of_organisation("")).await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_stays_in_its_organisation(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let script = ann.script(&["apps.read"]).await;
    // Its maker joins another organisation, and the token does not come along.
    let mut tx = service.as_tenant(&bob).await;
    let join = "INSERT INTO memberships (organisation_id, user_id, role)
                SELECT $1, id, 'owner' FROM (VALUES ($2::uuid)) AS people (id)";
    let ann_id = ann.get("/v1/session").await.expect(200)["user"]["id"].clone();
    let ann_id: uuid::Uuid = ann_id.as_str().unwrap().parse().unwrap();
    sqlx::query(join).bind(bob.organisation).bind(ann_id).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    ann.get(&bob.of_app("")).await.expect(200);
    script.get(&bob.of_app("")).await.problem(404, "not_found");
    script.get(&bob.of_organisation("")).await.problem(404, "not_found");
    let listed = script.get("/v1/organisations").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn retries_of_a_token_are_its_own(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    service.put_on(&ann, "growth").await;
    let scripts = [ann.script(&["apps.write"]).await, ann.script(&["apps.write"]).await];
    let path = ann.of_organisation("/apps");
    let create = |who: &Customer| {
        let request = who.request(Method::POST, &path).header("idempotency-key", "once");
        Answer::of(request.json(&json!({"name": "Shop"})))
    };
    let first = create(&scripts[0]).await.expect(201);
    assert_eq!(create(&scripts[0]).await.expect(201), first, "the secret included");
    assert_ne!(create(&scripts[1]).await.expect(201), first);
    assert_ne!(create(&ann).await.expect(201), first);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_that_asks_too_often_is_slowed_down(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let (script, other) = (ann.script(&["apps.read"]).await, ann.script(&["apps.read"]).await);
    let mut asked = 0;
    let refused = loop {
        let answer = script.get("/v1/gateways").await;
        if answer.status != 200 {
            break answer;
        }
        asked += 1;
        assert!(asked < 2_000, "nobody stops it");
    };
    refused.problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(asked >= 200, "{asked}");
    other.get("/v1/gateways").await.expect(200);
    ann.get("/v1/gateways").await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_script_watches_live(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let handshake = |who: &Customer| {
        let request = who.request(Method::GET, &who.of_app("/live"));
        let request = request.header("connection", "upgrade").header("upgrade", "websocket");
        let request = request.header("sec-websocket-version", "13");
        request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==").send()
    };
    let reader = ann.script(&["apps.read"]).await;
    assert_eq!(handshake(&reader).await.unwrap().status(), 101);
    let other = ann.script(&["keys.read"]).await;
    assert_eq!(handshake(&other).await.unwrap().status(), 403);
}

/// The examples in the documentation, run as they stand there.
#[sqlx::test(migrations = "../migrations")]
async fn the_documented_examples_work(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let script =
        ann.script(&["apps.read", "apps.write", "keys.write", "keys.read", "audit.read"]).await;
    let page = include_str!("../../../docs/management-api.md");
    let examples = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    let folder = std::env::temp_dir().join(format!("signalbox-examples-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).unwrap();
    let shell = tokio::task::spawn_blocking({
        let (folder, base, app) = (folder.clone(), ann.base.clone(), ann.app.to_string());
        let organisation = ann.organisation.to_string();
        let token = script.token.clone().unwrap();
        let examples = format!("set -eu\n{}", examples.expect("examples"));
        move || {
            let mut shell = std::process::Command::new("sh");
            shell.current_dir(folder).arg("-c").arg(examples);
            shell.env("SIGNALBOX_URL", base).env("SIGNALBOX_TOKEN", token);
            shell.env("ORG", organisation).env("APP", app).output().expect("a shell")
        }
    });
    let output = shell.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("sk_sbx_"), "{said}");
    let export = std::fs::read_to_string(folder.join("audit.ndjson")).unwrap();
    crate::audit::verify::verify(export.as_bytes(), None).expect("the chain holds");
    std::fs::remove_dir_all(folder).unwrap();
}
