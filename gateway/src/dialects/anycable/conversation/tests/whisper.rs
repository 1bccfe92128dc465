use super::talk::{ROOM, Talk};
use crate::dialects::anycable::{
    conversation::Protocol,
    fixtures::{SECRET, public, sign, signed},
    vectors,
};
use contract::directory::AppRecord;

fn id() -> String {
    public(ROOM)
}

fn whisper(talk: &mut Talk, identifier: &str, data: &str) -> Vec<String> {
    talk.command("whisper", identifier, &format!(r#","data":{data}"#))
}

#[test]
fn a_whisper_goes_out_as_it_is_and_is_not_kept() {
    let mut talk = Talk::new(Protocol::Base);
    talk.subscribe(&id(), ROOM);
    let said = talk.say(&vectors::frame("6.6 whisper", &id()));
    assert_eq!(said, [format!(r#"publish {ROOM} typing {{"event":"typing","name":"Al"}}"#)]);
    for data in ["1.0", "\"x\"", "[1, 2]", "false", r#"{"n":12345678901234567890}"#] {
        assert_eq!(whisper(&mut talk, &id(), data), [format!("publish {ROOM} message {data}")]);
    }
    let forged = r#"{"event":"pusher:error"}"#;
    assert_eq!(whisper(&mut talk, &id(), forged), [format!("publish {ROOM} message {forged}")]);
}

#[test]
fn the_right_to_whisper_comes_with_the_name() {
    let on = |record: &mut AppRecord| record.settings.anycable.whisper = true;
    let name = sign(SECRET, r#""room/1""#);
    let turbo = format!(r#"{{"channel":"Turbo::StreamsChannel","signed_stream_name":"{name}"}}"#);
    let with_turbo = |record: &mut AppRecord| {
        record.settings.anycable.whisper = true;
        record.settings.anycable.turbo_streams = true;
    };
    let said = |change: fn(&mut AppRecord), identifier: &str, channel: &str| {
        let mut talk = Talk::with(Protocol::Base, change);
        talk.subscribe(identifier, channel);
        whisper(&mut talk, identifier, "1").len()
    };
    assert_eq!(said(|_| {}, &id(), ROOM), 1, "public");
    assert_eq!(said(|_| {}, &signed(ROOM), ROOM), 0, "signed, off");
    assert_eq!(said(on, &signed(ROOM), ROOM), 1, "signed, on");
    assert_eq!(said(on, &signed("private-a"), "private-a"), 1);
    assert_eq!(
        said(on, &signed("private-encrypted-a"), "private-encrypted-a"),
        0,
        "it would be plain"
    );
    assert_eq!(said(with_turbo, &turbo, ROOM), 0);
}

#[test]
fn nothing_is_whispered_before_the_seat_is_taken() {
    let mut talk = Talk::new(Protocol::Base);
    talk.command("subscribe", &id(), "");
    assert!(whisper(&mut talk, &id(), "1").is_empty());
}

#[test]
fn whispers_say_who_is_known_to_have_sent_them() {
    let mut talk = Talk::known(r#"{"user_id":42}"#, |_| {});
    talk.subscribe(&id(), ROOM);
    assert_eq!(whisper(&mut talk, &id(), "1"), [format!("publish {ROOM} message 1 as 42")]);
    talk.command("join", &id(), r#","presence":{"id":"ann"}"#);
    assert_eq!(whisper(&mut talk, &id(), "1"), [format!("publish {ROOM} message 1 as ann")]);
}

#[test]
fn sizes_and_rates_hold_at_the_limit_and_fail_one_past_it() {
    let mut talk = Talk::with(Protocol::Base, |record| record.limits.max_payload_bytes = 1_024);
    talk.subscribe(&id(), ROOM);
    let sized = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(whisper(&mut talk, &id(), &sized(1_024)).len(), 1);
    assert!(whisper(&mut talk, &id(), &sized(1_025)).is_empty());
    let more: usize = (0..20).map(|_| whisper(&mut talk, &id(), "1").len()).sum();
    assert_eq!(more, 9, "ten in a second");
    talk.now_ms += 1_000;
    assert_eq!(whisper(&mut talk, &id(), "1").len(), 1);
}
