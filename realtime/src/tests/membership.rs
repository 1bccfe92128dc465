use crate::{EngineConfig, EnterRefusal, Join, Member, testing::*};
use contract::SocketId;

fn enter(desk: &Desk, channel: &str, socket: u64, who: &str, max: u32) -> Result<(), EnterRefusal> {
    let socket = SocketId::from_random(socket);
    desk.router.enter(&topic(channel), desk.origin, socket, member(who), max, 0)
}

fn exit(desk: &Desk, channel: &str, socket: u64) {
    desk.router.exit(&topic(channel), desk.origin, SocketId::from_random(socket), 0);
}

fn drop_off(desk: &Desk, channel: &str, socket: u64, grace_ms: u64, now_ms: u64) {
    let socket = SocketId::from_random(socket);
    desk.router.leave(&topic(channel), desk.origin, socket, now_ms, false, grace_ms);
}

fn members(desk: &Desk, channel: &str) -> Vec<Member> {
    now(desk.router.members(&topic(channel))).expect("here")
}

#[test]
fn any_channel_can_have_members_and_count_its_subscribers_too() {
    let desk = Desk::default();
    let join_as = |socket, who| {
        let join = Join { announce_count: true, ..join("news", desk.origin, socket, who) };
        desk.router.join(join, 0);
    };
    join_as(1, Some("ann"));
    join_as(2, None);
    join_as(3, Some("bob"));
    desk.leave_counted("news", 1, 0);
    assert_eq!(
        desk.told.heard(),
        [
            "joined 1 [ann]",
            "count 1",
            "joined 2 [ann]",
            "count 2",
            "added bob",
            "joined 3 [ann bob]",
            "count 3",
            "removed ann",
            "count 2",
        ]
    );
    desk.leave_counted("news", 3, 0);
    assert_eq!(desk.told.heard(), ["removed bob", "count 1"]);
    desk.join("news", 4, 0);
    assert_eq!(desk.told.heard(), ["joined 4"], "without members there is no roster");
}

#[test]
fn who_enters_is_told_so_itself_and_who_exits_too() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    assert_eq!(enter(&desk, "news", 1, "ann", 9), Ok(()));
    exit(&desk, "news", 1);
    exit(&desk, "news", 1);
    exit(&desk, "nowhere", 1);
    assert_eq!(desk.told.heard(), ["joined 1", "added ann", "removed ann"]);
    desk.say("news", "still heard", 0);
    assert_eq!(desk.told.heard(), ["event 1 still heard"]);
    assert_eq!(desk.router.stats().subscriptions, 1);
}

#[test]
fn entering_again_replaces_the_info_and_is_no_event() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    desk.join("news", 2, 0);
    desk.told.take();
    for (socket, who, shown) in [(1, "ann:1", "ann:1"), (1, "ann:2", "ann:2"), (2, "ann", "ann")] {
        assert_eq!(enter(&desk, "news", socket, who, 9), Ok(()));
        assert_eq!(members(&desk, "news"), [member(shown)]);
    }
    exit(&desk, "news", 1);
    assert_eq!(desk.told.heard(), ["added ann"], "one connection is left");
    exit(&desk, "news", 2);
    assert_eq!(desk.told.heard(), ["removed ann"]);
}

#[test]
fn nobody_enters_from_outside_or_as_two_or_beyond_the_room() {
    let desk = Desk::default();
    let (outside, two) = (Err(EnterRefusal::NotJoined), Err(EnterRefusal::OtherMember));
    assert_eq!(enter(&desk, "news", 1, "ann", 9), outside, "no such channel");
    desk.join("news", 2, 0);
    desk.join("news", 3, 0);
    assert_eq!(enter(&desk, "news", 1, "ann", 9), outside);
    assert_eq!(enter(&desk, "news", 2, "ann", 1), Ok(()));
    assert_eq!(enter(&desk, "news", 2, "bob", 1), two);
    let full = Err(EnterRefusal::MembersFull { max: 1 });
    assert_eq!(enter(&desk, "news", 3, "bob", 1), full);
    assert_eq!(members(&desk, "news"), [member("ann")]);
    desk.sign_in(4, "ann", 0);
    assert_eq!(enter(&desk, "#server-to-user-ann", 4, "bob", 9), outside, "a user has no members");
}

#[test]
fn a_join_replaces_the_info_where_it_says_so_and_never_the_kind_of_the_id() {
    let desk = Desk::default();
    let number = Member { id_is_number: true, ..member("7:old") };
    let join_as = |socket, member, replace_info| {
        let join = join("presence-room", desk.origin, socket, None);
        desk.router.join(Join { member: Some(member), replace_info, ..join }, 0);
        members(&desk, "presence-room")
    };
    assert_eq!(join_as(1, number.clone(), false), vec![number.clone()]);
    assert_eq!(join_as(2, member("7:kept out"), false), vec![number.clone()]);
    let newer = Member { info: Some("new".into()), ..number };
    assert_eq!(join_as(3, member("7:new"), true), vec![newer.clone()]);
    let told = desk.told.take();
    (1..=2).for_each(|socket| desk.leave("presence-room", socket, 0));
    desk.join("presence-room", 9, 0);
    desk.leave("presence-room", 3, 0);
    assert_eq!(told.len(), 3, "{told:?}");
    let told = desk.told.take();
    let Some(crate::Delivery::MemberRemoved { member: removed, .. }) = told.last() else {
        panic!("{told:?}")
    };
    assert_eq!(**removed, newer);
}

