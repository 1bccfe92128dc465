use crate::{EngineConfig, Publish, PublishError, Sender, testing::*};
use contract::SocketId;

#[test]
fn a_message_goes_once_to_each_origin_with_subscribers_and_to_no_other() {
    let a = Desk::default();
    let (b, c) = (a.beside(), a.beside());
    a.join("news", 1, 0);
    a.join("news", 2, 0);
    b.join("news", 3, 0);
    c.join("other", 4, 0);
    assert_eq!(a.say("news", "hello", 1).delivered_to, 3);
    assert_eq!(a.told.heard(), ["joined 1", "joined 2", "event 1 hello"]);
    assert_eq!(b.told.heard(), ["joined 3", "event 1 hello"]);
    assert_eq!(c.told.heard(), ["joined 4"]);
}

#[test]
fn places_in_the_order_grow_by_one_and_stay_while_someone_listens() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    let [first, second] = ["a", "b"].map(|data| desk.say("news", data, 0).position);
    assert_eq!((first.seq, second.seq, first.epoch), (1, 2, second.epoch));
    desk.leave("news", 1, 0);
    desk.join("news", 1, 0);
    assert_ne!(desk.say("news", "c", 0).position.epoch, first.epoch, "nobody carried the order on");
}

#[test]
fn the_excepted_connection_is_not_counted() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    desk.join("news", 2, 0);
    for (except, delivered_to) in [(1, 1), (3, 2)] {
        let publish =
            Publish { except: Some(SocketId::from_random(except)), ..message("news", "x") };
        assert_eq!(
            desk.publish(publish, 0).expect("taken").delivered_to,
            delivered_to,
            "but {except}"
        );
    }
}

#[test]
fn a_full_origin_refuses_for_all_and_takes_no_place() {
    let a = Desk::default();
    let b = a.beside();
    a.join("news", 1, 0);
    b.join("news", 2, 0);
    a.told.take();
    b.told.take();
    b.told.set_full(true);
    assert_eq!(a.publish(message("news", "lost"), 0).err(), Some(PublishError::Overloaded));
    assert_eq!(a.say("empty", "not concerned", 0).delivered_to, 0);
    b.told.set_full(false);
    a.say("news", "kept", 0);
    assert_eq!(a.told.heard(), ["event 1 kept"]);
    assert_eq!(b.told.heard(), ["event 1 kept"]);
}

#[test]
fn joining_twice_and_leaving_what_was_not_joined_change_nothing() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    desk.join("news", 1, 0);
    desk.leave("news", 2, 0);
    desk.leave("nowhere", 1, 0);
    let published =
        desk.publish(Publish { want_counts: true, ..message("news", "x") }, 0).expect("taken");
    assert_eq!(published.occupancy.expect("wanted").subscriptions, 1);
    assert_eq!(desk.told.heard(), ["joined 1", "joined 1", "event 1 x"]);
    desk.leave("news", 1, 0);
    desk.leave("news", 1, 0);
    assert_eq!(desk.say("news", "y", 0).delivered_to, 0);
}

#[test]
fn the_same_key_again_has_the_first_ones_place_and_no_effect() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    let keyed = |key: &str| Publish { idempotency_key: Some(key.into()), ..message("news", key) };
    let first = desk.publish(keyed("k1"), 0).expect("taken");
    desk.publish(keyed("k2"), 0).expect("taken");
    desk.told.set_full(true);
    let again = desk.publish(keyed("k1"), 299_999).expect("known, so there is nothing to deliver");
    assert_eq!((again.position, again.duplicate, again.delivered_to), (first.position, true, 0));
    desk.told.set_full(false);
    assert_eq!(desk.told.heard(), ["joined 1", "event 1 k1", "event 2 k2"]);
    assert!(!desk.publish(keyed("k1"), 300_000).expect("forgotten by now").duplicate);
}

#[test]
fn a_key_is_known_longer_than_its_event() {
    let desk =
        Desk::new(EngineConfig { history_max_events: 2, idempotency_max_keys: 50, ..one_shard() });
    let keyed = |n: u64| {
        let publish = Publish {
            idempotency_key: Some(n.to_string().into()),
            keep_history: true,
            ..message("news", "x")
        };
        desk.publish(publish, n).expect("taken")
    };
    (0..50).for_each(|n| assert!(!keyed(n).duplicate));
    (0..50).for_each(|n| assert!(keyed(n).duplicate, "{n}"));
    assert!(!keyed(50).duplicate);
    assert!(!keyed(0).duplicate, "pushed out");
}

#[test]
fn what_a_publisher_gives_arrives_unchanged() {
    let desk = Desk::default();
    desk.join("private-room", 1, 0);
    desk.told.take();
    let sender =
        Sender::Socket { socket: SocketId::from_random(1), identity: Some(member("u").into()) };
    let publish = Publish { sender: sender.clone(), ..message("private-room", "{\"a\": 1.0}") };
    desk.publish(publish, 77).expect("taken");
    let told = desk.told.take();
    let [crate::Delivery::Event(event)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((event.data.as_str(), &event.sender, event.at_ms), ("{\"a\": 1.0}", &sender, 77));
}

#[test]
fn the_same_name_in_two_apps_is_two_channels() {
    let desk = Desk::default();
    desk.join("news", 1, 0);
    desk.told.take();
    let mut publish = message("news", "not yours");
    publish.topic.app = "2".parse().expect("app");
    assert_eq!(desk.publish(publish, 0).expect("taken").delivered_to, 0);
    assert_eq!(desk.told.heard(), [""; 0]);
}

#[test]
fn a_removed_origin_is_heard_and_told_no_more() {
    let a = Desk::default();
    let b = a.beside();
    a.join("news", 1, 0);
    b.join("news", 2, 0);
    a.router.remove_origin(b.origin, 0);
    b.told.take();
    b.join("news", 3, 0);
    assert_eq!(a.say("news", "x", 0).delivered_to, 1);
    assert_eq!(b.told.heard(), [""; 0]);
}
