use super::house::{API, Asked, BROADCAST, House, NEXT_SECRET, SECRET, derived};
use crate::{dialects::anycable::sid::Sid, hub::clock};
use contract::SocketId;

const GOOD: &str = r#"{"stream":"chat/1","data":"{\"message\":\"Hello\"}"}"#;

/// Traps 1, 2, 5 and 34. The method comes before the Bearer, the Bearer before the body.
#[actix_web::test]
async fn publishing_answers_by_status_alone() {
    let house = House::new();
    let next = derived(NEXT_SECRET, "api-cable");
    for (method, bearer, body, status) in [
        ("POST", Some(API), GOOD, 201),
        ("POST", Some(next.as_str()), GOOD, 201),
        ("POST", Some(API), "[]", 201),
        ("POST", None, GOOD, 401),
        ("POST", Some(""), GOOD, 401),
        ("POST", Some(SECRET), GOOD, 401),
        ("POST", Some(BROADCAST), GOOD, 401),
        ("POST", None, "garbage", 401),
        ("POST", Some(API), "garbage", 422),
        ("POST", Some(API), "", 422),
        ("POST", Some(API), "{}", 422),
        ("POST", Some(API), r#"{"stream":"","data":"1"}"#, 422),
        ("POST", Some(API), r#"{"stream":"a","data":{"x":1}}"#, 422),
        ("POST", Some(API), r#"{"stream":"a","data":"1","meta":7}"#, 422),
        ("GET", Some(API), "", 422),
        ("GET", None, "", 422),
        ("PUT", Some(API), GOOD, 422),
        ("DELETE", None, "", 422),
        ("HEAD", None, "", 422),
        ("OPTIONS", None, "", 200),
    ] {
        for path in ["/api/publish", "/apps/cableapp1/api/publish", "/apps/100042/api/publish"] {
            let answer = house.ask(Asked::new(method, path).by(bearer).with(body)).await;
            assert_eq!(answer.status, status, "{method} {path} {bearer:?} {body}");
            assert_eq!(answer.text, "", "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn the_older_twin_has_a_bearer_of_its_own() {
    let house = House::new();
    for (bearer, status) in [
        (Some(BROADCAST), 201),
        (Some(derived(NEXT_SECRET, "broadcast-cable").as_str()), 201),
        (Some(API), 401),
        (None, 401),
    ] {
        for path in ["/_broadcast", "/apps/cableapp1/_broadcast"] {
            let answer = house.ask(Asked::new("POST", path).by(bearer).with(GOOD)).await;
            assert_eq!((answer.status, answer.text.as_str()), (status, ""), "{path} {bearer:?}");
        }
    }
    for path in ["/api/publish/", "/_broadcast/", "/api", "/api/unknown", "/apps/cableapp1/api"] {
        assert_eq!(house.ask(Asked::new("POST", path).with(GOOD)).await.status, 404, "{path}");
    }
}

/// Trap 7.
#[actix_web::test]
async fn what_was_published_is_heard_as_a_value() {
    let house = House::new();
    house.join("chat/1", "1.1", None);
    for (data, expected) in [
        (r#"{\"n\":12345678901234567890}"#, r#"chat/1 message {"n":12345678901234567890}"#),
        ("plain", r#"chat/1 message "plain""#),
        ("null", r#"chat/1 message "null""#),
        ("", r#"chat/1 message """#),
        ("false", "chat/1 message false"),
        (r#"{\"event\":\"e\",\"data\":1}"#, r#"chat/1 e {"event":"e","data":1}"#),
        (r#"{\"event\":\"pusher:error\"}"#, r#"chat/1 message {"event":"pusher:error"}"#),
    ] {
        let body = format!(r#"{{"stream":"chat/1","data":"{data}"}}"#);
        assert_eq!(house.publish(&body).await, 201);
        assert_eq!(house.heard(), [expected], "{data}");
    }
}

#[actix_web::test]
async fn a_batch_is_published_in_its_order_or_not_at_all() {
    let house = House::new();
    for channel in ["a", "b"] {
        house.join(channel, "1.1", None);
    }
    let batch =
        r#"[{"stream":"a","data":"1"},{"stream":"b","data":"2"},{"stream":"a","data":"3"}]"#;
    assert_eq!(house.publish(batch).await, 201);
    assert_eq!(house.heard(), ["a message 1", "b message 2", "a message 3"]);
    for bad in [
        r#"[{"stream":"a","data":"1"},{"stream":"a"}]"#,
        r#"[{},{"stream":"a","data":"1"}]"#,
        r#"[{"stream":"a","data":"1"},{"command":"disconnect","payload":{"identifier":"x"}}]"#,
    ] {
        assert_eq!(house.publish(bad).await, 422, "{bad}");
        assert!(house.heard().is_empty(), "{bad}");
    }
    assert_eq!(house.publish("[]").await, 201);
    assert!(house.heard().is_empty());
}

#[actix_web::test]
async fn one_connection_may_be_left_out_by_either_of_its_names() {
    let house = House::new();
    house.join("a", "1.1", None);
    let socket: SocketId = "12.34".parse().unwrap();
    let sid = Sid::new(socket, 5);
    for (named, except) in [
        (sid.as_str(), " except 12.34"),
        ("12.34", " except 12.34"),
        ("nobody in particular", ""),
        ("", ""),
    ] {
        let body = format!(r#"{{"stream":"a","data":"1","meta":{{"exclude_socket":"{named}"}}}}"#);
        assert_eq!(house.publish(&body).await, 201);
        assert_eq!(house.heard(), [format!("a message 1{except}")], "{named}");
    }
}

#[actix_web::test]
async fn everything_is_kept_but_what_is_transient() {
    let house = House::new();
    let batch = r#"[{"stream":"a","data":"1"},{"stream":"a","data":"2","meta":{"transient":true}},{"stream":"a","data":"3","meta":{"transient":false}}]"#;
    assert_eq!(house.publish(batch).await, 201);
    let (topic, now_ms) = (House::topic("a"), clock::unix_ms());
    let history = house.gateway.router.history(&topic, None, 10, now_ms).await.unwrap();
    let events = history.events;
    let kept: Vec<&str> = events.iter().map(|event| event.data.as_str()).collect();
    assert_eq!(kept, ["1", "3"]);
}

#[actix_web::test]
async fn commands_reach_every_worker_and_publish_nothing() {
    let house = House::new();
    let disconnect = |rest: &str| {
        format!(
            r#"{{"command":"disconnect","payload":{{"identifier":"{{\"user_id\":42}}"{rest}}}}}"#
        )
    };
    let who = r#"{"user_id":42}"#.to_owned();
    assert_eq!(house.publish(&disconnect("")).await, 201);
    assert_eq!(house.publish(&disconnect(r#","reconnect":true"#)).await, 201);
    assert_eq!(house.disconnected(), [(who.clone(), false), (who, true)]);
    let asked = disconnect("");
    let answer =
        house.ask(Asked::new("POST", "/_broadcast").by(Some(BROADCAST)).with(&asked)).await;
    assert_eq!((answer.status, house.disconnected().len()), (201, 1));
    assert_eq!(house.publish(r#"{"command":"unheard_of"}"#).await, 201);
    assert_eq!(house.publish(r#"{"command":"disconnect","payload":{}}"#).await, 422);
    assert!(house.disconnected().is_empty());
}
