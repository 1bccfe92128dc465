use super::stream::{SIGNED, Stream, TOKEN, member, open_house};
use crate::dialects::anycable::http::tests::house::{Asked, House};

fn id(event: &str) -> &str {
    event.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id")
}

async fn publish(house: &House, stream: &str, data: &str) {
    let body = serde_json::json!({"stream": stream, "data": data}).to_string();
    assert_eq!(house.publish(&body).await, 201);
}

#[actix_web::test]
async fn a_stream_is_confirmed_and_then_heard() {
    let house = House::new();
    let query = format!("signed_stream={SIGNED}&jid={TOKEN}");
    let mut stream = Stream::get(&house, &query).await;
    let welcome = stream.next().await;
    assert_eq!(member(&welcome, "type"), "welcome");
    assert_eq!(member(&welcome, "sid").len(), 21);
    let confirm = stream.next().await;
    assert!(confirm.starts_with("event: confirm_subscription\ndata: {"), "{confirm}");
    let identifier = member(&confirm, "identifier");
    assert_eq!(identifier, format!(r#"{{"channel":"$pubsub","signed_stream_name":"{SIGNED}"}}"#));
    publish(&house, "chat/2024", r#"{"n":12345678901234567890}"#).await;
    let event = stream.next().await;
    let (data, at) = event.split_once('\n').expect("two lines");
    assert_eq!(data, r#"data: {"n":12345678901234567890}"#);
    // Trap 32.
    let parts: Vec<&str> = at.strip_prefix("id: ").expect("an id").splitn(3, '/').collect();
    assert_eq!((parts[0], parts[2]), ("1", "chat/2024"));
    publish(&house, "chat/2024", "two\r\nlines").await;
    assert!(stream.next().await.starts_with("data: two\ndata: lines\nid: 2/"));
    publish(&house, "elsewhere", "1").await;
    publish(&house, "chat/2024", "3").await;
    assert!(stream.next().await.starts_with("data: 3\n"));
}

#[actix_web::test]
async fn a_client_goes_on_from_the_last_event_it_saw() {
    let house = open_house();
    let mut first = Stream::hearing(&house, "stream=chat/1").await;
    for n in ["1", "2", "3"] {
        publish(&house, "chat/1", n).await;
    }
    let seen = first.next().await;
    drop(first);
    let headers = [("Last-Event-ID", id(&seen))];
    let asked = Asked::new("GET", "/apps/cableapp1/sse?stream=chat/1").headers(&headers);
    let mut again = Stream::open(&house, asked).await;
    for expected in [
        "event: welcome\n",
        "event: confirm_subscription\n",
        "data: 2\nid: 2/",
        "data: 3\nid: 3/",
        "event: confirm_history\n",
    ] {
        let event = again.next().await;
        assert!(event.starts_with(expected), "{expected} {event}");
    }
    publish(&house, "chat/1", "4").await;
    assert!(again.next().await.starts_with("data: 4\nid: 4/"));
}

#[actix_web::test]
async fn what_cannot_be_served_whole_is_told() {
    let house = open_house();
    for n in ["1", "2"] {
        publish(&house, "a", n).await;
    }
    for last in ["1/zzz/a", "99/0/a"] {
        let headers = [("Last-Event-ID", last)];
        let asked = Asked::new("GET", "/apps/cableapp1/sse?stream=a").headers(&headers);
        let mut stream = Stream::open(&house, asked).await;
        let kinds = [stream.next().await, stream.next().await, stream.next().await];
        assert!(kinds[2].starts_with("event: reject_history\n"), "{last} {kinds:?}");
        publish(&house, "a", "live").await;
        assert!(stream.next().await.starts_with("data: live\n"));
    }
}

#[actix_web::test]
async fn history_since_a_time_comes_first() {
    let house = open_house();
    publish(&house, "a", "1").await;
    let mut stream = Stream::hearing(&house, "stream=a&history_since=1").await;
    assert!(stream.next().await.starts_with("data: 1\nid: 1/"));
    assert!(stream.next().await.starts_with("event: confirm_history\n"));
    let mut later = Stream::hearing(&house, "stream=a&history_since=99999999999").await;
    assert!(later.next().await.starts_with("event: confirm_history\n"));
}

#[actix_web::test]
async fn raw_is_messages_and_nothing_else() {
    let house = open_house();
    publish(&house, "a", "0").await;
    let mut stream = Stream::get(&house, "stream=a&raw=1&history_since=1").await;
    assert!(stream.next().await.starts_with("data: 0\nid: 1/"));
    publish(&house, "a", "1").await;
    assert!(stream.next().await.starts_with("data: 1\nid: 2/"));
    let off = r#"{"command":"disconnect","payload":{"identifier":"nobody"}}"#;
    assert_eq!(house.publish(off).await, 201);
    house.gateway.drain(0);
    stream.ends().await;
}

#[actix_web::test]
async fn a_post_hears_several_streams_in_whole_frames() {
    let house = open_house();
    let identifier = |stream: &str| format!(r#"{{"channel":"$pubsub","stream_name":"{stream}"}}"#);
    let quoted = |stream: &str| serde_json::to_string(&identifier(stream)).unwrap();
    let subscribe =
        |stream: &str| format!(r#"{{"command":"subscribe","identifier":{}}}"#, quoted(stream));
    let join = format!(
        r#"{{"command":"join","identifier":{},"presence":{{"id":"7","info":{{"name":"Seven"}}}}}}"#,
        quoted("b")
    );
    let body = [subscribe("a"), subscribe("b"), join].join("\n");
    let asked = Asked::new("POST", "/apps/cableapp1/sse").with(&body);
    let mut stream = Stream::open(&house, asked).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(stream.next().await);
    }
    assert!(seen[0].starts_with("event: welcome\n"));
    let confirmed = seen.iter().filter(|e| e.starts_with("event: confirm_subscription\n"));
    assert_eq!(confirmed.count(), 2, "{seen:?}");
    let joined = r#""message":{"type":"join","id":"7","info":{"name":"Seven"}}"#;
    assert!(seen[3].starts_with("event: presence\n") && seen[3].contains(joined), "{seen:?}");
    for name in ["a", "b"] {
        publish(&house, name, "1").await;
        let event = stream.next().await;
        let head =
            format!(r#"data: {{"identifier":{},"message":1,"stream_id":"{name}","#, quoted(name));
        assert!(event.starts_with(&head) && id(&event).ends_with(name), "{event}");
    }
    drop(stream);
}

#[actix_web::test]
async fn a_connection_is_left_out_by_the_name_it_was_given() {
    let house = open_house();
    let mut one = Stream::get(&house, "stream=a").await;
    let sid = member(&one.next().await, "sid");
    one.next().await;
    let mut other = Stream::hearing(&house, "stream=a").await;
    let body = format!(r#"{{"stream":"a","data":"1","meta":{{"exclude_socket":"{sid}"}}}}"#);
    assert_eq!(house.publish(&body).await, 201);
    publish(&house, "a", "2").await;
    assert!(other.next().await.starts_with("data: 1\n"));
    assert!(other.next().await.starts_with("data: 2\n"));
    assert!(one.next().await.starts_with("data: 2\nid: 2/"));
}
