use super::talk::{ROOM, Talk, about};
use crate::dialects::anycable::{
    conversation::{Conversation, Protocol},
    fixtures::{self, public, signed},
    frame::Identifier,
};
use contract::{ChannelName, directory::AppRecord};
use realtime::JoinRefusal;

fn id() -> String {
    public(ROOM)
}

fn heard(identifier: &str, channel: &str) -> String {
    format!("hear {channel} as {}", Identifier::new(identifier).as_json())
}

#[test]
fn a_subscription_is_confirmed_before_anything_is_heard() {
    let mut talk = Talk::new(Protocol::Base);
    let said = talk.subscribe(&id(), ROOM);
    assert_eq!(said, [about("confirm_subscription", &id()), heard(&id(), ROOM)]);
    assert_eq!(talk.pauses, 0);
}

#[test]
fn extended_clients_hear_who_comes_and_goes() {
    let mut talk = Talk::new(Protocol::Extended);
    let said = talk.subscribe(&id(), ROOM);
    assert_eq!(said[1], format!("{} and who is there", heard(&id(), ROOM)));
}

#[test]
fn an_identifier_is_decided_by_its_channel_and_its_name() {
    let name = fixtures::sign(fixtures::SECRET, r#""chat\/2024""#);
    let old = fixtures::sign(fixtures::NEXT_SECRET, r#""chat/2024""#);
    let foreign = fixtures::sign("another-secret", r#""chat/2024""#);
    let pubsub = |rest: &str| format!(r#"{{"channel":"$pubsub"{rest}}}"#);
    let by = |name: &str| pubsub(&format!(r#","signed_stream_name":"{name}""#));
    for (identifier, expected) in [
        (pubsub(r#","stream_name":"a b/ж""#), Some("a b/ж")),
        (pubsub(r#","stream_name":"a","unheard":[]"#), Some("a")),
        (by(&name), Some("chat/2024")),
        (by(&old), Some("chat/2024")),
        (
            pubsub(&format!(r#","stream_name":"x","signed_stream_name":"{name}""#)),
            Some("chat/2024"),
        ),
        (pubsub(r#","stream_name":"x","signed_stream_name":"bad""#), None),
        (pubsub(r#","stream_name":"x","signed_stream_name":"""#), Some("x")),
        (pubsub(r#","stream_name":"x","signed_stream_name":null"#), Some("x")),
        (by(&foreign), None),
        (pubsub(""), None),
        (pubsub(r#","stream_name":"""#), None),
        (pubsub(r#","stream_name":7"#), None),
        (pubsub(&format!(r#","stream_name":"{}""#, "c".repeat(257))), None),
        (pubsub(r#","stream_name":"a\u0000b""#), None),
        (r#"{"channel":"ChatChannel","id":1}"#.into(), None),
        (r#"{"stream_name":"x"}"#.into(), None),
        (r#"{"channel":7}"#.into(), None),
        ("ChatChannel".into(), None),
        ("[]".into(), None),
        (String::new(), None),
    ] {
        let said = Talk::new(Protocol::Base).command("subscribe", &identifier, "");
        let expected = match expected {
            Some(channel) => format!("join {channel}"),
            None => about("reject_subscription", &identifier),
        };
        assert_eq!(said, [expected], "{identifier}");
    }
}

#[test]
fn a_name_that_asks_for_authorisation_is_never_public() {
    for channel in ["private-a", "presence-a", "private-encrypted-a", "#server-to-user-u"] {
        let said = Talk::new(Protocol::Base).command("subscribe", &public(channel), "");
        assert_eq!(said, [about("reject_subscription", &public(channel))]);
    }
    for channel in ["private-a", "presence-a", "private-encrypted-a"] {
        let said = Talk::new(Protocol::Base).command("subscribe", &signed(channel), "");
        assert_eq!(said, [format!("join {channel}")]);
    }
    let own = signed("#server-to-user-u");
    let said = Talk::new(Protocol::Base).command("subscribe", &own, "");
    assert_eq!(said, [about("reject_subscription", &own)], "not even signed");
}

#[test]
fn public_streams_turbo_and_cable_ready_are_switches() {
    let name = fixtures::sign(fixtures::SECRET, r#""board""#);
    let turbo = format!(r#"{{"channel":"Turbo::StreamsChannel","signed_stream_name":"{name}"}}"#);
    let ready = format!(r#"{{"channel":"CableReady::Stream","identifier":"{name}"}}"#);
    let unsigned = r#"{"channel":"Turbo::StreamsChannel","signed_stream_name":"board"}"#;
    let said = |change: fn(&mut AppRecord), identifier: &str| {
        Talk::with(Protocol::Base, change).command("subscribe", identifier, "")
    };
    let on = |record: &mut AppRecord| {
        record.settings.anycable.turbo_streams = true;
        record.settings.anycable.cable_ready = true;
    };
    for identifier in [&turbo, &ready] {
        assert_eq!(said(on, identifier), ["join board"]);
        assert_eq!(said(|_| {}, identifier), [about("reject_subscription", identifier)]);
    }
    assert_eq!(said(on, unsigned), [about("reject_subscription", unsigned)]);
    let off = |record: &mut AppRecord| record.settings.anycable.public_streams = false;
    assert_eq!(said(off, &id()), [about("reject_subscription", &id())]);
}

#[test]
fn only_rails_clients_are_told_twice() {
    for (protocol, expected) in [
        (Protocol::Base, vec![]),
        (Protocol::Extended, vec![]),
        (Protocol::Rails, vec![about("confirm_subscription", &id())]),
    ] {
        let mut talk = Talk::new(protocol);
        talk.command("subscribe", &id(), "");
        let none: [String; 0] = [];
        assert_eq!(talk.command("subscribe", &id(), ""), none, "it is on the way");
        talk.let_in(ROOM);
        assert_eq!(talk.command("subscribe", &id(), ""), expected, "{protocol:?}");
    }
}

#[test]
fn identifiers_of_one_stream_share_a_seat_and_hear_each_for_itself() {
    let other = r#"{"stream_name":"room/1","channel":"$pubsub"}"#;
    let mut talk = Talk::new(Protocol::Base);
    talk.subscribe(&id(), ROOM);
    let said = talk.command("subscribe", other, "");
    assert_eq!(said, [about("confirm_subscription", other), heard(other, ROOM)]);
    let said = talk.command("unsubscribe", &id(), "");
    assert_eq!(said, [format!("un{}", heard(&id(), ROOM))]);
    assert_eq!(talk.command("unsubscribe", other, ""), [format!("leave {ROOM} after 0")]);
}

#[test]
fn identifiers_that_wait_for_one_seat_are_confirmed_together() {
    let other = r#"{"stream_name":"room/1","channel":"$pubsub"}"#;
    let mut talk = Talk::new(Protocol::Base);
    assert_eq!(talk.command("subscribe", &id(), ""), [format!("join {ROOM}")]);
    assert!(talk.command("subscribe", other, "").is_empty());
    let said = talk.let_in(ROOM);
    assert_eq!(said[0], about("confirm_subscription", &id()));
    assert_eq!(said[2], about("confirm_subscription", other));
}

#[test]
fn unsubscribing_is_never_answered() {
    let mut talk = Talk::new(Protocol::Base);
    assert!(talk.command("unsubscribe", &id(), "").is_empty());
    talk.subscribe(&id(), ROOM);
    assert_eq!(talk.command("unsubscribe", &id(), ""), [format!("leave {ROOM} after 0")]);
    assert!(talk.command("unsubscribe", &id(), "").is_empty());
}

#[test]
fn an_answer_to_a_request_that_was_given_up_is_no_answer() {
    let mut talk = Talk::new(Protocol::Base);
    talk.command("subscribe", &id(), "");
    assert_eq!(talk.command("unsubscribe", &id(), ""), [format!("leave {ROOM} after 0")]);
    assert_eq!(talk.command("subscribe", &id(), ""), [format!("join {ROOM}")]);
    assert!(talk.let_in(ROOM).is_empty(), "the answer to the first");
    assert_eq!(talk.let_in(ROOM)[0], about("confirm_subscription", &id()));
}

#[test]
fn what_the_owner_refuses_is_rejected() {
    let mut talk = Talk::new(Protocol::Base);
    talk.command("subscribe", &id(), "");
    let channel: ChannelName = ROOM.parse().unwrap();
    let said = talk.hear(|c, cx, out| c.on_refused(&channel, JoinRefusal::Overloaded, cx, out));
    assert_eq!(said, [about("reject_subscription", &id())]);
    assert_eq!(
        talk.command("subscribe", &id(), ""),
        [format!("join {ROOM}")],
        "and may be asked again"
    );
}

#[test]
fn subscriptions_hold_at_the_limit_and_fail_one_past_it() {
    let mut talk =
        Talk::with(Protocol::Base, |record| record.limits.max_channels_per_connection = 2);
    assert_eq!(talk.command("subscribe", &public("a"), ""), ["join a"]);
    assert_eq!(talk.command("subscribe", &public("b"), ""), ["join b"]);
    let said = talk.command("subscribe", &public("c"), "");
    assert_eq!(said, [about("reject_subscription", &public("c"))]);
    talk.command("unsubscribe", &public("a"), "");
    assert_eq!(talk.command("subscribe", &public("c"), ""), ["join c"]);
}

#[test]
fn identifiers_hold_at_the_limit_and_fail_one_past_it() {
    let sized = |bytes: usize| {
        let short = r#"{"channel":"$pubsub","stream_name":"a","x":""}"#;
        short.replace(r#""x":"""#, &format!(r#""x":"{}""#, "x".repeat(bytes - short.len())))
    };
    let max = Conversation::MAX_IDENTIFIER_BYTES;
    assert_eq!(Talk::new(Protocol::Base).command("subscribe", &sized(max), ""), ["join a"]);
    let said = Talk::new(Protocol::Base).command("subscribe", &sized(max + 1), "");
    assert_eq!(said, [about("reject_subscription", &sized(max + 1))]);
}

#[test]
fn nonsense_and_other_commands_are_silence_and_the_connection_goes_on() {
    let mut talk = Talk::new(Protocol::Base);
    for text in ["", "{", "[]", "null", r#"{"command":"dance"}"#, r#"{"command":"subscribe"}"#] {
        assert!(talk.say(text).is_empty(), "{text}");
    }
    assert!(talk.hear(|c, cx, out| c.on_binary(cx, out)).is_empty());
    for command in ["message", "whisper", "history", "join", "leave", "presence"] {
        let more = r#","data":"{}","history":{"since":1},"presence":{"id":"u"}"#;
        assert!(talk.command(command, &id(), more).is_empty(), "{command} before subscribing");
    }
    assert_eq!(talk.say(r#"{"command":"ping"}"#), [r#"{"type":"pong"}"#]);
    assert_eq!(talk.subscribe(&id(), ROOM).len(), 2);
}
