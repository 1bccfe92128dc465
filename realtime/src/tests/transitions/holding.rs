//! Vacated channels and members who are gone: held back for three seconds, told once.

use crate::{HOLD_MS, testing::*};
use contract::webhooks::HookKind;

#[test]
fn a_channel_is_vacated_once_nobody_came_back_for_three_seconds() {
    let desk = Desk::watched();
    desk.join("news", 1, 1_000);
    desk.join("news", 2, 1_500);
    desk.leave("news", 1, 2_000);
    desk.leave("news", 2, 2_000);
    desk.router.tick(4_999);
    assert_eq!(desk.notes.saw(), ["1000 occupied"]);
    desk.router.tick(5_000);
    desk.router.tick(60_000);
    assert_eq!(desk.notes.saw(), ["5000 vacated"]);
    assert_eq!(desk.router.stats().idle, 0, "and forgotten then");
}

#[test]
fn who_comes_back_in_time_is_not_told_and_neither_is_the_leaving() {
    let desk = Desk::watched();
    for at in [0, 2_999, 5_998] {
        desk.join("news", 1, at);
        desk.leave("news", 1, at);
    }
    assert_eq!(desk.notes.saw(), ["0 occupied"]);
    desk.router.tick(100_000);
    assert_eq!(desk.notes.saw(), ["8998 vacated"], "at the end of the last pause");
}

#[test]
fn who_comes_back_too_late_is_told_also_where_no_tick_was_in_between() {
    let desk = Desk::watched();
    desk.join_as("presence-room", 1, "ann", 0);
    desk.leave("presence-room", 1, 0);
    desk.join_as("presence-room", 1, "ann", HOLD_MS);
    assert_eq!(
        desk.notes.saw(),
        [
            "0 occupied",
            "0 added ann",
            "3000 removed ann",
            "3000 vacated",
            "3000 occupied",
            "3000 added ann"
        ]
    );
}

#[test]
fn a_member_is_there_from_the_first_connection_to_the_last() {
    let a = Desk::watched();
    let b = a.beside();
    a.join_as("presence-room", 1, "ann", 0);
    b.join_as("presence-room", 2, "ann", 0);
    b.join_as("presence-room", 3, "bob", 10);
    a.leave("presence-room", 1, 20);
    b.leave("presence-room", 2, 30);
    a.router.tick(10_000);
    let expected = ["0 occupied", "0 added ann", "10 added bob", "3030 removed ann"];
    assert_eq!(a.notes.saw(), expected);
}

#[test]
fn the_grace_a_member_is_given_counts_from_the_leave() {
    for (grace_ms, gone_ms) in [(0, 4_000), (1_500, 4_000), (3_000, 4_000), (6_000, 7_000)] {
        let desk = Desk::watched();
        desk.join("presence-room", 9, 0);
        desk.join_as("presence-room", 1, "ann", 0);
        desk.leave_for("presence-room", 1, grace_ms, 1_000);
        desk.notes.take();
        for now_ms in (1_000..gone_ms).step_by(100) {
            desk.router.tick(now_ms);
        }
        desk.router.tick(gone_ms - 1);
        assert_eq!(desk.notes.saw(), [""; 0], "{grace_ms}");
        desk.router.tick(gone_ms);
        assert_eq!(desk.notes.saw(), [format!("{gone_ms} removed ann")], "{grace_ms}");
    }
}

#[test]
fn a_member_who_is_gone_for_the_others_may_be_back_for_the_witness() {
    let desk = Desk::watched();
    desk.join("presence-room", 9, 0);
    desk.join_as("presence-room", 1, "ann", 0);
    desk.notes.take();
    desk.told.take();
    desk.leave("presence-room", 1, 1_000);
    desk.join_as("presence-room", 2, "ann", 3_500);
    assert_eq!(desk.told.heard(), ["removed ann", "added ann", "joined 2 [ann]"]);
    desk.router.tick(60_000);
    assert_eq!(desk.notes.saw(), [""; 0]);
}

