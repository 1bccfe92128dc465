use super::talk::{ROOM, Talk, about, message};
use crate::dialects::{
    Seldom,
    anycable::{
        conversation::Protocol,
        fixtures::{public, socket},
        vectors,
    },
};

fn id() -> String {
    public(ROOM)
}

/// An extended client that is subscribed.
fn subscribed() -> Talk {
    let mut talk = Talk::new(Protocol::Extended);
    talk.subscribe(&id(), ROOM);
    talk
}

#[test]
fn a_subscribe_is_confirmed_then_caught_up_then_heard_then_present() {
    let mut talk = Talk::new(Protocol::Extended);
    let more = r#","history":{"since":500,"streams":{}},"presence":{"id":"7"}"#;
    assert_eq!(talk.command("subscribe", &id(), more), [format!("join {ROOM}")]);
    let said = talk.let_in(ROOM);
    let asked = format!("history of {ROOM} from - to 10");
    assert_eq!(said, [about("confirm_subscription", &id()), asked]);
    let missed =
        vec![talk.event(8, 499, None), talk.event(9, 500, None), talk.event(10, 501, None)];
    let said = talk.answer(true, missed);
    assert_eq!(said[..3], [message(&id(), 9), message(&id(), 10), about("confirm_history", &id())]);
    assert!(said[3].starts_with(&format!("hear {ROOM}")), "{said:?}");
    assert_eq!(said[4], format!("enter {ROOM} as 7"));
    assert_eq!(talk.pauses, 1, "the client takes in the confirmation by itself");
}

#[test]
fn the_first_subscribe_of_a_client_is_the_sheets() {
    let mut talk = Talk::new(Protocol::Extended);
    talk.say(&vectors::frame("8 subscribe", &id()));
    assert_eq!(talk.let_in(ROOM)[0], vectors::frame("6.2 confirm", &id()));
    assert_eq!(talk.answer(true, vec![])[0], vectors::frame("6.2 confirm history", &id()));
}

#[test]
fn a_position_is_served_whole_or_not_at_all() {
    let mut talk = subscribed();
    let asked = talk.say(&vectors::frame("6.8 history", &id()));
    assert_eq!(asked, [format!("history of {ROOM} from 42 to -")]);
    let kept = vec![talk.event(43, 0, None)];
    assert_eq!(talk.answer(true, kept), [message(&id(), 43), about("confirm_history", &id())]);
    talk.say(&vectors::frame("6.8 history", &id()));
    let kept = vec![talk.event(44, 0, None)];
    assert_eq!(talk.answer(false, kept), [vectors::frame("6.2 reject history", &id())]);
}

#[test]
fn what_cannot_be_asked_is_answered_at_once() {
    let ask = |talk: &mut Talk, history: &str| {
        talk.command("history", &id(), &format!(r#","history":{history}"#))
    };
    let mut talk = subscribed();
    let foreign = r#"{"streams":{"room/1":{"offset":1,"epoch":"NOT-OURS"}}}"#;
    assert_eq!(ask(&mut talk, foreign), [about("reject_history", &id())]);
    let other_stream = r#"{"streams":{"room/2":{"offset":1,"epoch":"a"}}}"#;
    assert_eq!(ask(&mut talk, other_stream), [about("confirm_history", &id())]);
    assert_eq!(ask(&mut talk, r#"{"streams":{}}"#), [about("confirm_history", &id())]);
    for silent in ["{}", "null", "false", r#"{"since":0}"#, r#"{"since":false}"#] {
        assert!(ask(&mut talk, silent).is_empty(), "{silent}");
    }
}

#[test]
fn an_owner_that_cannot_be_asked_is_a_rejection() {
    let mut talk = subscribed();
    talk.command("history", &id(), r#","history":{"since":1}"#);
    let ticket = talk.ticket;
    let said = talk.hear(|c, cx, out| c.on_unanswered(ticket, cx, out));
    assert_eq!(said, [about("reject_history", &id())]);
    assert!(talk.hear(|c, cx, out| c.on_unanswered(ticket, cx, out)).is_empty(), "once");
}

#[test]
fn an_answer_after_unsubscribing_is_dropped() {
    let mut talk = subscribed();
    talk.command("history", &id(), r#","history":{"since":1}"#);
    talk.command("unsubscribe", &id(), "");
    let missed = vec![talk.event(9, 500, None)];
    assert!(talk.answer(true, missed).is_empty());
}

#[test]
fn what_was_not_for_the_client_is_not_replayed_to_it() {
    let mut talk = subscribed();
    talk.command("history", &id(), r#","history":{"since":1}"#);
    let missed = vec![
        talk.event(8, 500, Some(socket(7))),
        talk.event(9, 500, Some(socket(8))),
        talk.event(10, 500, None),
    ];
    let said = talk.answer(true, missed);
    assert_eq!(said, [message(&id(), 9), message(&id(), 10), about("confirm_history", &id())]);
}

#[test]
fn base_clients_may_ask_too() {
    let mut talk = Talk::new(Protocol::Base);
    talk.subscribe(&id(), ROOM);
    let asked = talk.command("history", &id(), r#","history":{"since":1}"#);
    assert_eq!(asked, [format!("history of {ROOM} from - to -")]);
}

#[test]
fn no_client_asks_without_end() {
    let mut talk = subscribed();
    let mut asked = 0;
    for _ in 0..1_000 {
        let said = talk.command("history", &id(), r#","history":{"since":1}"#);
        asked += usize::from(said[0].starts_with("history of"));
    }
    assert_eq!(asked, 200, "a question per stream it may have");
}

#[test]
fn a_plan_without_history_answers_that_there_is_none() {
    let mut talk = Talk::with(Protocol::Extended, |record| record.plan.features.history = false);
    let more = r#","history":{"since":500,"streams":{}}"#;
    talk.command("subscribe", &id(), more);
    let said = talk.let_in(ROOM);
    assert_eq!(said[0], about("confirm_subscription", &id()));
    assert_eq!(said[1], about("reject_history", &id()));
    assert!(said[2].starts_with(&format!("hear {ROOM}")), "what comes is heard: {said:?}");
    let [record] = &talk.gateway.refused.take(9)[..] else { panic!("one refusal") };
    assert_eq!((record.code.as_str(), record.rule.as_deref()), ("plan_feature", Some("history")));
}
