//! Bearer keys on the paths that only this family has; the shared ones speak Relay to them.

use super::house::{As, House};
use actix_web::http::Method;
use contract::Action;

const BATCH: &str = "/apps/100042/batch_events";

#[actix_web::test]
async fn a_bearer_key_may_do_what_its_scope_says() {
    let house = House::new();
    let publisher = house.key(&[Action::Publish], &["news", "private-team.*"]);
    let to_ann = house.key(&[Action::Publish], &["#server-to-user-ann"]);
    let reader = house.key(&[Action::ChannelsRead], &["news"]);
    let terminator = house.key(&[Action::UsersTerminate], &["**"]);
    let nothing = house.key(&[Action::Publish, Action::UsersTerminate], &[]);
    let event = |channel: &str| format!(r#"{{"name":"e","channel":"{channel}","data":"1"}}"#);
    let batch = |a: &str, b: &str| format!(r#"{{"batch":[{},{}]}}"#, event(a), event(b));
    let end = "/apps/100042/users/ann/terminate_connections";
    let to_user = "/apps/100042/users/ann/events";
    for (key, path, body, status) in [
        (&publisher, BATCH, batch("news", "private-team.1"), 200),
        (&publisher, BATCH, batch("private-team.42", "news"), 200),
        (&publisher, BATCH, batch("news", "other"), 403),
        (&publisher, BATCH, batch("newsroom", "news"), 403),
        (&publisher, to_user, event("news"), 403),
        (&publisher, end, String::new(), 403),
        (&to_ann, to_user, event("news"), 200),
        (&to_ann, "/apps/100042/users/bob/events", event("news"), 403),
        (&reader, BATCH, batch("news", "news"), 403),
        (&terminator, end, String::new(), 200),
        (&terminator, to_user, event("news"), 403),
        (&nothing, BATCH, batch("news", "news"), 403),
        (&nothing, end, String::new(), 403),
    ] {
        let answer = house.ask(As::Bearer(key), Method::POST, path, "", &body, &[]).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
        match status {
            200 => assert_eq!(answer.text, "{}"),
            _ => assert_eq!(answer.code(), "forbidden"),
        }
    }
}

#[actix_web::test]
async fn who_is_not_known_is_401() {
    let house = House::new();
    let batch = r#"{"batch":[{"name":"e","channel":"a","data":"1"}]}"#;
    for who in [As::Nobody, As::Bearer(""), As::Bearer("sk_live_abcdef"), As::Bearer("sk_sbx_x")] {
        let answer = house.ask(who, Method::POST, BATCH, "", batch, &[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "auth_failed"));
    }
}
