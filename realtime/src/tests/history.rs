use crate::{Delivery, EngineConfig, Position, Publish, Sender, testing::*};

#[track_caller]
fn check(
    desk: &Desk,
    after: Option<Position>,
    limit: usize,
    now_ms: u64,
    expected: (&str, bool, bool),
) {
    let history = now(desk.router.history(&topic("news"), after, limit, now_ms)).expect("here");
    let events: Vec<&str> = history.events.iter().map(|event| event.data.as_str()).collect();
    assert_eq!((events.join(" ").as_str(), history.recovered, history.more), expected, "{after:?}");
}

#[test]
fn events_after_a_position_come_in_order_or_it_is_said_that_they_cannot() {
    let desk = Desk::new(EngineConfig { history_max_events: 3, ..one_shard() });
    let [a, b, _, d, e] = ["a", "b", "c", "d", "e"].map(|data| desk.note("news", data, 0).position);
    check(&desk, None, 10, 1, ("c d e", true, false));
    check(&desk, None, 2, 1, ("d e", true, false));
    check(&desk, Some(a), 10, 1, ("c d e", false, false));
    check(&desk, Some(b), 10, 1, ("c d e", true, false));
    check(&desk, Some(b), 2, 1, ("c d", true, true));
    check(&desk, Some(d), 10, 1, ("e", true, false));
    check(&desk, Some(e), 10, 1, ("", true, false));
    check(&desk, Some(Position { seq: 6, ..e }), 10, 1, ("c d e", false, false));
    check(&desk, Some(Position { epoch: 1, ..e }), 10, 1, ("c d e", false, false));
}

#[test]
fn what_is_too_old_is_a_gap() {
    let desk = Desk::default();
    let a = desk.note("news", "a", 0).position;
    let b = desk.note("news", "b", 200_000).position;
    let start = Position { seq: 0, ..a };
    check(&desk, Some(start), 10, 299_999, ("a b", true, false));
    check(&desk, Some(start), 10, 300_000, ("b", false, false));
    check(&desk, Some(a), 10, 300_000, ("b", true, false));
    check(&desk, Some(b), 10, 499_999, ("", true, false));
    desk.join("news", 1, 0);
    desk.router.tick(500_000);
    desk.router.tick(600_000);
    check(&desk, Some(b), 10, 600_000, ("", true, false));
    check(&desk, Some(a), 10, 600_000, ("", false, false));
}

#[test]
fn a_transient_event_is_in_no_history_and_leaves_no_gap() {
    let desk = Desk::default();
    let a = desk.note("news", "a", 0).position;
    let b = desk.say("news", "b", 0).position;
    desk.note("news", "c", 0);
    check(&desk, Some(a), 10, 1, ("c", true, false));
    check(&desk, Some(b), 10, 1, ("c", true, false));
    check(&desk, None, 10, 1, ("a c", true, false));
}

#[test]
fn a_channel_nobody_knows_has_nothing_to_recover() {
    let desk = Desk::default();
    check(&desk, None, 10, 0, ("", true, false));
    check(&desk, Some(Position { epoch: 1001, seq: 1 }), 10, 0, ("", false, false));
}

#[test]
fn bytes_bound_the_history_too() {
    let desk = Desk::new(EngineConfig { history_max_bytes: 2_000, ..one_shard() });
    desk.join("news", 1, 0);
    let text = "x".repeat(600);
    for _ in 0..10 {
        desk.note("news", &text, 0);
    }
    let history = now(desk.router.history(&topic("news"), None, 100, 1)).expect("here");
    assert_eq!(history.events.len(), 2, "two fit with their bookkeeping, three do not");
    desk.note("news", &"x".repeat(2_000), 0);
    let history = now(desk.router.history(&topic("news"), None, 100, 1)).expect("here");
    assert_eq!(history.events.len(), 0, "one that is too large is not kept");
    assert_eq!(history.last.map(|last| last.seq), Some(11));
}

#[test]
fn history_outlives_the_subscribers_in_the_same_epoch() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    let a = desk.note("news", "a", 0).position;
    desk.leave("news", 1, 0);
    desk.join("news", 2, 0);
    assert_eq!(desk.note("news", "b", 0).position, Position { seq: 2, ..a });
}

#[test]
fn transients_around_an_expired_history_are_not_missed() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    let a = desk.note("news", "a", 0).position;
    let b = desk.note("news", "b", 0).position;
    desk.say("news", "whispered", 1_000);
    for now_ms in [300_000, 600_000] {
        desk.router.tick(now_ms);
        check(&desk, Some(b), 10, now_ms, ("", true, false));
        check(&desk, Some(a), 10, now_ms, ("", false, false));
    }
}

#[test]
fn an_event_says_whether_it_was_to_be_kept_and_by_whom_it_was_sent() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    desk.told.take();
    let sender = Sender::Server { identity: Some(member("ann:1").into()) };
    for keep_history in [true, false] {
        let publish = Publish { keep_history, sender: sender.clone(), ..message("news", "x") };
        desk.publish(publish, 0).expect("taken");
    }
    let told = desk.told.take();
    let [Delivery::Event(kept), Delivery::Event(transient)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((kept.kept, transient.kept), (true, false));
    let history = now(desk.router.history(&topic("news"), None, 9, 0)).expect("here");
    let [event] = &history.events[..] else { panic!("{history:?}") };
    assert_eq!((event.kept, &event.sender, event.position), (true, &sender, kept.position));
    assert_eq!(event.sender.user(), Some(&user("ann")));
}
