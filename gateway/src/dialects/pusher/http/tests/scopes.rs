use super::house::{As, House};
use actix_web::http::Method;
use contract::Action;

const EVENTS: &str = "/apps/100042/events";
const BATCH: &str = "/apps/100042/batch_events";
const CHANNELS: &str = "/apps/100042/channels";

#[actix_web::test]
async fn a_bearer_key_may_do_what_its_scope_says() {
    let house = House::new();
    let publisher = house.key(&[Action::Publish], &["news", "private-team.*"]);
    let reader = house.key(&[Action::ChannelsRead], &["news"]);
    let presence = house.key(&[Action::Presence], &["presence-*"]);
    let terminator = house.key(&[Action::UsersTerminate], &["**"]);
    let nothing = house.key(&[Action::Publish, Action::UsersTerminate], &[]);
    let event = |channel: &str| format!(r#"{{"name":"e","channel":"{channel}","data":"1"}}"#);
    let batch = |a: &str, b: &str| format!(r#"{{"batch":[{},{}]}}"#, event(a), event(b));
    let both = r#"{"name":"e","channels":["news","other"],"data":"1"}"#.to_owned();
    let end = "/apps/100042/users/ann/terminate_connections";
    let users = "/apps/100042/channels/presence-a/users";
    let to_user = "/apps/100042/users/ann/events";
    let (post, get) = (Method::POST, Method::GET);
    for (key, method, path, body, status) in [
        (&publisher, &post, EVENTS, event("news"), 200),
        (&publisher, &post, EVENTS, event("private-team.42"), 200),
        (&publisher, &post, EVENTS, event("newsroom"), 403),
        (&publisher, &post, EVENTS, both, 403),
        (&publisher, &post, BATCH, batch("news", "private-team.1"), 200),
        (&publisher, &post, BATCH, batch("news", "other"), 403),
        (&publisher, &post, to_user, event("news"), 403),
        (&publisher, &post, end, String::new(), 403),
        (&publisher, &get, CHANNELS, String::new(), 403),
        (&publisher, &get, users, String::new(), 403),
        (&reader, &post, EVENTS, event("news"), 403),
        (&reader, &get, CHANNELS, String::new(), 200),
        (&reader, &get, "/apps/100042/channels/news", String::new(), 200),
        (&reader, &get, "/apps/100042/channels/other", String::new(), 403),
        (&presence, &get, users, String::new(), 200),
        (&presence, &get, CHANNELS, String::new(), 403),
        (&terminator, &post, end, String::new(), 200),
        (&nothing, &post, EVENTS, event("news"), 403),
        (&nothing, &post, end, String::new(), 403),
    ] {
        let answer = house.ask(As::Bearer(key), method.clone(), path, "", &body, &[]).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
        if status == 403 {
            assert_eq!(answer.code(), "forbidden");
        }
    }
}

#[actix_web::test]
async fn a_list_shows_what_the_key_covers() {
    let house = House::new();
    house.join("news", "1.1", None);
    house.join("other", "1.1", None);
    let key = house.key(&[Action::ChannelsRead], &["news"]);
    let answer = house.ask(As::Bearer(&key), Method::GET, CHANNELS, "", "", &[]).await;
    assert_eq!(answer.text, r#"{"channels":{"news":{}}}"#);
}

#[actix_web::test]
async fn who_is_not_known_is_401() {
    let house = House::new();
    let event = r#"{"name":"e","channel":"a","data":"1"}"#;
    for who in [As::Nobody, As::Bearer(""), As::Bearer("sk_live_abcdef"), As::Bearer("sk_sbx_x")] {
        let answer = house.ask(who, Method::POST, EVENTS, "", event, &[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "auth_failed"));
    }
}
