//! Connections that hear channels by pattern: whatever the app publishes, on any channel that
//! matches, without a place in each.

use super::{
    Hub,
    connection::{Connection, Sent},
    topics::Due,
    voice::Voice,
};
use crate::metering::{Run, Tally};
use contract::{AppId, Pattern, SocketId};
use realtime::{Event, Topic};
use rustc_hash::FxHashSet;
use std::{collections::HashMap, rc::Rc, sync::Arc};

/// The listeners of each app here.
pub type Listeners = HashMap<AppId, Vec<Listener>>;

/// One connection's one pattern.
pub struct Listener {
    connection: Rc<Connection>,
    pattern: Pattern,
    voice: Voice,
}

impl Hub {
    pub(super) fn listen(
        &self,
        connection: &Rc<Connection>,
        pattern: Pattern,
        voice: Voice,
    ) -> bool {
        let app = &connection.app.id;
        let accepted =
            self.gateway.router.listen(app, &pattern, self.origin, connection.socket).is_ok();
        if accepted {
            let mut listeners = self.listeners.borrow_mut();
            let of_app = listeners.entry(app.clone()).or_default();
            of_app.retain(|l| !Rc::ptr_eq(&l.connection, connection) || l.pattern != pattern);
            of_app.push(Listener { connection: connection.clone(), pattern, voice });
        }
        accepted
    }

    pub(super) fn unlisten(&self, connection: &Rc<Connection>, pattern: &Pattern) {
        let app = &connection.app.id;
        self.gateway.router.unlisten(app, pattern, self.origin, connection.socket);
        self.drop_listeners(connection, |listener| listener.pattern == *pattern);
    }

    /// Ends all listening of a connection, here and at the owners.
    pub(super) fn unlisten_all(&self, connection: &Rc<Connection>) {
        let patterns: Vec<Pattern> = match self.listeners.borrow().get(&connection.app.id) {
            None => return,
            Some(of_app) => of_app
                .iter()
                .filter(|l| Rc::ptr_eq(&l.connection, connection))
                .map(|l| l.pattern.clone())
                .collect(),
        };
        for pattern in &patterns {
            self.unlisten(connection, pattern);
        }
    }

    fn drop_listeners(&self, connection: &Rc<Connection>, is_it: impl Fn(&Listener) -> bool) {
        let mut listeners = self.listeners.borrow_mut();
        let Some(of_app) = listeners.get_mut(&connection.app.id) else { return };
        of_app.retain(|l| !Rc::ptr_eq(&l.connection, connection) || !is_it(l));
        if of_app.is_empty() {
            listeners.remove(&connection.app.id);
        }
    }

    /// Sends an event to those who hear its channel by pattern only, each once.
    pub(super) fn tell_listeners(
        &self,
        event: &Arc<Event>,
        now: u64,
        behind: &mut Vec<Rc<Connection>>,
    ) {
        let listeners = self.listeners.borrow();
        let Some(of_app) = listeners.get(&event.topic.app) else { return };
        let due = Due::Event(event.clone());
        let mut told: FxHashSet<SocketId> = FxHashSet::default();
        let mut run = Run::default();
        for Listener { connection, pattern, voice } in of_app {
            let is_for_them = event.except != Some(connection.socket)
                && pattern.matches(event.topic.channel.as_str())
                && !told.contains(&connection.socket)
                && !hears(connection, &event.topic);
            if !is_for_them {
                continue;
            }
            let frame = voice.dialect.encode_due(voice, &event.topic, &due);
            if frame.is_empty() {
                continue;
            }
            let mut tally = Tally::of_bytes(frame.len());
            tally.event(event.data.as_str().len());
            told.insert(connection.socket);
            match connection.send(&frame, tally, now) {
                Sent::Done => run.wrote(connection.meter(), tally),
                Sent::TooFarBehind => behind.push(connection.clone()),
                Sent::Queued | Sent::NotOpen => {}
            }
        }
    }
}

fn hears(connection: &Connection, topic: &Topic) -> bool {
    connection.subscriptions.borrow().iter().any(|held| held.topic.topic == *topic)
}
