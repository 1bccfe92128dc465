//! The generator against the reference server: everything published is delivered, once, in order.
//! Nothing here looks at how long it took.

use clap::Parser;
use signalbox_bench::{
    load::{self, LoadError, Options, Report},
    reference::{Mode, Server},
};
use std::{
    net::{Ipv4Addr, SocketAddrV4},
    thread,
    time::{Duration, Instant},
};

/// Starts a server that ends by itself, and puts a scenario to it.
fn measure(mode: Mode, words: &str) -> Result<Report, LoadError> {
    let server = Server::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0), mode).expect("bind");
    let address = server.address().expect("an address").to_string();
    thread::spawn(move || server.run(Instant::now() + Duration::from_secs(30)));
    let pid = std::process::id().to_string();
    let fixed = ["--server", &address, "--pid", &pid, "--warm-up", "0.1", "--duration", "0.4"];
    let words = ["bench-load"].into_iter().chain(words.split(' ')).chain(fixed);
    load::run(&Options::try_parse_from(words).expect("options"))
}

#[track_caller]
fn check(mode: Mode, words: &str, subscribers_per_channel: u64) {
    let report = measure(mode, words).unwrap_or_else(|e| panic!("{words}: {e}"));
    assert!(report.sound, "{words}: {report:?}");
    assert!(report.totals.published > 0, "{words}");
    let due = report.totals.published * subscribers_per_channel;
    assert_eq!(report.totals.delivered, due, "{words}");
    let load = report.load.expect("a load");
    assert!(load.server_cpu_s > 0.0, "{words}: {load:?}");
}

#[test]
fn everything_published_is_delivered_once_and_in_order() {
    for mode in [Mode::Direct, Mode::Coalesce] {
        check(mode, "fanout --subscribers 50 --channels 1 --publishers 4 --window 4", 50);
        check(mode, "fanout --subscribers 60 --channels 20 --publishers 4 --window 8", 3);
        check(mode, "fanout --subscribers 20 --channels 20 --publishers 4 --bystanders 10", 1);
        check(mode, "fanout --subscribers 30 --channels 3 --publishers 4 --rate 300", 10);
    }
}

#[test]
fn publishes_without_subscribers_are_answered() {
    check(Mode::Direct, "publish --publishers 4 --channels 500 --touch", 0);
}

#[test]
fn connections_come_up_and_are_counted() {
    for words in ["connect --subscribers 100 --hold 0.1", "connect --subscribe --hold 0.1"] {
        let report = measure(Mode::Direct, words).expect(words);
        assert!(report.sound, "{words}: {report:?}");
        assert!(report.opening.connections >= 100 && report.load.is_none(), "{words}: {report:?}");
    }
}

#[test]
fn an_unknown_app_is_no_success() {
    let error = measure(Mode::Direct, "fanout --subscribers 4 --channels 2 --apps 2");
    let error = error.expect_err("the second app's sockets are refused").to_string();
    assert!(error.contains("upgrade answered HTTP/1.1 404"), "{error}");
    let report = measure(Mode::Direct, "publish --publishers 2 --channels 2 --apps 2").unwrap();
    assert!(!report.sound && report.totals.refused > 0, "{report:?}");
    assert!(report.troubles[0].contains("404"), "{report:?}");
}
