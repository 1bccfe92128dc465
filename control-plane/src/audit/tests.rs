use super::{chain, verify};
use crate::{
    db::{Db, Organisation, PersonId},
    testing::{Customer, service},
};
use serde_json::{Value, json};
use sqlx::{Executor, PgPool};
use std::{collections::HashSet, fs, process::Command};
use uuid::Uuid;

async fn export_of(who: &Customer) -> String {
    let answer = who.get(&who.of_organisation("/audit/export")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

async fn head_of(who: &Customer) -> Value {
    who.get(&who.of_organisation("/audit/head")).await.expect(200)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deed_says_who_what_and_from_what_to_what(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let before = ann.get(&ann.of_organisation("")).await.expect(200);
    let renamed = ann.patch(&ann.of_organisation(""), json!({"name": "Zoë & \"Co\"\\"})).await;
    let request_id = renamed.header("x-request-id").to_owned();
    let after = renamed.expect(200);

    let page = ann.get(&ann.of_organisation("/audit?limit=1")).await.expect(200);
    let entry = &page["items"][0];
    assert_eq!(entry["action"], "organisation.renamed");
    assert_eq!(entry["subject"], ann.organisation.to_string());
    assert_eq!((&entry["before"], &entry["after"]), (&before, &after));
    assert_eq!(
        (&entry["actor"]["kind"], &entry["actor"]["name"]),
        (&json!("person"), &json!(ann.email))
    );
    assert_eq!(entry["actor"]["id"], entry["actor"]["person"]);
    assert_eq!(
        (&entry["request_id"], &entry["address"]),
        (&json!(request_id), &json!("127.0.0.1"))
    );
    assert_eq!(entry["hash"], head_of(&ann).await["hash"]);

    let script = ann.script(&["organisation.write"]).await;
    script.patch(&script.of_organisation(""), json!({"name": "By a script"})).await.expect(200);
    let page = ann.get(&ann.of_organisation("/audit?limit=1")).await.expect(200);
    let actor = &page["items"][0]["actor"];
    assert_eq!((&actor["kind"], &actor["name"]), (&json!("token"), &json!("script")));
    assert_eq!(actor["person"], entry["actor"]["id"], "whose account it was done with");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_export_can_be_verified_by_anyone(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    for name in ["Zoë", "tab\u{2028}and \u{1f600}", "quote\" back\\slash / end"] {
        ann.patch(&ann.of_organisation(""), json!({"name": name})).await.expect(200);
    }
    ann.create_key("deploy").await;
    ann.patch(&ann.of_app(""), json!({"settings": {"client_events": true}})).await.expect(200);
    let (export, head) = (export_of(&ann).await, head_of(&ann).await);
    let hash = head["hash"].as_str().unwrap();
    let held = verify::verify(export.as_bytes(), Some(hash)).expect("the chain holds");
    assert_eq!((held.first, json!(held.last)), (1, head["seq"].clone()));
    for line in export.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!(chain::canonical(&entry), line, "an exported line is canonical");
    }

    // The program in the documentation comes to the same result.
    let page = include_str!("../../../docs/audit.md");
    let program = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next());
    let folder = std::env::temp_dir().join(format!("signalbox-audit-{}", Uuid::new_v4()));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("verify.py"), program.expect("a program in docs/audit.md")).unwrap();
    let run = |export: &str, head: &str| {
        fs::write(folder.join("audit.ndjson"), export).unwrap();
        let python = Command::new("python3")
            .current_dir(&folder)
            .args(["verify.py", "audit.ndjson", head])
            .output();
        let output = python.expect("python3 runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run(&export, hash), (true, format!("entries up to {} hold\n", held.last)));
    let (holds, said) = run(&export.replace("Zoë", "Zoe"), hash);
    assert!(!holds && said.starts_with("line 3: changed"), "{said}");
    let (holds, said) = run(export.split_once('\n').unwrap().1, hash);
    assert!(holds, "a part holds too: {said}");
    let cut: Vec<&str> = export.lines().take(3).collect();
    let (holds, said) = run(&cut.join("\n"), hash);
    assert!(!holds && said.contains("head"), "{said}");
    fs::remove_dir_all(folder).unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn entries_are_found_by_actor_action_subject_and_time(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let key = ann.create_key("k").await["key"]["id"].as_str().unwrap().to_owned();
    ann.delete(&ann.of_app(&format!("/keys/{key}"))).await.expect(200);
    let me = ann.get("/v1/session").await.expect(200)["user"]["id"].clone();
    for (query, expected) in [
        ("", 4),
        ("action=key", 2),
        ("action=key.created", 1),
        ("action=ke", 0),
        (&*format!("subject={key}"), 2),
        ("actor=ANN@example.com", 4),
        (&*format!("actor={}", me.as_str().unwrap()), 4),
        ("actor=bob@example.com", 0),
        ("from=2020-01-01T00:00:00Z&to=2021-01-01T00:00:00Z", 0),
        ("from=2020-01-01T00:00:00Z", 4),
        ("action=key&actor=ann@example.com&to=2200-01-01T00:00:00Z", 2),
        (&*format!("app={}", ann.app), 3),
        ("app=1", 0),
    ] {
        let page = ann.get(&ann.of_organisation(&format!("/audit?{query}"))).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), expected, "{query}: {page}");
    }
    let first = ann.get(&ann.of_organisation("/audit?limit=3")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = ann.get(&ann.of_organisation(&format!("/audit?limit=3&cursor={cursor}"))).await;
    let rest = rest.expect(200);
    assert_eq!(
        (rest["items"][0]["seq"].clone(), rest["next_cursor"].clone()),
        (json!(1), Value::Null)
    );
    for query in ["from=yesterday", "limit=0", "cursor=x", "who=ann"] {
        let refused = ann.get(&ann.of_organisation(&format!("/audit?{query}"))).await;
        refused.problem(422, "invalid");
    }
    let csv = ann.get(&ann.of_organisation("/audit/export?format=csv")).await;
    assert!(csv.text.starts_with("seq,at,actor_kind"), "{}", csv.text);
    assert_eq!(
        (csv.text.lines().count(), csv.header("content-type")),
        (5, "text/csv; charset=utf-8")
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn the_list_names_what_an_entry_is_about_and_the_app(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let app_name = ann.get(&ann.of_app("")).await.expect(200)["name"].clone();
    let key = ann.create_key("Worker").await["key"]["id"].as_str().unwrap().to_owned();
    ann.delete(&ann.of_app(&format!("/keys/{key}"))).await.expect(200);
    ann.create_publishable_key().await;
    ann.create_webhook().await;
    let token = ann.create_token(json!({"name": "t", "permissions": ["apps.read"]})).await;
    assert!(token["token"].is_string());

    let page = ann.get(&ann.of_organisation("/audit?limit=100")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    let about = |action: &str| {
        let entry = items.iter().find(|entry| entry["action"] == action);
        let entry = entry.unwrap_or_else(|| panic!("{action}: {page}"));
        (entry["subject_name"].clone(), entry["app"].clone())
    };
    let app = json!({"id": ann.app, "name": app_name});
    assert_eq!(about("key.created"), (json!("Worker"), app.clone()));
    assert_eq!(about("key.revoked"), (json!("Worker"), app.clone()), "also when it is no more");
    assert_eq!(about("app.created"), (app_name, app.clone()));
    assert_eq!(about("publishable_key.created").1, app);
    assert_eq!(about("webhook.created"), (json!("https://1.1.1.1/hook"), app));
    assert_eq!(about("token.created"), (Value::Null, Value::Null));

    let elsewhere = service.sign_up("bob@example.com").await;
    let page = elsewhere.get(&elsewhere.of_organisation(&format!("/audit?app={}", ann.app))).await;
    assert_eq!(page.expect(200)["items"], json!([]), "another organisation's app has no entries");
}

#[sqlx::test(migrations = "../migrations")]
async fn deeds_at_the_same_time_make_one_chain(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let deeds = (0..24).map(|n| {
        let ann = &ann;
        async move {
            let path = ann.of_organisation("/apps");
            match n % 3 {
                0 => ann.create_key(&format!("{n}")).await,
                1 => ann.patch(&ann.of_app(""), json!({"name": format!("{n}")})).await.expect(200),
                _ => ann.patch(&path.replace("/apps", ""), json!({"name": "x"})).await.expect(200),
            }
        }
    });
    futures_util::future::join_all(deeds).await;
    let export = export_of(&ann).await;
    let hash = head_of(&ann).await["hash"].clone();
    let held = verify::verify(export.as_bytes(), hash.as_str()).expect("the chain holds");
    assert_eq!((held.first, held.last), (1, 26));
    let times: Vec<Value> = export
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["at"].clone())
        .collect();
    assert!(times.is_sorted_by_key(|at| at.as_str().unwrap().to_owned()), "time goes forward");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_fails_leaves_no_entry(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let before = head_of(&ann).await;
    let taken = json!({"name": "x", "import": {"key": ann.key, "secret": "0123456789abcdef"}});
    ann.post(&ann.of_organisation("/apps"), taken).await.problem(409, "app_name_taken");
    ann.patch(&ann.of_organisation(""), json!({"name": ""})).await.problem(422, "invalid");
    assert_eq!(head_of(&ann).await, before);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_past_cannot_be_changed(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let before = head_of(&ann).await;
    for statement in [
        "UPDATE audit_log SET action = 'nothing'",
        "UPDATE audit_log SET hash = prev_hash",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "UPDATE audit_heads SET seq = 0",
        "DELETE FROM audit_heads",
        "ALTER TABLE audit_log DISABLE TRIGGER kept",
    ] {
        for role in ["signalbox_app", "signalbox_service", "signalbox_person"] {
            let mut tx = service.as_tenant(&ann).await;
            let take = sqlx::query("SELECT set_config('role', $1, true)").bind(role);
            take.execute(tx.db()).await.unwrap();
            let refused = sqlx::query(statement).execute(tx.db()).await;
            let touched = refused.map(|done| done.rows_affected());
            let harmless = match touched {
                Ok(rows) => rows == 0,
                Err(error) => error.as_database_error().unwrap().code().unwrap() == "42501",
            };
            assert!(harmless, "{role}: {statement}");
        }
    }
    // Numbers and hashes that a writer makes up do not count.
    let mut tx = service.as_tenant(&ann).await;
    let forged = "INSERT INTO audit_log (organisation_id, action, subject, seq, hash, prev_hash)
                  VALUES ($1, 'forged', 's', 77, sha256('a'), sha256('b'))";
    sqlx::query(forged).bind(ann.organisation).execute(tx.db()).await.unwrap();
    tx.commit().await.unwrap();
    let held = verify::verify(export_of(&ann).await.as_bytes(), None).expect("the chain holds");
    assert_eq!(json!(held.last), json!(before["seq"].as_u64().unwrap() + 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn no_secret_is_in_the_log(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let ice =
        json!({"urls": ["turn:turn.example.com"], "username": "u", "credential": "turn-pass"});
    let settings = json!({"settings": {"metered": {"ice_servers": [ice]}}});
    ann.patch(&ann.of_app(""), settings).await.expect(200);
    let key = ann.create_key("k").await["token"].as_str().unwrap().to_owned();
    let pair = ann.post(&ann.of_app("/credentials"), json!({})).await.expect(201);
    let pair = pair["credential"]["secret"].as_str().unwrap().to_owned();
    let script = ann.script(&["apps.read"]).await;
    let export = export_of(&ann).await;
    for secret in [&ann.secret, &key, &pair, "turn-pass", &script.token.unwrap()] {
        assert!(!export.contains(secret), "{secret}");
    }
    assert!(export.contains("[redacted]"), "the setting is logged, without its secret");
}

/// Applies the migrations whose numbers `wanted` accepts.
async fn migrate(db: &PgPool, wanted: impl Fn(u32) -> bool) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        if wanted(name[..4].parse().unwrap()) {
            let text = fs::read_to_string(&file).unwrap();
            db.execute(sqlx::AssertSqlSafe(text)).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[sqlx::test(migrations = false)]
async fn what_was_logged_before_there_was_a_chain_is_in_it(db: PgPool) {
    migrate(&db, |number| number < 9).await;
    let organisations = [Uuid::new_v4(), Uuid::new_v4()];
    let person = Uuid::new_v4();
    for organisation in organisations {
        let access = Db::from_pool(db.clone());
        let mut tx = access.person(PersonId(person)).await.unwrap();
        let scope = "SELECT set_config('role', 'signalbox_app', true),
                            set_config('signalbox.organisation', $1, true)";
        sqlx::query(scope).bind(organisation.to_string()).execute(tx.db()).await.unwrap();
        let make = "INSERT INTO organisations (id, name) VALUES ($1, 'o')";
        sqlx::query(make).bind(organisation).execute(tx.db()).await.unwrap();
        for (who, subject) in
            [(Some(person), "é \"\\/\t\u{1}"), (None, ""), (Some(person), "\u{7f}")]
        {
            let log = "INSERT INTO audit_log (organisation_id, user_id, action, subject)
                       VALUES ($1, $2, 'done', $3)";
            let log = sqlx::query(log).bind(organisation).bind(who).bind(subject);
            log.execute(tx.db()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    migrate(&db, |number| number >= 9).await;
    let mut heads = HashSet::new();
    for organisation in organisations {
        let access = Db::from_pool(db.clone());
        let mut tx = access.tenant("test", Organisation::known(organisation)).await.unwrap();
        tx.audit("later", "now").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = access.tenant("test", Organisation::known(organisation)).await.unwrap();
        let entries = super::store::following(&mut tx, 0, None, None, 100).await.unwrap();
        let lines: Vec<String> =
            entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        let held = verify::verify(lines.join("\n").as_bytes(), None).expect("the chain holds");
        assert_eq!((held.first, held.last), (1, 4));
        let kinds: Vec<&str> = entries.iter().map(|entry| entry.actor.kind.as_str()).collect();
        assert_eq!(kinds, ["person", "service", "person", "service"]);
        heads.insert(held.head);
    }
    assert_eq!(heads.len(), 2, "each organisation has a chain of its own");
}
