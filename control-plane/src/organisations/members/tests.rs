use crate::{
    organisations::Role,
    testing::{Customer, Service, service},
};
use serde_json::{Value, json};
use sqlx::PgPool;

async fn id_of(who: &Customer) -> String {
    let session = who.get("/v1/session").await.expect(200);
    session["user"]["id"].as_str().unwrap().to_owned()
}

async fn path_of(who: &Customer) -> String {
    who.of_organisation(&format!("/members/{}", id_of(who).await))
}

async fn last_deed(who: &Customer) -> Value {
    who.get(&who.of_organisation("/audit?limit=1")).await.expect(200)["items"][0].clone()
}

struct Team {
    /// Without it nobody answers.
    service: Service,
    owner: Customer,
    admin: Customer,
    viewer: Customer,
}

async fn team(db: &PgPool) -> Team {
    let service = service(db).await;
    let owner = service.sign_up("ann@example.com").await;
    let admin = service.member_of(&owner, Role::Admin).await;
    let viewer = service.member_of(&owner, Role::Viewer).await;
    Team { service, owner, admin, viewer }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_team_is_listed_with_names_and_roles(db: PgPool) {
    let Team { owner, viewer, service: _service, .. } = team(&db).await;
    let members = viewer.get(&owner.of_organisation("/members")).await.expect(200);
    let shown: Vec<(&str, &str)> = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["email"].as_str().unwrap(), member["role"].as_str().unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ("viewer-of-ann@example.com", "viewer"),
            ("admin-of-ann@example.com", "admin"),
            ("ann@example.com", "owner"),
        ]
    );
    let one = viewer.get(&path_of(&owner).await).await.expect(200);
    assert_eq!(one, members["items"][2]);
    viewer.get(&owner.of_organisation("/members/nobody")).await.problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_gives_or_takes_more_than_they_have(db: PgPool) {
    let Team { owner, admin, viewer, service: _service } = team(&db).await;
    let (owners, admins, viewers) =
        (path_of(&owner).await, path_of(&admin).await, path_of(&viewer).await);
    let role = |role: &str| json!({"role": role});
    admin.patch(&viewers, role("owner")).await.problem(403, "forbidden");
    admin.patch(&owners, role("viewer")).await.problem(403, "forbidden");
    admin.delete(&owners).await.problem(403, "forbidden");
    viewer.patch(&viewers, role("admin")).await.problem(403, "forbidden");
    viewer.delete(&admins).await.problem(403, "forbidden");
    admin.patch(&viewers, role("king")).await.problem(422, "invalid");

    let changed = admin.patch(&viewers, role("developer")).await.expect(200);
    assert_eq!(changed["role"], "developer");
    let deed = last_deed(&owner).await;
    assert_eq!(deed["action"], "member.role_changed");
    assert_eq!(
        (&deed["before"]["role"], &deed["after"]["role"]),
        (&json!("viewer"), &json!("developer"))
    );
    // A token gives no more than it may itself.
    let script = owner.script(&["team.write", "team.read", "apps.read"]).await;
    script.patch(&viewers, role("viewer")).await.problem(403, "forbidden");
}

#[sqlx::test(migrations = "../migrations")]
async fn there_is_always_an_owner(db: PgPool) {
    let Team { owner, admin, service: _service, .. } = team(&db).await;
    let (owners, admins) = (path_of(&owner).await, path_of(&admin).await);
    owner.delete(&owners).await.problem(409, "last_owner");
    owner.patch(&owners, json!({"role": "admin"})).await.problem(409, "last_owner");
    owner.patch(&admins, json!({"role": "owner"})).await.expect(200);
    // Both step down at once: one of them stays.
    let step_down = json!({"role": "admin"});
    let both = futures_util::future::join(
        owner.patch(&owners, step_down.clone()),
        admin.patch(&admins, step_down.clone()),
    );
    let (one, other) = both.await;
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_leaves_is_out_at_once_and_so_are_their_tokens(db: PgPool) {
    let Team { owner, admin, viewer, service: _service } = team(&db).await;
    let script = admin.script(&["apps.read"]).await;
    script.get(&owner.of_app("")).await.expect(200);
    viewer.delete(&path_of(&viewer).await).await.expect(204);
    assert_eq!(last_deed(&owner).await["action"], "member.left");
    viewer.get(&owner.of_app("")).await.problem(404, "not_found");
    viewer.get(&owner.of_organisation("")).await.problem(404, "not_found");

    owner.delete(&path_of(&admin).await).await.expect(204);
    assert_eq!(last_deed(&owner).await["action"], "member.removed");
    script.get(&owner.of_app("")).await.problem(401, "unauthenticated");
    admin.get(&owner.of_app("")).await.problem(404, "not_found");
    admin.get("/v1/session").await.expect(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_organisation_is_handed_over_in_one_step(db: PgPool) {
    let Team { owner, admin, viewer, service: _service } = team(&db).await;
    let path = owner.of_organisation("/transfer");
    let to = |id: String| json!({"user_id": id});
    admin.post(&path, to(id_of(&viewer).await)).await.problem(403, "forbidden");
    owner.post(&path, to(id_of(&owner).await)).await.problem(422, "invalid");
    owner.post(&path, to(uuid::Uuid::new_v4().to_string())).await.problem(422, "invalid");
    let heir = owner.post(&path, to(id_of(&viewer).await)).await.expect(200);
    assert_eq!(heir["role"], "owner");
    let mine = owner.get(&owner.of_organisation("")).await.expect(200);
    assert_eq!(mine["role"], "admin");
    assert_eq!(viewer.get(&owner.of_organisation("")).await.expect(200)["role"], "owner");
}
