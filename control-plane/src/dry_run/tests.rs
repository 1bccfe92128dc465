use crate::testing::{GATEWAY_TOKEN, service};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use contract::{
    Action,
    dry_run::{ActionFindings, DryRun, Example, Findings, KeyName},
};
use serde_json::json;
use sqlx::PgPool;
use std::sync::{Arc, Mutex};

type Asked = Arc<Mutex<Vec<(String, DryRun)>>>;

async fn answer(
    request: HttpRequest,
    asked: web::Data<Asked>,
    body: web::Json<DryRun>,
) -> HttpResponse {
    let bearer = request.headers().get("authorization").unwrap().to_str().unwrap();
    assert_eq!(bearer, format!("Bearer {GATEWAY_TOKEN}"));
    let app = request.match_info().get("app").unwrap().to_owned();
    asked.lock().unwrap().push((app, body.into_inner()));
    let channels = vec![Example { name: "b/1".into(), count: 3 }];
    let found = ActionFindings { action: Action::Publish, looked_at: 5, refused: 3, channels };
    HttpResponse::Ok().json(Findings {
        window_s: 300,
        looked_at: 5,
        refused: 3,
        actions: vec![found],
        ..Findings::default()
    })
}

/// A gateway's ops listener, and what it was asked.
fn given_ops() -> (String, Asked) {
    let asked = Asked::default();
    let data = web::Data::new(asked.clone());
    let server = HttpServer::new(move || {
        let route = web::post().to(answer);
        App::new().app_data(data.clone()).route("/internal/v1/apps/{app}/dry-run", route)
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    (url, asked)
}

#[sqlx::test(migrations = "../migrations")]
async fn every_gateway_is_asked_and_the_silent_ones_are_named(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let body = json!({"name": "k", "actions": ["publish", "send"], "channels": ["**"]});
    let made = ann.post(&ann.of_app("/keys"), body).await.expect(201);
    let id = made["key"]["id"].as_str().unwrap();
    let path = ann.of_app(&format!("/keys/{id}/dry-run"));
    let change = json!({"channels": ["a/*"], "allowed_addresses": ["10.1.2.3/8"]});

    let nobody = ann.post(&path, change.clone()).await.expect(200);
    assert_eq!((&nobody["looked_at"], &nobody["coverage"]), (&json!(0), &json!("exact")));

    let ((first, asked), (second, _)) = (given_ops(), given_ops());
    let _following = [
        service.gateway_at("g1", 1, &first).await,
        service.gateway_at("g2", 1, &second).await,
        service.gateway("silent", 1).await,
    ];
    let answer = ann.post(&path, change.clone()).await.expect(200);
    assert_eq!((&answer["looked_at"], &answer["refused"]), (&json!(10), &json!(6)));
    assert_eq!(answer["actions"][0]["channels"], json!([{"name": "b/1", "count": 6}]));
    assert_eq!(answer["unanswered"], json!(["silent"]));
    assert_eq!(answer["coverage"], "sampled", "one gateway is missing");
    assert_eq!(answer["gateways"][0]["coverage"], "exact");
    let (app, question) = asked.lock().unwrap().pop().expect("a question");
    assert_eq!(app, ann.app.as_str());
    assert_eq!(question.key, KeyName::Secret(id.parse().unwrap()));
    assert_eq!(question.actions, [Action::Publish, Action::Send], "what stays as it is");
    assert_eq!(serde_json::to_value(&question.channels).unwrap(), json!(["a/*"]));
    assert_eq!(serde_json::to_value(&question.addresses).unwrap(), json!(["10.0.0.0/8"]));
    let unchanged = ann.get(&ann.of_app("/keys")).await.expect(200);
    assert_eq!(unchanged["items"][0], made["key"], "nothing was changed");

    let made = ann.post(&ann.of_app("/publishable-keys"), json!({"name": "web"})).await.expect(201);
    let path = format!("/publishable-keys/{}/dry-run", made["key"].as_str().unwrap());
    let change = json!({"allowed_origins": ["https://shop.example"]});
    ann.post(&ann.of_app(&path), change).await.expect(200);
    let (_, question) = asked.lock().unwrap().pop().expect("a question");
    assert_eq!(question.origins.unwrap().allowed, ["https://shop.example"]);

    ann.post(&ann.of_app("/keys/000000000000/dry-run"), json!({})).await.problem(404, "not_found");
    let bob = service.sign_up("bob@example.com").await;
    bob.post(&ann.of_app(&format!("/keys/{id}/dry-run")), json!({}))
        .await
        .problem(404, "not_found");
}
