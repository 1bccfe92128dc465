use crate::{Publish, testing::*};

fn newcomer(desk: &Desk, channel: &str, socket: u64, now_ms: u64) -> String {
    desk.told.take();
    desk.join(channel, socket, now_ms);
    desk.told.heard().concat()
}

#[test]
fn a_newcomer_gets_the_last_event_of_a_cache_channel_until_it_is_too_old() {
    for channel in ["cache-a", "private-cache-a", "private-encrypted-cache-a"] {
        let desk = Desk::default();
        assert_eq!(newcomer(&desk, channel, 1, 0), "joined 1 miss", "{channel}");
        desk.show(channel, "one", 1_000, 0);
        desk.show(channel, "two", 1_000, 500);
        desk.leave(channel, 1, 600);
        assert_eq!(
            newcomer(&desk, channel, 2, 1_499),
            "joined 2 hit two",
            "{channel}: longer than its subscribers"
        );
        assert_eq!(newcomer(&desk, channel, 3, 1_500), "joined 3 miss", "{channel}");
    }
}

#[test]
fn presence_with_a_cache_has_both() {
    let desk = Desk::default();
    desk.show("presence-cache-a", "one", 1_000, 0);
    desk.join_as("presence-cache-a", 1, "ann", 0);
    assert_eq!(desk.told.heard(), ["joined 1 [ann] hit one"]);
}

#[test]
fn other_channels_and_other_events_are_not_cached() {
    let desk = Desk::default();
    desk.show("news", "one", 1_000, 0);
    assert_eq!(newcomer(&desk, "news", 1, 0), "joined 1");
    desk.say("cache-a", "from a client", 0);
    assert_eq!(newcomer(&desk, "cache-a", 1, 0), "joined 1 miss");
    desk.show("cache-a", "one", 1_000, 0);
    desk.say("cache-a", "from a client", 0);
    assert_eq!(newcomer(&desk, "cache-a", 2, 0), "joined 2 hit one");
}

#[test]
fn nobody_listening_or_one_left_out_does_not_matter() {
    let desk = Desk::default();
    let publish = Publish {
        cache_ttl_ms: Some(1_000),
        except: Some(contract::SocketId::from_random(7)),
        ..message("cache-a", "one")
    };
    desk.publish(publish, 0).expect("taken");
    assert_eq!(newcomer(&desk, "cache-a", 7, 0), "joined 7 hit one");
}

#[test]
fn how_long_it_stays_can_be_asked() {
    let desk = Desk::default();
    desk.show("cache-a", "one", 1_000, 0);
    let cached_at =
        |now_ms| now(desk.router.occupancy(&topic("cache-a"), now_ms)).expect("here").cached;
    assert_eq!(cached_at(400).map(|cached| cached.ttl_ms), Some(600));
    assert!(cached_at(1_000).is_none());
    assert_eq!(desk.router.stats().idle, 1);
    desk.router.tick(40_000);
    desk.router.tick(80_000);
    assert_eq!(
        (desk.router.stats().idle, desk.router.stats().retained_bytes),
        (0, 0),
        "forgotten in time"
    );
}
