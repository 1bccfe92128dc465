use super::talk::Talk;
use crate::{
    dialects::pusher::{upgrade::ClientHint, vectors},
    hub::effect::Left,
};
use contract::{UserId, directory::AppRecord};
use realtime::JoinRefusal;

const FEED: &str = "#server-to-user-user-123";
const NOTHING: [&str; 0] = [];

fn success(user_data: &str) -> String {
    let user_data = serde_json::to_string(user_data).unwrap();
    format!(r#"{{"event":"pusher:signin_success","data":{{"user_data":{user_data}}}}}"#)
}

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

#[test]
fn success_is_told_once_the_users_own_channel_is_heard() {
    let mut talk = Talk::new();
    let asked = talk.say(vectors::frame("11.1 signin"));
    assert_eq!(asked, [r#"sign in user-123 {"name":"Blue"} watching [user-456 user-789]"#]);
    let seen = [(user("user-456"), true), (user("user-789"), false)];
    let told = talk.hear(|c, cx, out| c.on_watch_snapshot(&seen, cx, out));
    assert_eq!(told, NOTHING, "not before the success");
    let told = talk.let_in(FEED);
    assert_eq!(told, [vectors::frame("11.1 success"), vectors::frame("11.4 watchlist")]);
    assert_eq!(talk.conversation.signed_in_as(), Some(&user("user-123")));
}

#[test]
fn a_users_own_channel_is_theirs_to_subscribe_to() {
    let mut talk = Talk::new();
    talk.say(vectors::frame("11.1 signin"));
    assert_eq!(talk.say(vectors::frame("11.2 subscribe")), NOTHING, "waits for the sign-in");
    let told = talk.let_in(FEED);
    assert_eq!(told, [vectors::frame("11.1 success"), vectors::frame("11.2 succeeded")]);
    assert_eq!(talk.unsubscribe(FEED), NOTHING, "events to the user go on");
    assert_eq!(talk.say(vectors::frame("11.2 subscribe")), [vectors::frame("11.2 succeeded")]);
    let others = talk.subscribe("#server-to-user-user-456", "");
    assert!(others[0].contains("Not signed in as this user"), "{others:?}");
    assert_eq!(talk.conversation.end(), [Left::at_once(FEED.parse().unwrap())]);
}

#[test]
fn signing_in_again_as_the_same_user_replaces_what_was_said() {
    let mut talk = Talk::new();
    talk.sign_in(r#"{"id":"ann"}"#);
    let again = r#"{"id":"ann","user_info":1,"watchlist":["bob"]}"#;
    assert_eq!(talk.sign_in(again), ["sign in ann 1 watching [bob]"]);
    let told = talk.let_in("#server-to-user-ann");
    assert_eq!(told, [success(r#"{"id":"ann"}"#), success(again)]);
    let third = r#"{"id":"ann","watchlist":[]}"#;
    assert_eq!(talk.sign_in(third), [success(third), "sign in ann watching []".to_owned()]);
}

#[test]
fn signing_in_as_somebody_else_is_refused() {
    let mut talk = Talk::new();
    talk.sign_in(r#"{"id":"ann"}"#);
    let said = talk.sign_in(r#"{"id":"bob"}"#);
    let expected = r#"{"event":"pusher:error","data":{"code":null,"message":"Sign-in failed: this connection is signed in as another user"}}"#;
    assert_eq!(said, [expected]);
    assert_eq!(talk.conversation.signed_in_as(), Some(&user("ann")));
}

#[test]
fn what_is_no_user_is_refused() {
    let long = format!(r#"{{"id":"{}"}}"#, "u".repeat(129));
    for data in [
        "ann",
        "{}",
        "[]",
        r#"{"id":""}"#,
        r#"{"id":7}"#,
        r#"{"id":null}"#,
        r#"{"id":"a","id":"b"}"#,
        r#"{"id":"a b"}"#,
        r#"{"id":"a","watchlist":"b"}"#,
        r#"{"id":"a","watchlist":[1]}"#,
        r#"{"id":"a","watchlist":[""]}"#,
        &long,
    ] {
        let said = Talk::new().sign_in(data);
        assert!(
            said.len() == 1 && said[0].contains(r#"{"code":null,"message":"Sign-in failed: "#),
            "{data}: {said:?}"
        );
    }
    let at_the_limit = format!(r#"{{"id":"{}"}}"#, "u".repeat(128));
    assert!(Talk::new().sign_in(&at_the_limit)[0].starts_with("sign in "));
}

#[test]
fn sign_in_needs_both_of_its_strings() {
    for data in [
        "{}",
        r#"{"auth":"k:s"}"#,
        r#"{"auth":null,"user_data":"{}"}"#,
        r#"{"auth":"","user_data":"{}"}"#,
        r#"{"auth":"k:s","user_data":{"id":"a"}}"#,
    ] {
        let said = Talk::new().say(&format!(r#"{{"event":"pusher:signin","data":{data}}}"#));
        assert!(said[0].contains("Sign-in failed: "), "{data}: {said:?}");
    }
}

#[test]
fn a_hundred_are_watched_and_one_more_is_told() {
    let watching = |n: usize| {
        let ids: Vec<String> = (0..n).map(|i| format!("\"w{i}\"")).collect();
        let mut talk = Talk::new();
        let asked = talk.sign_in(&format!(r#"{{"id":"ann","watchlist":[{}]}}"#, ids.join(",")));
        (asked[0].matches('w').count() - 1, talk.let_in("#server-to-user-ann"))
    };
    let (watched, told) = watching(100);
    assert_eq!((watched, told.len()), (100, 1));
    let (watched, told) = watching(101);
    assert_eq!((watched, told[1].as_str()), (100, vectors::frame("11.4 limit")));
}

#[test]
fn an_app_without_watchlists_watches_nobody() {
    let off = |record: &mut AppRecord| record.settings.watchlist_events = false;
    let mut talk = Talk::with(off, ClientHint::Other);
    assert_eq!(talk.sign_in(r#"{"id":"a","watchlist":["b"]}"#), ["sign in a watching []"]);
}

#[test]
fn comings_and_goings_are_told_after_the_success_only() {
    let mut talk = Talk::new();
    let online =
        |talk: &mut Talk| talk.hear(|c, cx, out| c.on_watched(&user("bob"), true, cx, out));
    assert_eq!(online(&mut talk), NOTHING, "not signed in");
    talk.sign_in(r#"{"id":"ann","watchlist":["bob"]}"#);
    assert_eq!(online(&mut talk), NOTHING);
    let told = talk.let_in("#server-to-user-ann");
    assert_eq!(told.len(), 2);
    assert_eq!(told[1], online(&mut talk)[0]);
    let frame = r#"{"event":"pusher_internal:watchlist_events","data":"{\"events\":[{\"name\":\"online\",\"user_ids\":[\"bob\"]}]}"}"#;
    assert_eq!(told[1], frame);
}

#[test]
fn a_sign_in_that_found_no_room_can_be_tried_again() {
    let mut talk = Talk::new();
    talk.sign_in(r#"{"id":"ann"}"#);
    let said = talk.keep_out("#server-to-user-ann", JoinRefusal::Overloaded);
    assert!(said[0].contains("Sign-in failed: "), "{said:?}");
    assert_eq!(talk.conversation.signed_in_as(), None);
    assert_eq!(talk.sign_in(r#"{"id":"bob"}"#), ["sign in bob watching []"]);
}

#[test]
fn the_own_channel_is_joined_once() {
    let mut talk = Talk::new();
    talk.sign_in(r#"{"id":"ann"}"#);
    let joined = talk.joined("#server-to-user-ann", None, realtime::CacheAnswer::NotACache);
    talk.hear(|c, cx, out| c.on_joined(&joined, cx, out));
    assert_eq!(talk.hears, ["#server-to-user-ann"]);
    talk.hear(|c, cx, out| c.on_joined(&joined, cx, out));
    assert_eq!(talk.hears.len(), 1, "once is enough");
}
