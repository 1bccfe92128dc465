//! Silence, slowness, deadlines: one pass over all connections, instead of a timer for each.

use super::{
    Hub,
    connection::{Connection, Phase},
};
use crate::{
    dialects::{Framing, Parting},
    metering::Tally,
    wire::frame,
};
use actix_rt as rt;
use std::{
    rc::{Rc, Weak},
    time::Duration,
};

/// After our close frame the peer has so long to answer.
const CLOSE_GRACE_MS: u64 = 3_000;
/// A peer that takes nothing for so long is cut.
const STUCK_MS: u64 = 8_000;
/// A message begun must end within this.
const MIDWAY_MS: u64 = 10_000;
/// After a probe the peer has so long to show life. Source: spec/pusher.md §2.5.
const PROBE_GRACE_MS: u64 = 30_000;

/// What the sweep found a connection to need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    Cut,
    Close(Parting),
    TooSlow,
    Probe,
}

impl Hub {
    pub(super) fn sweep(&self, now: u64) {
        let all: Vec<Rc<Connection>> = self.connections.borrow().values().cloned().collect();
        for connection in all {
            match need(&connection, now) {
                Need::Nothing => {}
                Need::Cut => connection.cut(),
                Need::TooSlow => self.too_far_behind(&connection, now),
                Need::Close(parting) => self.part(&connection, parting),
                Need::Probe => {
                    connection.probed();
                    let ping = frame::ping();
                    connection.send_own(&ping, Tally::of_bytes(ping.len()), now);
                }
            }
            if connection.conversation.borrow().has_deadline() {
                self.converse(&connection, |c, cx, out| c.on_tick(cx, out));
            }
        }
    }

    pub(super) fn part(&self, connection: &Rc<Connection>, parting: Parting) {
        self.converse(connection, |c, cx, out| c.on_part(parting, cx, out));
    }

    /// Asks every client to go elsewhere, in small batches spread over `over_ms`.
    pub(super) fn drain(&self, over_ms: u64) {
        if self.draining.replace(true) {
            return;
        }
        const BATCHES: u64 = 50;
        // Weak, so that a client that has gone is not kept open until all have.
        let all: Vec<Weak<Connection>> =
            self.connections.borrow().values().map(Rc::downgrade).collect();
        let size = all.len().div_ceil(BATCHES as usize).max(1);
        let pause = Duration::from_millis(over_ms / BATCHES);
        let gateway = self.gateway.clone();
        rt::spawn(async move {
            for batch in all.chunks(size) {
                let hub = Hub::here(&gateway);
                for connection in batch.iter().filter_map(Weak::upgrade) {
                    hub.part(&connection, Parting::Drain);
                }
                tokio::time::sleep(pause).await;
            }
        });
    }
}

fn need(connection: &Connection, now: u64) -> Need {
    let since = |at: u64| now.saturating_sub(at);
    match connection.phase() {
        Phase::Cut => return Need::Nothing,
        Phase::Closing { since: at } if since(at) > CLOSE_GRACE_MS => return Need::Cut,
        Phase::Closing { .. } => return Need::Nothing,
        Phase::Open => {}
    }
    if connection.stuck_since().is_some_and(|at| since(at) > STUCK_MS) {
        return Need::TooSlow;
    }
    if connection.midway_since().is_some_and(|at| since(at) > MIDWAY_MS) {
        return Need::Close(Parting::UnfinishedMessage);
    }
    let state = connection.app.load();
    if !connection.dialect.is_on(&state) {
        return Need::Close(Parting::SwitchedOff);
    }
    if connection.dialect.framing() == Framing::Raw {
        return Need::Nothing;
    }
    let timeout_ms = connection.conversation.borrow().probe_after_ms(&state);
    let silent_ms = since(connection.heard_at());
    match connection.is_probed() {
        true if silent_ms > timeout_ms + PROBE_GRACE_MS => Need::Close(Parting::NoPong),
        false if silent_ms > timeout_ms => Need::Probe,
        _ => Need::Nothing,
    }
}
