//! Any sequence of commands against a naive model. Source: quality.md §2.

use super::model::{Connection, MAX_MEMBERS, Message, Model, Place, is_counted, member_of};
use crate::{EngineConfig, Join, Publish, Topic, testing::*};
use contract::{AppId, SocketId};
use proptest::prelude::*;

const ORIGINS: usize = 3;
const CHANNELS: [&str; 5] = ["news", "cache-a", "presence-room", "presence-cache-b", "private-c"];
const USERS: [&str; 3] = ["ann", "bob", "cyd"];
const PATTERNS: [&str; 4] = ["**", "p*", "presence-*-b", "news"];
const GRACES_MS: [u64; 3] = [0, 1_500, 6_000];

/// A channel of an app, and one of the connections.
#[derive(Clone, Copy, Debug)]
struct Seat {
    app: u8,
    channel: usize,
    origin: usize,
    socket: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Join { seat: Seat, user: Option<usize>, info: u8, replace: bool },
    Leave { seat: Seat, grace: usize },
    Enter { seat: Seat, user: usize, info: u8 },
    Exit { seat: Seat },
    Listen { seat: Seat, pattern: usize },
    Unlisten { seat: Seat, pattern: usize },
    SignIn { seat: Seat, user: usize },
    SignOut { seat: Seat, user: usize },
    Watch { seat: Seat, user: usize },
    Unwatch { seat: Seat, user: usize },
    Terminate { user: usize },
    Publish { seat: Seat, key: Option<u8>, keep: bool, except: bool, full: Option<usize> },
    Lose { origin: usize },
    Wait { elapsed_ms: u64 },
    Tick { elapsed_ms: u64 },
}

