//! Nothing that is held back is lost or doubled where channels have to make room.

use crate::{EngineConfig, HOLD_MS, testing::*};

#[test]
fn a_channel_that_makes_room_is_told_before_its_time() {
    let desk = Desk::new(EngineConfig { max_channels: 3, ..one_shard() });
    desk.notes.want_all();
    desk.join_as("presence-room", 1, "ann", 0);
    desk.join_as("presence-room", 2, "bob", 0);
    desk.leave_for("presence-room", 1, 60_000, 100);
    desk.leave("presence-room", 2, 100);
    desk.notes.take();
    for n in 0..3 {
        desk.join(&format!("room-{n}"), 9, 200);
    }
    let expected = ["200 removed bob", "200 removed ann", "200 vacated"];
    let seen = desk.notes.saw();
    for words in expected {
        assert_eq!(seen.iter().filter(|told| *told == words).count(), 1, "{words}: {seen:?}");
    }
    desk.router.tick(100_000);
    assert_eq!(desk.notes.saw(), [""; 0], "and not again");
    assert_eq!(desk.router.stats().evicted, 1);
}

#[test]
fn as_many_as_come_and_go_are_vacated() {
    let desk = Desk::new(EngineConfig { max_channels: 50, ..one_shard() });
    desk.notes.want_all();
    for n in 0..1_000 {
        desk.join(&format!("room-{n}"), n, n);
        desk.leave(&format!("room-{n}"), n, n);
    }
    desk.router.tick(1_000 + HOLD_MS);
    let seen = desk.notes.take();
    for n in 0..1_000 {
        let of: Vec<String> = seen
            .iter()
            .filter(|(topic, ..)| topic.channel.as_str() == format!("room-{n}"))
            .map(|(.., seen)| seen_in_words(seen))
            .collect();
        assert_eq!(of, ["occupied", "vacated"], "{n}");
    }
    assert_eq!((desk.router.stats().idle, desk.router.stats().retained_bytes), (0, 0));
}

#[test]
fn a_full_engine_still_says_that_what_stood_is_over() {
    let desk = Desk::new(EngineConfig { max_channels: 1, ..one_shard() });
    desk.notes.want_all();
    desk.join("news", 1, 0);
    desk.notes.take();
    desk.router.recall(&topic("presence-room"), true, vec![user("ann")], 5, || true);
    assert_eq!(desk.notes.saw(), ["5 removed ann", "5 vacated"]);
}
