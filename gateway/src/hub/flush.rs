//! From the inbox to the sockets.

use super::{
    Hub, clock,
    connection::{Connection, Sent},
    inbox::ToWorker,
    topics::{Due, LocalTopic},
};
use crate::metering::{Run, Tally};
use bytes::Bytes;
use realtime::{Delivery, Event, Joined, Topic};
use std::{rc::Rc, sync::Arc};

impl Hub {
    /// Acts on everything that waited, then writes what became due.
    pub(super) fn take_in(&self, taken: &mut Vec<ToWorker>) {
        let mut dirty = Vec::new();
        for item in taken.drain(..) {
            match item {
                ToWorker::Delivery(delivery) => self.deliver(delivery, &mut dirty),
                ToWorker::Drain { over_ms } => self.drain(over_ms),
                ToWorker::Find { app, socket, found } => {
                    if self.find_open(&app, socket).is_some() {
                        // A full channel says the same.
                        let _ = found.try_send(());
                    }
                }
                ToWorker::List { app, wanted, found } => {
                    // Whoever asked may have given up.
                    let _ = found.try_send(self.list(&app, &wanted));
                }
                ToWorker::Terminate { app, socket, found } => {
                    if let Some(connection) = self.find_open(&app, socket) {
                        self.converse(&connection, |c, cx, out| c.on_terminate(cx, out));
                        let _ = found.try_send(());
                    }
                }
                ToWorker::Disconnect { app, identity, reconnect } => {
                    self.disconnect(&app, &identity, reconnect);
                }
            }
        }
        self.write_out(dirty);
    }

    fn deliver(&self, delivery: Delivery, dirty: &mut Vec<Rc<LocalTopic>>) {
        match delivery {
            Delivery::Event(event) => {
                if !self.listeners.borrow().is_empty() {
                    self.to_listeners(&event);
                }
                let topics = self.topics.borrow();
                if let Some(local) = topics.get(&event.topic) {
                    due(local, Due::Event(event), dirty);
                }
            }
            Delivery::MemberAdded { topic, member } => {
                self.due(&topic, Due::MemberAdded(member), dirty);
            }
            Delivery::MemberRemoved { topic, member } => {
                self.due(&topic, Due::MemberRemoved(member), dirty);
            }
            Delivery::Count { topic, subscriptions } => {
                self.due(&topic, Due::Count(subscriptions), dirty);
            }
            Delivery::Joined(joined) => self.joined(&joined, dirty),
            Delivery::Refused { topic, socket, reason } => {
                if let Some(connection) = self.find(socket) {
                    self.converse(&connection, |conversation, cx, out| {
                        conversation.on_refused(&topic.channel, reason, cx, out);
                    });
                }
            }
            Delivery::Watched { app, user, online } => self.watched(app, user, online),
            Delivery::Terminate { app, user } => self.terminate(&app, &user),
        }
    }

    fn due(&self, topic: &Topic, item: Due, dirty: &mut Vec<Rc<LocalTopic>>) {
        if let Some(local) = self.topics.borrow().get(topic) {
            due(local, item, dirty);
        }
    }

    /// A newcomer: what was decided before it must not reach it, what comes after must.
    fn joined(&self, joined: &Joined, dirty: &mut Vec<Rc<LocalTopic>>) {
        let waiting = dirty.iter().position(|local| local.topic == joined.topic);
        if let Some(at) = waiting {
            let local = dirty.swap_remove(at);
            self.write_out(vec![local]);
        }
        let Some(connection) = self.find(joined.socket) else { return };
        self.converse(&connection, |conversation, cx, out| conversation.on_joined(joined, cx, out));
        if let Some(local) = self.topics.borrow().get(&joined.topic) {
            local.starts_at(joined.position);
        }
    }

    fn to_listeners(&self, event: &Arc<Event>) {
        let (now, mut behind) = (clock::now_ms(), Vec::new());
        self.tell_listeners(event, now, &mut behind);
        for connection in behind {
            self.too_far_behind(&connection, now);
        }
    }

    /// Writes what is due. With one topic its bytes go straight to each socket; with several, a
    /// socket that hears more than one gets them joined.
    fn write_out(&self, dirty: Vec<Rc<LocalTopic>>) {
        let now = clock::now_ms();
        let mut behind: Vec<Rc<Connection>> = Vec::new();
        let mut run = Run::default();
        if let [local] = dirty.as_slice() {
            self.fan_out(local, |c, bytes, tally| {
                note(c, c.send(bytes, tally, now), tally, &mut run, &mut behind);
            });
        } else {
            let mut touched: Vec<Rc<Connection>> = Vec::new();
            for local in &dirty {
                self.fan_out(local, |c, bytes, tally| {
                    if c.hears_one() {
                        return note(c, c.send(bytes, tally, now), tally, &mut run, &mut behind);
                    }
                    let sent = c.enqueue(bytes.clone(), tally, now);
                    if sent != Sent::NotOpen {
                        touched.push(c.clone());
                        note(c, sent, tally, &mut run, &mut behind);
                    }
                });
            }
            for connection in touched {
                run.wrote(connection.meter(), connection.flush(now));
            }
        }
        for connection in behind {
            self.too_far_behind(&connection, now);
        }
    }

    fn fan_out(&self, local: &Rc<LocalTopic>, give: impl FnMut(&Rc<Connection>, &Bytes, Tally)) {
        local.is_dirty.set(false);
        self.note_latency(local);
        local.fan_out(give);
    }
}

impl Hub {
    /// How long the events that are due took to get here, once per event.
    fn note_latency(&self, local: &LocalTopic) {
        let now = clock::unix_ms();
        let recipients = local.len() as u64;
        for due in local.due.borrow().iter() {
            if let Due::Event(event) = due {
                let ms = now.saturating_sub(event.at_ms);
                self.gateway.traffic.fanned_out(local.kind, recipients, ms);
            }
        }
    }
}

fn due(local: &Rc<LocalTopic>, item: Due, dirty: &mut Vec<Rc<LocalTopic>>) {
    local.due.borrow_mut().push(item);
    if !local.is_dirty.replace(true) {
        dirty.push(local.clone());
    }
}

fn note(
    connection: &Rc<Connection>,
    sent: Sent,
    tally: Tally,
    run: &mut Run,
    behind: &mut Vec<Rc<Connection>>,
) {
    match sent {
        Sent::Done => run.wrote(connection.meter(), tally),
        Sent::TooFarBehind => behind.push(connection.clone()),
        // Counted once it is written, by the connection itself.
        Sent::Queued | Sent::NotOpen => {}
    }
}
