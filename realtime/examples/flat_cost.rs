//! What a publish costs as the number of channels grows: `cargo run --release --example flat_cost -p realtime`.
//!
//! For each number of channels, nanoseconds per publish to a channel chosen at random: with one
//! subscriber on every channel, with history on channels nobody hears, and with neither. Then how
//! much memory the process has with history on every channel (Linux), which the budget bounds.

use realtime::{Delivery, EngineConfig, Join, OriginId, Outlet, Payload, Publish, Router, Topic};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const BATCH: usize = 100;
/// Batches before the clock runs, and as many while it does.
const BATCHES: u64 = 10_000;

/// Counts and drops what it is given.
#[derive(Default)]
struct Counting(AtomicU64);

impl Outlet for Counting {
    fn has_room(&self) -> bool {
        true
    }
    fn deliver(&self, _: Delivery) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Heard,
    Remembered,
    Neither,
}

fn main() {
    println!(
        "{:>10} {:>12} {:>12} {:>12}  ns per publish",
        "channels", "heard", "remembered", "neither"
    );
    for channels in [100, 10_000, 1_000_000] {
        let [heard, remembered, neither] =
            [Case::Heard, Case::Remembered, Case::Neither].map(|case| nanoseconds(case, channels));
        println!("{channels:>10} {heard:>12.0} {remembered:>12.0} {neither:>12.0}");
    }
}

fn topic(n: usize) -> Topic {
    Topic {
        app: "4711".parse().expect("an app id"),
        channel: format!("room-{n}").parse().expect("a channel name"),
    }
}

fn nanoseconds(case: Case, channels: usize) -> f64 {
    let router = Router::local(EngineConfig::default());
    let outlet = Arc::new(Counting::default());
    let origin = router.register(outlet.clone());
    if case == Case::Heard {
        join_all(&router, origin, channels);
    }
    let name = "update".parse().expect("an event name");
    let data = Payload::Text("0123456789abcdef".into());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |_| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let topic = topic(random as usize % channels);
        let mut publish = Publish::from_server(topic, Clone::clone(&name), data.clone());
        publish.keep_history = case == Case::Remembered;
        publish
    };
    let mut elapsed = Duration::ZERO;
    for batch in 0..2 * BATCHES {
        // A name as fresh from a request as it would be, made while no clock runs.
        let publishes: Vec<Publish> = (0..BATCH).map(&mut next).collect();
        let start = Instant::now();
        for publish in publishes {
            let taken = router.try_publish_now(publish, batch);
            assert!(matches!(taken, Ok(Ok(_))), "every message is taken");
        }
        if batch >= BATCHES {
            elapsed += start.elapsed();
        }
    }
    if case == Case::Remembered {
        let stats = router.stats();
        let (held, mebibytes) = (stats.idle, stats.retained_bytes >> 20);
        println!(
            "{:>10} remembered: {held}, budgeted MiB: {mebibytes}, resident MiB: {}",
            "",
            resident_mebibytes()
        );
    }
    elapsed.as_nanos() as f64 / (BATCH as u64 * BATCHES) as f64
}

fn join_all(router: &Router, origin: OriginId, channels: usize) {
    for n in 0..channels {
        let join = Join {
            topic: topic(n),
            origin,
            socket: contract::SocketId::from_random(n as u64),
            member: None,
            replace_info: false,
            max_members: 100,
            announce_count: false,
        };
        router.join(join, 0);
    }
}

/// What the process has in memory, 0 where that cannot be read.
fn resident_mebibytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) / 256
}
