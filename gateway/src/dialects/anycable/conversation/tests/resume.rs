use super::talk::{ROOM, Talk, about, message};
use crate::dialects::anycable::{
    fixtures::{public, sign, signed, socket},
    frame::Identifier,
    resume::State,
    vectors,
};

fn id() -> String {
    public(ROOM)
}

fn state(identifiers: &[&str]) -> State {
    State {
        ext: None,
        identifiers: identifiers.iter().map(|text| Identifier::new(text)).collect(),
        predecessors: vec![socket(5), socket(6)],
    }
}

fn greeted(identifiers: &[&str]) -> (Talk, Vec<String>) {
    let mut talk = Talk::resumed(state(identifiers));
    let said = talk.hear(|c, cx, out| c.greeting(cx, out));
    (talk, said)
}

#[test]
fn the_welcome_comes_first_and_names_what_came_back_byte_for_byte() {
    let odd = r#"{ "stream_name":"room/1", "channel":"$pubsub" }"#;
    let (_, said) = greeted(&[&id(), odd]);
    let ids = [id(), odd.to_owned()].map(|id| serde_json::to_string(&id).unwrap()).join(",");
    assert_eq!(said.len(), 1, "nothing is heard yet");
    assert!(said[0].ends_with(&format!(r#""restored":true,"restored_ids":[{ids}]}}"#)), "{said:?}");
}

#[test]
fn what_would_not_be_allowed_today_does_not_come_back() {
    let revoked = sign("revoked-secret", r#""room/1""#);
    let revoked = format!(r#"{{"channel":"$pubsub","signed_stream_name":"{revoked}"}}"#);
    let (mut talk, said) = greeted(&[&revoked]);
    assert!(said[0].ends_with(r#""restored":true,"restored_ids":[]}"#), "{said:?}");
    let rejected = talk.command("subscribe", &revoked, "");
    assert_eq!(rejected, [about("reject_subscription", &revoked)]);
}

#[test]
fn a_restored_stream_is_heard_from_the_clients_position_on() {
    let (mut talk, _) = greeted(&[&id()]);
    let asked = talk.say(&vectors::frame("6.9 history", &id()));
    assert_eq!(asked, [format!("join {ROOM}")], "not before the client said what it has seen");
    assert!(talk.say(&vectors::frame("6.9 join", &id())).is_empty());
    let said = talk.let_in(ROOM);
    assert_eq!(said, [format!("history of {ROOM} from 3 to 10")], "it knows that it is subscribed");
    let missed = vec![talk.event(4, 0, None)];
    let said = talk.answer(true, missed);
    assert_eq!(said[..2], [message(&id(), 4), about("confirm_history", &id())]);
    assert!(said[2].starts_with(&format!("hear {ROOM}")), "{said:?}");
    assert_eq!(said[3], format!(r#"enter {ROOM} as 7 {{"name":"Seven"}}"#));
}

#[test]
fn an_empty_history_command_counts() {
    let (mut talk, _) = greeted(&[&id()]);
    assert_eq!(talk.command("history", &id(), ""), [format!("join {ROOM}")]);
    let said = talk.let_in(ROOM);
    assert!(said.len() == 1 && said[0].starts_with(&format!("hear {ROOM}")), "{said:?}");
}

#[test]
fn a_client_that_says_nothing_is_waited_for_two_seconds() {
    let (mut talk, _) = greeted(&[&id(), &signed(ROOM), &public("other")]);
    let mut joins_at = |now_ms| {
        talk.now_ms = now_ms;
        let mut lines = talk.hear(|c, cx, out| c.on_tick(cx, out));
        lines.retain(|line| line.starts_with("join "));
        lines.sort();
        lines
    };
    assert!(joins_at(2_999).is_empty());
    assert_eq!(joins_at(3_000), ["join other", &format!("join {ROOM}")]);
    assert!(joins_at(4_000).is_empty(), "once");
}

#[test]
fn a_member_joins_as_its_stream_is_released() {
    let (mut talk, _) = greeted(&[&id()]);
    talk.command("join", &id(), r#","presence":{"id":"u"}"#);
    assert_eq!(talk.command("history", &id(), ""), [format!("join {ROOM}")]);
    assert_eq!(talk.let_in(ROOM)[1], format!("enter {ROOM} as u"));
}

#[test]
fn a_client_that_subscribes_again_all_the_same_is_confirmed() {
    let (mut talk, _) = greeted(&[&id()]);
    assert_eq!(talk.command("subscribe", &id(), ""), [format!("join {ROOM}")]);
    assert_eq!(talk.let_in(ROOM)[0], about("confirm_subscription", &id()));
}

#[test]
fn a_restored_stream_can_be_given_up_unheard() {
    let (mut talk, _) = greeted(&[&id()]);
    assert!(talk.command("unsubscribe", &id(), "").is_empty());
    assert!(talk.command("history", &id(), "").is_empty());
}

#[test]
fn what_was_not_for_a_predecessor_is_not_replayed_to_its_successor() {
    let (mut talk, _) = greeted(&[&id()]);
    talk.say(&vectors::frame("6.9 history", &id()));
    talk.let_in(ROOM);
    let missed = [Some(socket(5)), Some(socket(6)), Some(socket(7)), Some(socket(8)), None];
    let missed = missed.into_iter().enumerate();
    let events = missed.map(|(n, except)| talk.event(4 + n as u64, 0, except)).collect();
    let said = talk.answer(true, events);
    assert_eq!(said[..2], [message(&id(), 7), message(&id(), 8)]);
    assert_eq!(said[2], about("confirm_history", &id()));
}