#[test]
fn who_is_back_within_the_grace_was_never_gone() {
    let a = Desk::default();
    let b = a.beside();
    b.join("news", 9, 0);
    a.join_as("news", 1, "ann", 0);
    b.told.take();
    drop_off(&a, "news", 1, 15_000, 1_000);
    a.router.tick(15_999);
    assert_eq!(members(&a, "news"), [member("ann")], "not gone yet");
    a.join_as("news", 2, "ann", 15_999);
    for now_ms in [16_000, 60_000] {
        a.router.tick(now_ms);
    }
    assert_eq!(b.told.heard(), [""; 0]);
    drop_off(&a, "news", 2, 15_000, 60_000);
    a.router.tick(74_999);
    assert_eq!(b.told.heard(), [""; 0]);
    a.router.tick(75_000);
    a.router.tick(76_000);
    assert_eq!(b.told.heard(), ["removed ann"], "once");
}

#[test]
fn only_the_last_connection_decides_how_long_a_member_stays() {
    let desk = Desk::default();
    desk.join("news", 9, 0);
    desk.join_as("news", 1, "ann", 0);
    desk.join_as("news", 2, "ann", 0);
    desk.told.take();
    drop_off(&desk, "news", 1, 15_000, 0);
    drop_off(&desk, "news", 2, 0, 0);
    assert_eq!(desk.told.heard(), ["removed ann"]);
    desk.router.tick(20_000);
    assert_eq!(desk.told.heard(), [""; 0]);
}

#[test]
fn a_grace_that_has_ended_is_over_even_if_nothing_ticked() {
    let desk = Desk::default();
    desk.join("news", 9, 0);
    desk.join_as("news", 1, "ann", 0);
    drop_off(&desk, "news", 1, 1_000, 0);
    desk.told.take();
    desk.join_as("news", 2, "ann", 1_000);
    assert_eq!(desk.told.heard(), ["removed ann", "added ann", "joined 2 [ann]"]);
}

#[test]
fn a_short_grace_is_not_kept_waiting_by_a_count_that_is_due_later() {
    let desk = Desk::default();
    (1..=103).for_each(|socket| desk.join_counted("news", socket, 0));
    let join = join("news", desk.origin, 200, Some("ann"));
    desk.router.join(Join { announce_count: true, ..join }, 0);
    let socket = SocketId::from_random(200);
    desk.router.leave(&topic("news"), desk.origin, socket, 0, true, 300);
    desk.join_counted("news", 202, 0);
    desk.told.take();
    desk.router.tick(299);
    assert_eq!(desk.told.heard(), [""; 0]);
    desk.router.tick(300);
    assert_eq!(desk.told.heard(), ["removed ann"]);
    desk.router.tick(10_000);
    assert_eq!(desk.told.heard(), ["count 104"]);
}

#[test]
fn members_without_a_connection_take_room_until_their_grace_ends_and_then_nothing() {
    let desk = Desk::default();
    desk.join_as("news", 1, "ann", 0);
    drop_off(&desk, "news", 1, 1_000, 0);
    let stats = desk.router.stats();
    assert_eq!((stats.idle, stats.subscriptions, stats.occupied_channels()), (1, 0, 0));
    let join = Join { max_members: 1, ..join("news", desk.origin, 2, Some("bob")) };
    desk.router.join(join, 0);
    assert_eq!(
        desk.told.heard().last().expect("told"),
        "refused 2: the channel has its maximum of 1 members"
    );
    desk.router.tick(1_000);
    let stats = desk.router.stats();
    assert_eq!((stats.idle, stats.retained_bytes), (0, 0));
}

#[test]
fn members_who_may_come_back_do_not_crowd_out_who_is_there() {
    const BUDGET: usize = 1 << 18;
    let desk =
        Desk::new(EngineConfig { retained_max_bytes: BUDGET, max_channels: 3_000, ..one_shard() });
    desk.join_as("news", 1, "ann", 0);
    for n in 0..10_000 {
        let channel = format!("room-{n}");
        desk.join_as(&channel, 2, "bob", 0);
        drop_off(&desk, &channel, 2, 15_000, 0);
        if n % 100 == 0 {
            desk.router.tick(1);
            assert!(desk.router.stats().retained_bytes as usize <= BUDGET);
        }
    }
    assert_eq!(members(&desk, "news"), [member("ann")]);
    desk.router.tick(15_000);
    assert_eq!((desk.router.stats().idle, desk.router.stats().retained_bytes), (0, 0));
}

#[test]
fn a_lost_origin_takes_members_without_grace() {
    let a = Desk::default();
    let b = a.beside();
    a.join("news", 1, 0);
    b.join_as("news", 2, "ann", 0);
    a.told.take();
    a.router.remove_origin(b.origin, 0);
    assert_eq!(a.told.heard(), ["removed ann"]);
}
