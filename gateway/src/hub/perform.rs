//! Doing what conversations ask for.

use super::{
    Hub, clock,
    connection::{Connection, Phase, Sent},
    effect::Effect,
};
use crate::{
    dialects::{Conversation, Cx},
    wire::frame,
};
use contract::{AppId, ChannelName, UserId, directory::Kill};
use realtime::{Join, Publish, Sender, Topic};
use std::{cell::RefCell, rc::Rc};

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
        let cx = Cx { app: &connection.app, state: &state, now_ms: clock::now_ms() };
        let answer = say(&mut connection.conversation.borrow_mut(), &cx, &mut effects);
        self.perform(connection, &mut effects, cx.now_ms);
        EFFECTS.set(effects);
        answer
    }

    /// Everything said in one go leaves in one write.
    fn perform(&self, connection: &Rc<Connection>, effects: &mut Vec<Effect>, now: u64) {
        let mut frames = FRAMES.take();
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(text) => frame::push_frame(&mut frames, frame::Opcode::Text, &text),
                Effect::Join { channel, member } => self.join(connection, channel, member),
                Effect::Leave { channel } => self.leave(connection, channel),
                // The next two may let the conversation speak again, which must come after.
                Effect::Publish { channel, name, data, user } => {
                    self.send_out(connection, &mut frames, now);
                    let sender = Sender::Socket { socket: connection.socket, user };
                    self.publish(connection, channel, name, data, sender);
                }
                Effect::SignIn { member, watch } => {
                    self.send_out(connection, &mut frames, now);
                    self.sign_in(connection, member, watch);
                }
                Effect::Live(what) => connection.app.live.emit(clock::unix_ms(), || what),
                Effect::Close { code, reason } => {
                    connection.close(&frames, code, reason, now);
                    frames.clear();
                }
            }
        }
        self.send_out(connection, &mut frames, now);
        frames.shrink_to(FRAMES_KEPT);
        FRAMES.set(frames);
    }

    fn send_out(&self, connection: &Rc<Connection>, frames: &mut Vec<u8>, now: u64) {
        if frames.is_empty() {
            return;
        }
        connection.app.counters.add_socket_bytes_out(frames.len() as u64);
        if connection.send_own(frames, now) == Sent::TooFarBehind {
            self.too_far_behind(connection, now);
        }
        frames.clear();
    }

    fn topic(connection: &Connection, channel: ChannelName) -> Topic {
        Topic { app: connection.app.id.clone(), channel }
    }

    fn join(
        &self,
        connection: &Connection,
        channel: ChannelName,
        member: Option<realtime::Member>,
    ) {
        let state = connection.app.state();
        let join = Join {
            announce_count: state.settings.subscription_counting,
            topic: Self::topic(connection, channel),
            origin: self.origin,
            socket: connection.socket,
            member,
            max_members: state.limits.max_presence_members,
        };
        self.gateway.router.join(join, clock::unix_ms());
    }

    fn leave(&self, connection: &Connection, channel: ChannelName) {
        let count = connection.app.state().settings.subscription_counting;
        let topic = Self::topic(connection, channel);
        self.unsubscribe(connection, &topic);
        self.gateway.router.leave(&topic, self.origin, connection.socket, clock::unix_ms(), count);
    }

    fn publish(
        &self,
        connection: &Rc<Connection>,
        channel: ChannelName,
        name: contract::EventName,
        data: realtime::Payload,
        sender: Sender,
    ) {
        let publish = Publish {
            topic: Self::topic(connection, channel),
            name,
            data,
            sender,
            except: Some(connection.socket),
            idempotency_key: None,
            // What subscribers say to each other is never what a newcomer is shown.
            cache_ttl_ms: None,
            keep_history: true,
            want_counts: false,
        };
        connection.app.counters.add_published(1);
        let (router, connection) = (self.gateway.router.clone(), connection.clone());
        let gateway = self.gateway.clone();
        let done = async move {
            if let Err(e) = router.publish(publish, clock::unix_ms()).await {
                let hub = Hub::here(&gateway);
                hub.converse(&connection, |c, cx, out| c.on_publish_failed(&e, cx, out));
            }
        };
        run_now(done);
    }

    fn sign_in(&self, connection: &Rc<Connection>, member: realtime::Member, watch: Vec<UserId>) {
        self.unwatch_all(connection);
        let channel = ChannelName::of_user(&member.user);
        let is_same = connection
            .subscriptions
            .borrow()
            .iter()
            .any(|held| held.topic.topic.channel == channel);
        if !is_same {
            self.join(connection, channel, Some(member));
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

    /// Closes what depends on something that has ended.
    pub(super) fn kill(&self, kill: &Kill) {
        for connection in self.select(|c| c.app.id == *kill.app()) {
            self.converse(&connection, |c, cx, out| c.on_kill(kill, cx, out));
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
        let (error, code, reason) = connection.conversation.borrow().too_slow();
        connection.close(&frame::text(&error), code, reason, now);
    }
}

/// Runs a future to its end at once when it needs no waiting, which is so in one process; else
/// as a task.
fn run_now(future: impl Future<Output = ()> + 'static) {
    let mut future = Box::pin(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    if future.as_mut().poll(&mut cx).is_pending() {
        actix_rt::spawn(future);
    }
}
