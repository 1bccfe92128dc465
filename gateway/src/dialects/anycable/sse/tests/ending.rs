use super::stream::{SIGNED, Stream, TOKEN, open_house};
use crate::dialects::anycable::http::tests::house::{APP, Asked, House, KEY};
use contract::directory::{AppRecord, Change, Kill};
use std::time::Duration;

fn open(house: &House) -> u32 {
    house.gateway.directory.app_by_path(APP).expect("the app").connections.open()
}

async fn until_open(house: &House, expected: u32) {
    for _ in 0..500 {
        if open(house) == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} connections are open, not {expected}", open(house));
}

#[actix_web::test]
async fn a_client_that_goes_gives_its_place_back() {
    let house = House::with(|record: &mut AppRecord| {
        record.settings.anycable.anonymous = true;
        record.settings.anycable.public_streams = true;
        record.limits.max_connections = 1;
    });
    let one = Stream::hearing(&house, "stream=a").await;
    let asked = Asked::new("GET", "/apps/cableapp1/sse?stream=a").by(None);
    let refused = house.ask(asked).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    drop(one);
    until_open(&house, 0).await;
    Stream::hearing(&house, "stream=a").await;
}

#[actix_web::test]
async fn a_back_end_ends_the_streams_of_an_identity() {
    let house = House::new();
    let query = format!("signed_stream={SIGNED}&jid={TOKEN}");
    let mut own = Stream::hearing(&house, &query).await;
    let command = |who: &str, back: bool| {
        let payload = serde_json::json!({"identifier": who, "reconnect": back});
        serde_json::json!({"command": "disconnect", "payload": payload}).to_string()
    };
    // Trap 31: byte for byte.
    assert_eq!(house.publish(&command(r#"{"user_id": 42}"#, false)).await, 201);
    assert_eq!(house.publish(&command(r#"{"user_id":42}"#, false)).await, 201);
    let expected = "event: disconnect\ndata: {\"type\":\"disconnect\",\"reason\":\"remote\",\"reconnect\":false}\nretry: 31536000000";
    assert_eq!(own.next().await, expected);
    own.ends().await;
    let mut again = Stream::hearing(&house, &query).await;
    assert_eq!(house.publish(&command(r#"{"user_id":42}"#, true)).await, 201);
    let expected = "event: disconnect\ndata: {\"type\":\"disconnect\",\"reason\":\"remote\",\"reconnect\":true}";
    assert_eq!(again.next().await, expected);
    again.ends().await;
    until_open(&house, 0).await;
}

#[actix_web::test]
async fn a_node_that_goes_down_has_its_clients_come_again() {
    let house = open_house();
    let mut stream = Stream::hearing(&house, "stream=a").await;
    house.gateway.drain(0);
    let restart = "event: disconnect\ndata: {\"type\":\"disconnect\",\"reason\":\"server_restart\",\"reconnect\":true}";
    assert_eq!(stream.next().await, restart);
    stream.ends().await;
    let mut late = Stream::get(&house, "stream=a").await;
    assert_eq!(late.next().await, restart);
    late.ends().await;
    Stream::get(&house, "stream=a&raw=1").await.ends().await;
}

#[actix_web::test]
async fn what_is_revoked_ends_what_depends_on_it() {
    let house = House::new();
    let query = format!("signed_stream={SIGNED}&jid={TOKEN}");
    let mut stream = Stream::hearing(&house, &query).await;
    let app = || APP.parse().unwrap();
    let kill = Kill::RevokeCredential { app: app(), key: KEY.parse().unwrap() };
    house.gateway.directory.apply(3, Change::Kill(kill));
    assert!(stream.next().await.starts_with("event: disconnect\n"));
    stream.ends().await;

    let house = open_house();
    let mut stream = Stream::hearing(&house, "stream=a").await;
    house.gateway.directory.apply(3, Change::Kill(Kill::DisableApp { app: app() }));
    let event = stream.next().await;
    assert!(event.contains(r#""reason":"unauthorized","reconnect":false"#), "{event}");
    stream.ends().await;
}

#[actix_web::test]
async fn a_reader_that_does_not_read_is_bounded_and_let_go() {
    let house = open_house();
    let mut stream = Stream::hearing(&house, "stream=a").await;
    let bound = house.gateway.config.slow_consumer_bytes;
    let data = "x".repeat(50_000);
    let body = format!(r#"{{"stream":"a","data":"{data}"}}"#);
    for _ in 0..bound / data.len() + 3 {
        assert_eq!(house.publish(&body).await, 201);
        tokio::task::yield_now().await;
    }
    let mut read = 0;
    let last = loop {
        let event = stream.next().await;
        if event.starts_with("event: ") {
            break event;
        }
        read += event.len();
    };
    assert!(last.contains(r#""reason":"too_slow","reconnect":true"#), "{last}");
    assert!(read < bound + 100_000, "{read} bytes were held for it");
    stream.ends().await;
    until_open(&house, 0).await;
}
