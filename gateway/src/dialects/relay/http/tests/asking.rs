use super::house::{House, bearer, member};
use crate::dialects::relay::fixtures;
use actix_web::{http::Method, test::TestRequest};
use contract::{Action, directory::Change};

const CHAT: &str = r#"{"name":"chat","type":"public","subscriber_count":2,"occupied":true,"app_id":"my-app","subscription_count":2}"#;
const ROOM: &str = r#"{"name":"presence-room","type":"presence","subscriber_count":3,"occupied":true,"app_id":"my-app","subscription_count":3,"user_count":2}"#;

fn occupied() -> House {
    let house = House::new();
    house.join("chat", "1.1", None);
    house.join("chat", "1.2", None);
    let one = || member("1", true, Some(r#"{"name":"One"}"#));
    house.join("presence-room", "1.1", one());
    house.join("presence-room", "1.2", member("u2", false, None));
    house.join("presence-room", "1.3", one());
    house
}

#[actix_web::test]
async fn channels_are_listed_as_an_array() {
    assert_eq!(House::new().get("/apps/my-app/channels").await.text, r#"{"channels":[]}"#);
    let answer = occupied().get("/apps/my-app/channels").await;
    assert_eq!(answer.text, format!(r#"{{"channels":[{CHAT},{ROOM}]}}"#));
}

#[actix_web::test]
async fn one_channel_is_shown_while_it_is_occupied() {
    let house = occupied();
    assert_eq!(house.get("/apps/my-app/channels/chat").await.text, CHAT);
    assert_eq!(house.get("/apps/my-app/channels/presence-room").await.text, ROOM);
    for channel in ["quiet", "private-a:b", "%23server-to-user-ann", "%FF"] {
        for tail in ["", "/users"] {
            let answer = house.get(&format!("/apps/my-app/channels/{channel}{tail}")).await;
            let expected = (404, "Channel not found".to_owned());
            assert_eq!((answer.status, answer.error()), expected, "{channel}{tail}");
        }
    }
}

#[actix_web::test]
async fn names_arrive_in_every_sdks_encoding() {
    let house = House::new();
    for channel in ["a b/c", "a+b", "é%41", "presence-room.1"] {
        house.join(channel, "1.1", None);
    }
    for (segment, name) in [
        ("a%20b%2Fc", "a b/c"),
        ("a+b%2Fc", "a b/c"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("%C3%A9%2541", "é%41"),
        ("presence-room.1", "presence-room.1"),
    ] {
        let answer = house.get(&format!("/apps/my-app/channels/{segment}")).await;
        assert_eq!(answer.json()["name"], name, "{segment}: {}", answer.text);
    }
}

#[actix_web::test]
async fn users_are_told_once_each_with_the_id_they_came_with() {
    let house = occupied();
    let users = house.get("/apps/my-app/channels/presence-room/users").await;
    let expected = r#"{"users":[{"id":1,"user_info":{"name":"One"}},{"id":"u2"}]}"#;
    assert_eq!(users.text, expected);
    let none = house.get("/apps/my-app/channels/chat/users").await;
    assert_eq!((none.status, none.text.as_str()), (200, r#"{"users":[]}"#));
}

#[actix_web::test]
async fn who_asks_without_a_good_credential_is_told_in_the_sheets_words() {
    let house = House::new();
    let missing = "Missing or invalid Authorization header";
    let post = |path: &str| TestRequest::post().uri(path);
    let events = "/apps/my-app/events";
    let unknown = "/apps/nobody/events";
    let wrong = "Invalid app secret";
    for (request, status, error) in [
        (post(events), 401, missing),
        (post(events).insert_header(("Authorization", "my-secret")), 401, missing),
        (post(events).insert_header(("Authorization", "Basic bXk6c2VjcmV0")), 401, missing),
        (post(events).insert_header(bearer("wrong")), 403, wrong),
        (post(events).insert_header(bearer("")), 403, wrong),
        (post(events).insert_header(bearer(fixtures::KEY)), 403, wrong),
        (post(events).insert_header(bearer("sk_sbx_nothing")), 403, wrong),
        (post("/apps/my-app/events?secret=my-secret"), 401, missing),
        (post(unknown), 401, "Unknown app ID"),
        (post(unknown).insert_header(bearer(fixtures::SECRET)), 401, "Unknown app ID"),
    ] {
        let answer = house.ask(request, "{}").await;
        assert_eq!((answer.status, answer.error()), (status, error.to_owned()));
    }
    for scheme in ["bearer", "BEARER"] {
        let header = ("Authorization", format!("{scheme} {}", fixtures::SECRET));
        let request = TestRequest::get().uri("/apps/my-app/channels").insert_header(header);
        assert_eq!(house.ask(request, "").await.status, 200, "{scheme}");
    }
    let next = house.with_key(fixtures::NEXT_SECRET, Method::GET, "/apps/my-app/channels", "");
    assert_eq!(next.await.status, 200, "both secrets of a rotation");
}

#[actix_web::test]
async fn an_app_switched_off_or_not_speaking_this_dialect_says_so() {
    for (change, error) in [
        ((|r| r.enabled = false) as fn(&mut contract::directory::AppRecord), "the app is disabled"),
        (|r| r.settings.dialects.relay = false, "the app does not speak this protocol"),
    ] {
        let house = House::with(change);
        let answer = house.get("/apps/my-app/channels").await;
        assert_eq!((answer.status, answer.error()), (403, error.to_owned()));
    }
}

#[actix_web::test]
async fn a_scoped_key_may_do_what_its_scope_says() {
    let house = occupied();
    let publisher = house.key(&[Action::Publish], &["chat"]);
    let reader = house.key(&[Action::ChannelsRead, Action::History], &["chat"]);
    let presence = house.key(&[Action::Presence], &["presence-*"]);
    let usage = house.key(&[Action::UsageRead], &["**"]);
    let event = |channel: &str| format!(r#"{{"channel":"{channel}","event":"e","data":"1"}}"#);
    let both = r#"{"channels":["chat","other"],"event":"e","data":"1"}"#.to_owned();
    let batch = |a: &str, b: &str| format!(r#"{{"batch":[{},{}]}}"#, event(a), event(b));
    let (post, get) = (Method::POST, Method::GET);
    let nothing = String::new;
    for (key, method, path, body, status) in [
        (&publisher, &post, "/apps/my-app/events", event("chat"), 200),
        (&publisher, &post, "/apps/my-app/events", event("chats"), 403),
        (&publisher, &post, "/apps/my-app/events", both, 403),
        (&publisher, &post, "/apps/my-app/events/batch", batch("chat", "chat"), 200),
        (&publisher, &post, "/apps/my-app/events/batch", batch("chat", "other"), 403),
        (&publisher, &get, "/apps/my-app/channels", nothing(), 403),
        (&publisher, &get, "/apps/my-app/channels/chat/events", nothing(), 403),
        (&publisher, &get, "/apps/my-app/events/log", nothing(), 403),
        (&publisher, &get, "/stats", nothing(), 403),
        (&reader, &get, "/apps/my-app/channels", nothing(), 200),
        (&reader, &get, "/apps/my-app/channels/chat", nothing(), 200),
        (&reader, &get, "/apps/my-app/channels/presence-room", nothing(), 403),
        (&reader, &get, "/apps/my-app/channels/chat/events", nothing(), 200),
        (&reader, &get, "/apps/my-app/channels/other/events", nothing(), 403),
        (&reader, &get, "/apps/my-app/events/log", nothing(), 200),
        (&reader, &post, "/apps/my-app/events", event("chat"), 403),
        (&presence, &get, "/apps/my-app/channels/presence-room/users", nothing(), 200),
        (&presence, &get, "/apps/my-app/channels/presence-room", nothing(), 403),
        (&usage, &get, "/stats", nothing(), 200),
    ] {
        let answer = house.with_key(key, method.clone(), path, &body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
    }
    let listed = house.with_key(&reader, get.clone(), "/apps/my-app/channels", "").await;
    assert_eq!(listed.text, format!(r#"{{"channels":[{CHAT}]}}"#));
}

#[actix_web::test]
async fn a_stranger_learns_sums_and_an_app_itself() {
    let house = occupied();
    let other = crate::admission::tests::app_record("other", &[]);
    assert!(house.gateway.directory.apply(9, Change::App(other)).is_none());
    let sums = house.ask(TestRequest::get().uri("/stats"), "").await;
    assert_eq!(sums.text, r#"{"connections":0,"channels":2,"apps":[]}"#);
    assert_eq!(sums.header("access-control-allow-origin"), Some("*"));
    let own = house.get("/stats").await;
    let app = r#"{"id":"my-app","key":"my-key","connections":0,"channels":2}"#;
    assert_eq!(own.text, format!(r#"{{"connections":0,"channels":2,"apps":[{app}]}}"#));
    let wrong = house.with_key("wrong", Method::GET, "/stats", "").await;
    assert_eq!((wrong.status, wrong.error()), (403, "Invalid app secret".to_owned()));
}

#[actix_web::test]
async fn health_is_anybodys_to_ask() {
    let answer = House::new().ask(TestRequest::get().uri("/health"), "").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"ok"}"#));
}
