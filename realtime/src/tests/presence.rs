use crate::{Join, testing::*};

#[test]
fn a_user_comes_with_the_first_connection_and_goes_with_the_last() {
    let a = Desk::default();
    let b = a.beside();
    a.join_as("presence-room", 1, "ann", 0);
    b.join_as("presence-room", 2, "ann", 0);
    b.join_as("presence-room", 3, "bob", 0);
    a.leave("presence-room", 1, 0);
    b.leave("presence-room", 2, 0);
    b.leave("presence-room", 3, 0);
    assert_eq!(a.told.heard(), ["joined 1 [ann]", "added bob"]);
    assert_eq!(
        b.told.heard(),
        ["joined 2 [ann]", "added bob", "joined 3 [ann bob]", "removed ann"],
        "the last one out of a room is told nothing"
    );
}

#[test]
fn the_roster_is_in_order_of_arrival_and_keeps_the_first_info() {
    let desk = Desk::default();
    for (socket, who) in [(1, "zoe:1"), (2, "ann:2"), (3, "zoe:3"), (4, "bob:4")] {
        desk.join_as("presence-room", socket, who, 0);
    }
    desk.leave("presence-room", 1, 0);
    let members = now(desk.router.members(&topic("presence-room"))).expect("here");
    assert_eq!(members, ["zoe:1", "ann:2", "bob:4"].map(member));
    desk.leave("presence-room", 3, 0);
    desk.join_as("presence-room", 5, "zoe:5", 0);
    let members = now(desk.router.members(&topic("presence-room"))).expect("here");
    assert_eq!(members, ["ann:2", "bob:4", "zoe:5"].map(member), "who comes back comes last");
}

#[test]
fn a_full_room_takes_connections_of_those_who_are_in() {
    let desk = Desk::default();
    let try_join = |socket, who| {
        desk.router.join(
            Join { max_members: 2, ..join("presence-room", desk.origin, socket, Some(who)) },
            0,
        );
    };
    try_join(1, "ann");
    try_join(2, "bob");
    desk.told.take();
    try_join(3, "cyd");
    try_join(4, "ann");
    desk.leave("presence-room", 3, 0);
    assert_eq!(
        desk.told.heard(),
        ["refused 3: the channel has its maximum of 2 members", "joined 4 [ann bob]"]
    );
    assert_eq!(desk.router.stats().subscriptions, 3);
}

#[test]
fn a_room_for_nobody_is_not_left_behind() {
    let desk = Desk::default();
    desk.router
        .join(Join { max_members: 0, ..join("presence-room", desk.origin, 1, Some("ann")) }, 0);
    assert_eq!(desk.told.heard(), ["refused 1: the channel has its maximum of 0 members"]);
    assert_eq!(desk.router.stats().idle, 0);
}

#[test]
fn a_lost_origin_takes_its_members_with_it() {
    let a = Desk::default();
    let b = a.beside();
    a.join_as("presence-room", 1, "ann", 0);
    b.join_as("presence-room", 2, "ann", 0);
    b.join_as("presence-room", 3, "bob", 0);
    b.join_as("presence-other", 4, "cyd", 0);
    a.told.take();
    a.router.remove_origin(b.origin, 0);
    assert_eq!(a.told.heard(), ["removed bob"]);
    assert_eq!(a.router.stats().subscriptions, 1);
    assert_eq!(a.router.stats().occupied_channels(), 1);
}

#[test]
fn users_are_counted_wherever_they_join_as_somebody() {
    let desk = Desk::default();
    desk.join_as("presence-room", 1, "ann", 0);
    desk.join_as("presence-room", 2, "ann", 0);
    desk.join_as("news", 3, "ann", 0);
    desk.join("news", 4, 0);
    desk.join("other", 5, 0);
    for (channel, subscriptions, users) in
        [("presence-room", 2, 1), ("news", 2, 1), ("other", 1, 0), ("nowhere", 0, 0)]
    {
        let occupancy = now(desk.router.occupancy(&topic(channel), 0)).expect("here");
        assert_eq!((occupancy.subscriptions, occupancy.users), (subscriptions, users), "{channel}");
    }
}
