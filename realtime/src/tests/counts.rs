use crate::testing::*;

#[test]
fn every_change_is_told_after_the_success_of_the_newcomer() {
    let desk = Desk::default();
    desk.join_counted("news", 1, 0);
    desk.join_counted("news", 2, 0);
    desk.leave_counted("news", 1, 0);
    desk.leave_counted("news", 2, 0);
    assert_eq!(desk.told.heard(), ["joined 1", "count 1", "joined 2", "count 2", "count 1"]);
}

#[test]
fn presence_channels_users_and_apps_that_do_not_want_it_are_told_nothing() {
    let desk = Desk::default();
    desk.join_counted("presence-room", 1, 0);
    desk.join_counted("#server-to-user-ann", 1, 0);
    desk.join("news", 1, 0);
    assert_eq!(desk.told.heard(), ["joined 1 []", "joined 1", "joined 1"]);
}

#[test]
fn above_100_the_pause_is_5_seconds_and_the_last_value_is_told() {
    let desk = Desk::default();
    for socket in 1..=100 {
        desk.join_counted("news", socket, 0);
    }
    assert_eq!(desk.told.heard().last().map(String::as_str), Some("count 100"));
    let told_at = |step: &dyn Fn(), now_ms: u64| {
        step();
        desk.router.tick(now_ms);
        let counts: Vec<String> =
            desk.told.heard().into_iter().filter(|words| words.starts_with("count")).collect();
        counts
    };
    assert_eq!(told_at(&|| desk.join_counted("news", 101, 1_000), 1_000), [""; 0], "held back");
    assert_eq!(told_at(&|| desk.join_counted("news", 102, 4_000), 4_999), [""; 0], "held back");
    assert_eq!(told_at(&|| {}, 5_000), ["count 102"], "the trailing value");
    assert_eq!(told_at(&|| {}, 20_000), [""; 0], "nothing changed");
    assert_eq!(
        told_at(&|| desk.join_counted("news", 103, 21_000), 21_000),
        ["count 103"],
        "the first in a while"
    );
    assert_eq!(told_at(&|| desk.join_counted("news", 104, 21_001), 21_001), [""; 0]);
    assert_eq!(
        told_at(&|| desk.leave_counted("news", 104, 21_002), 26_000),
        [""; 0],
        "back to what was told"
    );
    for socket in 101..=102 {
        assert_eq!(
            told_at(&|| desk.leave_counted("news", socket, 26_001), 26_001).len(),
            usize::from(socket == 101)
        );
    }
    assert_eq!(
        told_at(&|| desk.leave_counted("news", 103, 26_002), 26_002),
        ["count 100"],
        "100 is small again"
    );
}

#[test]
fn a_lost_origin_is_one_change() {
    let a = Desk::default();
    let b = a.beside();
    a.join_counted("news", 1, 0);
    (2..=4).for_each(|socket| b.join_counted("news", socket, 0));
    a.told.take();
    a.router.remove_origin(b.origin, 0);
    assert_eq!(a.told.heard(), ["count 1"]);
}
