//! One path, two families: the credential decides.

use super::house::{House, bearer};
use crate::{dialects::relay::fixtures, hub::clock};
use actix_web::{http::Method, test::TestRequest};
use md5::{Digest, Md5};

fn signed(method: &str, path: &str, body: &str) -> String {
    let md5 = match body {
        "" => String::new(),
        body => format!("&body_md5={}", hex::encode(Md5::digest(body))),
    };
    let now = clock::unix_ms() / 1_000;
    let query = format!("auth_key={}&auth_timestamp={now}&auth_version=1.0{md5}", fixtures::KEY);
    let text = format!("{method}\n{path}\n{query}");
    let auth = fixtures::auth(fixtures::KEY, fixtures::SECRET, &text);
    let signature = auth.split_once(':').expect("key:signature").1;
    format!("{path}?{query}&auth_signature={signature}")
}

#[actix_web::test]
async fn a_signed_query_speaks_pusher_whatever_the_headers_say() {
    let house = House::new();
    house.join("chat", "1.1", None);
    let body = r#"{"channel":"chat","name":"e","data":"1"}"#;
    for with_bearer in [false, true] {
        let uri = signed("POST", "/apps/my-app/events", body);
        let mut request = TestRequest::post().uri(&uri);
        if with_bearer {
            request = request.insert_header(bearer(fixtures::SECRET));
        }
        let answer = house.ask(request, body).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "{}"), "{with_bearer}");
    }
    let request = TestRequest::get().uri("/apps/my-app/channels?auth_key=my-key");
    let answer = house.ask(request.insert_header(bearer(fixtures::SECRET)), "").await;
    assert_eq!((answer.status, &answer.json()["code"]), (401, &"auth_failed".into()));
    for (path, expected) in [
        ("/apps/my-app/channels", r#"{"channels":{"chat":{}}}"#),
        ("/apps/my-app/channels/quiet", r#"{"occupied":false}"#),
    ] {
        let answer = house.ask(TestRequest::get().uri(&signed("GET", path, "")), "").await;
        assert_eq!((answer.status, answer.text.as_str()), (200, expected));
    }
    let event_only = r#"{"channel":"chat","event":"e","data":"1"}"#;
    let uri = signed("POST", "/apps/my-app/events", event_only);
    assert_eq!(house.ask(TestRequest::post().uri(&uri), event_only).await.status, 400);
    let path = "/apps/my-app/channels/chat/users";
    let answer = house.ask(TestRequest::get().uri(&signed("GET", path, "")), "").await;
    assert_eq!(answer.status, 400, "only presence channels have users there");
}

#[actix_web::test]
async fn a_signed_query_on_a_path_of_this_dialect_is_answered_in_its_words() {
    let house = House::new();
    let body = r#"{"batch":[{"channel":"chat","event":"e","data":"1"}]}"#;
    let uri = signed("POST", "/apps/my-app/events/batch", body);
    let answer = house.ask(TestRequest::post().uri(&uri), body).await;
    assert_eq!(answer.text, r#"{"ok":true,"count":1}"#);
    let uri = signed("GET", "/apps/my-app/channels/chat/events", "");
    let answer = house.ask(TestRequest::get().uri(&uri), "").await;
    assert_eq!(answer.json()["events"][0]["event"], "e");
    let uri = uri.replace("auth_signature=", "auth_signature=0");
    assert_eq!(house.ask(TestRequest::get().uri(&uri), "").await.status, 401);
}

#[actix_web::test]
async fn every_options_is_answered_for_every_page() {
    let house = House::new();
    for path in [
        "/apps/my-app/events",
        "/apps/my-app/events/batch",
        "/apps/my-app/events/log",
        "/apps/my-app/channels",
        "/apps/my-app/channels/chat",
        "/apps/my-app/channels/chat/users",
        "/apps/my-app/channels/chat/events",
        "/stats",
        "/health",
    ] {
        let request = TestRequest::with_uri(path).method(Method::OPTIONS);
        let answer = house.ask(request, "").await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            ("access-control-allow-headers", "Content-Type, Authorization"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
    }
}

#[actix_web::test]
async fn unknown_routes_and_methods_are_told_in_json_to_this_dialects_callers() {
    let house = House::new();
    for (method, path, status, error) in [
        (Method::GET, "/apps/my-app/nothing", 404, "Not found"),
        (Method::GET, "/apps/my-app/events", 405, "Method not allowed"),
        (Method::DELETE, "/apps/my-app/events/log", 405, "Method not allowed"),
        (Method::POST, "/stats", 405, "Method not allowed"),
    ] {
        let answer = house.with_key(fixtures::SECRET, method, path, "").await;
        assert_eq!((answer.status, answer.error()), (status, error.to_owned()), "{path}");
    }
    let answer = house.ask(TestRequest::get().uri("/apps/my-app/events"), "").await;
    assert_eq!((answer.status, answer.text.as_str()), (404, "404 NOT FOUND"));
}
