//! The files: order, bounds, and what is left of them by accidents.

use super::*;
use crate::{
    metering::tests::folder,
    webhooks::{line, spool::Spool},
};
use std::fs;

fn event(seq: u64, data: &str) -> ChannelEvent {
    ChannelEvent {
        seq,
        app: "41".parse().unwrap(),
        channel: "private-a".parse().unwrap(),
        at_ms: 7,
        what: Happening::ClientEvent {
            event: "client-said".parse().unwrap(),
            data: data.to_owned(),
            socket_id: SocketId::from_random(1),
            user_id: None,
        },
    }
}

fn append(spool: &Spool, seq: u64, data: &str) {
    let mut lines = Vec::new();
    line::put(&mut lines, &event(seq, data)).unwrap();
    spool.append(seq, 1_000 + seq, &lines, || {}).unwrap();
}

/// Everything that waits, chunk by chunk: the boot, and the numbers.
fn drain(spool: &Spool) -> Vec<(String, Vec<u64>)> {
    let mut chunks = Vec::new();
    while let Some(chunk) = spool.next().unwrap() {
        let events = chunk.events.iter().map(|json| serde_json::from_str::<ChannelEvent>(json));
        let seqs = events.map(|event| event.unwrap().seq).collect();
        chunks.push((chunk.boot.to_string(), seqs));
        spool.done(&chunk).unwrap();
    }
    chunks
}

#[test]
fn batches_have_their_bounds_and_the_files_an_order() {
    let folder = folder("spool-order");
    let spool = Spool::open(&folder, "one", 1 << 30);
    (1..=2_500).for_each(|seq| append(&spool, seq, "x"));
    let large = "x".repeat(3 << 20);
    (2_501..=2_504).for_each(|seq| append(&spool, seq, &large));
    append(&spool, 2_505, &"x".repeat(6 << 20));
    append(&spool, 2_506, "x");
    let sizes: Vec<usize> = drain(&spool).iter().map(|(_, seqs)| seqs.len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 2_506);
    assert!(sizes.iter().all(|&size| size <= ChannelEventBatch::MAX_EVENTS), "{sizes:?}");
    assert_eq!((spool.bytes(), spool.next().unwrap().is_none()), (0, true));
    assert_eq!(fs::read_dir(folder.join("webhooks/one")).unwrap().count(), 0);
}

#[test]
fn earlier_processes_come_first_in_the_order_in_which_they_began() {
    let folder = folder("spool-boots");
    for (boot, first) in [("zz", 10), ("aa", 20), ("mm", 30)] {
        let spool = Spool::open(&folder, boot, 1 << 30);
        append(&spool, first, "x");
        append(&spool, first + 1, "x");
    }
    let spool = Spool::open(&folder, "own", 1 << 30);
    append(&spool, 1, "x");
    let expected = [("zz", [10, 11]), ("aa", [20, 21]), ("mm", [30, 31])];
    let mut expected: Vec<(String, Vec<u64>)> =
        expected.map(|(boot, seqs)| (boot.to_owned(), seqs.to_vec())).into();
    expected.push(("own".to_owned(), vec![1]));
    assert_eq!(drain(&spool), expected);
}

#[test]
fn half_a_line_at_the_end_is_passed_over_and_a_damaged_one_counted() {
    let folder = folder("spool-damaged");
    let spool = Spool::open(&folder, "one", 1 << 30);
    (1..=5).for_each(|seq| append(&spool, seq, "x"));
    drop(spool);
    let path = fs::read_dir(folder.join("webhooks/one")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&path).unwrap();
    let in_third = bytes.len() / 2;
    bytes[in_third] ^= 1;
    bytes.extend_from_slice(b"0a0b0c0d {\"seq\":");
    fs::write(&path, bytes).unwrap();
    let spool = Spool::open(&folder, "two", 1 << 30);
    let chunk = spool.next().unwrap().unwrap();
    assert_eq!((chunk.events.len(), chunk.damaged), (4, 1));
    spool.done(&chunk).unwrap();
    let rest = spool.next().unwrap().unwrap();
    assert_eq!((rest.events.len(), rest.damaged), (0, 0));
    spool.done(&rest).unwrap();
    assert!(spool.next().unwrap().is_none());
    assert!(!folder.join("webhooks/one").exists());
}

#[test]
fn a_disk_that_takes_nothing_is_an_error_and_then_forgotten() {
    let folder = folder("spool-disk");
    fs::write(folder.join("webhooks"), "not a folder").unwrap();
    let spool = Spool::open(&folder, "one", 1 << 30);
    let mut lines = Vec::new();
    line::put(&mut lines, &event(1, "x")).unwrap();
    assert!(spool.append(1, 1_000, &lines, || unreachable!("not written")).is_err());
    assert_eq!(spool.bytes(), 0);
    fs::remove_file(folder.join("webhooks")).unwrap();
    append(&spool, 1, "x");
    assert_eq!(drain(&spool), [("one".to_owned(), vec![1])]);
}

#[test]
fn what_is_refused_is_kept_up_to_a_bound() {
    let folder = folder("spool-refused");
    let spool = Spool::open(&folder, "one", 1 << 30);
    let body = "x".repeat(1 << 20);
    (0..40).for_each(|_| spool.set_aside("one", &body).unwrap());
    let bytes = fs::metadata(folder.join("webhooks/refused/one.ndjson")).unwrap().len();
    assert!(bytes > 15 << 20 && bytes <= 16 << 20, "{bytes}");
}
