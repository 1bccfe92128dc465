//! Doing what conversations ask for.

use super::{
    Hub, clock,
    connection::{Connection, Phase, Sent},
    effect::{Effect, Outgoing, Question, Ticket},
};
use crate::{
    dialects::{Conversation, Cx, Parting},
    metering::Tally,
    wire::frame,
};
use actix_rt as rt;
use contract::{AppId, ChannelName, UserId, directory::Kill, usage};
use realtime::{Join, Member, Publish, Sender, Topic};
use std::{cell::RefCell, rc::Rc, time::Duration};

thread_local! {
    static EFFECTS: RefCell<Vec<Effect>> = const { RefCell::new(Vec::new()) };
    static FRAMES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What the buffer for frames keeps between uses, bytes.
const FRAMES_KEPT: usize = 64 << 10;

impl Hub {
    /// Lets the conversation speak, then does what it asked for, in order.
    pub fn converse<T>(
        &self,
        connection: &Rc<Connection>,
        say: impl FnOnce(&mut Conversation, &Cx<'_>, &mut Vec<Effect>) -> T,
    ) -> T {
        let mut effects = EFFECTS.take();
        let state = connection.app.state();
        let cx = Cx {
            gateway: &self.gateway,
            app: &connection.app,
            state: &state,
            now_ms: clock::now_ms(),
            unix_ms: clock::unix_ms(),
        };
        let answer = say(&mut connection.conversation.borrow_mut(), &cx, &mut effects);
        self.perform(connection, &mut effects, cx.now_ms);
        EFFECTS.set(effects);
        answer
    }

    /// Everything said in one go leaves in one write.
    fn perform(&self, connection: &Rc<Connection>, effects: &mut Vec<Effect>, now: u64) {
        let mut frames = FRAMES.take();
        let mut tally = Tally::default();
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(text) => connection.push_text(&mut frames, &text),
                Effect::Deliver { text, payload_bytes } => {
                    connection.push_text(&mut frames, &text);
                    tally.event(payload_bytes);
                }
                Effect::Join { channel, member, replace_info } => {
                    self.join(connection, channel, member, replace_info);
                }
                Effect::Hear { channel, voice } => {
                    self.subscribe(connection, topic(connection, channel), voice);
                }
                Effect::Unhear { channel, voice } => {
                    self.unsubscribe(connection, &topic(connection, channel), Some(&voice));
                }
                Effect::Leave { channel, grace_ms } => self.leave(connection, channel, grace_ms),
                Effect::Enter { channel, member } => self.enter(connection, channel, member),
                Effect::Exit { channel } => {
                    let (topic, now) = (topic(connection, channel), clock::unix_ms());
                    self.gateway.router.exit(&topic, self.origin, connection.socket, now);
                }
                Effect::Unlisten { pattern } => self.unlisten(connection, &pattern),
                Effect::Wake { after_ms } => self.wake(connection, after_ms),
                Effect::Live(place, what) => {
                    let (app, now) = (&connection.app, clock::unix_ms());
                    let dialect = Some(connection.dialect.common_name());
                    self.gateway.live.show(app, place, now, dialect, *what);
                }
                Effect::Pause { ms } => {
                    self.send_out(connection, &mut frames, &mut tally, now);
                    connection.pause(ms);
                }
                Effect::Close { code, reason } => {
                    tally.bytes = frames.len() as u32;
                    connection.close_after(&frames, std::mem::take(&mut tally), code, reason, now);
                    frames.clear();
                }
                // The others may let the conversation speak again, which must come after.
                Effect::Listen { pattern, voice } => {
                    self.send_out(connection, &mut frames, &mut tally, now);
                    let accepted = self.listen(connection, pattern.clone(), voice);
                    self.converse(connection, |c, cx, out| {
                        c.on_listening(&pattern, accepted, cx, out);
                    });
                }
                Effect::Publish { message, ticket } => {
                    self.send_out(connection, &mut frames, &mut tally, now);
                    self.publish(connection, message, ticket);
                }
                Effect::Ask { question, ticket } => {
                    self.send_out(connection, &mut frames, &mut tally, now);
                    self.ask(connection, question, ticket);
                }
                Effect::SignIn { member, watch } => {
                    self.send_out(connection, &mut frames, &mut tally, now);
                    self.sign_in(connection, member, watch);
                }
            }
        }
        self.send_out(connection, &mut frames, &mut tally, now);
        frames.shrink_to(FRAMES_KEPT);
        FRAMES.set(frames);
    }

    fn send_out(
        &self,
        connection: &Rc<Connection>,
        frames: &mut Vec<u8>,
        tally: &mut Tally,
        now: u64,
    ) {
        if frames.is_empty() {
            return;
        }
        let tally = Tally { bytes: frames.len() as u32, ..std::mem::take(tally) };
        if connection.send_own(frames, tally, now) == Sent::TooFarBehind {
            self.too_far_behind(connection, now);
        }
        frames.clear();
    }

    fn join(
        &self,
        connection: &Connection,
        channel: ChannelName,
        member: Option<Member>,
        replace_info: bool,
    ) {
        let state = connection.app.state();
        let join = Join {
            announce_count: state.settings.subscription_counting,
            topic: topic(connection, channel),
            origin: self.origin,
            socket: connection.socket,
            member,
            max_members: state.limits.max_presence_members,
            replace_info,
        };
        self.gateway.router.join(join, clock::unix_ms());
    }

    fn leave(&self, connection: &Connection, channel: ChannelName, grace_ms: u32) {
        let count = connection.app.state().settings.subscription_counting;
        let (topic, now) = (topic(connection, channel), clock::unix_ms());
        self.unsubscribe(connection, &topic, None);
        let (socket, grace) = (connection.socket, u64::from(grace_ms));
        self.gateway.router.leave(&topic, self.origin, socket, now, count, grace);
    }

    fn enter(&self, connection: &Connection, channel: ChannelName, member: Member) {
        let (topic, now) = (topic(connection, channel), clock::unix_ms());
        let max = connection.app.state().limits.max_presence_members;
        let entered =
            self.gateway.router.enter(&topic, self.origin, connection.socket, member, max, now);
        if let Err(e) = entered {
            tracing::debug!(error = %e, channel = %topic.channel, "not entered");
        }
    }

    fn wake(&self, connection: &Rc<Connection>, after_ms: u64) {
        let (gateway, connection) = (self.gateway.clone(), Rc::downgrade(connection));
        rt::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            if let Some(connection) = connection.upgrade() {
                Hub::here(&gateway).converse(&connection, |c, cx, out| c.on_wake(cx, out));
            }
        });
    }

    fn publish(&self, connection: &Rc<Connection>, message: Outgoing, ticket: Option<Ticket>) {
        let Outgoing { channel, name, data, identity, keep_history } = message;
        let publish = Publish {
            topic: topic(connection, channel),
            name,
            data,
            sender: Sender::Socket { socket: connection.socket, identity },
            except: Some(connection.socket),
            idempotency_key: None,
            // What subscribers say to each other is never what a newcomer is shown.
            cache_ttl_ms: None,
            keep_history,
            want_counts: false,
        };
        let (channel, event) = (publish.topic.channel.clone(), publish.name.clone());
        let units = usage::units(publish.data.as_str().len());
        let (router, connection) = (self.gateway.router.clone(), connection.clone());
        let gateway = self.gateway.clone();
        run_now(async move {
            let outcome = router.publish(publish, clock::unix_ms()).await;
            let hub = Hub::here(&gateway);
            if outcome.is_ok() {
                connection.meter().published(units);
                connection.app.counters.note_recent(channel, event, clock::unix_ms());
            }
            match (outcome, ticket) {
                (Ok(_), None) => {}
                (Ok(published), Some(ticket)) => {
                    hub.converse(&connection, |c, cx, out| {
                        c.on_published(ticket, &published, cx, out);
                    });
                }
                (Err(e), ticket) => hub.converse(&connection, |c, cx, out| {
                    c.on_publish_failed(ticket, &e, cx, out);
                }),
            }
        });
    }

    fn ask(&self, connection: &Rc<Connection>, question: Question, ticket: Ticket) {
        match question {
            Question::Members { channel } => self.ask_members(connection, channel, ticket),
            Question::History { channel, after, until, limit } => {
                let topic = topic(connection, channel);
                let until = until.or_else(|| self.topics.borrow().get(&topic)?.handed());
                let (gateway, connection) = (self.gateway.clone(), connection.clone());
                run_now(async move {
                    let now = clock::unix_ms();
                    let history = gateway.router.history(&topic, after, limit, now).await;
                    let hub = Hub::here(&gateway);
                    hub.converse(&connection, |c, cx, out| match history {
                        Ok(mut history) => {
                            // What comes later is on its way to the connection already.
                            history.events.retain(|event| {
                                until.is_none_or(|until| event.position.seq <= until.seq)
                            });
                            c.on_history(ticket, &history, cx, out);
                        }
                        Err(_) => c.on_unanswered(ticket, cx, out),
                    });
                });
            }
        }
    }

    fn ask_members(&self, connection: &Rc<Connection>, channel: ChannelName, ticket: Ticket) {
        let topic = topic(connection, channel);
        let (gateway, connection) = (self.gateway.clone(), connection.clone());
        run_now(async move {
            let members = gateway.router.members(&topic).await;
            let hub = Hub::here(&gateway);
            hub.converse(&connection, |c, cx, out| match members {
                Ok(members) => c.on_members(ticket, &members, cx, out),
                Err(_) => c.on_unanswered(ticket, cx, out),
            });
        });
    }

    fn sign_in(&self, connection: &Rc<Connection>, member: Member, watch: Vec<UserId>) {
        self.unwatch_all(connection);
        let channel = ChannelName::of_user(&member.user);
        let is_same = connection
            .subscriptions
            .borrow()
            .iter()
            .any(|held| held.topic.topic.channel == channel);
        if !is_same {
            self.join(connection, channel, Some(member), false);
        }
        if watch.is_empty() {
            return;
        }
        for user in &watch {
            let key = (connection.app.id.clone(), user.clone());
            self.watchers.borrow_mut().entry(key).or_default().push(connection.clone());
        }
        connection.conversation.borrow_mut().watching(watch.clone());
        let (gateway, connection, origin) = (self.gateway.clone(), connection.clone(), self.origin);
        let answer = async move {
            let (app, socket) = (&connection.app.id, connection.socket);
            let now = clock::unix_ms();
            let online = gateway.router.watch(app, &watch, origin, socket, now).await;
            let hub = Hub::here(&gateway);
            match online {
                Ok(online) => {
                    let seen: Vec<(UserId, bool)> = watch.into_iter().zip(online).collect();
                    hub.converse(&connection, |c, cx, out| c.on_watch_snapshot(&seen, cx, out));
                }
                Err(e) => tracing::warn!(error = %e, "watchlist could not be read"),
            }
        };
        run_now(answer);
    }

    /// Ends all watching of a connection, here and at the owners.
    pub(super) fn unwatch_all(&self, connection: &Rc<Connection>) {
        let watched = connection.conversation.borrow_mut().stop_watching();
        if watched.is_empty() {
            return;
        }
        let mut watchers = self.watchers.borrow_mut();
        for user in &watched {
            let key = (connection.app.id.clone(), user.clone());
            if let Some(list) = watchers.get_mut(&key) {
                list.retain(|c| !Rc::ptr_eq(c, connection));
                if list.is_empty() {
                    watchers.remove(&key);
                }
            }
        }
        let (app, socket) = (&connection.app.id, connection.socket);
        self.gateway.router.unwatch(app, &watched, self.origin, socket);
    }

    pub(super) fn watched(&self, app: AppId, user: UserId, online: bool) {
        let key = (app, user);
        let watching = self.watchers.borrow().get(&key).cloned().unwrap_or_default();
        for connection in watching {
            self.converse(&connection, |c, cx, out| c.on_watched(&key.1, online, cx, out));
        }
    }

    /// Ends the connections that are signed in as `user`.
    pub(super) fn terminate(&self, app: &AppId, user: &UserId) {
        let is_theirs = |c: &Connection| {
            c.app.id == *app && c.conversation.borrow().signed_in_as() == Some(user)
        };
        for connection in self.select(is_theirs) {
            self.converse(&connection, |c, cx, out| c.on_terminate(cx, out));
        }
    }

    /// Ends the connections that go by `identity`.
    pub(super) fn disconnect(&self, app: &AppId, identity: &str, reconnect: bool) {
        let is_it = |c: &Connection| {
            c.app.id == *app && c.conversation.borrow().identity() == Some(identity)
        };
        for connection in self.select(is_it) {
            self.converse(&connection, |c, cx, out| c.on_disconnect(reconnect, cx, out));
        }
    }

    /// Closes what depends on something that has ended.
    pub(super) fn kill(&self, kill: &Kill) {
        for connection in self.select(|c| c.app.id == *kill.app()) {
            self.converse(&connection, |c, cx, out| c.on_kill(kill, cx, out));
        }
    }

    /// Ends what connections of the app may no longer have.
    pub(super) fn narrowed(&self, app: &AppId) {
        for connection in self.select(|c| c.app.id == *app) {
            match connection.is_welcome() {
                true => self.converse(&connection, |c, cx, out| c.on_narrowed(cx, out)),
                false => self.part(&connection, Parting::Unwelcome),
            }
        }
    }

    pub(super) fn select(&self, wanted: impl Fn(&Connection) -> bool) -> Vec<Rc<Connection>> {
        self.connections.borrow().values().filter(|c| wanted(c)).cloned().collect()
    }

    /// A reader that does not keep up: its backlog is dropped and it is told why.
    pub(super) fn too_far_behind(&self, connection: &Rc<Connection>, now: u64) {
        if connection.phase() != Phase::Open {
            return;
        }
        connection.discard_backlog();
        let (last, code, reason) = connection.conversation.borrow().too_slow();
        let mut frames = Vec::with_capacity(last.len() + frame::MAX_SERVER_HEADER);
        connection.push_text(&mut frames, &last);
        connection.close(&frames, code, reason, now);
    }
}

fn topic(connection: &Connection, channel: ChannelName) -> Topic {
    Topic { app: connection.app.id.clone(), channel }
}

/// Runs a future to its end at once when it needs no waiting, which is so in one process; else
/// as a task.
fn run_now(future: impl Future<Output = ()> + 'static) {
    let mut future = Box::pin(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    if future.as_mut().poll(&mut cx).is_pending() {
        rt::spawn(future);
    }
}
