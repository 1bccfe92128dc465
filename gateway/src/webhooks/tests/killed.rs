//! `kill -9` at any instant: what a process said it had kept is told by the next, and nothing stands
//! that is not there.
//!
//! The process is this test program, started again to run [`child`] alone.

use super::*;
use crate::metering::tests::folder;
use realtime::HOLD_MS;
use std::{
    env, fs,
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

const FOLDER: &str = "SIGNALBOX_TEST_WEBHOOKS";
const LIFE: &str = "SIGNALBOX_TEST_WEBHOOKS_LIFE";
const ROOM: u64 = 64 << 20;

/// Not a test of its own: what [`a_killed_process_loses_nothing_it_had_kept`] starts.
#[test]
#[ignore = "started by the test below"]
fn child() {
    let (Ok(folder), Ok(life)) = (env::var(FOLDER), env::var(LIFE)) else { return };
    let folder = PathBuf::from(folder);
    let mut told = UnixStream::connect(folder.join("told")).unwrap();
    let life = Life::begin(&folder, &format!("boot-{life}"), "http://127.0.0.1:1", ROOM);
    let webhooks = life.webhooks.clone();
    thread::spawn(move || {
        loop {
            let kept: u64 = HookKind::ALL.map(|kind| webhooks.health.kept(kind)).iter().sum();
            told.write_all(&kept.to_le_bytes()).unwrap();
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

/// Starts a process, kills it after a while, and answers how much it last said it had kept.
fn live_and_die(folder: &Path, listener: &UnixListener, life: u64, for_us: u64) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["webhooks::tests::killed::child", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(LIFE, life.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = loop {
        match listener.accept() {
            Ok((told, _)) => break told,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
                thread::sleep(Duration::from_millis(1));
            }
            Err(e) => panic!("{e}"),
        }
    };
    told.set_nonblocking(false).unwrap();
    let reading = thread::spawn(move || {
        let mut bytes = Vec::new();
        // Its end is not clean.
        let _ended = told.read_to_end(&mut bytes);
        let (said, _) = bytes.as_chunks::<8>();
        said.last().map_or(0, |kept| u64::from_le_bytes(*kept))
    });
    thread::sleep(Duration::from_micros(for_us));
    child.kill().unwrap();
    child.wait().unwrap();
    reading.join().unwrap()
}

#[actix_web::test]
async fn a_killed_process_loses_nothing_it_had_kept() {
    let (control_plane, folder) = (ControlPlane::start(), folder("hooks-kill"));
    let listener = UnixListener::bind(folder.join("told")).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut kept = Vec::new();
    for life in 0..20 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        kept.push(live_and_die(&folder, &listener, life, 2_000 + random % 40_000));
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
