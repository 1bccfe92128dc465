//! What was told to have begun is told to have ended, whatever became of the process.

use super::*;
use crate::metering::tests::folder;
use realtime::HOLD_MS;

const ROOM: u64 = 64 << 20;

#[actix_web::test]
async fn what_ended_while_nobody_wanted_to_know_ends_when_somebody_does() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-interest"));
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    let now_ms = life.began_ms;
    life.join("news", 1, None, now_ms);
    life.join("stays", 1, None, now_ms);
    life.written();
    life.want(HookSet::NONE);
    life.leave("news", 1, now_ms);
    life.router.tick(now_ms + 2 * HOLD_MS);
    life.written();
    life.want(HookKind::ALL.into_iter().collect());
    for _ in 0..300 {
        life.router.tick(clock::unix_ms() + 2 * HOLD_MS);
        if life.webhooks.health.kept(HookKind::ChannelVacated) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    life.ship().await.unwrap();
    let expected = ["1 news occupied", "2 stays occupied", "3 news vacated"];
    assert_eq!(control_plane.script.told("one"), expected);
    control_plane.stop().await;
}

#[actix_web::test]
async fn what_a_killed_process_had_told_is_over_unless_it_is_so_again() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-standing"));
    let first = Life::begin(&folder, "one", &control_plane.url, ROOM);
    first.join("news", 1, None, 5);
    first.join("gone", 1, None, 5);
    first.join("over", 1, None, 5);
    first.join("presence-room", 1, Some("ann"), 5);
    first.join("presence-room", 2, Some("bob"), 5);
    first.leave("over", 1, 10);
    first.router.tick(9_000);
    first.ship().await.unwrap();
    first.end();

    let second = Life::begin(&folder, "two", &control_plane.url, ROOM);
    let back_ms = second.began_ms + HOLD_MS - 500;
    second.join("news", 1, None, back_ms);
    second.join("presence-room", 1, Some("ann"), back_ms);
    second.router.tick(second.began_ms + HOLD_MS - 100);
    second.written();
    assert_eq!(second.webhooks.spool.bytes(), 0, "nothing is told yet");
    second.router.tick(second.began_ms + 2 * HOLD_MS);
    second.ship().await.unwrap();
    let mut told = control_plane.script.told("two");
    told.iter_mut().for_each(|words| *words = words[2..].to_owned());
    told.sort();
    assert_eq!(told, ["gone vacated", "presence-room removed bob"]);
    second.end();

    let third = Life::begin(&folder, "three", &control_plane.url, ROOM);
    third.router.tick(third.began_ms + 2 * HOLD_MS);
    third.ship().await.unwrap();
    let mut told = control_plane.script.told("three");
    told.iter_mut().for_each(|words| *words = words[2..].to_owned());
    told.sort();
    let expected = ["news vacated", "presence-room removed ann", "presence-room vacated"];
    assert_eq!(told, expected, "what came back in time stood on");
    third.written();
    assert_eq!(third.webhooks.health.standing.load(Relaxed), 0);
    control_plane.stop().await;
}
