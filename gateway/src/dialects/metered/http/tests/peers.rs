use super::house::House;
use crate::dialects::metered::vectors;
use contract::Action;

const PEERS: &str = "/v1/channels/app_abc%2Froom-1/peers";

#[actix_web::test]
async fn peers_are_listed_as_the_sheet_prints_them() {
    let house = House::new();
    house.join("app_abc/room-1", "1.1", r#"u_1:{"userId":"u_1","username":"One"}"#);
    house.join("app_abc/room-1", "1.2", "u_3");
    house.join("app_abc/room-1", "1.3", "u_3");
    for path in [PEERS, "/v1/channels/app_abc/room-1/peers"] {
        let answer = house.get(path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, vectors::frame("12.1 peers")));
    }
}

#[actix_web::test]
async fn an_empty_channel_has_no_peers_and_is_no_error() {
    let answer = House::new().get("/v1/channels/%D0%BA/peers").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"channel":"к","peers":[]}"#));
}

#[actix_web::test]
async fn slashes_may_be_escaped_or_not_wherever_they_stand() {
    let house = House::new();
    house.join("a/peers", "1.1", "u_1");
    for path in ["/v1/channels/a%2Fpeers/peers", "/v1/channels/a/peers/peers"] {
        let answer = house.get(path).await;
        assert_eq!(answer.text, r#"{"channel":"a/peers","peers":[{"peerId":"u_1"}]}"#, "{path}");
    }
}

#[actix_web::test]
async fn what_others_know_of_a_member_that_is_no_object_is_left_out() {
    let house = House::new();
    house.join("presence-a", "1.1", r#"7:"a text""#);
    let answer = house.get("/v1/channels/presence-a/peers").await;
    assert_eq!(answer.text, r#"{"channel":"presence-a","peers":[{"peerId":"7"}]}"#);
}

#[actix_web::test]
async fn peers_need_presence_and_the_channel() {
    let house = House::new();
    let deaf = house.key(&[Action::Publish, Action::Subscribe], &["**"]);
    let elsewhere = house.key(&[Action::Presence], &["other/*"]);
    let get = async |token: &str, path: &str| {
        house.ask(Some(token), actix_web::http::Method::GET, path, "").await
    };
    get(&deaf, PEERS).await.is(403, "action_not_permitted");
    get(&elsewhere, PEERS).await.is(403, "channel_not_authorized");
    assert_eq!(get(&elsewhere, "/v1/channels/other/a/peers").await.status, 200);
    house.get("/v1/channels//peers").await.is(400, "invalid_request");
    house.get("/v1/channels/%00/peers").await.is(400, "invalid_request");
    house.get("/v1/channels/%ff/peers").await.is(400, "invalid_request");
    house.get("/v1/channels/_metered%2Fx/peers").await.is(400, "channel_reserved");
    house.get("/v1/channels/_Internal/x/peers").await.is(400, "channel_reserved");
    get(&deaf, "/v1/channels/_system/x/peers").await.is(400, "channel_reserved");
}

#[actix_web::test]
async fn a_kick_closes_every_connection_and_absence_is_no_error() {
    let house = House::new();
    let answer = house.delete("/v1/peers/u_1").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"peerId":"u_1","closed":0}"#));
    house.join("#server-to-user-u_1", "1.1", "u_1");
    house.join("#server-to-user-u_1", "1.2", "u_1");
    let answer = house.delete("/v1/peers/u_1").await;
    assert_eq!(answer.text, r#"{"peerId":"u_1","closed":2}"#);
    assert_eq!(house.heard(), ["terminate u_1"]);
    house.join("#server-to-user-a/b", "1.3", "a/b");
    assert_eq!(house.delete("/v1/peers/a%2Fb").await.text, r#"{"peerId":"a/b","closed":1}"#);
    house.delete("/v1/peers/").await.is(400, "invalid_request");
    house.delete("/v1/peers/%D0%BA").await.is(400, "invalid_request");
    house.delete("/v1/peers/a%0Ab").await.is(400, "invalid_request");
    let most = "u".repeat(128);
    assert_eq!(house.delete(&format!("/v1/peers/{most}")).await.status, 200);
    house.delete(&format!("/v1/peers/{most}u")).await.is(400, "invalid_request");
}

#[actix_web::test]
async fn a_kick_needs_a_key_and_no_action() {
    let house = House::new();
    let any = house.key(&[], &[]);
    let answer = house.ask(Some(&any), actix_web::http::Method::DELETE, "/v1/peers/u_1", "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn usage_has_every_figure_of_the_sheet() {
    let house = House::new();
    house.post("/v1/channels/c/publish", r#"{"data":1}"#).await;
    let usage = house.get("/v1/usage").await.json();
    assert_eq!(usage["appId"], "100042");
    assert_eq!(usage["messagesUsed"], 1);
    assert_eq!(usage["plan"]["maxConcurrentConnections"], 200);
    let (from, to) = (usage["periodStartUnix"].as_u64(), usage["periodEndUnix"].as_u64());
    let now = crate::hub::clock::unix_ms() / 1_000;
    assert!(from <= Some(now) && to > Some(now), "{usage}");
    for name in ["concurrentNow", "peakConcurrent", "overageMessages", "overageConnections"] {
        assert_eq!(usage[name], 0, "{name}");
    }
    for name in ["name", "maxMessagesPerPeriod", "overagesAllowed", "overagesEnabled"] {
        assert!(usage["plan"].get(name).is_some(), "{name}");
    }
}
