//! `kill -9` at any instant: what a process said it had kept is told by the next, and nothing stands
//! that is not there.

use super::*;
use crate::metering::tests::{
    folder,
    mortal::{Lives, Mortal, Random},
};
use realtime::HOLD_MS;
use std::{fs, thread};

const ROOM: u64 = 64 << 20;

/// Not a test of its own: what [`a_killed_process_loses_nothing_it_had_kept`] starts.
#[test]
#[ignore = "started by the test below"]
fn child() {
    let Some(mut process) = Mortal::begin() else { return };
    let boot = format!("boot-{}", process.life);
    let life = Life::begin(&process.folder, &boot, "http://127.0.0.1:1", ROOM);
    let webhooks = life.webhooks.clone();
    thread::spawn(move || {
        loop {
            let kept: u64 = HookKind::ALL.map(|kind| webhooks.health.kept(kind)).iter().sum();
            process.say(kept);
            thread::sleep(Duration::from_micros(200));
        }
    });
    for n in 0_u64.. {
        let (room, user) = (format!("presence-{}", n % 7), format!("user-{}", n % 5));
        let now_ms = life.began_ms + n * 100;
        life.join(&room, n % 3, Some(&user), now_ms);
        life.leave(&room, (n + 1) % 3, now_ms);
        life.router.tick(now_ms);
    }
}

#[actix_web::test]
async fn a_killed_process_loses_nothing_it_had_kept() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-kill"));
    let processes = Lives::of("webhooks::tests::killed::child", &folder);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut kept = Vec::new();
    for life in 0..20 {
        kept.push(processes.live_and_die(life, 2_000 + random.next() % 40_000));
    }
    let last = Life::begin(&folder, "last", &control_plane.url, ROOM);
    last.router.tick(last.began_ms + 2 * HOLD_MS);
    last.ship().await.unwrap();
    let mut stands: BTreeMap<String, i32> = BTreeMap::new();
    for (life, kept) in kept.into_iter().enumerate() {
        let boot = format!("boot-{life}");
        let told = control_plane.script.told(&boot);
        assert!(told.len() as u64 >= kept, "{boot}: said {kept}, told {}", told.len());
        for (n, words) in told.iter().enumerate() {
            assert!(words.starts_with(&format!("{} ", n + 1)), "{boot}: {words} is the next");
        }
        add_up(&mut stands, &told);
    }
    add_up(&mut stands, &control_plane.script.told("last"));
    stands.retain(|_, began| *began != 0);
    assert_eq!(stands, BTreeMap::new(), "all that began has ended, once");
    fs::remove_dir_all(&folder).unwrap();
    control_plane.stop().await;
}

/// What begins is one more, what ends one less, and it is never more than one.
fn add_up(stands: &mut BTreeMap<String, i32>, told: &[String]) {
    for words in told {
        let words: Vec<&str> = words.split(' ').skip(1).collect();
        let (key, change) = match words[..] {
            [channel, "occupied"] => (channel.to_owned(), 1),
            [channel, "vacated"] => (channel.to_owned(), -1),
            [channel, "added", user] => (format!("{channel} {user}"), 1),
            [channel, "removed", user] => (format!("{channel} {user}"), -1),
            _ => continue,
        };
        let stands = stands.entry(key).or_default();
        *stands += change;
        assert!((0..=1).contains(stands), "{words:?}: {stands}");
    }
}
