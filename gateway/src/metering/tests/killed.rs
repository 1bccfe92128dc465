//! `kill -9` at any instant: what a process had counted is in what it left.
//!
//! The process runs [`child`]. It says what it has counted after each addition, while its minutes
//! end as fast as they can.

use super::{
    counting::{MINUTE_MS, START, given_counters, key},
    folder,
    mortal::{Lives, Mortal, Random},
};
use crate::metering::{Ledger, Meter, Spool};
use contract::usage::{Metric, Totals};
use std::{collections::HashMap, fs, sync::Arc, thread};

/// More than fit a chunk, so that the page grows.
const KEYS: u64 = 500;

/// Not a test of its own: what [`survives`] starts.
#[test]
#[ignore = "started by the tests below"]
fn child() {
    let Some(mut process) = Mortal::begin() else { return };
    let life = process.life;
    let spool = Spool::open(&process.folder, 1 << 30).unwrap();
    let ledger = Ledger::open("g1", &format!("boot-{life}"), spool, START * MINUTE_MS);
    let counters = given_counters(&ledger);
    thread::spawn(move || {
        for minute in 1.. {
            ledger.tick((START + minute) * MINUTE_MS);
        }
    });
    let mut random = Random(life * 7 + 1);
    let mut meters: HashMap<u64, Arc<Meter>> = HashMap::new();
    for n in 1_u64.. {
        let k = random.next() % KEYS;
        let meter = meters.entry(k).or_insert_with(|| key(&counters, &k.to_string()));
        meter.published(2);
        process.say(n);
    }
}

/// What all rows that are left say together, merged as the control plane merges them.
fn left(spool: &Spool) -> HashMap<String, Totals> {
    let mut rows: HashMap<(String, u64, String), Totals> = HashMap::new();
    while let Some(oldest) = spool.oldest() {
        let batch = spool.read(&oldest).unwrap();
        for row in batch.rows {
            let known = rows.entry((batch.boot.clone(), row.minute, row.key)).or_default();
            known.merge(&row.totals);
        }
        spool.done(&oldest).unwrap();
    }
    let mut of_boots: HashMap<String, Totals> = HashMap::new();
    for ((boot, _, _), totals) in rows {
        of_boots.entry(boot).or_default().add(&totals);
    }
    of_boots
}

fn survives(name: &str, lives: u64) {
    let folder = folder(name);
    let processes = Lives::of("metering::tests::killed::child", &folder);
    let mut random = Random(lives);
    for life in 0..lives {
        let for_us = random.next() % 30_000;
        let told = processes.live_and_die(life, for_us);
        let spool = Spool::open(&folder, 1 << 30).expect("the lock goes with the process");
        spool.take_over("none").unwrap();
        let boot = format!("boot-{life}");
        let totals = left(&spool).remove(&boot).unwrap_or_default();
        let published = totals.get(Metric::Published);
        // It may have been killed between counting and saying so, or between two cells.
        assert!((told..=told + 1).contains(&published), "{boot}: said {told}, left {published}");
        let units = totals.get(Metric::PublishedUnits);
        assert!((2 * told..=2 * told + 2).contains(&units), "{boot}: {units} units of {told}");
        assert_eq!(spool.set_aside_count(), 0);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_a_killed_process_had_counted_is_in_what_it_left() {
    survives("killed", 50);
}

#[test]
#[ignore = "takes minutes: cargo test -p gateway killed::a_thousand -- --ignored"]
fn a_thousand_killed_processes_lose_nothing() {
    survives("killed-often", 1_000);
}
