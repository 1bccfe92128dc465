use super::connection;
use crate::{
    dialects::{
        Dialect,
        pusher::{VOICE, fixtures},
    },
    hub::{
        topics::{Due, LocalTopic},
        voice::Voice,
    },
};
use contract::SocketId;
use proptest::prelude::*;
use realtime::{Encodings, Event, Payload, Position, Sender, Topic};
use std::{collections::BTreeSet, rc::Rc, sync::Arc};

const CONNECTIONS: usize = 6;
const TOPICS: usize = 3;

fn topic(n: usize) -> Topic {
    Topic { app: fixtures::APP.parse().unwrap(), channel: format!("channel-{n}").parse().unwrap() }
}

fn event(topic: Topic, except: Option<SocketId>) -> Due {
    Due::Event(Arc::new(Event {
        topic,
        position: Position { epoch: 1, seq: 1 },
        name: "e".parse().unwrap(),
        data: Payload::Text("d".into()),
        sender: Sender::server(),
        except,
        idempotency_key: None,
        at_ms: 0,
        kept: true,
        encoded: Encodings::default(),
    }))
}

/// Who gets an event on `local` that is not for `except`.
fn reached(local: &LocalTopic, except: Option<SocketId>) -> BTreeSet<SocketId> {
    local.due.borrow_mut().push(event(local.topic.clone(), except));
    let mut reached = Vec::new();
    local.fan_out(|connection, _, tally| {
        assert_eq!((tally.events, tally.units), (1, 1));
        reached.push(connection.socket);
    });
    let all: BTreeSet<_> = reached.iter().copied().collect();
    assert_eq!(all.len(), reached.len(), "nobody twice");
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_topic_reaches_exactly_those_who_joined_and_did_not_leave(
        steps in proptest::collection::vec((any::<bool>(), 0..CONNECTIONS, 0..TOPICS), 1..80)
    ) {
        actix_rt::System::new().block_on(async {
            let app = fixtures::app(|_| {});
            let mut connections = Vec::new();
            for n in 0..CONNECTIONS {
                connections.push(connection(&app, SocketId::from_random(n as u64), 1 << 20).await.0);
            }
            let locals: Vec<_> =
                (0..TOPICS).map(|n| LocalTopic::new(topic(n), app.clone())).collect();
            let mut model = vec![BTreeSet::new(); TOPICS];
            for (joins, c, t) in steps {
                let socket = connections[c].socket;
                if joins && model[t].insert(socket) {
                    assert!(locals[t].add(&connections[c], VOICE));
                } else if !joins {
                    let was_in = locals[t].remove(&connections[c], &VOICE);
                    assert_eq!(was_in, model[t].remove(&socket));
                }
                for (local, expected) in locals.iter().zip(&model) {
                    assert_eq!(&reached(local, None), expected);
                    assert_eq!(local.is_empty(), expected.is_empty());
                }
            }
            for (local, expected) in locals.iter().zip(&model) {
                let Some(one) = expected.first().copied() else { continue };
                let mut rest = expected.clone();
                rest.remove(&one);
                assert_eq!(reached(local, Some(one)), rest, "all but the excepted one");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Subscriptions in several voices, found by a look and, once they are many, by hash.
    #[test]
    fn a_connection_hears_a_topic_once_in_each_of_its_voices(
        steps in proptest::collection::vec((0..8_u8, 0..CONNECTIONS, 0..12_u8), 1..120)
    ) {
        actix_rt::System::new().block_on(async {
            let app = fixtures::app(|_| {});
            let mut connections = Vec::new();
            for n in 0..CONNECTIONS {
                connections.push(connection(&app, SocketId::from_random(n as u64), 1 << 20).await.0);
            }
            let local = LocalTopic::new(topic(0), app.clone());
            let mut model = BTreeSet::new();
            for (step, c, flags) in steps {
                let (one, voice) = (&connections[c], Voice::with_flags(Dialect::Pusher, flags));
                match step {
                    0 => {
                        let before = model.len();
                        model.retain(|(other, _)| *other != c);
                        assert_eq!(local.remove_all(one), before - model.len());
                    }
                    1..3 => assert_eq!(local.remove(one, &voice), model.remove(&(c, flags))),
                    _ => assert_eq!(local.add(one, voice), model.insert((c, flags))),
                }
                local.due.borrow_mut().push(event(topic(0), None));
                let mut reached = vec![0; CONNECTIONS];
                local.fan_out(|connection, _, _| reached[connection.socket.bits() as usize] += 1);
                for (n, times) in reached.into_iter().enumerate() {
                    assert_eq!(times, model.iter().filter(|(c, _)| *c == n).count());
                }
                assert_eq!((local.len(), local.is_empty()), (model.len(), model.is_empty()));
            }
        });
    }
}

#[actix_web::test]
async fn neighbours_are_joined_and_the_excepted_gets_the_others() {
    let app = fixtures::app(|_| {});
    let (first, _client) = connection(&app, SocketId::from_random(1), 1 << 20).await;
    let (second, _client) = connection(&app, SocketId::from_random(2), 1 << 20).await;
    let local = LocalTopic::new(topic(0), app);
    local.add(&first, VOICE);
    local.add(&second, VOICE);
    local.due.borrow_mut().push(event(topic(0), None));
    local.due.borrow_mut().push(event(topic(0), Some(first.socket)));
    let mut lengths = Vec::new();
    let mut events = 0;
    local.fan_out(|connection, bytes, tally| {
        assert_eq!(tally.bytes as usize, bytes.len());
        events += tally.events;
        lengths.push((connection.socket, bytes.len()));
        assert!(Rc::strong_count(connection) > 1);
    });
    assert_eq!(events, 3);
    let of = |socket| lengths.iter().find(|(s, _)| *s == socket).map(|(_, n)| *n).unwrap();
    assert_eq!(of(second.socket), 2 * of(first.socket));
}
