use super::connection;
use crate::{
    dialects::pusher::{VOICE, fixtures},
    hub::topics::{Due, LocalTopic},
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
    let handed = local.fan_out(|connection, _| reached.push(connection.socket));
    assert_eq!(handed.frames as usize, reached.len());
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
    let handed = local.fan_out(|connection, bytes| {
        lengths.push((connection.socket, bytes.len()));
        assert!(Rc::strong_count(connection) > 1);
    });
    assert_eq!(handed.frames, 3);
    let of = |socket| lengths.iter().find(|(s, _)| *s == socket).map(|(_, n)| *n).unwrap();
    assert_eq!(of(second.socket), 2 * of(first.socket));
}
