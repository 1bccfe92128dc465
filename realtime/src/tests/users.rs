use crate::testing::*;

#[test]
fn watchers_hear_the_first_sign_in_and_the_last_sign_out_after_3_seconds() {
    let a = Desk::default();
    let b = a.beside();
    assert_eq!(b.watch(9, &["ann", "bob"], 0), [false, false]);
    a.sign_in(1, "ann", 0);
    a.sign_in(2, "ann", 0);
    assert_eq!(b.told.heard(), ["online ann"]);
    assert_eq!(b.watch(10, &["bob", "ann"], 0), [false, true]);
    a.sign_out(1, "ann", 10);
    a.router.tick(5_000);
    a.sign_out(2, "ann", 10_000);
    a.router.tick(12_999);
    assert_eq!(b.told.heard(), [""; 0]);
    a.router.tick(13_000);
    assert_eq!(b.told.heard(), ["offline ann"]);
    assert_eq!(a.told.heard(), ["joined 1", "joined 2"], "who does not watch is not told");
}

#[test]
fn a_reconnect_within_3_seconds_is_not_seen() {
    let desk = Desk::default();
    desk.watch(9, &["ann"], 0);
    desk.sign_in(1, "ann", 0);
    desk.told.take();
    desk.sign_out(1, "ann", 1_000);
    assert_eq!(desk.watch(9, &["ann"], 2_000), [true], "not gone yet");
    desk.sign_in(2, "ann", 3_999);
    desk.router.tick(4_000);
    desk.router.tick(60_000);
    assert_eq!(desk.told.heard(), ["joined 2"]);
    desk.sign_out(2, "ann", 60_000);
    desk.router.tick(62_999);
    assert_eq!(desk.told.heard(), [""; 0], "an earlier absence is not continued");
    assert_eq!(desk.watch(9, &["ann"], 63_000), [false], "in time, even if nothing ticked");
    assert_eq!(desk.told.heard(), ["offline ann"]);
}

#[test]
fn who_stopped_watching_is_not_told() {
    let desk = Desk::default();
    desk.watch(9, &["ann"], 0);
    let app = "1".parse().expect("app");
    desk.router.unwatch(
        &app,
        &[user("ann"), user("bob")],
        desk.origin,
        contract::SocketId::from_random(9),
    );
    desk.sign_in(1, "ann", 0);
    assert_eq!(desk.told.heard(), ["joined 1"]);
    desk.sign_out(1, "ann", 0);
    assert!(now(desk.router.user_online(&app, &user("ann"))).expect("here"));
    desk.router.tick(3_000);
    assert!(!now(desk.router.user_online(&app, &user("ann"))).expect("here"));
    assert_eq!(desk.router.stats().idle, 0);
}

#[test]
fn messages_to_a_user_reach_the_origins_where_the_user_is() {
    let a = Desk::default();
    let b = a.beside();
    a.sign_in(1, "ann", 0);
    b.watch(9, &["ann"], 0);
    assert_eq!(b.say("#server-to-user-ann", "for you", 0).delivered_to, 1);
    a.sign_in(2, "ann", 0);
    for (app, id, closed) in [("1", "ann", 2), ("2", "ann", 0), ("1", "bob", 0)] {
        let app = app.parse().expect("app");
        assert_eq!(now(b.router.terminate_user(&app, &user(id))), Ok(closed), "{app:?} {id}");
    }
    assert_eq!(a.told.heard(), ["joined 1", "event 1 for you", "joined 2", "terminate ann"]);
    assert_eq!(b.told.heard(), [""; 0]);
}

#[test]
fn a_lost_origin_signs_out_and_watches_no_more() {
    let a = Desk::default();
    let b = a.beside();
    a.watch(9, &["ann"], 0);
    b.watch(9, &["bob"], 0);
    b.sign_in(1, "ann", 0);
    a.told.take();
    a.router.remove_origin(b.origin, 1_000);
    a.router.tick(4_000);
    assert_eq!(a.told.heard(), ["offline ann"]);
    a.router.remove_origin(a.origin, 5_000);
    let stats = a.router.stats();
    assert_eq!((stats.subscriptions, stats.idle, stats.retained_bytes), (0, 0, 0));
}

#[test]
fn users_own_channels_are_not_listed() {
    let desk = Desk::default();
    desk.sign_in(1, "ann", 0);
    for channel in ["presence-b", "presence-a", "news"] {
        desk.join_as(channel, 1, "ann", 0);
    }
    desk.note("presence-c", "nobody is here", 0);
    let list = |prefix, limit| {
        let list =
            now(desk.router.channels(&"1".parse().expect("app"), prefix, limit)).expect("here");
        let names: Vec<String> = list.channels.iter().map(|(name, _)| name.to_string()).collect();
        (names.join(" "), list.truncated)
    };
    assert_eq!(list("", 10), ("news presence-a presence-b".to_owned(), false));
    assert_eq!(list("presence-", 2), ("presence-a presence-b".to_owned(), false));
    assert_eq!(list("presence-", 1), ("presence-a".to_owned(), true));
    assert_eq!(
        now(desk.router.channels(&"2".parse().expect("app"), "", 9)).expect("here").channels.len(),
        0
    );
}
