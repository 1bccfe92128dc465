//! What is on the disk, and what happens when that is full, taken or damaged.

use super::{
    counting::{START, at, given_counters, given_ledger, key, waiting},
    folder,
};
use crate::metering::{Ledger, Spool, SpoolError, page};
use contract::usage::{Metric, UsageRow};
use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

fn spool(folder: &Path) -> Spool {
    Spool::open(folder, 1 << 20).expect("nobody else's")
}

/// Everything a spool holds: gateway, boot, minute, key and events published.
fn held(spool: &Spool) -> Vec<(String, String, u64, String, u64)> {
    let mut all = Vec::new();
    while let Some(oldest) = spool.oldest() {
        let batch = spool.read(&oldest).unwrap();
        let row = |row: UsageRow| {
            let published = row.totals.get(Metric::Published);
            (batch.gateway.clone(), batch.boot.clone(), row.minute - START, row.key, published)
        };
        all.extend(batch.rows.into_iter().map(row));
        spool.done(&oldest).unwrap();
    }
    all.sort();
    all
}

fn of(minute: u64, key: &str, n: u64) -> (String, String, u64, String, u64) {
    ("g1".into(), "boot-1".into(), minute, key.into(), n)
}

#[test]
fn two_gateways_do_not_share_a_folder() {
    let folder = folder("taken");
    let first = spool(&folder);
    assert!(matches!(Spool::open(&folder, 1), Err(SpoolError::Taken(_))));
    drop(first);
    spool(&folder);
}

#[test]
fn the_fuller_the_spool_the_longer_a_minute() {
    let folder = folder("pressure");
    let spool = Spool::open(&folder, 1_000).unwrap();
    let minutes = [(59, 60), (60, 61), (60, 69), (60, 70), (60, 119), (60, 120)];
    let mut seen = Vec::new();
    let mut kept = 0;
    while kept < 30 {
        let ends = minutes.map(|(from, now)| u8::from(spool.lets_end(from, now)));
        if seen.last() != Some(&ends) {
            seen.push(ends);
        }
        spool.own_folder("b").unwrap();
        spool.keep("g", "b", kept, &[]).unwrap();
        kept += 1;
    }
    assert_eq!(
        seen,
        [
            [1, 1, 1, 1, 1, 1], // every minute
            [1, 0, 0, 1, 1, 1], // every ten
            [1, 0, 0, 0, 0, 1], // every hour
            [0, 0, 0, 0, 0, 0], // no more until there is room
        ]
    );
}

#[test]
fn what_an_earlier_start_left_is_taken_over_under_its_own_name() {
    let folder = folder("left");
    {
        let ledger = Ledger::open("g1", "boot-1", spool(&folder), at(0));
        let counters = given_counters(&ledger);
        key(&counters, "one").published(1);
        ledger.tick(at(1));
        key(&counters, "one").published(1);
        key(&counters, "two").published(1);
    }
    let ledger = Ledger::open("g1", "boot-2", spool(&folder), at(5));
    let spool = ledger.spool().unwrap();
    spool.take_over("boot-2").unwrap();
    assert_eq!(spool.rows(), 3);
    assert!(!folder.join("usage/boot-1").join(page::NAME).exists());
    spool.take_over("boot-2").unwrap();
    assert_eq!(held(spool), [of(0, "one", 1), of(1, "one", 1), of(1, "two", 1)]);
    spool.take_over("boot-2").unwrap();
    assert!(!folder.join("usage/boot-1").exists(), "nothing is left of it");
}

#[test]
fn a_start_that_ended_within_the_turn_of_a_minute_counts_nothing_twice() {
    let folder = folder("half-turned");
    let page = folder.join("usage/boot-1").join(page::NAME);
    let before = {
        let ledger = Ledger::open("g1", "boot-1", spool(&folder), at(0));
        let meter = key(&given_counters(&ledger), "one");
        (0..5).for_each(|_| meter.published(1));
        let before = fs::read(&page).unwrap();
        ledger.tick(at(1));
        before
    };
    // As if it had ended before it turned: the minute is on the disk already.
    fs::write(&page, before).unwrap();
    let spool = spool(&folder);
    spool.take_over("boot-2").unwrap();
    assert_eq!(held(&spool), [of(0, "one", 5)]);
}

