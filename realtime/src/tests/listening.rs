use crate::{
    ListenRefusal, Publish, PublishError,
    listeners::{MAX_PATTERNS, MAX_SEATS},
    testing::*,
};
use contract::{AppId, Pattern, SocketId};

fn app() -> AppId {
    "1".parse().expect("app")
}

fn pattern(raw: &str) -> Pattern {
    raw.parse().expect("pattern")
}

fn listen(desk: &Desk, raw: &str, socket: u64) -> Result<(), ListenRefusal> {
    desk.router.listen(&app(), &pattern(raw), desk.origin, SocketId::from_random(socket))
}

fn unlisten(desk: &Desk, raw: &str, socket: u64) {
    desk.router.unlisten(&app(), &pattern(raw), desk.origin, SocketId::from_random(socket));
}

#[test]
fn who_listens_gets_events_of_matching_channels_and_nothing_else_of_them() {
    let desk = Desk::default();
    listen(&desk, "room-*", 1).expect("room");
    for (channel, delivered_to) in [("room-1", 1), ("room-2", 1), ("room/1", 0), ("other", 0)] {
        assert_eq!(desk.say(channel, channel, 0).delivered_to, delivered_to, "{channel}");
    }
    assert_eq!(desk.told.heard(), ["event 1 room-1", "event 1 room-2"]);
    let there = desk.beside();
    there.join_as("room-1", 2, "ann", 0);
    there.join_counted("room-1", 3, 0);
    assert_eq!(desk.say("room-1", "x", 0).delivered_to, 3);
    assert_eq!(desk.told.heard(), ["event 1 x"], "neither members nor counts");
}

#[test]
fn an_origin_gets_an_event_once_however_many_reasons_there_are() {
    let a = Desk::default();
    let b = a.beside();
    a.join("room-1", 1, 0);
    for raw in ["**", "room-*", "room-1"] {
        listen(&a, raw, 1).expect("room");
        listen(&a, raw, 2).expect("room");
        listen(&b, raw, 3).expect("room");
    }
    listen(&b, "**", 4).expect("room");
    a.told.take();
    assert_eq!(a.say("room-1", "x", 0).delivered_to, 4, "four connections, one of them subscribed");
    assert_eq!(a.told.heard(), ["event 1 x"]);
    assert_eq!(b.told.heard(), ["event 1 x"]);
}

#[test]
fn the_excepted_connection_does_not_count_as_a_listener() {
    let desk = Desk::default();
    desk.join("room-1", 1, 0);
    listen(&desk, "**", 1).expect("room");
    listen(&desk, "**", 2).expect("room");
    for several in [false, true] {
        if several {
            listen(&desk, "room-1", 2).expect("room");
        }
        for (except, delivered_to) in [(1, 1), (2, 1), (3, 2)] {
            let except = Some(SocketId::from_random(except));
            let publish = Publish { except, ..message("room-1", "x") };
            let published = desk.publish(publish, 0).expect("taken");
            assert_eq!(published.delivered_to, delivered_to, "{except:?} {several}");
        }
    }
}

#[test]
fn nobody_listens_to_what_is_sent_to_a_user_or_to_another_app() {
    let desk = Desk::default();
    listen(&desk, "**", 1).expect("room");
    assert_eq!(desk.say("#server-to-user-ann", "for ann", 0).delivered_to, 0);
    let mut publish = message("news", "not yours");
    // Its mark is the same, its id is not.
    publish.topic.app = "2".parse().expect("app");
    assert_eq!(desk.publish(publish, 0).expect("taken").delivered_to, 0);
    assert_eq!(desk.told.heard(), [""; 0]);
}

#[test]
fn a_full_listener_refuses_for_all() {
    let a = Desk::default();
    let b = a.beside();
    a.join("news", 1, 0);
    listen(&b, "**", 2).expect("room");
    a.told.take();
    b.told.set_full(true);
    for channel in ["news", "nobody-is-here"] {
        let refused = a.publish(message(channel, "lost"), 0).err();
        assert_eq!(refused, Some(PublishError::Overloaded), "{channel}");
    }
    b.told.set_full(false);
    assert_eq!(a.say("news", "kept", 0).position.seq, 1);
    assert_eq!(a.told.heard(), ["event 1 kept"]);
    assert_eq!(b.told.heard(), ["event 1 kept"]);
}

#[test]
fn who_stopped_listening_is_not_told_and_leaves_nothing_behind() {
    let a = Desk::default();
    let b = a.beside();
    listen(&a, "**", 1).expect("room");
    listen(&a, "**", 1).expect("again is nothing new");
    listen(&b, "news", 2).expect("room");
    unlisten(&a, "**", 1);
    unlisten(&a, "**", 1);
    unlisten(&a, "nothing", 1);
    assert_eq!(a.say("news", "x", 0).delivered_to, 1);
    a.router.remove_origin(b.origin, 0);
    assert_eq!(a.say("news", "y", 0).delivered_to, 0);
    assert_eq!(a.told.heard(), [""; 0]);
    listen(&a, "**", 3).expect("room");
    assert_eq!(a.say("news", "z", 0).delivered_to, 1, "and can begin again");
}

#[test]
fn an_apps_patterns_and_listeners_are_bounded_each_by_itself() {
    let desk = Desk::default();
    for n in 0..MAX_PATTERNS {
        assert_eq!(listen(&desk, &format!("room-{n}-*"), 1), Ok(()), "{n}");
    }
    assert_eq!(listen(&desk, "one-more", 1), Err(ListenRefusal::Full));
    let seats = (2..).take(MAX_SEATS - MAX_PATTERNS);
    for socket in seats {
        assert_eq!(listen(&desk, "room-0-*", socket), Ok(()), "{socket}");
    }
    assert_eq!(listen(&desk, "room-0-*", 1), Ok(()), "it listens already");
    assert_eq!(listen(&desk, "room-1-*", 2), Err(ListenRefusal::Full));
    let other: AppId = "2".parse().expect("app");
    let socket = SocketId::from_random(1);
    assert_eq!(desk.router.listen(&other, &pattern("**"), desk.origin, socket), Ok(()));
    unlisten(&desk, "room-7-*", 1);
    assert_eq!(listen(&desk, "one-more", 1), Ok(()), "there is room again");
    assert_eq!(desk.say("room-0-x", "x", 0).delivered_to as usize, MAX_SEATS - MAX_PATTERNS + 1);
}
