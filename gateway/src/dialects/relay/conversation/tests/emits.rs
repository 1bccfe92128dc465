use super::talk::{NOTHING, Talk};
use futures_util::FutureExt;
use realtime::PublishError;

const ONE: &str = r#"{"user_id":1}"#;

fn emit(talk: &mut Talk, name: &str, channel: &str, data: &str) -> Vec<String> {
    talk.say(&format!(r#"{{"event":"{name}","channel":"{channel}","data":{data}}}"#))
}

#[test]
fn a_subscriber_of_a_protected_channel_may_speak() {
    let mut talk = Talk::new();
    talk.join("presence-room", Some(ONE));
    talk.join("private-a", None);
    let said = emit(&mut talk, "client-typing", "presence-room", r#""{\"a\":1}""#);
    assert_eq!(said, [r#"publish presence-room client-typing {"a":1} as 1"#]);
    let said = emit(&mut talk, "client-typing", "private-a", r#"{"a": 1}"#);
    assert_eq!(said, [r#"publish private-a client-typing {"a":1}"#]);
}

#[test]
fn everything_else_is_dropped_without_a_word() {
    let mut talk = Talk::new();
    talk.join("presence-room", Some(ONE));
    talk.join("private-encrypted-a", None);
    talk.join("chat", None);
    talk.subscribe_signed("private-asked", None);
    talk.join("private-left", None);
    talk.unsubscribe("private-left");
    let too_large = format!(r#""{}""#, "x".repeat(65_537));
    for (name, channel, data) in [
        ("client-", "presence-room", "1"),
        ("client-a", "chat", "1"),
        ("client-a", "private-encrypted-a", "1"),
        ("client-a", "private-asked", "1"),
        ("client-a", "private-left", "1"),
        ("client-a", "private-other", "1"),
        ("client-a", "", "1"),
        ("client-a", "#server-to-user-1", "1"),
        ("client-a", "presence-room", too_large.as_str()),
        ("client-\\u0007", "presence-room", "1"),
        ("message", "presence-room", "1"),
        ("relay:member_added", "presence-room", "{}"),
    ] {
        assert_eq!(emit(&mut talk, name, channel, data), NOTHING, "{name} {channel}");
    }
    let mut talk = Talk::with(|record| record.settings.client_events = false);
    talk.join("private-a", None);
    assert_eq!(emit(&mut talk, "client-a", "private-a", "1"), NOTHING, "switched off");
}

#[test]
fn a_connection_speaks_so_often_and_no_more() {
    let mut talk = Talk::with(|record| record.limits.max_client_events_per_s = 3);
    talk.join("private-a", None);
    let mut spoken = 0;
    for _ in 0..10 {
        spoken += emit(&mut talk, "client-a", "private-a", "1").len();
    }
    assert_eq!(spoken, 3);
    talk.now_ms += 1_000;
    assert_eq!(emit(&mut talk, "client-a", "private-a", "1").len(), 1);
}

#[test]
fn the_apps_owner_sees_what_was_dropped_and_the_client_does_not() {
    let mut talk = Talk::new();
    let mut watching = talk.app.live.watch();
    let said = emit(&mut talk, "client-a", "chat", "1");
    let dropped = "Client event dropped: chat is not a private or presence channel";
    let mut shown = || {
        let line = watching.next(|| 9).now_or_never().flatten().expect("something is shown");
        serde_json::from_str::<serde_json::Value>(&line).unwrap()
    };
    let seen = shown();
    assert_eq!(
        (&seen["code"], &seen["message"]),
        (&"client_event_rejected".into(), &dropped.into())
    );
    assert_eq!(seen["request_id"], talk.gateway.refused.take(9)[0].request_id);
    assert_eq!(said, [""; 0]);
    let failed = PublishError::Overloaded;
    let said = talk.hear(|c, cx, out| c.on_publish_failed(None, &failed, cx, out));
    assert_eq!((said, shown()["kind"].as_str()), (Vec::new(), Some("refused")));
}
