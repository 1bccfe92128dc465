//! What is counted, for whom, and that it adds up.

use super::folder;
use crate::{
    admission::Refusal,
    metering::{Counters, Ledger, Meter, Run, Spool, Tally, ledger::minute_of},
};
use contract::usage::{Metric, UsageRow};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

pub const MINUTE_MS: u64 = 60_000;
/// The minute in which the tests begin.
pub const START: u64 = 30_000_000;

pub fn at(minute: u64) -> u64 {
    (START + minute) * MINUTE_MS
}

pub fn given_ledger(name: &str) -> Arc<Ledger> {
    let spool = Spool::open(&folder(name), 1 << 20).unwrap();
    Ledger::open("g1", "boot-1", spool, at(0))
}

pub fn given_counters(ledger: &Arc<Ledger>) -> Counters {
    Counters::new("100042".parse().unwrap(), ledger.clone())
}

pub fn key(counters: &Counters, key: &str) -> Arc<Meter> {
    counters.of_key(&OnceLock::new(), key).clone()
}

/// What the ledger would report now: minute, key and events published.
fn published(ledger: &Ledger) -> Vec<(u64, String, u64)> {
    let row = |row: UsageRow| (row.minute - START, row.key, row.totals.get(Metric::Published));
    let mut rows: Vec<_> = ledger.due().into_iter().map(|due| row(due.row)).collect();
    rows.sort();
    rows
}

/// What is waiting on disk, likewise.
pub fn waiting(ledger: &Ledger) -> Vec<UsageRow> {
    let spool = ledger.spool().expect("on disk");
    let mut rows = Vec::new();
    while let Some(oldest) = spool.oldest() {
        rows.extend(spool.read(&oldest).unwrap().rows);
        spool.done(&oldest).unwrap();
    }
    rows
}

#[test]
fn an_app_that_is_not_used_has_no_counters() {
    let ledger = Ledger::in_memory();
    let counters = given_counters(&ledger);
    assert_eq!((counters.totals(), counters.units()), (None, 0));
    assert!(ledger.due().is_empty());
}

#[test]
fn one_key_of_one_app_has_one_meter_whoever_asks() {
    let ledger = given_ledger("one-meter");
    let (counters, again) = (given_counters(&ledger), given_counters(&ledger));
    assert!(Arc::ptr_eq(&key(&counters, "k"), &key(&again, "k")));
    assert!(!Arc::ptr_eq(&key(&counters, "k"), counters.own()));
    key(&counters, "k").published(2);
    key(&again, "k").published(1);
    assert_eq!((again.units(), again.totals().unwrap().published), (3, 2));
}

#[test]
fn everything_counted_is_in_the_totals_and_in_a_row() {
    let ledger = Ledger::in_memory();
    let counters = given_counters(&ledger);
    let meter = key(&counters, "k");
    meter.published(3);
    meter.wrote(2, 4, 80);
    meter.wrote(0, 0, 20);
    meter.heard(1, 10);
    meter.request(200, 100, 2);
    meter.request(404, 1, 0);
    meter.request(999, 0, 0);
    meter.refused(&Refusal::AppDisabled);
    counters.connection_opened(&meter);
    let totals = counters.totals().expect("used");
    assert_eq!((totals.published, totals.delivered, totals.connections_opened), (1, 2, 1));
    assert_eq!((totals.socket_bytes_out, totals.socket_bytes_in), (100, 10));
    assert_eq!((totals.requests, totals.http_bytes_in), ([0, 1, 0, 1, 1], 101));
    assert_eq!(totals.refusals[Refusal::AppDisabled.index()], 1);
    assert_eq!(counters.units(), 7);
    let mut rows: Vec<_> = ledger.due().into_iter().map(|due| due.row).collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let [own, keyed] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(format!("{:?}", own.totals), r#"{"connections_peak": 1}"#);
    assert_eq!(
        format!("{:?}", keyed.totals),
        concat!(
            r#"{"published": 1, "published_units": 3, "delivered": 2, "delivered_units": 4, "#,
            r#""bytes_in": 111, "bytes_out": 102, "requests_2xx": 1, "requests_4xx": 1, "#,
            r#""requests_5xx": 1, "connections_opened": 1, "refused.app_disabled": 1}"#
        )
    );
}

#[test]
fn a_row_is_due_until_it_is_reported_as_it_is() {
    let ledger = given_ledger("due");
    let meter = key(&given_counters(&ledger), "k");
    meter.published(1);
    let [first] = &ledger.due()[..] else { panic!() };
    meter.published(1);
    first.reported();
    assert_eq!(published(&ledger), [(0, "k".into(), 2)], "more came since");
    ledger.due()[0].reported();
    assert_eq!(published(&ledger), []);
    meter.published(1);
    ledger.due()[0].refused();
    assert_eq!(published(&ledger), [], "not again in this minute");
    ledger.tick(at(1));
    assert_eq!(waiting(&ledger).len(), 1, "but once it is over");
}

#[test]
fn a_minute_that_ends_waits_on_disk_unless_it_was_reported() {
    let ledger = given_ledger("turn");
    let counters = given_counters(&ledger);
    let (one, two) = (key(&counters, "one"), key(&counters, "two"));
    one.published(1);
    two.published(1);
    ledger.due().iter().for_each(|due| due.reported());
    two.published(1);
    ledger.tick(at(1));
    two.published(1);
    let rows = waiting(&ledger);
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.key.as_str(), row.totals.get(Metric::Published)), ("two", 2));
    assert_eq!(row.minute, START);
    assert_eq!(published(&ledger), [(1, "two".into(), 1)]);
    ledger.tick(at(0));
    assert_eq!(published(&ledger), [(1, "two".into(), 1)], "time does not go back");
    ledger.tick(at(2));
    ledger.tick(at(3));
    assert_eq!(waiting(&ledger).len(), 1, "an idle minute has nothing to say");
}

