//! Any sequence of commands against a naive model. Source: quality.md §2.

use super::model::{Model, Place, is_counted};
use crate::{EngineConfig, Publish, testing::*};
use contract::SocketId;
use proptest::prelude::*;

const ORIGINS: usize = 3;
const CHANNELS: [&str; 5] = ["news", "cache-a", "presence-room", "presence-cache-b", "private-c"];
const USERS: [&str; 3] = ["ann", "bob", "cyd"];

#[derive(Clone, Debug)]
enum Step {
    Join { origin: usize, socket: u64, app: u8, channel: usize, user: usize },
    Leave { origin: usize, socket: u64, app: u8, channel: usize },
    SignIn { origin: usize, socket: u64, user: usize },
    SignOut { origin: usize, socket: u64, user: usize },
    Watch { origin: usize, socket: u64, user: usize },
    Unwatch { origin: usize, socket: u64, user: usize },
    Publish { app: u8, channel: usize, key: Option<u8>, full: Option<usize> },
    Lose { origin: usize },
    Tick { elapsed_ms: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (origin, socket, app, channel, user) =
        (0..ORIGINS, 0_u64..6, 1_u8..3, 0..CHANNELS.len(), 0..USERS.len());
    let step = prop_oneof![
        8 => (origin.clone(), socket.clone(), app.clone(), channel.clone(), user.clone())
            .prop_map(|(origin, socket, app, channel, user)| Step::Join { origin, socket, app, channel, user }),
        6 => (origin.clone(), socket.clone(), app.clone(), channel.clone())
            .prop_map(|(origin, socket, app, channel)| Step::Leave { origin, socket, app, channel }),
        10 => (origin.clone(), socket, user, 0..4_u8).prop_map(|(origin, socket, user, what)| match what {
            0 => Step::SignIn { origin, socket, user },
            1 => Step::SignOut { origin, socket, user },
            2 => Step::Watch { origin, socket, user },
            _ => Step::Unwatch { origin, socket, user },
        }),
        8 => (app, channel, prop::option::of(0_u8..4), prop::option::weighted(0.1, origin.clone()))
            .prop_map(|(app, channel, key, full)| Step::Publish { app, channel, key, full }),
        1 => origin.prop_map(|origin| Step::Lose { origin }),
        2 => (0_u64..4_000).prop_map(|elapsed_ms| Step::Tick { elapsed_ms }),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_what_the_model_does(steps in steps(), shards in 1_u32..5) {
        let first = Desk::new(EngineConfig { shards, ..EngineConfig::default() });
        let mut desks = vec![first];
        desks.push(desks[0].beside());
        desks.push(desks[0].beside());
        let mut model = Model::default();
        let mut now_ms = 0;
        for step in steps {
            match step {
                Step::Join { origin, socket, app, channel, user } => {
                    let mut join = join(CHANNELS[channel], desks[origin].origin, socket, Some(USERS[user]));
                    join.topic.app = app.to_string().parse().expect("app");
                    join.member = join.member.filter(|_| CHANNELS[channel].starts_with("presence-"));
                    join.max_members = 2;
                    join.announce_count = is_counted(CHANNELS[channel]);
                    model.join(Place { app, channel: CHANNELS[channel] }, (origin, socket), USERS[user]);
                    desks[origin].router.join(join, now_ms);
                }
                Step::Leave { origin, socket, app, channel } => {
                    let topic = topic_of(app, CHANNELS[channel]);
                    model.leave(Place { app, channel: CHANNELS[channel] }, (origin, socket));
                    let desk = &desks[origin];
                    desk.router.leave(&topic, desk.origin, SocketId::from_random(socket), now_ms, is_counted(CHANNELS[channel]), 0);
                }
                Step::SignIn { origin, socket, user } => {
                    model.sign_in(USERS[user], (origin, socket));
                    desks[origin].sign_in(socket, USERS[user], now_ms);
                }
                Step::SignOut { origin, socket, user } => {
                    model.sign_out(USERS[user], (origin, socket), now_ms);
                    desks[origin].sign_out(socket, USERS[user], now_ms);
                }
                Step::Watch { origin, socket, user } => {
                    let online = desks[origin].watch(socket, &[USERS[user]], now_ms);
                    prop_assert_eq!(online, [model.watch(USERS[user], (origin, socket))]);
                }
                Step::Unwatch { origin, socket, user: watched } => {
                    let (desk, app) = (&desks[origin], "1".parse().expect("app"));
                    desk.router.unwatch(&app, &[user(USERS[watched])], desk.origin, SocketId::from_random(socket));
                    model.unwatch(USERS[watched], (origin, socket));
                }
                Step::Publish { app, channel, key, full } => {
                    let publish = Publish {
                        idempotency_key: key.map(|key| format!("key-{key}").into()),
                        topic: topic_of(app, CHANNELS[channel]),
                        ..message("any", "x")
                    };
                    if let Some(full) = full {
                        desks[full].told.set_full(true);
                    }
                    let published = desks[0].publish(publish, now_ms);
                    desks.iter().for_each(|desk| desk.told.set_full(false));
                    model.publish(Place { app, channel: CHANNELS[channel] }, key, full, published)?;
                }
                Step::Lose { origin } => {
                    desks[0].router.remove_origin(desks[origin].origin, now_ms);
                    model.lose(origin, now_ms);
                    // Others come in its place, with the same sockets.
                    desks[origin] = desks[origin].beside();
                }
                Step::Tick { elapsed_ms } => {
                    now_ms += elapsed_ms;
                    desks[0].router.tick(now_ms);
                    model.tick(now_ms);
                }
            }
            for (origin, desk) in desks.iter().enumerate() {
                model.hear(origin, desk.told.take())?;
            }
            model.agrees(&desks[0], now_ms)?;
        }
    }
}

fn topic_of(app: u8, channel: &str) -> crate::Topic {
    crate::Topic { app: app.to_string().parse().expect("app"), ..topic(channel) }
}