#[test]
fn who_enters_and_exits_is_seen_on_any_channel() {
    let desk = Desk::watched();
    desk.join("news", 1, 0);
    let socket = contract::SocketId::from_random(1);
    let enter =
        |now_ms| desk.router.enter(&topic("news"), desk.origin, socket, member("ann"), 9, now_ms);
    enter(5).expect("room");
    desk.router.exit(&topic("news"), desk.origin, socket, 10);
    enter(20).expect("room");
    desk.router.exit(&topic("news"), desk.origin, socket, 30);
    desk.router.tick(3_030);
    assert_eq!(desk.notes.saw(), ["0 occupied", "5 added ann", "3030 removed ann"]);
}

#[test]
fn a_lost_origin_is_waited_for_too() {
    let a = Desk::watched();
    let b = a.beside();
    b.join_as("presence-room", 1, "ann", 0);
    b.join_as("presence-room", 2, "bob", 0);
    a.notes.take();
    a.router.remove_origin(b.origin, 1_000);
    a.join_as("presence-room", 3, "ann", 2_000);
    a.router.tick(10_000);
    assert_eq!(a.notes.saw(), ["4000 removed bob"]);
}

#[test]
fn what_happens_to_users_own_channels_is_not_seen() {
    let desk = Desk::watched();
    desk.sign_in(1, "ann", 0);
    desk.watch(2, &["ann"], 0);
    desk.say("#server-to-user-ann", "x", 0);
    desk.sign_out(1, "ann", 0);
    desk.router.tick(60_000);
    assert_eq!(desk.notes.saw(), [""; 0]);
}

#[test]
fn what_nobody_wants_costs_nothing_and_is_not_told_later() {
    let desk = Desk::default();
    desk.join_as("presence-room", 1, "ann", 0);
    desk.leave("presence-room", 1, 0);
    assert_eq!(desk.router.stats().idle, 0, "nothing is kept for it");
    desk.join_as("presence-room", 1, "ann", 10);
    desk.notes.want_all();
    desk.leave("presence-room", 1, 20);
    desk.router.tick(60_000);
    let expected = ["3020 removed ann", "3020 vacated"];
    assert_eq!(desk.notes.saw(), expected, "it began while nobody wanted to know");
}

#[test]
fn either_of_a_pair_alone_is_held_back_as_well() {
    for (kind, expected) in [
        (HookKind::ChannelOccupied, vec!["0 occupied", "9000 occupied"]),
        (HookKind::ChannelVacated, vec!["5000 vacated"]),
        (HookKind::MemberAdded, vec!["0 added ann", "9000 added ann"]),
        (HookKind::MemberRemoved, vec!["5000 removed ann"]),
    ] {
        let desk = Desk::default();
        desk.notes.want(&[kind]);
        desk.join_as("presence-room", 1, "ann", 0);
        desk.leave("presence-room", 1, 1_000);
        desk.join_as("presence-room", 1, "ann", 1_500);
        desk.leave("presence-room", 1, 2_000);
        desk.router.tick(8_000);
        desk.join_as("presence-room", 1, "ann", 9_000);
        assert_eq!(desk.notes.saw(), expected, "{kind:?}");
    }
}

#[test]
fn what_stood_before_is_over_unless_it_is_so_again() {
    let desk = Desk::watched();
    let stood = |channel: &str, users: &[&str]| {
        let users = users.iter().map(|id| user(id)).collect();
        assert!(desk.router.recall(&topic(channel), true, users, 1_000, || true));
    };
    assert!(!desk.router.recall(&topic("doubtful"), true, Vec::new(), 1_000, || false));
    stood("news", &[]);
    stood("gone", &[]);
    stood("presence-room", &["ann", "bob"]);
    desk.join("news", 1, 2_000);
    desk.join_as("presence-room", 2, "ann", 3_000);
    desk.join_as("presence-room", 3, "cyd", 3_000);
    desk.router.tick(60_000);
    let mut seen = desk.notes.saw();
    seen.sort();
    assert_eq!(seen, ["3000 added cyd", "4000 removed bob", "4000 vacated"]);
    assert_eq!(desk.router.stats().idle, 0);
    stood("news", &[]);
    desk.router.tick(90_000);
    assert_eq!(desk.notes.saw(), [""; 0], "it is so still");
}
