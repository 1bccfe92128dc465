use super::house::{API, Asked, BROADCAST, House};

async fn users(house: &House, stream: &str) -> (u16, String) {
    let path = format!("/api/presence/{stream}/users");
    let answer = house.ask(Asked::new("GET", &path)).await;
    if answer.status == 200 {
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    (answer.status, answer.text)
}

/// Traps 3 and 4.
#[actix_web::test]
async fn a_streams_members_are_listed_by_its_name() {
    let house = House::new();
    let empty = (200, r#"{"type":"info","total":0}"#.to_owned());
    let alice = ("user-1", Some(r#"{"name":"Alice"}"#));
    house.join("chat/1", "1.1", Some(alice));
    house.join("chat/1", "1.2", Some(alice));
    house.join("chat/1", "1.3", Some(("user-2", None)));
    house.join("a+b", "1.1", Some(("u", None)));
    house.join("chat%2F2", "1.1", Some(("escaped", None)));
    let two = r#"{"type":"info","total":2,"records":[{"id":"user-1","info":{"name":"Alice"}},{"id":"user-2"}]}"#;
    assert_eq!(users(&house, "chat%2F1").await, (200, two.to_owned()));
    assert_eq!(users(&house, "chat%2f1").await, (200, two.to_owned()));
    let one = |id: &str| format!(r#"{{"type":"info","total":1,"records":[{{"id":"{id}"}}]}}"#);
    assert_eq!(users(&house, "a+b").await, (200, one("u")));
    assert_eq!(users(&house, "chat%252F2").await, (200, one("escaped")));
    let long = "s".repeat(300);
    for nobody in ["chat%252F1", "a%20b", "never-used", "%23server-to-user-u", "%00", &long] {
        assert_eq!(users(&house, nobody).await, empty, "{nobody}");
    }
    for not_a_segment in ["chat/1", "", "%FF"] {
        assert_eq!(users(&house, not_a_segment).await, (404, String::new()), "{not_a_segment}");
    }
}

/// Trap 2: method, Bearer, path, support.
#[actix_web::test]
async fn refusals_come_in_their_order() {
    let on = House::new();
    let off = House::with(|record| record.settings.anycable.presence = false);
    let (good, bad) = ("/api/presence/a/users", "/api/presence/a/b/users");
    for (house, method, bearer, path, status) in [
        (&on, "GET", Some(API), good, 200),
        (&on, "POST", Some(API), good, 422),
        (&on, "POST", None, bad, 422),
        (&on, "DELETE", Some(API), bad, 422),
        (&on, "OPTIONS", None, good, 200),
        (&on, "GET", None, good, 401),
        (&on, "GET", Some(BROADCAST), good, 401),
        (&on, "GET", None, bad, 401),
        (&on, "GET", Some(API), bad, 404),
        (&on, "GET", Some(API), "/api/presence/a/users/", 404),
        (&on, "GET", Some(API), "/api/presence/a", 404),
        (&on, "GET", Some(API), "/api/presence", 404),
        (&on, "GET", Some(API), "/apps/cableapp1/api/presence/a/users", 200),
        (&off, "GET", None, good, 401),
        (&off, "GET", Some(API), bad, 404),
        (&off, "GET", Some(API), good, 501),
    ] {
        let answer = house.ask(Asked::new(method, path).by(bearer)).await;
        assert_eq!(answer.status, status, "{method} {bearer:?} {path}");
    }
}
