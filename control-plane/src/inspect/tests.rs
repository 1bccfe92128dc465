use crate::testing::{GATEWAY_TOKEN, service};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::json;
use sqlx::PgPool;

/// A gateway's ops listener with one connection and one channel.
fn given_ops(socket: &'static str, opened_at_ms: u64) -> String {
    let check = |request: &HttpRequest| {
        let bearer = request.headers().get("authorization").unwrap().to_str().unwrap();
        assert_eq!(bearer, format!("Bearer {GATEWAY_TOKEN}"));
    };
    let connections = move |request: HttpRequest| async move {
        check(&request);
        let hears = !request.query_string().contains("channel=elsewhere");
        let open = json!({
            "socket_id": socket, "dialect": "pusher", "opened_at_ms": opened_at_ms,
            "channels": ["room/1"], "channel_count": 1,
        });
        let connections = if hears { vec![open] } else { vec![] };
        let total = connections.len();
        HttpResponse::Ok().json(json!({"connections": connections, "total": total}))
    };
    let terminate = move |request: HttpRequest| async move {
        check(&request);
        let was_here = request.match_info().get("socket") == Some(socket);
        HttpResponse::Ok().json(json!({"was_here": was_here}))
    };
    let channel = move |request: HttpRequest| async move {
        check(&request);
        assert_eq!(request.query_string(), "name=room%2F1");
        HttpResponse::Ok().json(json!({
            "subscriptions": 2, "users": 1, "members": [{"user_id": socket, "info": {"a":  1}}],
            "events": [{"event": "e", "data": "\"x\"", "at_ms": opened_at_ms}],
        }))
    };
    let server = HttpServer::new(move || {
        App::new()
            .route("/internal/v1/apps/{app}/connections", web::get().to(connections))
            .route(
                "/internal/v1/apps/{app}/connections/{socket}/terminate",
                web::post().to(terminate),
            )
            .route("/internal/v1/apps/{app}/channel", web::get().to(channel))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    url
}

#[sqlx::test(migrations = "../migrations")]
async fn connections_of_all_gateways_are_listed_and_ended(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let list = ann.of_app("/connections");
    let none = ann.get(&list).await.expect(200);
    assert_eq!(none, json!({"connections": [], "total": 0, "unanswered": []}));
    let end = |socket: &str| ann.of_app(&format!("/connections/{socket}/terminate"));
    ann.post(&end("1.1"), json!({})).await.problem(404, "not_found");

    let _following = [
        service.gateway_at("g1", 1, &given_ops("1.1", 5)).await,
        service.gateway_at("g2", 1, &given_ops("2.2", 9)).await,
    ];
    let both = ann.get(&list).await.expect(200);
    assert_eq!(both["total"], 2);
    assert_eq!(both["connections"][0]["socket_id"], "2.2", "the newest first");
    assert_eq!(both["connections"][1]["channels"], json!(["room/1"]));
    let elsewhere = ann.get(&format!("{list}?channel=elsewhere")).await.expect(200);
    assert_eq!(elsewhere["total"], 0);
    ann.get(&format!("{list}?colour=red")).await.problem(422, "invalid");

    ann.post(&end("2.2"), json!({})).await.expect_status(204);
    let of_app = format!("/audit?limit=1&app={}", ann.app);
    let entry = ann.get(&ann.of_organisation(&of_app)).await.expect(200)["items"][0].clone();
    assert_eq!(entry["action"], "connection.terminated");
    assert_eq!((&entry["subject"], &entry["app"]["id"]), (&json!("2.2"), &json!(ann.app)));
    assert_eq!((&entry["before"], &entry["after"]), (&json!({"app_id": ann.app}), &json!(null)));
    let elsewhere = ann.get(&ann.of_organisation("/audit?app=1")).await.expect(200);
    assert_eq!(elsewhere["items"], json!([]));
    ann.post(&end("3.3"), json!({})).await.problem(404, "not_found");
    ann.post(&end("no-socket"), json!({})).await.problem(404, "not_found");

    let _silent = service.gateway("silent", 1).await;
    let known = ann.get(&list).await.expect(200);
    assert_eq!((&known["total"], &known["unanswered"]), (&json!(2), &json!(["silent"])));
    ann.post(&end("3.3"), json!({})).await.problem(503, "gateway_unavailable");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_channel_is_looked_into_by_its_name(db: PgPool) {
    let service = service(&db).await;
    let ann = service.sign_up("ann@example.com").await;
    let _following = [
        service.gateway_at("g1", 1, &given_ops("1.1", 5)).await,
        service.gateway_at("g2", 1, &given_ops("2.2", 9)).await,
    ];
    let channel = ann.get(&ann.of_app("/channel?name=room%2F1")).await.expect(200);
    assert_eq!(channel["name"], "room/1");
    assert_eq!((&channel["subscriptions"], &channel["users"]), (&json!(4), &json!(2)));
    assert_eq!(channel["members"][1], json!({"user_id": "2.2", "info": {"a": 1}}));
    assert_eq!(channel["events"][0]["at_ms"], 9, "the latest first");
    assert_eq!(channel["cached"], json!(null));
    ann.get(&ann.of_app("/channel")).await.problem(422, "invalid");
    ann.get(&ann.of_app("/channel?name=")).await.problem(422, "invalid");
}
