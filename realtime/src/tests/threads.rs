//! Many threads at once: the order of each channel is one for all places.

use crate::{Delivery, EngineConfig, Position, testing::*};
use contract::SocketId;
use std::{collections::HashMap, thread};

const CHANNELS: usize = 7;
const MESSAGES: usize = 2_000;

/// Everything a place was told about events, checked to be one unbroken order between each
/// `Joined` and the leave that follows: no event twice, none missing, none out of order.
fn check_order(told: &[Delivery]) -> HashMap<(String, Position), String> {
    let mut last: HashMap<&str, Position> = HashMap::new();
    let mut heard = HashMap::new();
    for delivery in told {
        match delivery {
            Delivery::Joined(joined) => {
                last.insert(joined.topic.channel.as_str(), joined.position);
            }
            Delivery::Event(event) => {
                let last = last.get_mut(event.topic.channel.as_str()).expect("joined before");
                assert_eq!(event.position, Position { seq: last.seq + 1, ..*last }, "the next one");
                *last = event.position;
                let place = (event.topic.channel.to_string(), event.position);
                assert!(heard.insert(place, event.data.as_str().to_owned()).is_none(), "once");
            }
            _ => {}
        }
    }
    heard
}

#[test]
fn every_place_hears_every_accepted_message_in_the_same_order() {
    let desk = Desk::new(EngineConfig { shards: 4, ..EngineConfig::default() });
    let places: Vec<Desk> = (0..4).map(|_| desk.beside()).collect();
    for (n, place) in places.iter().enumerate() {
        (0..CHANNELS).for_each(|channel| place.join(&format!("room-{channel}"), n as u64, 0));
    }
    thread::scope(|scope| {
        for publisher in 0..4 {
            let desk = &desk;
            scope.spawn(move || {
                for n in 0..MESSAGES {
                    let channel = (n * 31 + publisher) % CHANNELS;
                    let published = desk.note(
                        &format!("room-{channel}"),
                        &format!("{publisher}-{n}"),
                        n as u64,
                    );
                    assert_eq!(published.delivered_to, 4);
                }
            });
        }
    });
    let heard: Vec<_> = places.iter().map(|place| check_order(&place.told.take())).collect();
    assert_eq!(heard[0].len(), 4 * MESSAGES);
    assert!(heard.iter().all(|other| *other == heard[0]), "one order, one content");
}

#[test]
fn coming_and_going_under_load_loses_and_doubles_nothing() {
    let desk = Desk::new(EngineConfig { shards: 2, ..EngineConfig::default() });
    let anchor = desk.beside();
    (0..CHANNELS).for_each(|channel| anchor.join(&format!("presence-{channel}"), 999, 0));
    let places: Vec<Desk> = (0..3).map(|_| desk.beside()).collect();
    thread::scope(|scope| {
        for place in &places {
            scope.spawn(move || {
                for n in 0..MESSAGES as u64 {
                    let channel = format!("presence-{}", n as usize % CHANNELS);
                    let socket = n % 3;
                    place.join_as(&channel, socket, &format!("user-{socket}"), n);
                    place.say(&channel, "x", n);
                    place.leave(&channel, socket, n);
                    place.sign_in(socket, "ann", n);
                    place.sign_out(socket, "ann", n);
                }
            });
        }
        scope.spawn(|| (0..MESSAGES as u64).for_each(|n| desk.router.tick(n * 10)));
    });
    let all = check_order(&anchor.told.take());
    assert_eq!(all.len(), 3 * MESSAGES, "who stayed heard everything");
    for place in &places {
        let told = place.told.take();
        check_order(&told);
        let own = told.iter().filter(|told| matches!(told, Delivery::Joined(_))).count();
        assert_eq!(own, 2 * MESSAGES, "every join was answered");
    }
    desk.router.tick(u64::MAX / 2);
    let stats = desk.router.stats();
    assert_eq!((stats.subscriptions, stats.idle), (CHANNELS as u64, 0));
    for channel in 0..CHANNELS {
        let topic = topic(&format!("presence-{channel}"));
        assert_eq!(now(desk.router.members(&topic)).expect("here"), [], "{topic:?}");
        desk.router.leave(&topic, anchor.origin, SocketId::from_random(999), 0, false, 0);
    }
    assert_eq!(desk.router.stats().occupied_channels(), 0);
}

#[test]
fn the_witness_sees_beginnings_and_ends_in_turn_whoever_causes_them() {
    let desk = Desk::new(EngineConfig { shards: 2, ..EngineConfig::default() });
    desk.notes.want_all();
    let places: Vec<Desk> = (0..3).map(|_| desk.beside()).collect();
    thread::scope(|scope| {
        for place in &places {
            scope.spawn(move || {
                for n in 0..MESSAGES as u64 {
                    let channel = format!("presence-{}", n as usize % CHANNELS);
                    let (socket, now_ms) = (n % 3, n * 700);
                    place.join_as(&channel, socket, &format!("user-{socket}"), now_ms);
                    place.leave_for(&channel, (n + 1) % 3, n % 2 * 4_000, now_ms);
                }
                place.router.remove_origin(place.origin, MESSAGES as u64 * 700);
            });
        }
        scope.spawn(|| (0..MESSAGES as u64).for_each(|n| desk.router.tick(n * 700)));
    });
    desk.router.tick(u64::MAX / 2);
    let mut stands: HashMap<(String, String), bool> = HashMap::new();
    for (topic, _, seen) in desk.notes.take() {
        let words = seen_in_words(&seen);
        let (what, user) = words.split_once(' ').unwrap_or((&words, ""));
        let begins = ["occupied", "added"].contains(&what);
        let before = stands.insert((topic.channel.to_string(), user.to_owned()), begins);
        assert_eq!(before.unwrap_or(false), !begins, "{topic:?} {words}");
    }
    assert_eq!(stands.len(), CHANNELS * 4);
    assert!(stands.values().all(|begun| !begun), "all is over");
    assert_eq!(desk.router.stats().idle, 0);
}

#[test]
fn a_listener_hears_every_channel_in_its_order_while_others_begin_and_end() {
    let desk = Desk::new(EngineConfig { shards: 4, ..EngineConfig::default() });
    (0..CHANNELS).for_each(|channel| desk.join(&format!("room-{channel}"), 1, 0));
    let listener = desk.beside();
    let (app, pattern) = ("1".parse().expect("app"), "room-*".parse().expect("pattern"));
    let listen = |socket| {
        let socket = SocketId::from_random(socket);
        desk.router.listen(&app, &pattern, listener.origin, socket).expect("room");
    };
    listen(1_000);
    thread::scope(|scope| {
        for publisher in 0..3 {
            let desk = &desk;
            scope.spawn(move || {
                for n in 0..MESSAGES {
                    desk.say(&format!("room-{}", (n + publisher) % CHANNELS), "x", n as u64);
                }
            });
        }
        scope.spawn(|| {
            for n in 0..MESSAGES as u64 {
                listen(n % 50);
                let socket = SocketId::from_random((n * 7) % 50);
                desk.router.unlisten(&app, &pattern, listener.origin, socket);
            }
        });
    });
    let mut last = HashMap::<String, u64>::new();
    let told = listener.told.take();
    for delivery in &told {
        let Delivery::Event(event) = delivery else { panic!("{delivery:?}") };
        let last = last.entry(event.topic.channel.to_string()).or_default();
        assert_eq!(event.position.seq, *last + 1, "the next one of {:?}", event.topic.channel);
        *last += 1;
    }
    assert_eq!(told.len(), 3 * MESSAGES);
}
