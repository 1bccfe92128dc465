use super::house::House;
use crate::dialects::metered::vectors;
use contract::Action;

const PUBLISH: &str = "/v1/channels/app_abc%2Froom-1/publish";

#[actix_web::test]
async fn subscribers_get_an_ordinary_message() {
    let house = House::new();
    for (socket, peer) in [("1.1", "a"), ("1.2", "b"), ("1.3", "c")] {
        house.join("app_abc/room-1", socket, peer);
    }
    let body = r#"{"data":{"anything":"json-serializable"},"from":"system"}"#;
    let answer = house.post(PUBLISH, body).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, vectors::frame("12.2 published")));
    assert_eq!(house.heard(), [vectors::frame("12.2 message")]);
}

#[actix_web::test]
async fn sender_and_metadata_are_what_the_request_says() {
    let house = House::new();
    house.join("c", "1.1", "a");
    for (more, expected) in [
        ("", r#""from":"server","data":null"#),
        (r#","from":null,"peerMetadata":null"#, r#""from":"server","data":null"#),
        (r#","from":"bot-1""#, r#""from":"bot-1","data":null"#),
        (
            r#","peerMetadata":{"kind": "bot"}"#,
            r#""from":"server","data":null,"fromMetadata":{"kind":"bot"}"#,
        ),
        (r#","from":"a b","peerMetadata":{}"#, r#""from":"a b","data":null,"fromMetadata":{}"#),
    ] {
        let answer =
            house.post("/v1/channels/c/publish", &format!(r#"{{"data":null{more}}}"#)).await;
        assert_eq!(answer.text, r#"{"channel":"c","delivered":1}"#);
        let expected = format!(r#"{{"type":"message","channel":"c",{expected}}}"#);
        assert_eq!(house.heard(), [expected]);
    }
}

#[actix_web::test]
async fn nobody_there_is_success() {
    let answer = House::new().post("/v1/channels/c/publish", r#"{"data":1}"#).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"channel":"c","delivered":0}"#));
}

#[actix_web::test]
async fn who_listens_to_a_pattern_is_counted_once() {
    let house = House::new();
    house.join("fleet/7/telemetry", "1.1", "a");
    house.listen("fleet/*/telemetry", "1.2");
    house.listen("fleet/**", "1.2");
    house.listen("fleet/**", "1.1");
    let answer = house.post("/v1/channels/fleet/7/telemetry/publish", r#"{"data":1}"#).await;
    assert_eq!(answer.json()["delivered"], 2, "{}", answer.text);
}

#[actix_web::test]
async fn data_keeps_its_bytes() {
    let house = House::new();
    house.join("c", "1.1", "a");
    let raw = r#"{"z":1.10,  "a":12345678901234567890,"u":"\u00e9"}"#;
    house.post("/v1/channels/c/publish", &format!(r#"{{"data":{raw}}}"#)).await;
    assert!(house.heard()[0].ends_with(&format!(r#""data":{raw}}}"#)));
}

#[actix_web::test]
async fn publishing_needs_its_action_and_the_channel() {
    let house = House::new();
    let mute = house.key(&[Action::Presence], &["**"]);
    let elsewhere = house.key(&[Action::Publish], &["other/*"]);
    let post = async |token: &str, body: &str| {
        house.ask(Some(token), actix_web::http::Method::POST, PUBLISH, body).await
    };
    post(&mute, r#"{"data":1}"#).await.is(403, "action_not_permitted");
    post(&elsewhere, r#"{"data":1}"#).await.is(403, "channel_not_authorized");
    post(&mute, "{").await.is(403, "action_not_permitted");
    house.post("/v1/channels/_system/a/publish", "{").await.is(400, "channel_reserved");
    house.post("/v1/channels/%23server-to-user-a/publish", "{").await.is(400, "channel_reserved");
    house.post("/v1/channels//publish", "{").await.is(400, "invalid_request");
    let protected = house.post("/v1/channels/private-a/publish", r#"{"data":1}"#).await;
    assert_eq!(protected.status, 200, "a back end needs no more than its scope");
}
