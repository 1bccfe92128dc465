//! What holds for every operation, whichever it is. The operations come from the OpenAPI document,
//! and that is held to the code first.

use super::openapi;
use crate::{
    organisations::{Permission, Role},
    testing::{
        Answer, Customer, Service,
        operations::{self, Operation, Values},
        required, service,
    },
};
use serde_json::Value;
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Routes that are not the public API, wherever they are written.
/// Of gateways, of the payment provider, of operators.
const NOT_PUBLIC: [&str; 3] = ["/internal/", "/webhooks/", "/metrics"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|e| e == "rs") => found.push(path),
            false => {}
        }
    }
}

/// Method and path of every route attribute in the code.
fn routes_in_the_code() -> BTreeSet<(String, String)> {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let mut routes = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            for method in ["get", "post", "put", "patch", "delete"] {
                let Some(rest) = line.strip_prefix(&format!("#[{method}(\"")) else { continue };
                let path = rest.split('"').next().unwrap().to_owned();
                if !NOT_PUBLIC.iter().any(|start| path.starts_with(start)) {
                    routes.insert((method.to_uppercase(), path));
                }
            }
        }
        // The other ways to register a route would pass this test by.
        let is_test = file.ends_with("tests.rs") || file.to_string_lossy().contains("/tests/");
        for (at, _) in text.match_indices(".route(\"") {
            let path = &text[at + 8..];
            let known = NOT_PUBLIC.iter().any(|start| path.starts_with(start));
            assert!(known || is_test, "{}: a route outside of the document", file.display());
        }
    }
    routes
}

#[test]
fn the_document_has_every_route_and_nothing_else() {
    let documented = operations::all();
    let documented = documented.iter().map(|o| (o.method.to_string(), o.template.clone()));
    let (code, documented) = (routes_in_the_code(), documented.collect::<BTreeSet<_>>());
    let missing: Vec<_> = code.difference(&documented).collect();
    assert!(missing.is_empty(), "in the code and not registered or documented: {missing:?}");
    let invented: Vec<_> = documented.difference(&code).collect();
    assert!(invented.is_empty(), "documented and not in the code: {invented:?}");
    assert!(openapi::document().paths.paths.len() > 20, "the document is not empty");
}

/// An answer but for what names the request.
fn nameless(answer: &Answer) -> (u16, Value) {
    let mut body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (answer.status.as_u16(), body)
}

async fn all_permissions(who: &Customer) -> Customer {
    let all: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    who.script(&all).await
}

