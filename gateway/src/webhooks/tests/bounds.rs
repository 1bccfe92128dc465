//! A spool that is full: what is dropped, and what is made good.

use super::*;
use crate::{directory::Alarm, metering::tests::folder};
use realtime::HOLD_MS;

const LIMIT: u64 = 1 << 20;

#[actix_web::test]
async fn chatter_is_dropped_first_then_everything_and_what_ended_unseen_ends_later() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-full"));
    let life = Life::begin(&folder, "one", &control_plane.url, LIMIT);
    life.join("news", 1, None, 5);
    life.join("stays", 1, None, 5);
    let data = "x".repeat(10_000);
    (0..200).for_each(|n| life.say("private-a", &data, n));
    life.written();
    let health = &life.webhooks.health;
    let said = health.kept(HookKind::ClientEvent);
    assert_eq!(said + health.dropped(HookKind::ClientEvent), 200);
    assert!(life.webhooks.spool.bytes() <= LIMIT / 8 * 7 && said > 80, "{said}");
    life.join("kept", 1, None, 5);
    life.written();
    assert_eq!(health.dropped(HookKind::ChannelOccupied), 0, "there is room for what matters");
    assert_eq!(life.directory.status().raised(Alarm::WebhooksDropped), 1, "said once");

    let users = (0..1_500).map(|n| format!("{n}-{}", "u".repeat(100)));
    users.enumerate().for_each(|(n, user)| life.join("presence-room", n as u64, Some(&user), 5));
    life.written();
    assert!(health.dropped(HookKind::MemberAdded) > 0);
    assert!(life.webhooks.spool.bytes() <= LIMIT);
    let now_ms = clock::unix_ms();
    life.leave("news", 1, now_ms - HOLD_MS);
    life.router.tick(now_ms);
    life.written();
    assert_eq!(health.dropped(HookKind::ChannelVacated), 1);

    life.ship().await.unwrap();
    for _ in 0..300 {
        life.router.tick(clock::unix_ms() + 2 * HOLD_MS);
        if health.kept(HookKind::ChannelVacated) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    life.ship().await.unwrap();
    let told = control_plane.script.told("one");
    let of = |channel: &str| -> Vec<&str> {
        told.iter().filter_map(|words| words.split_once(' ')?.1.strip_prefix(channel)).collect()
    };
    assert_eq!(of("news "), ["occupied", "vacated"]);
    assert_eq!(of("stays "), ["occupied"]);
    assert_eq!(of("kept "), ["occupied"]);
    control_plane.stop().await;
}