#[test]
fn what_is_damaged_is_put_aside_and_keeps_nothing_back() {
    let folder = folder("damaged");
    let usage = folder.join("usage");
    {
        let ledger = Ledger::open("g1", "boot-1", spool(&folder), at(0));
        let meter = key(&given_counters(&ledger), "one");
        meter.published(1);
        ledger.tick(at(1));
    }
    fs::create_dir_all(usage.join("boot-0")).unwrap();
    fs::write(usage.join("boot-0").join(page::NAME), "no page").unwrap();
    fs::write(usage.join("boot-0/7.rows"), "{\"gateway\":").unwrap();
    fs::write(usage.join("boot-0/8.new"), "half a minute").unwrap();
    let spool = spool(&folder);
    spool.take_over("boot-2").unwrap();
    assert_eq!(spool.set_aside_count(), 2);
    assert_eq!(held(&spool), [of(0, "one", 1)]);
    let mut names: Vec<_> = fs::read_dir(usage.join("refused"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["boot-0-7.rows", "boot-0-live.page"]);
}

#[test]
fn a_file_with_fewer_rows_than_it_says_is_damaged() {
    let ledger = given_ledger("short");
    key(&given_counters(&ledger), "one").published(1);
    ledger.tick(at(1));
    let spool = ledger.spool().unwrap();
    let oldest = spool.oldest().unwrap();
    let text = fs::read_to_string(&oldest.path).unwrap();
    fs::write(&oldest.path, text.lines().next().unwrap()).unwrap();
    assert!(matches!(spool.read(&oldest), Err(SpoolError::Damaged { .. })));
}

#[test]
fn on_a_full_disk_counting_goes_on_in_memory_and_returns_by_itself() {
    static IS_FULL: AtomicBool = AtomicBool::new(true);
    fn reserve(file: &File, at: u64, bytes: u64) -> io::Result<()> {
        match IS_FULL.load(Relaxed) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => page::reserve(file, at, bytes),
        }
    }
    let folder = folder("full-disk");
    let ledger = Ledger::open_with("g1", "boot-1", spool(&folder), at(0), reserve);
    let counters = given_counters(&ledger);
    let early = key(&counters, "early");
    early.published(1);
    assert!(ledger.is_failing());
    assert_eq!(ledger.homeless(), 2, "the app's own, and the key's");
    assert_eq!(ledger.due().len(), 1, "what is counted is reported all the same");
    ledger.tick(at(1));
    early.published(1);
    assert!(ledger.is_failing() && ledger.homeless() == 2);

    IS_FULL.store(false, Relaxed);
    ledger.tick(at(1));
    assert!(!ledger.is_failing() && ledger.homeless() == 0);
    early.published(1);
    key(&counters, "late").published(1);
    assert_eq!((counters.totals().unwrap().published, counters.units()), (4, 4));
    ledger.tick(at(2));
    early.published(1);
    let rows: Vec<_> = waiting(&ledger)
        .into_iter()
        .map(|row| (row.minute - START, row.key, row.totals.get(Metric::Published)))
        .collect();
    let all = |rows: &[(u64, String, u64)]| rows.iter().map(|row| row.2).sum::<u64>();
    assert_eq!(all(&rows), 4, "{rows:?}");
    assert!(rows.contains(&(0, "early".into(), 1)) && rows.contains(&(1, "early".into(), 2)));
    drop((early, counters, ledger));
    let spool = spool(&folder);
    spool.take_over("boot-2").unwrap();
    assert_eq!(held(&spool), [of(2, "early", 1)], "and from now on it survives");
}

#[test]
fn a_minute_that_cannot_be_written_goes_on() {
    let folder = folder("unwritable");
    let ledger = Ledger::open("g1", "boot-1", spool(&folder), at(0));
    let meter = key(&given_counters(&ledger), "one");
    meter.published(1);
    let in_the_way = folder.join("usage/boot-1").join(format!("{START}.new"));
    fs::create_dir(&in_the_way).unwrap();
    ledger.tick(at(1));
    assert!(ledger.is_failing());
    meter.published(1);
    let row = |ledger: &Arc<Ledger>| {
        let due = ledger.due().pop().expect("a row").row;
        (due.minute - START, due.totals.get(Metric::Published))
    };
    assert_eq!(row(&ledger), (0, 2), "in the minute that goes on");
    ledger.due().iter().for_each(|due| due.reported());
    ledger.tick(at(2));
    assert!(!ledger.is_failing(), "what is reported need not be written");
    meter.published(1);
    assert_eq!(row(&ledger), (2, 1));
}

#[test]
fn a_process_that_has_told_everything_leaves_nothing() {
    let folder = folder("closed");
    let page = folder.join("usage/boot-1").join(page::NAME);
    let ledger = Ledger::open("g1", "boot-1", spool(&folder), at(0));
    key(&given_counters(&ledger), "one").published(1);
    ledger.close();
    assert!(page.exists(), "there is something to tell");
    ledger.due().iter().for_each(|due| due.reported());
    ledger.close();
    assert!(!page.exists() && !folder.join("usage/boot-1").exists());
}