#[test]
fn every_minute_shows_how_many_were_connected_at_most() {
    let ledger = given_ledger("peak");
    let counters = given_counters(&ledger);
    let meter = key(&counters, "k");
    let peak = || {
        let due = ledger.due();
        let own = due.iter().find(|due| due.row.key.is_empty());
        own.map(|due| due.row.totals.get(Metric::ConnectionsPeak))
    };
    for _ in 0..3 {
        counters.connection_opened(&meter);
    }
    counters.connection_closed(&meter);
    assert_eq!(peak(), Some(3));
    ledger.tick(at(1));
    assert_eq!(peak(), Some(2), "those who stayed");
    counters.connection_opened(&meter);
    assert_eq!(peak(), Some(3));
    (0..3).for_each(|_| counters.connection_closed(&meter));
    ledger.tick(at(2));
    assert_eq!(peak(), None);
}

#[test]
fn a_credential_that_is_no_more_leaves_its_totals_and_its_place() {
    let ledger = given_ledger("retired");
    let counters = given_counters(&ledger);
    let old = key(&counters, "old");
    old.published(1);
    ledger.tick(at(1));
    drop(old);
    assert_eq!(waiting(&ledger).len(), 1);
    ledger.tick(at(2));
    assert_eq!(counters.totals().unwrap().published, 1, "sums never go back");
    let new = key(&counters, "new");
    new.published(1);
    key(&counters, "old").published(5);
    assert_eq!(published(&ledger), [(2, "new".into(), 1), (2, "old".into(), 1)]);
    assert_eq!((counters.totals().unwrap().published, counters.units()), (3, 7));
    ledger.tick(at(3));
    let rows = waiting(&ledger);
    let units = rows.iter().map(|row| row.totals.get(Metric::PublishedUnits));
    assert_eq!((rows.len(), units.sum::<u64>()), (2, 6));
}

#[test]
fn runs_are_counted_where_they_belong() {
    let ledger = Ledger::in_memory();
    let counters = given_counters(&ledger);
    let (one, two) = (key(&counters, "one"), key(&counters, "two"));
    let mut tally = Tally::of_bytes(10);
    tally.event(5_121);
    let mut run = Run::default();
    for meter in [&one, &one, &two, &one] {
        run.wrote(meter, tally);
    }
    assert_eq!((one.totals().delivered, two.totals().delivered), (2, 1), "all but the last run");
    drop(run);
    assert_eq!((one.totals().delivered, one.totals().socket_bytes_out), (3, 30));
    assert_eq!(counters.units(), 8);
}

#[test]
fn no_addition_is_lost_while_minutes_end() {
    const THREADS: u64 = 4;
    const EACH: u64 = 300_000;
    const MINUTES: u64 = 20;
    let ledger = given_ledger("threads");
    let counters = given_counters(&ledger);
    let is_over = Arc::new(AtomicBool::new(false));
    let adding: Vec<_> = (0..THREADS)
        .map(|n| {
            let meter = key(&counters, if n % 2 == 0 { "even" } else { "odd" });
            let is_over = is_over.clone();
            thread::spawn(move || {
                let mut added = 0;
                while added < EACH || !is_over.load(Relaxed) {
                    meter.published(1);
                    added += 1;
                }
                added
            })
        })
        .collect();
    let (mut minute, mut counted) = (0, 0);
    let mut take = |ledger: &Ledger| {
        let rows = waiting(ledger);
        counted += rows.iter().map(|row| row.totals.get(Metric::Published)).sum::<u64>();
    };
    while adding.iter().any(|thread| !thread.is_finished()) {
        minute += 1;
        ledger.tick(at(minute));
        take(&ledger);
        is_over.store(minute >= MINUTES, Relaxed);
    }
    let added: u64 = adding.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(added >= THREADS * EACH && minute >= MINUTES);
    ledger.tick(at(minute + 1));
    take(&ledger);
    assert_eq!(counted, added, "over {minute} minutes");
    assert_eq!(counters.units(), added);
    assert_eq!(minute_of(at(1)), START + 1);
}
