use super::*;
use crate::{directory::Alarm, metering::tests::folder};
use std::fs;

const ROOM: u64 = 64 << 20;

fn boots(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("webhooks")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[actix_web::test]
async fn what_happens_is_told_in_order_and_leaves_nothing_behind() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-told"));
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    life.join("presence-room", 1, Some("ann"), 5);
    life.say("presence-room", "{\"a\":\"ü\\n\"}", 6);
    life.join("cache-a", 2, None, 7);
    life.leave("presence-room", 1, 8);
    life.router.tick(9_000);
    life.ship().await.unwrap();
    let expected = [
        "1 presence-room occupied",
        "2 presence-room added ann",
        "3 presence-room client-said {\"a\":\"ü\\n\"} as nobody",
        "4 cache-a occupied",
        "5 cache-a miss",
        "6 presence-room removed ann",
        "7 presence-room vacated",
    ];
    assert_eq!(control_plane.script.told("one"), expected);
    assert_eq!((life.webhooks.spool.bytes(), life.webhooks.spool.oldest_ms()), (0, None));
    assert_eq!(fs::read_dir(folder.join("webhooks/one")).unwrap().count(), 1, "what stands");
    life.join("news", 3, None, 10_000);
    life.ship().await.unwrap();
    assert_eq!(control_plane.script.told("one").last().unwrap(), "8 news occupied");
    control_plane.stop().await;
}

#[actix_web::test]
async fn only_what_somebody_wants_of_an_app_is_kept() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-wanted"));
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    life.want(HookSet::NONE);
    life.join("news", 1, None, 5);
    life.want(HookSet::NONE.with(HookKind::ChannelVacated));
    life.join("other", 1, None, 6);
    life.leave("other", 1, 7);
    life.leave("news", 1, 8);
    life.router.tick(9_000);
    life.ship().await.unwrap();
    assert_eq!(control_plane.script.told("one"), ["1 other vacated", "2 news vacated"]);
    control_plane.stop().await;
}

#[actix_web::test]
async fn a_lost_answer_brings_the_same_numbers_again() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-unheard"));
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    (0..5).for_each(|n| life.join(&format!("room-{n}"), n, None, n));
    control_plane.script.meet([Met::StoredUnheard]);
    assert!(life.ship().await.is_err());
    life.join("news", 9, None, 9);
    life.ship().await.unwrap();
    let came: Vec<u64> =
        control_plane.script.came.lock().unwrap().iter().map(|(_, seq)| *seq).collect();
    assert_eq!(came, [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6]);
    control_plane.stop().await;
}

#[actix_web::test]
async fn a_process_that_is_gone_is_told_of_first_and_under_its_own_name() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-killed"));
    let first = Life::begin(&folder, "one", &control_plane.url, ROOM);
    first.join("news", 1, None, 5);
    control_plane.script.meet([Met::StoredUnheard]);
    assert!(first.ship().await.is_err(), "stored, and killed before it knew");
    first.join("other", 1, None, 6);
    first.end();
    let second = Life::begin(&folder, "two", &control_plane.url, ROOM);
    second.join("third", 1, None, second.began_ms);
    second.ship().await.unwrap();
    assert_eq!(control_plane.script.told("one"), ["1 news occupied", "2 other occupied"]);
    assert_eq!(control_plane.script.told("two"), ["1 third occupied"]);
    let came = control_plane.script.came.lock().unwrap().clone();
    let expected = [("one", 1), ("one", 1), ("one", 2), ("two", 1)];
    assert_eq!(came, expected.map(|(boot, seq)| (boot.to_owned(), seq)));
    assert_eq!(boots(&folder), ["two"], "nothing is left of it");
    control_plane.stop().await;
}

#[actix_web::test]
async fn while_the_control_plane_is_away_events_wait_in_order() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-away"));
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    let away = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND];
    control_plane.script.meet(away.map(Met::Refused));
    for n in 0..2_500 {
        life.say("private-a", &format!("{n}"), n);
        if n % 800 == 0 {
            assert_eq!(life.ship().await.is_err(), n < 2_400, "{n}");
        }
    }
    life.ship().await.unwrap();
    let told = control_plane.script.told("one");
    assert_eq!(told.len(), 2_500);
    for (n, words) in told.iter().enumerate() {
        assert_eq!(*words, format!("{} private-a client-said {n} as nobody", n + 1));
    }
    assert_eq!(life.webhooks.health.shipped.load(Relaxed), 2_500);
    control_plane.stop().await;
}

#[actix_web::test]
async fn an_event_that_is_never_taken_ends_up_alone() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-refused"));
    *control_plane.script.unwanted.lock().unwrap() = Some("room-7");
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    (0..20).for_each(|n| life.join(&format!("room-{n}"), n, None, n));
    life.ship().await.unwrap();
    assert_eq!(control_plane.script.told("one").len(), 19);
    let came: Vec<u64> =
        control_plane.script.came.lock().unwrap().iter().map(|(_, seq)| *seq).collect();
    assert!(came.is_sorted(), "{came:?}");
    let refused = fs::read_to_string(folder.join("webhooks/refused/one.ndjson")).unwrap();
    let refused: ChannelEventBatch = serde_json::from_str(refused.trim()).unwrap();
    assert_eq!((refused.gateway.as_str(), refused.events.len()), ("g1", 1));
    assert_eq!(refused.events[0].channel.as_str(), "room-7");
    assert_eq!(life.directory.status().raised(Alarm::WebhooksRefused), 1);
    assert_eq!(life.webhooks.spool.bytes(), 0);
    control_plane.stop().await;
}

#[actix_web::test]
async fn it_ships_by_itself_and_goes_on_when_the_control_plane_is_back() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-by-itself"));
    control_plane.script.meet([Met::Refused(StatusCode::BAD_GATEWAY)]);
    let life = Life::begin(&folder, "one", &control_plane.url, ROOM);
    let (shipper, router) = (life.shipper, life.router);
    let shipping = actix_rt::spawn(async move { shipper.run().await });
    let join = |channel: &str| Join {
        topic: Life::topic(channel),
        origin: life.origin,
        socket: SocketId::from_random(1),
        member: None,
        replace_info: false,
        max_members: 1,
        announce_count: false,
    };
    for (channel, known) in [("one", 1), ("two", 2), ("three", 3)] {
        router.join(join(channel), 5);
        let stored = || control_plane.script.stored.lock().unwrap().len();
        for _ in 0..500 {
            if stored() == known {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(stored(), known);
    }
    assert_eq!(life.webhooks.health.failures.load(Relaxed), 1);
    shipping.abort();
    control_plane.stop().await;
}
