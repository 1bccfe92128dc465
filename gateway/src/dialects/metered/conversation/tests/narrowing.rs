//! A key that allows less than when the connection was opened with it.

use super::talk::{ONE, Talk, assert_error};
use crate::dialects::{Seldom, metered::fixtures};
use contract::{
    Action,
    directory::{Change, SecretKeyRecord},
};

/// The key of the talk's token, as it is from now on.
fn narrow(talk: &mut Talk, actions: &[Action], channels: &[&str]) -> Vec<String> {
    let known = talk.gateway.directory.secret_key_by_id(fixtures::KEY_ID).unwrap();
    let record = SecretKeyRecord {
        app: known.app.clone(),
        actions: actions.to_vec(),
        channels: channels.iter().map(|pattern| pattern.parse().unwrap()).collect(),
        ..fixtures::records().secret
    };
    let next = talk.gateway.directory.status().applied() + 1;
    drop(talk.gateway.directory.apply(next, Change::SecretKey(record)));
    talk.hear(|c, cx, out| c.on_narrowed(cx, out))
}

fn given() -> Talk {
    let mut talk = Talk::with_token(|_| {}, ONE);
    for channel in ["a/1", "b/1"] {
        talk.join(channel, &[]);
    }
    for pattern in ["a/*", "b/*"] {
        talk.ask("subscribe", pattern, "");
        talk.listening(pattern, true);
    }
    talk
}

#[test]
fn subscriptions_that_are_no_longer_covered_end_with_a_word() {
    let mut talk = given();
    let said = narrow(&mut talk, &fixtures::ALL, &["a/*"]);
    assert_eq!((said[0].as_str(), said[3].as_str()), ("leave b/1", "unlisten b/*"), "{said:?}");
    assert_error(&said[1..2], None, "channel_not_authorized");
    assert_error(&said[2..3], None, "channel_not_authorized");
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!(narrow(&mut talk, &fixtures::ALL, &["a/*"]), [""; 0], "once");
    assert_error(&talk.ask("subscribe", "b/1", ""), None, "channel_not_authorized");
}

#[test]
fn without_the_action_all_subscriptions_end() {
    let mut talk = given();
    let said = narrow(&mut talk, &[Action::Publish, Action::Presence], &["**"]);
    let ended =
        said.iter().filter(|line| line.starts_with("leave") || line.starts_with("unlisten"));
    assert_eq!(ended.count(), 4, "{said:?}");
}

#[test]
fn without_presence_a_channel_is_heard_without_it() {
    let mut talk = given();
    let said = narrow(&mut talk, &[Action::Subscribe], &["**"]);
    assert_eq!(said.len(), 4, "{said:?}");
    for channel in ["a/1", "b/1"] {
        assert!(said.contains(&format!("hear {channel}")), "{said:?}");
        assert!(said.contains(&format!("unhear {channel} presence")), "{said:?}");
    }
}

#[test]
fn an_earlier_end_of_the_key_is_waited_for() {
    let mut talk = given();
    let record = SecretKeyRecord {
        expires_at: Some(fixtures::NOW_S as i64 + 1),
        ..fixtures::records().secret
    };
    let next = talk.gateway.directory.status().applied() + 1;
    drop(talk.gateway.directory.apply(next, Change::SecretKey(record)));
    assert_eq!(talk.hear(|c, cx, out| c.on_narrowed(cx, out)), ["wake in 750"]);
    talk.unix_ms += 750;
    assert_eq!(talk.hear(|c, cx, out| c.on_wake(cx, out)), ["close 4002 token_expired"]);
}

#[test]
fn a_page_whose_origin_is_no_longer_listed_is_closed() {
    let mut talk = Talk::with_key(|_| {});
    let put = |talk: &Talk, allow_no_origin| {
        let record = contract::directory::PublishableKeyRecord {
            allowed_origins: vec!["https://shop.example".into()],
            allow_no_origin,
            ..fixtures::records().publishable
        };
        let next = talk.gateway.directory.status().applied() + 1;
        drop(talk.gateway.directory.apply(next, Change::PublishableKey(record)));
    };
    put(&talk, true);
    assert_eq!(talk.hear(|c, cx, out| c.on_narrowed(cx, out)), [""; 0], "it sent no origin");
    put(&talk, false);
    assert_eq!(talk.hear(|c, cx, out| c.on_narrowed(cx, out)), ["close 4001 invalid_token"]);
}
