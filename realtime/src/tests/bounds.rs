use crate::{EngineConfig, Publish, PublishError, testing::*};

#[test]
fn the_idle_channel_longest_unused_is_forgotten_first_and_comes_back_in_a_new_epoch() {
    let desk = Desk::new(EngineConfig { max_channels: 3, ..one_shard() });
    let [a, b] = ["a", "b"].map(|channel| desk.note(channel, "1", 0).position);
    desk.join("heard", 1, 0);
    desk.note("a", "2", 0);
    desk.note("c", "1", 0);
    assert_eq!(desk.router.stats().evicted, 1);
    assert_eq!(desk.note("a", "3", 0).position.seq, 3, "used since");
    let again = desk.note("b", "1", 0).position;
    assert_eq!(again.seq, 1);
    assert!(again.epoch != b.epoch && a.epoch != b.epoch);
}

#[test]
fn occupied_channels_are_never_forgotten() {
    let desk = Desk::new(EngineConfig { max_channels: 2, ..one_shard() });
    desk.join("a", 1, 0);
    desk.watch(1, &["ann"], 0);
    desk.told.take();
    desk.join("c", 1, 0);
    assert_eq!(desk.told.heard(), ["refused 1: the service holds as many channels as it can"]);
    let kept = Publish { keep_history: true, ..message("c", "x") };
    assert_eq!(desk.publish(kept, 0).err(), Some(PublishError::Overloaded));
    assert_eq!(desk.say("c", "not kept, so no channel is needed", 0).delivered_to, 0);
    desk.leave("a", 1, 0);
    desk.join("c", 1, 0);
    assert_eq!(desk.told.heard(), ["joined 1"]);
}

#[test]
fn a_watch_list_that_does_not_fit_is_not_begun() {
    let desk = Desk::new(EngineConfig { max_channels: 2, ..one_shard() });
    let users = ["a", "b", "c"].map(user);
    let app = "1".parse().expect("app");
    let socket = contract::SocketId::from_random(1);
    assert!(now(desk.router.watch(&app, &users, desk.origin, socket, 0)).is_err());
    desk.join("x", 1, 0);
    desk.join("y", 1, 0);
    assert_eq!(desk.told.heard(), ["joined 1", "joined 1"]);
}

#[test]
fn memory_stays_within_the_budget_whatever_is_published() {
    const BUDGET: usize = 1 << 20;
    for shards in [1, 8] {
        let desk = Desk::new(EngineConfig { shards, retained_max_bytes: BUDGET, ..one_shard() });
        let text = "x".repeat(100);
        for n in 0..20_000 {
            desk.note(&format!("room-{n}"), &text, 0);
            desk.show(&format!("cache-{n}"), &text, 60_000, 0);
            assert!(desk.router.stats().retained_bytes as usize <= BUDGET + 4096, "after {n}");
        }
        let held = desk.router.stats().retained_bytes as usize;
        assert!(held > BUDGET / 2, "the budget is used: {held}");
        desk.router.tick(400_000);
        desk.router.tick(800_000);
        let stats = desk.router.stats();
        assert_eq!((stats.retained_bytes, stats.idle), (0, 0));
    }
}

#[test]
fn one_greedy_channel_pays_with_its_own_history_when_nothing_is_idle() {
    let config =
        EngineConfig { retained_max_bytes: 10_000, history_max_bytes: 1 << 20, ..one_shard() };
    let desk = Desk::new(config);
    desk.join("greedy", 1, 0);
    for n in 0..100 {
        desk.note("greedy", &"x".repeat(500), n);
    }
    assert!(desk.router.stats().retained_bytes <= 10_000);
    let history = now(desk.router.history(&topic("greedy"), None, 100, 100)).expect("here");
    assert!((5..20).contains(&history.events.len()), "{}", history.events.len());
    assert_eq!(history.events.last().map(|event| event.position.seq), Some(100));
}

#[test]
fn messages_nobody_hears_or_keeps_leave_nothing_behind() {
    let desk = Desk::default();
    for n in 0..10_000 {
        desk.say(&format!("room-{n}"), "x", 0);
        desk.join(&format!("room-{n}"), 1, 0);
        desk.leave(&format!("room-{n}"), 1, 0);
    }
    let stats = desk.router.stats();
    assert_eq!((stats.idle, stats.retained_bytes, stats.occupied_channels()), (0, 0, 0));
}
