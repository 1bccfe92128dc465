use super::*;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

#[test]
fn nobody_looking_costs_no_event() {
    let no_hours: fn(&mut AppRecord) = |record| record.plan.live_hours = 0;
    let off: fn(&mut AppRecord) = |record| {
        record.plan.live_hours = 24;
        record.settings.live_history = LiveHistory::Off;
    };
    for change in [no_hours, off] {
        let (gateway, app) = gateway_with(change);
        let live = &gateway.live;
        assert!(!live.expects(&app, 1_000));
        for _ in 0..100 {
            live.emit(&app, 1_000, None, |_| unreachable!("made for nobody"));
            live.pass(&app, 1_000);
        }
        live.settle(&gateway.directory, 2_000);
        assert_eq!(tally(live), (0, 0));
    }
    let (gateway, app) = gateway_with(kept_for(24));
    let live = Live::keeping(0);
    assert!(!live.expects(&app, 1_000));
    live.emit(&app, 1_000, None, |_| unreachable!("the gateway keeps nothing"));
    live.settle(&gateway.directory, 2_000);
    assert_eq!(tally(&live), (0, 0));
}

#[test]
fn what_is_beyond_the_allowance_is_told_as_a_number() {
    let (gateway, app) = gateway_with(kept_for(24));
    let (live, directory) = (&gateway.live, &gateway.directory);
    for n in 0..1_000 {
        let is_expected = live.expects(&app, 105_000);
        assert_eq!(is_expected, n < 50);
        live.emit(&app, 105_000, Some("pusher"), |place| published(place, "x"));
    }
    live.settle(directory, 105_500);
    let waiting = live.ring.take(100);
    assert_eq!(waiting.len(), 51);
    let last = &waiting[50];
    assert_eq!((last.seq, last.event.at_ms), (51, 105_500));
    assert_eq!(last.event.what, LiveKind::Dropped { count: 950 });
    // Within the same second, and in the next one that anything happens in.
    live.emit(&app, 105_999, None, |_| unreachable!("no more in this second"));
    live.emit(&app, 109_000, None, |place| published(place, "x"));
    live.settle(directory, 109_500);
    live.settle(directory, 109_600);
    assert_eq!(tally(live), (1, 1));
}

#[test]
fn what_was_held_on_to_in_vain_or_not_at_all_is_counted() {
    let (gateway, app) = gateway_with(kept_for(24));
    let live = &gateway.live;
    live.pass(&app, 101_000);
    for _ in 0..60 {
        live.emit(&app, 101_000, None, |place| published(place, "x"));
    }
    live.pass(&app, 101_000);
    live.settle(&gateway.directory, 102_000);
    assert_eq!(tally(live), (49, 13));
}

#[test]
fn the_whole_gateway_keeps_so_many_a_second() {
    let (gateway, app) = gateway_with(kept_for(24));
    let live = Live::keeping(3);
    for second in 0..4 {
        for _ in 0..10 {
            live.emit(&app, 100_000 + 1_000 * second, None, |place| published(place, "x"));
        }
    }
    live.settle(&gateway.directory, 9_000);
    assert_eq!(tally(&live), (12, 28));
}

#[test]
fn a_full_ring_loses_events_but_not_their_number() {
    let (gateway, app) = gateway_with(kept_for(24));
    let (live, directory) = (Live::keeping(1_000_000), &gateway.directory);
    let mut emitted = 0;
    for second in 0..2_500 {
        for _ in 0..6 {
            live.emit(&app, 100_000 + 1_000 * second, None, |place| published(place, "x"));
            emitted += 1;
        }
    }
    assert_eq!(live.ring.waiting(), Ring::MAX);
    live.settle(directory, 1);
    live.settle(directory, 2);
    assert_eq!(live.ring.waiting(), Ring::MAX, "the number waits as well");
    let taken = live.ring.take(1_000);
    for _ in 0..300 {
        live.emit(&app, 9_999_000, None, |place| published(place, "x"));
        emitted += 1;
    }
    live.put_back(directory, taken);
    assert_eq!(live.ring.waiting(), Ring::MAX);
    let (mut kept, mut dropped) = tally(&live);
    live.settle(directory, 3);
    let (more, told) = tally(&live);
    (kept, dropped) = (kept + more, dropped + told);
    assert_eq!((kept + dropped, more), (emitted, 0));
    assert!(live.ring.left_out() > 0);
}

