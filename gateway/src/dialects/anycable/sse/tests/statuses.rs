use super::stream::{SIGNED, TOKEN, open_house};
use crate::dialects::anycable::http::tests::house::{Asked, House};
use contract::directory::AppRecord;

const SSE: &str = "/apps/cableapp1/sse";

async fn status(house: &House, asked: Asked<'_>) -> u16 {
    let response = house.open(asked.by(None)).await;
    response.status().as_u16()
}

#[actix_web::test]
async fn what_is_wrong_is_told_before_the_stream_begins() {
    let (open, closed) = (open_house(), House::new());
    let signed = format!("signed_stream={SIGNED}");
    let authorised = format!("{signed}&jid={TOKEN}");
    let forged = format!("signed_stream={}&jid={TOKEN}", SIGNED.replace("702c", "702d"));
    let public = format!("stream=a&jid={TOKEN}");
    for (house, method, query, expected) in [
        (&open, "GET", "stream=a", 200),
        (&open, "GET", signed.as_str(), 200),
        (
            &open,
            "GET",
            "identifier=%7B%22channel%22%3A%22%24pubsub%22%2C%22stream_name%22%3A%22a%22%7D",
            200,
        ),
        (&open, "GET", "", 400),
        (&open, "GET", "stream=", 400),
        (&open, "GET", "channel=ChatChannel", 400),
        (&open, "GET", "identifier=x", 400),
        (&open, "GET", "signed_stream=x", 400),
        (&open, "GET", "stream=private-a", 400),
        (&open, "GET", "stream=presence-a", 400),
        (&open, "GET", "stream=%23server-to-user-ann", 400),
        (&open, "GET", "stream=a&history_since=soon", 400),
        (&open, "GET", "stream=a&jid=bad", 401),
        (&closed, "GET", "stream=a", 401),
        (&closed, "GET", signed.as_str(), 401),
        (&closed, "GET", authorised.as_str(), 200),
        (&closed, "GET", forged.as_str(), 400),
        (&closed, "GET", public.as_str(), 400),
        (&open, "PUT", "stream=a", 405),
        (&open, "DELETE", "", 405),
        (&open, "HEAD", "stream=a", 405),
        (&open, "OPTIONS", "", 200),
        (&closed, "OPTIONS", "", 200),
    ] {
        let target = format!("{SSE}?{query}");
        let is = status(house, Asked::new(method, &target)).await;
        assert_eq!(is, expected, "{method} {query}");
    }
    let with = |headers| Asked::new("GET", "/apps/cableapp1/sse?stream=a").headers(headers);
    assert_eq!(status(&open, with(&[("Last-Event-ID", "x/y/z")])).await, 400);
    assert_eq!(status(&open, with(&[("Last-Event-ID", "of somebody else")])).await, 200);
    // Trap 30: the header wins, and a bad token is refused where none is needed.
    assert_eq!(status(&open, with(&[("X-JID", "bad")])).await, 401);
}

#[actix_web::test]
async fn a_post_brings_its_commands() {
    let house = open_house();
    let subscribe =
        r#"{"command":"subscribe","identifier":"{\"channel\":\"$pubsub\",\"stream_name\":\"a\"}"}"#;
    let rejected = r#"{"command":"subscribe","identifier":"{\"channel\":\"Chat\"}"}"#;
    let long = format!("{subscribe}\n{}", " ".repeat(64 << 10));
    for (body, expected) in [
        (subscribe, 200),
        (&format!("{subscribe}\n\n{}\n", r#"{"command":"ping"}"#), 200),
        ("", 400),
        ("\n", 400),
        ("x", 400),
        (r#"{"command":"ping"}"#, 400),
        (r#"{"command":"subscribe"}"#, 400),
        (rejected, 400),
        (&format!("{subscribe}\n{rejected}"), 400),
        (&format!("{subscribe}\n{{"), 400),
        (&long, 413),
    ] {
        let is = status(&house, Asked::new("POST", SSE).with(body)).await;
        assert_eq!(is, expected, "{}", &body[..body.len().min(80)]);
    }
}

/// Trap 33: below the app `events` is for others to post to.
#[actix_web::test]
async fn events_are_found_by_host_and_by_path() {
    let house = open_house();
    let own = "cableapp1.cable.example.com";
    for (method, target, host, expected) in [
        ("GET", "/events?stream=a", own, 200),
        ("OPTIONS", "/events", own, 200),
        ("GET", "/events?stream=a", "nobody.cable.example.com", 401),
        ("GET", "/events?stream=a", "cable.example.com", 404),
        ("GET", "/events?stream=a", "localhost", 404),
        ("GET", "/apps/cableapp1/events?stream=a", "localhost", 200),
        ("GET", "/apps/100042/events?stream=a", "localhost", 200),
        ("GET", "/apps/cableapp1/sse?stream=a", "localhost", 200),
        ("GET", "/apps/nobody/sse?stream=a", "localhost", 401),
        ("POST", "/apps/cableapp1/events", "localhost", 401),
    ] {
        let is = status(&house, Asked::new(method, target).at(host)).await;
        assert_eq!(is, expected, "{method} {host} {target}");
    }
}

#[actix_web::test]
async fn an_app_decides_who_may_listen() {
    async fn with(change: impl FnOnce(&mut AppRecord), headers: &[(&str, &str)]) -> u16 {
        let house = House::with(|record| {
            record.settings.anycable.anonymous = true;
            record.settings.anycable.public_streams = true;
            change(record);
        });
        status(&house, Asked::new("GET", "/apps/cableapp1/sse?stream=a").headers(headers)).await
    }
    let page = [("Origin", "https://evil.test")];
    let own = vec!["https://example.com".to_owned()];
    assert_eq!(with(|_| {}, &page).await, 200);
    assert_eq!(with(|r| r.settings.allowed_origins = own, &page).await, 403);
    assert_eq!(with(|r| r.settings.tls_only = true, &[]).await, 403);
    assert_eq!(with(|r| r.settings.anycable.sse = false, &[]).await, 404);
    assert_eq!(with(|r| r.settings.dialects.anycable = false, &[]).await, 401);
    assert_eq!(with(|r| r.enabled = false, &[]).await, 401);
}

#[actix_web::test]
async fn answers_say_that_they_are_events_and_who_may_read_them() {
    let house = open_house();
    let asked = Asked::new("GET", "/apps/cableapp1/sse?stream=a").by(None);
    let response = house.open(asked).await;
    let header = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/event-stream; charset=utf-8");
    assert_eq!(header("cache-control"), "private, no-cache, no-store, must-revalidate, max-age=0");
    assert_eq!(header("x-accel-buffering"), "no");
    assert_eq!(header("access-control-allow-origin"), "*");
    assert_eq!(header("access-control-allow-methods"), "GET, POST, OPTIONS");
}