/// Most of what happens happens in few places, or little would meet.
fn seats() -> impl Strategy<Value = Seat> {
    let app = prop_oneof![5 => Just(1_u8), 1 => Just(2)];
    let channel = prop_oneof![5 => Just(0_usize), 3 => Just(4), 3 => 1..4_usize];
    (app, channel, 0..ORIGINS, 0_u64..2).prop_map(|(app, channel, origin, socket)| Seat {
        app,
        channel,
        origin,
        socket,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let user = 0..USERS.len();
    let step = prop_oneof![
        9 => (seats(), prop::option::weighted(0.7, user.clone()), 0_u8..3, any::<bool>())
            .prop_map(|(seat, user, info, replace)| Step::Join { seat, user, info, replace }),
        7 => (seats(), 0..GRACES_MS.len()).prop_map(|(seat, grace)| Step::Leave { seat, grace }),
        6 => (seats(), user.clone(), 0_u8..3)
            .prop_map(|(seat, user, info)| Step::Enter { seat, user, info }),
        3 => seats().prop_map(|seat| Step::Exit { seat }),
        5 => (seats(), 0..PATTERNS.len(), 0_u8..5).prop_map(|(seat, pattern, what)| match what {
            0..3 => Step::Listen { seat, pattern },
            _ => Step::Unlisten { seat, pattern },
        }),
        9 => (seats(), user, 0_u8..5).prop_map(|(seat, user, what)| match what {
            0 => Step::SignIn { seat, user },
            1 => Step::SignOut { seat, user },
            2 => Step::Watch { seat, user },
            3 => Step::Unwatch { seat, user },
            _ => Step::Terminate { user },
        }),
        9 => (
            seats(),
            prop::option::weighted(0.3, 0_u8..4),
            prop::bool::weighted(0.4),
            any::<bool>(),
            prop::option::weighted(0.1, 0..ORIGINS),
        )
            .prop_map(|(seat, key, keep, except, full)| Step::Publish { seat, key, keep, except, full }),
        1 => (0..ORIGINS).prop_map(|origin| Step::Lose { origin }),
        3 => (0_u64..4_000).prop_map(|elapsed_ms| Step::Tick { elapsed_ms }),
        2 => (0_u64..4_000).prop_map(|elapsed_ms| Step::Wait { elapsed_ms }),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_does_what_the_model_does(steps in steps(), shards in 1_u32..5) {
        let mut both = Both::new(shards);
        for step in steps {
            both.take(step)?;
            both.compare()?;
        }
    }
}

/// The engine and its model, given the same commands.
struct Both {
    desks: Vec<Desk>,
    model: Model,
    now_ms: u64,
}

impl Seat {
    /// Sockets of different origins are different.
    fn connection(self) -> Connection {
        (self.origin, self.origin as u64 * 10 + self.socket)
    }

    fn socket(self) -> SocketId {
        SocketId::from_random(self.connection().1)
    }

    fn place(self) -> Place {
        Place { app: self.app, channel: CHANNELS[self.channel] }
    }

    fn app(self) -> AppId {
        self.app.to_string().parse().expect("app")
    }

    fn topic(self) -> Topic {
        Topic { app: self.app(), ..topic(CHANNELS[self.channel]) }
    }
}

impl Both {
    fn new(shards: u32) -> Self {
        let first = Desk::new(EngineConfig { shards, ..EngineConfig::default() });
        let mut desks = vec![first];
        (1..ORIGINS).for_each(|_| desks.push(desks[0].beside()));
        Self { desks, model: Model::default(), now_ms: 0 }
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (router, now_ms) = (self.desks[0].router.clone(), self.now_ms);
        let origin_of = |seat: Seat| self.desks[seat.origin].origin;
        match step {
            Step::Join { seat, user, info, replace } => {
                let who = user.map(|user| (USERS[user], info));
                let join = Join {
                    topic: seat.topic(),
                    origin: origin_of(seat),
                    socket: seat.socket(),
                    member: who.map(member_of),
                    replace_info: replace,
                    max_members: MAX_MEMBERS,
                    announce_count: is_counted(CHANNELS[seat.channel]),
                };
                router.join(join, now_ms);
                self.model.join(seat.place(), seat.connection(), who, replace, now_ms);
            }
            Step::Leave { seat, grace } => {
                let (topic, grace_ms) = (seat.topic(), GRACES_MS[grace]);
                let count = is_counted(CHANNELS[seat.channel]);
                router.leave(&topic, origin_of(seat), seat.socket(), now_ms, count, grace_ms);
                self.model.leave(seat.place(), seat.connection(), grace_ms, now_ms);
            }
            Step::Enter { seat, user, info } => {
                let (origin, socket, who) = (origin_of(seat), seat.socket(), (USERS[user], info));
                let entered = router.enter(
                    &seat.topic(),
                    origin,
                    socket,
                    member_of(who),
                    MAX_MEMBERS,
                    now_ms,
                );
                let expected = self.model.enter(seat.place(), seat.connection(), who, now_ms);
                prop_assert_eq!(entered, expected);
            }
            Step::Exit { seat } => {
                router.exit(&seat.topic(), origin_of(seat), seat.socket(), now_ms);
                self.model.exit(seat.place(), seat.connection(), now_ms);
            }
            Step::Listen { seat, pattern } => {
                let compiled = PATTERNS[pattern].parse().expect("pattern");
                let listening =
                    router.listen(&seat.app(), &compiled, origin_of(seat), seat.socket());
                prop_assert_eq!(listening, Ok(()));
                self.model.listen(seat.app, PATTERNS[pattern], seat.connection());
            }
            Step::Unlisten { seat, pattern } => {
                let compiled = PATTERNS[pattern].parse().expect("pattern");
                router.unlisten(&seat.app(), &compiled, origin_of(seat), seat.socket());
                self.model.unlisten(seat.app, PATTERNS[pattern], seat.connection());
            }
            Step::SignIn { seat, user } => {
                self.desks[seat.origin].sign_in(seat.connection().1, USERS[user], now_ms);
                self.model.sign_in(USERS[user], seat.connection());
            }
            Step::SignOut { seat, user } => {
                self.desks[seat.origin].sign_out(seat.connection().1, USERS[user], now_ms);
                self.model.sign_out(USERS[user], seat.connection(), now_ms);
            }
            Step::Watch { seat, user } => {
                let online =
                    self.desks[seat.origin].watch(seat.connection().1, &[USERS[user]], now_ms);
                prop_assert_eq!(online, [self.model.watch(USERS[user], seat.connection(), now_ms)]);
            }
            Step::Unwatch { seat, user: watched } => {
                let app = "1".parse().expect("app");
                router.unwatch(&app, &[user(USERS[watched])], origin_of(seat), seat.socket());
                self.model.unwatch(USERS[watched], seat.connection());
            }
            Step::Terminate { user: whom } => {
                let app = "1".parse().expect("app");
                let closed = now(router.terminate_user(&app, &user(USERS[whom])));
                prop_assert_eq!(closed, Ok(self.model.terminate(USERS[whom])));
            }
            Step::Publish { seat, key, keep, except, full } => {
                let except = except.then_some(seat.connection().1);
                let publish = Publish {
                    idempotency_key: key.map(|key| format!("key-{key}").into()),
                    topic: seat.topic(),
                    keep_history: keep,
                    except: except.map(SocketId::from_random),
                    ..message("any", "x")
                };
                full.iter().for_each(|&full| self.desks[full].told.set_full(true));
                let published = self.desks[0].publish(publish, now_ms);
                self.desks.iter().for_each(|desk| desk.told.set_full(false));
                let message = Message { at: seat.place(), key, keep, except, full };
                self.model.publish(message, published)?;
            }
            Step::Lose { origin } => {
                router.remove_origin(self.desks[origin].origin, now_ms);
                self.model.lose(origin, now_ms);
                // Others come in its place, with the same sockets.
                self.desks[origin] = self.desks[origin].beside();
            }
            Step::Wait { elapsed_ms } => self.now_ms += elapsed_ms,
            Step::Tick { elapsed_ms } => {
                self.now_ms += elapsed_ms;
                router.tick(self.now_ms);
                self.model.tick(self.now_ms);
            }
        }
        Ok(())
    }

    fn compare(&mut self) -> Result<(), TestCaseError> {
        for (origin, desk) in self.desks.iter().enumerate() {
            self.model.hear(origin, desk.told.take())?;
        }
        self.model.agrees(&self.desks[0], self.now_ms)
    }
}