#[test]
fn a_payload_is_as_long_as_its_best_place_shows() {
    let (gateway, app) = gateway_with(kept_for(24));
    let (plain, plain_app) = gateway_with(|record| {
        record.plan.live_hours = 1;
        record.settings.live_history = LiveHistory::WithoutData;
    });
    let long = "a".to_owned() + &"é".repeat(4_000);
    let emit = |gateway: &Gateway, app: &App| {
        let mut made = None;
        gateway.live.emit(app, 1_000, Some("relay"), |place| {
            let what = published(place, &long);
            made = Some(what.clone());
            what
        });
        let data = |what: LiveKind| match what {
            LiveKind::Published { data, data_bytes: 8_001, .. } => data.map(|data| data.len()),
            what => panic!("{what:?}"),
        };
        let [waiting] = &gateway.live.ring.take(9)[..] else { panic!("not one") };
        assert_eq!(waiting.event.dialect.as_deref(), Some("relay"));
        (data(made.expect("made")), data(waiting.event.what.clone()))
    };
    assert_eq!(emit(&gateway, &app), (Some(1_023), Some(1_023)));
    assert_eq!(emit(&plain, &plain_app), (None, None));
    let _watching = (app.live.watch(), plain_app.live.watch());
    assert_eq!(emit(&gateway, &app), (Some(4_095), Some(1_023)));
    assert_eq!(emit(&plain, &plain_app), (Some(4_095), None));
}

#[test]
fn a_changed_setting_holds_from_the_next_event_on() {
    let (gateway, app) = gateway_with(kept_for(24));
    let live = &gateway.live;
    let mut record = fixtures::record();
    live.emit(&app, 1_000, None, |place| published(place, "x"));
    drop(gateway.directory.apply(2, contract::directory::Change::App(record.clone())));
    live.emit(&app, 1_000, None, |_| unreachable!("the plan keeps nothing now"));
    record.plan.live_hours = 1;
    drop(gateway.directory.apply(3, contract::directory::Change::App(record)));
    live.emit(&app, 1_000, None, |place| published(place, "x"));
    assert_eq!(tally(live), (2, 0));
}

/// Four threads, clocks that differ, and a settler that is always in between.
#[test]
fn kept_and_counted_events_are_all_that_happened() {
    const EACH: u64 = 60_000;
    let (gateway, app) = gateway_with(kept_for(24));
    let (gateway, done) = (&gateway, &AtomicBool::new(false));
    let (kept, dropped) = std::thread::scope(|scope| {
        let emitters: Vec<_> = (0..4u64)
            .map(|thread| {
                let app = app.clone();
                scope.spawn(move || {
                    for n in 0..EACH {
                        // About a thousand events of each thread in a second of theirs.
                        let now_ms = 10_000_000 + n + thread * 700;
                        match n % 5 {
                            0 => gateway.live.pass(&app, now_ms),
                            _ => {
                                gateway.live.emit(&app, now_ms, None, |place| published(place, "x"))
                            }
                        }
                    }
                })
            })
            .collect();
        let settler = scope.spawn(move || {
            let (mut kept, mut dropped) = (0, 0);
            while !done.load(Relaxed) {
                gateway.live.settle(&gateway.directory, 1);
                let (more, told) = tally(&gateway.live);
                (kept, dropped) = (kept + more, dropped + told);
            }
            (kept, dropped)
        });
        for emitter in emitters {
            emitter.join().unwrap();
        }
        done.store(true, Relaxed);
        settler.join().unwrap()
    });
    gateway.live.settle(&gateway.directory, 2);
    let (more, told) = tally(&gateway.live);
    assert_eq!(kept + more + dropped + told, 4 * EACH);
    assert!(kept + more > 60, "{}", kept + more);
}
