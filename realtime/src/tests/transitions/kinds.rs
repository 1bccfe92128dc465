//! Misses, counts, and what connections say.

use crate::{Publish, Sender, testing::*};
use contract::SocketId;
use std::sync::Arc;

fn said(channel: &str, socket: u64, as_member: Option<&str>) -> Publish {
    let identity = as_member.map(|words| Arc::new(member(words)));
    let sender = Sender::Socket { socket: SocketId::from_random(socket), identity };
    Publish { sender, ..message(channel, "x") }
}

#[test]
fn a_miss_is_told_once_per_three_seconds() {
    let desk = Desk::watched();
    let mut told = Vec::new();
    for (socket, now_ms) in [(1, 0), (2, 10), (3, 2_999), (4, 3_000), (5, 5_999), (6, 6_100)] {
        desk.join("cache-a", socket, now_ms);
        told.extend(desk.notes.saw());
    }
    assert_eq!(told, ["0 occupied", "0 miss", "3000 miss", "6100 miss"]);
    desk.show("cache-a", "value", 60_000, 20_000);
    desk.join("cache-a", 7, 30_000);
    assert_eq!(desk.notes.saw(), [""; 0], "there is something to show");
    desk.join("cache-a", 8, 80_000);
    assert_eq!(desk.notes.saw(), ["80000 miss"], "it has expired");
}

#[test]
fn a_miss_is_remembered_longer_than_its_channel_is_heard() {
    let desk = Desk::default();
    desk.notes.want(&[contract::webhooks::HookKind::CacheMiss]);
    for now_ms in [0, 100, 2_000] {
        desk.join("cache-a", 1, now_ms);
        desk.leave("cache-a", 1, now_ms);
    }
    assert_eq!(desk.notes.saw(), ["0 miss"]);
    desk.router.tick(3_000);
    assert_eq!(desk.router.stats().idle, 0, "but not for long");
}

#[test]
fn a_connection_that_joins_twice_misses_once_and_other_channels_have_nothing_to_miss() {
    let desk = Desk::watched();
    desk.join("cache-a", 1, 0);
    desk.join("cache-a", 1, 9_000);
    desk.join("news", 1, 9_000);
    assert_eq!(desk.notes.saw(), ["0 occupied", "0 miss", "9000 occupied"]);
}

#[test]
fn counts_are_told_as_subscribers_are_told_and_when_nobody_is_left() {
    let desk = Desk::watched();
    desk.join_counted("news", 1, 0);
    desk.join_counted("news", 2, 1);
    desk.leave_counted("news", 1, 2);
    desk.leave_counted("news", 2, 3);
    desk.join("silent", 1, 4);
    desk.join_counted("presence-room", 1, 5);
    let expected = [
        "0 occupied",
        "0 count 1",
        "1 count 2",
        "2 count 1",
        "3 count 0",
        "4 occupied",
        "5 occupied",
    ];
    assert_eq!(desk.notes.saw(), expected);
}

#[test]
fn large_channels_are_counted_every_five_seconds() {
    let desk = Desk::watched();
    (1..=150).for_each(|socket| desk.join_counted("news", socket, 0));
    desk.router.tick(4_999);
    let counts = desk.notes.saw();
    assert_eq!(counts.last().map(String::as_str), Some("0 count 100"));
    desk.router.tick(5_000);
    assert_eq!(desk.notes.saw(), ["5000 count 150"]);
}

#[test]
fn what_connections_say_is_seen_where_they_may_speak_to_each_other() {
    for (channel, expected) in [
        ("news", None),
        ("cache-a", None),
        ("private-encrypted-a", None),
        ("private-a", Some("5 said x of 7 as nobody")),
        ("private-cache-a", Some("5 said x of 7 as nobody")),
        ("presence-a", Some("5 said x of 7 as ann")),
    ] {
        let desk = Desk::watched();
        desk.publish(said(channel, 7, Some("ann")), 5).expect("taken");
        assert_eq!(desk.notes.saw(), expected.into_iter().collect::<Vec<_>>(), "{channel}");
        desk.say(channel, "of the server", 6);
        assert_eq!(desk.notes.saw(), [""; 0], "{channel}: not of a connection");
    }
}

#[test]
fn only_what_is_taken_and_new_is_seen() {
    let desk = Desk::watched();
    desk.join("private-a", 1, 0);
    desk.notes.take();
    let keyed = || Publish { idempotency_key: Some("k".into()), ..said("private-a", 7, None) };
    desk.publish(keyed(), 1).expect("taken");
    assert!(desk.publish(keyed(), 2).expect("taken before").duplicate);
    desk.told.set_full(true);
    desk.publish(said("private-a", 7, None), 3).expect_err("no room");
    assert_eq!(desk.notes.saw(), ["1 said x of 7 as nobody"]);
}
