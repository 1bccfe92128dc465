use super::house::House;

const CHANNELS: &str = "/apps/100042/channels";

#[actix_web::test]
async fn occupied_channels_are_listed_by_prefix() {
    let house = House::new();
    assert_eq!(house.get(CHANNELS, "").await.text, r#"{"channels":{}}"#);
    house.join("news", "1.1", None);
    house.join("presence-room.1", "1.1", Some("ann"));
    house.join("presence-room.1", "1.2", Some("bob"));
    house.join("#server-to-user-ann", "1.1", Some("ann"));
    for (query, expected) in [
        ("", r#"{"channels":{"news":{},"presence-room.1":{}}}"#),
        ("filter_by_prefix=no-such-", r#"{"channels":{}}"#),
        (
            "filter_by_prefix=presence-&info=user_count",
            r#"{"channels":{"presence-room.1":{"user_count":2}}}"#,
        ),
        (
            "filter_by_prefix=presence-&info[]=subscription_count&info[]=user_count",
            r#"{"channels":{"presence-room.1":{"user_count":2,"subscription_count":2}}}"#,
        ),
        (
            "info=subscription_count",
            r#"{"channels":{"news":{"subscription_count":1},"presence-room.1":{"subscription_count":2}}}"#,
        ),
    ] {
        let answer = house.get(CHANNELS, query).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, expected), "{query}");
    }
}

#[actix_web::test]
async fn one_channel_is_asked_after() {
    let house = House::new();
    house.join("private-room.42", "1.1", None);
    house.join("presence-q", "1.1", Some("ann"));
    for (channel, info, expected) in [
        ("private-room.42", "", r#"{"occupied":true}"#),
        (
            "private-room.42",
            "info=subscription_count",
            r#"{"occupied":true,"subscription_count":1}"#,
        ),
        (
            "presence-q",
            "info=subscription_count,user_count,cache",
            r#"{"occupied":true,"user_count":1,"subscription_count":1}"#,
        ),
        ("private-room.42", "info=cache", r#"{"occupied":true}"#),
        ("empty", "info=subscription_count", r#"{"occupied":false,"subscription_count":0}"#),
        ("cache-x", "info=cache", r#"{"occupied":false,"cache":null}"#),
        ("a%3Db%40c%2Cd%3Be", "", r#"{"occupied":false}"#),
    ] {
        let answer = house.get(&format!("{CHANNELS}/{channel}"), info).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, expected), "{channel} {info}");
    }
}

#[actix_web::test]
async fn a_cache_is_shown_as_event_data_and_ttl() {
    let house = House::with(|record| record.settings.cache_ttl_s = 60);
    let body = r#"{"name":"location.updated","channel":"cache-bus.7","data":"{\"lat\":51.5,\"lng\":-0.12}"}"#;
    assert_eq!(house.publish(body).await.status, 200);
    let answer = house.get(&format!("{CHANNELS}/cache-bus.7"), "info=cache").await;
    let expected = r#"{"occupied":false,"cache":{"event":"location.updated","data":"{\"lat\":51.5,\"lng\":-0.12}","ttl":60}}"#;
    assert_eq!(answer.text, expected);
}

#[actix_web::test]
async fn users_are_distinct() {
    let house = House::new();
    let path = format!("{CHANNELS}/presence-room.1/users");
    assert_eq!(house.get(&path, "").await.text, r#"{"users":[]}"#);
    for (socket, user) in [("1.1", "user-123"), ("1.2", "user-123"), ("1.3", "user-456")] {
        house.join("presence-room.1", socket, Some(user));
    }
    let expected = r#"{"users":[{"id":"user-123"},{"id":"user-456"}]}"#;
    assert_eq!(house.get(&path, "").await.text, expected);
}

#[actix_web::test]
async fn what_cannot_be_asked_is_400() {
    let house = House::new();
    for (path, query) in [
        ("", "info=user_count"),
        ("", "filter_by_prefix=private-&info=user_count"),
        ("", "info=cache"),
        ("", "info=age"),
        ("/a", "info=user_count"),
        ("/a", "info=age"),
        ("/a%20b", ""),
        ("/%23server-to-user-ann", ""),
        ("/%23secret", ""),
        ("/%FF", ""),
        ("/a/users", ""),
        ("/private-a/users", ""),
    ] {
        let answer = house.get(&format!("{CHANNELS}{path}"), query).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_input"),
            "{path} {query}"
        );
    }
}