#[sqlx::test(migrations = "../migrations")]
async fn what_belongs_to_others_answers_like_what_does_not_exist(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let (anns, nobodys) = (operations::values_of(&ann).await, operations::values_of_nobody());
    let own = |values: &Values| {
        let mut mixed = values.clone();
        mixed.insert("organisations/{org}".into(), bob.organisation.to_string());
        mixed.insert("apps/{app}".into(), bob.app.as_str().to_owned());
        mixed
    };
    let (mixed, mixed_nobodys) = (own(&anns), own(&nobodys));
    let head = ann.get(&ann.of_organisation("/audit/head")).await.expect(200);
    for kind in ["a session", "a token"] {
        let mut caller = bob.clone();
        for (asked, operation) in operations::of_tenants().iter().enumerate() {
            // One token alone would be asking too often.
            if kind == "a token" && asked % 30 == 0 {
                caller = all_permissions(&bob).await;
            }
            let (path, absent) = (operation.path(&anns), operation.path(&nobodys));
            let foreign = nameless(&operation.send(&caller, &path).await);
            assert_eq!(foreign.0, 404, "{} {path} with {kind}: {}", operation.method, foreign.1);
            let absent = nameless(&operation.send(&caller, &absent).await);
            assert_eq!(foreign, absent, "{} {path} with {kind}", operation.method);
            // Not even through something of one's own.
            if operation.parameters().len() > 1 {
                let (path, absent) = (operation.path(&mixed), operation.path(&mixed_nobodys));
                let foreign = nameless(&operation.send(&caller, &path).await);
                assert_eq!(
                    foreign.0, 404,
                    "{} {path} with {kind}: {}",
                    operation.method, foreign.1
                );
                let absent = nameless(&operation.send(&caller, &absent).await);
                assert_eq!(foreign, absent, "{} {path} with {kind}", operation.method);
            }
        }
    }
    assert_eq!(ann.get(&ann.of_organisation("/audit/head")).await.expect(200), head);
    for (parameter, value) in
        [("keys/{id}", "/keys"), ("publishable-keys/{key}", "/publishable-keys")]
    {
        let left = ann.get(&ann.of_app(value)).await;
        assert!(left.text.contains(&anns[parameter]), "nothing of Ann's is gone: {value}");
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[sqlx::test(migrations = "../migrations")]
async fn what_belongs_to_others_takes_as_long_as_what_does_not_exist(db: PgPool) {
    const SAMPLES: usize = 25;
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let bob = service.sign_up("bob@example.com").await;
    let (anns, nobodys) = (operations::values_of(&ann).await, operations::values_of_nobody());
    let all = operations::of_tenants();
    let of = |name: &str| all.iter().find(|operation| operation.name == name).expect(name);
    for operation in [of("get_organisation"), of("get_app"), of("list_keys"), of("revoke_key")] {
        let mut ratios = Vec::new();
        for _attempt in 0..4 {
            let mut times: [Vec<Duration>; 2] = Default::default();
            for _ in 0..SAMPLES {
                for (times, values) in times.iter_mut().zip([&anns, &nobodys]) {
                    let started = Instant::now();
                    operation.send(&bob, &operation.path(values)).await.problem(404, "not_found");
                    times.push(started.elapsed());
                }
            }
            let [foreign, absent] = times.map(|times| median(times).as_secs_f64());
            ratios.push(foreign / absent);
            if (0.67..1.5).contains(&(foreign / absent)) {
                break;
            }
        }
        let last = ratios.last().unwrap();
        assert!((0.67..1.5).contains(last), "{}: {ratios:?}", operation.name);
    }
}

/// What a stranger is answered differently than with 401: open to everyone.
async fn is_open(service: &Service, operation: &Operation, path: &str) -> bool {
    let request = service.request(operation.method.clone(), path);
    Answer::of(request).await.status != 401
}

#[sqlx::test(migrations = "../migrations")]
async fn changes_need_a_session_and_its_csrf_token(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let values = operations::values_of(&ann).await;
    let mut checked = 0;
    for operation in operations::all() {
        let path = operation.path(&values);
        if !operation.is_unsafe() || is_open(&service, &operation, &path).await {
            assert!(!operation.template.contains('{') || !operation.is_unsafe(), "{path} is open");
            continue;
        }
        for csrf in [None, Some("0"), Some("")] {
            let request = service.request(operation.method.clone(), &path);
            let mut request = request.header("cookie", &ann.cookie);
            if let Some(csrf) = csrf {
                request = request.header("x-csrf-token", csrf);
            }
            if let Some(body) = operation.body() {
                request = request.json(&body);
            }
            Answer::of(request).await.problem(403, "csrf");
        }
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}

/// The permission that an operation asks for first. Asked with a token that may nothing of use, so
/// that nothing is changed by asking.
async fn permission_of(
    operation: &Operation,
    values: &Values,
    tokens: &[Customer; 2],
) -> Option<Permission> {
    for token in tokens {
        let answer = operation.send(token, &operation.path(values)).await;
        let asked = required::take(answer.header("x-request-id"));
        if answer.status == 403 {
            return asked.first().copied();
        }
    }
    None
}

const TABLE: [&str; 2] = ["<!-- operations -->\n", "<!-- /operations -->"];

#[sqlx::test(migrations = "../migrations")]
async fn every_operation_asks_for_the_permission_that_is_documented(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let values = operations::values_of(&ann).await;
    let tokens = [ann.script(&["billing.write"]).await, ann.script(&["organisation.write"]).await];
    let mut members = Vec::new();
    for role in [Role::Admin, Role::Developer, Role::Billing, Role::Viewer] {
        members.push((role, service.member_of(&ann, role).await));
    }
    let mut table = String::from("| operation | | permission | who |\n|---|---|---|---|\n");
    for operation in operations::of_tenants() {
        let path = operation.path(&values);
        let permission = permission_of(&operation, &values, &tokens).await;
        let permission = permission.unwrap_or_else(|| panic!("{path} asks for no permission"));
        for (role, member) in &members {
            let may = role.may(permission);
            // Reading changes nothing, and neither does what is refused.
            if may && operation.is_unsafe() {
                continue;
            }
            let answer = operation.send(member, &path).await;
            let refused = answer.status == 403 && answer.json()["code"] == "forbidden";
            assert_eq!(refused, !may, "{path} as {role:?}: {}", answer.text);
        }
        let who: Vec<&str> =
            Role::ALL.into_iter().filter(|role| role.may(permission)).map(Role::as_str).collect();
        table += &format!(
            "| {} `{}` | {} | `{}` | {} |\n",
            operation.method,
            operation.template,
            summary_of(&operation),
            permission.as_str(),
            who.join(", "),
        );
    }
    in_docs("management-api.md", TABLE, &table);
}

fn summary_of(operation: &Operation) -> String {
    let item = &openapi::document().paths.paths[&operation.template];
    let mut documented = openapi::operations(item).into_iter();
    let found = documented.find(|(method, _)| *method == operation.method.as_str());
    found.and_then(|(_, documented)| documented.summary.clone()).unwrap_or_default()
}

/// Holds a part of the documentation to what the code says.
fn in_docs(page: &str, [begin, end]: [&str; 2], expected: &str) {
    let path = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(begin).expect(begin);
    let (found, after) = rest.split_once(end).expect(end);
    if std::env::var_os("UPDATE_DOCS").is_some_and(|v| v == "1") {
        fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    assert!(
        found == expected,
        "docs/{page} is stale: run UPDATE_DOCS=1 cargo test -p control-plane operations_tests"
    );
}

#[test]
fn the_roles_are_documented() {
    let head: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
    let mut table = format!("| permission | {} | |\n|---|", head.join(" | "));
    table += &"---|".repeat(head.len() + 1);
    table.push('\n');
    for permission in Permission::ALL {
        let marks = Role::ALL.map(|role| if role.may(permission) { "✓" } else { "" });
        let (name, marks) = (permission.as_str(), marks.join(" | "));
        table += &format!("| `{name}` | {marks} | {} |\n", permission.description());
    }
    in_docs("organisations.md", ["<!-- roles -->\n", "<!-- /roles -->"], &table);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_scripts_cannot_do_is_said(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let values = operations::values_of(&ann).await;
    let mut people_only = BTreeMap::new();
    for operation in operations::all().iter().filter(|o| !o.template.contains('{')) {
        let script = all_permissions(&ann).await;
        let path = operation.path(&values);
        if is_open(&service, operation, &path).await {
            continue;
        }
        let answer = operation.send(&script, &path).await;
        match answer.status.as_u16() {
            403 => {
                answer.problem(403, "person_only");
                people_only.insert(operation.name.clone(), path);
            }
            status => assert!(status < 500 && status != 401, "{path}: {}", answer.text),
        }
    }
    for name in ["get_session", "log_out", "create_organisation", "accept_invitation"] {
        assert!(people_only.contains_key(name), "{name}: {people_only:?}");
    }
    for name in ["list_organisations", "list_gateways", "get_token"] {
        assert!(!people_only.contains_key(name), "{name}");
    }
}
