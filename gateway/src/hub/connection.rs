//! One WebSocket connection as its worker sees it: the write path and what it is subscribed to.

use crate::{
    admission::ConnectionPermit,
    dialects::{Conversation, Dialect, Framing},
    directory::App,
    hub::{outgoing::Outgoing, topics::Subscription},
    metering::{Meter, Tally},
    wire::{
        frame,
        stream::{Socket, Wire},
    },
};
use actix_rt as rt;
use bytes::Bytes;
use contract::SocketId;
use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::ReadBuf;

/// Messages of one client in one second, control frames included. A client that joins its 200
/// channels at once and pings is far below.
pub const MAX_MESSAGES_PER_S: u32 = 1_000;

/// Where a connection is in its life. `since` and `at` are milliseconds of the worker's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Open,
    /// Our close frame is on its way; nothing else will be sent.
    Closing {
        since: u64,
    },
    /// The socket is cut; the reader is about to notice.
    Cut,
}

/// What every delivery touches, in one cache line: with thousands of connections it is memory
/// that a delivery waits for.
#[repr(C, align(64))]
struct Hot {
    wire: RefCell<Socket>,
    /// Where the connection's traffic is counted.
    meter: Arc<Meter>,
    /// Open, and nothing waits: frames go straight to the socket.
    is_direct: Cell<bool>,
    hears_one: Cell<bool>,
}

/// A connection. Lives on one thread; everyone there shares it by `Rc`.
pub struct Connection {
    hot: Hot,
    pub socket: SocketId,
    pub app: Arc<App>,
    pub dialect: Dialect,
    pub conversation: RefCell<Conversation>,
    pub subscriptions: RefCell<Vec<Subscription>>,
    /// Milliseconds of the worker's clock.
    opened_at: u64,
    /// When something last came from the peer, and whether it was probed since.
    heard_at: Cell<u64>,
    probed: Cell<bool>,
    /// Since when a message or frame of the peer has been incomplete.
    midway_since: Cell<Option<u64>>,
    /// The second of the worker's clock that is being counted, and the messages in it.
    heard_in: Cell<(u64, u32)>,
    phase: Cell<Phase>,
    out: RefCell<Outgoing>,
    slow_bytes: usize,
    permit: ConnectionPermit,
}

impl Connection {
    pub fn new(
        socket: SocketId,
        app: Arc<App>,
        wire: Wire,
        conversation: Conversation,
        mut permit: ConnectionPermit,
        slow_bytes: usize,
        now: u64,
    ) -> Rc<Self> {
        let hot = Hot {
            wire: RefCell::new(wire.into_socket()),
            meter: permit.begin(),
            is_direct: Cell::new(true),
            hears_one: Cell::new(false),
        };
        Rc::new(Self {
            hot,
            socket,
            app,
            dialect: conversation.dialect(),
            conversation: RefCell::new(conversation),
            subscriptions: RefCell::default(),
            opened_at: now,
            heard_at: Cell::new(now),
            probed: Cell::new(false),
            midway_since: Cell::new(None),
            heard_in: Cell::new((0, 0)),
            phase: Cell::new(Phase::Open),
            out: RefCell::default(),
            slow_bytes,
            permit,
        })
    }

    /// Where the connection's traffic is counted.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.hot.meter
    }

    /// Whether the app still takes connections from where this one came.
    pub fn is_welcome(&self) -> bool {
        self.permit.is_welcome()
    }

    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Notes a sign of life.
    pub fn heard(&self, now: u64) {
        self.heard_at.set(now);
        self.probed.set(false);
    }

    /// Counts a message; says whether there are more in this second than any client needs.
    pub fn is_flooding(&self, now: u64) -> bool {
        let count = match self.heard_in.get() {
            (second, count) if second == now / 1_000 => count + 1,
            _ => 1,
        };
        self.heard_in.set((now / 1_000, count));
        count > MAX_MESSAGES_PER_S
    }

    /// When it was opened, by the worker's clock.
    pub fn opened_at(&self) -> u64 {
        self.opened_at
    }

    pub fn heard_at(&self) -> u64 {
        self.heard_at.get()
    }

    /// Notes that the peer has been asked for a sign of life.
    pub fn probed(&self) {
        self.probed.set(true);
    }

    pub fn is_probed(&self) -> bool {
        self.probed.get()
    }

    /// Notes whether the peer is in the middle of a message.
    pub fn midway(&self, is_midway: bool, now: u64) {
        let since = self.midway_since.get().filter(|_| is_midway);
        self.midway_since.set(since.or(is_midway.then_some(now)));
    }

    pub fn midway_since(&self) -> Option<u64> {
        self.midway_since.get()
    }

    pub fn has_backlog(&self) -> bool {
        self.out.borrow().draining
    }

    fn is_raw(&self) -> bool {
        self.dialect.framing() == Framing::Raw
    }

    /// Adds a text to `frames` as this connection takes it.
    pub fn push_text(&self, frames: &mut Vec<u8>, text: &[u8]) {
        match self.dialect.framing() {
            Framing::WebSocket => frame::push_frame(frames, frame::Opcode::Text, text),
            Framing::Raw => frames.extend_from_slice(text),
        }
    }

    /// Holds back everything from here on until what waits is written and so long after, but for
    /// a client that asks for many pauses at once.
    pub fn pause(self: &Rc<Self>, ms: u32) {
        let mut out = self.out.borrow_mut();
        if self.phase.get() != Phase::Open || !out.push_pause(ms) {
            return;
        }
        self.write_behind(&mut out);
    }

    /// Reads into `buf`; zero bytes are the end.
    pub fn poll_read(&self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        let mut wire = self.hot.wire.borrow_mut();
        wire.poll_read(cx, &mut buf).map_ok(|()| buf.filled().len())
    }

    /// Sends a whole frame, or several joined: at once as far as the socket takes it, the rest
    /// by a task. What is `Done` is for the caller to count, along with what others were sent.
    pub fn send(self: &Rc<Self>, frames: &Bytes, tally: Tally, now: u64) -> Sent {
        match self.hot.is_direct.get() || self.phase.get() == Phase::Open {
            true => self.write(frames, tally, |taken| frames.slice(taken..), now),
            false => Sent::NotOpen,
        }
    }

    /// The same for frames that are nobody else's; copied only if the socket does not take them,
    /// and counted here.
    pub fn send_own(self: &Rc<Self>, frames: &[u8], tally: Tally, now: u64) -> Sent {
        if self.phase.get() != Phase::Open || frames.is_empty() {
            return Sent::NotOpen;
        }
        let keep = |taken: usize| Bytes::copy_from_slice(&frames[taken..]);
        let sent = self.write(frames, tally, keep, now);
        if sent == Sent::Done {
            self.hot.meter.wrote_tally(tally);
        }
        sent
    }

    /// `keep` makes what the socket did not take, from so many bytes on, into something to queue.
    fn write(
        self: &Rc<Self>,
        frames: &[u8],
        tally: Tally,
        keep: impl FnOnce(usize) -> Bytes,
        now: u64,
    ) -> Sent {
        let mut taken = 0;
        if self.hot.is_direct.get() {
            let mut wire = self.hot.wire.borrow_mut();
            match wire.try_write(frames) {
                Ok(n) if n == frames.len() && !wire.has_unflushed() => return Sent::Done,
                Ok(n) => taken = n,
                Err(_) => {
                    drop(wire);
                    self.cut();
                    return Sent::NotOpen;
                }
            }
        }
        let mut out = self.out.borrow_mut();
        match taken < frames.len() {
            true => out.push(keep(taken), tally, now),
            false => out.taken.add(tally),
        }
        self.write_behind(&mut out);
        match out.bytes > self.slow_bytes {
            true => Sent::TooFarBehind,
            false => Sent::Queued,
        }
    }

    /// Notes whether frames may go straight to the socket.
    fn settle(&self, out: &Outgoing) {
        let is_free = !out.held && !out.draining && out.queue.is_empty();
        self.hot.is_direct.set(is_free && self.phase.get() == Phase::Open);
    }

    /// Holds back all that is sent, behind `head`, until [`Connection::release`].
    pub fn hold(&self, head: Bytes, now: u64) {
        let mut out = self.out.borrow_mut();
        out.held = true;
        if !head.is_empty() {
            out.push(head, Tally::default(), now);
        }
        self.settle(&out);
    }

    /// Writes what was held back, in one call as far as no pause is asked for.
    pub fn release(self: &Rc<Self>, now: u64) {
        let mut out = self.out.borrow_mut();
        out.held = false;
        if out.pauses > 0 {
            return self.write_behind(&mut out);
        }
        self.settle(&out);
        drop(out);
        let written = self.flush(now);
        self.hot.meter.wrote_tally(written);
    }

    /// Lets a task write what waits, unless one does or it is held back.
    fn write_behind(self: &Rc<Self>, out: &mut Outgoing) {
        if !out.held && !std::mem::replace(&mut out.draining, true) {
            rt::spawn(drain(self.clone()));
        }
        self.settle(out);
    }

    /// Queues frames behind what waits, to be written by the next [`Connection::flush`].
    pub fn enqueue(&self, frames: Bytes, tally: Tally, now: u64) -> Sent {
        if self.phase.get() != Phase::Open {
            return Sent::NotOpen;
        }
        let mut out = self.out.borrow_mut();
        out.push(frames, tally, now);
        self.settle(&out);
        match out.bytes > self.slow_bytes {
            true => Sent::TooFarBehind,
            false => Sent::Queued,
        }
    }

    /// Writes what was queued, joined into one call. What is answered is written and for the caller
    /// to count.
    #[must_use]
    pub fn flush(self: &Rc<Self>, now: u64) -> Tally {
        let queue = {
            let mut out = self.out.borrow_mut();
            if out.held || out.draining || out.queue.is_empty() {
                return Tally::default();
            }
            out.bytes = 0;
            out.stuck_since = None;
            let queue = std::mem::take(&mut out.queue);
            self.settle(&out);
            queue
        };
        let mut tally = Tally::default();
        queue.iter().for_each(|queued| tally.add(queued.tally));
        let joined = match queue.len() {
            1 => queue.into_iter().next().unwrap_or_default().frames,
            _ => Bytes::from(queue.iter().map(|q| q.frames.as_ref()).collect::<Vec<_>>().concat()),
        };
        match self.write(&joined, tally, |taken| joined.slice(taken..), now) {
            Sent::Done => tally,
            _ => Tally::default(),
        }
    }

    /// Sends `last` (whole frames), then a close frame; nothing goes out after it.
    pub fn close(self: &Rc<Self>, last: &[u8], code: u16, reason: &str, now: u64) {
        self.close_after(last, Tally::of_bytes(last.len()), code, reason, now);
    }

    /// The same where events are among the last frames.
    pub fn close_after(
        self: &Rc<Self>,
        last: &[u8],
        mut tally: Tally,
        code: u16,
        reason: &str,
        now: u64,
    ) {
        if self.phase.get() != Phase::Open {
            return;
        }
        let flushed = self.flush(now);
        self.hot.meter.wrote_tally(flushed);
        let mut frames = last.to_vec();
        if !self.is_raw() {
            let close = frame::close(code, reason);
            tally.add(Tally::of_bytes(close.len()));
            frames.extend_from_slice(&close);
        }
        self.send_own(&frames, tally, now);
        if self.phase.get() == Phase::Open {
            self.phase.set(Phase::Closing { since: now });
            self.settle(&self.out.borrow());
            self.end_raw();
        }
    }

    /// Without a close frame the end of the stream is all there is to say, once all is said.
    fn end_raw(&self) {
        let is_said = matches!(self.phase.get(), Phase::Closing { .. }) && !self.has_backlog();
        if self.is_raw() && is_said {
            self.cut();
        }
    }

    /// Drops what waits but for a frame begun, so that the close frame comes next.
    pub fn discard_backlog(&self) {
        let mut out = self.out.borrow_mut();
        out.queue.truncate(1);
        out.bytes = out.queue.front().map_or(0, |queued| queued.frames.len());
        out.pauses = out.queue.front().is_some_and(|queued| queued.frames.is_empty()).into();
    }

    /// Ends the connection without another word.
    pub fn cut(&self) {
        if self.phase.replace(Phase::Cut) != Phase::Cut {
            self.hot.is_direct.set(false);
            self.hot.wire.borrow_mut().cut();
        }
    }

    /// Notes how many channels it hears.
    pub fn hears(&self, channels: usize) {
        self.hot.hears_one.set(channels == 1);
    }

    /// Whether it hears one channel only, so that nothing can be joined for it across channels.
    pub fn hears_one(&self) -> bool {
        self.hot.hears_one.get()
    }

    /// Since when the peer has taken nothing although there was something to take.
    pub fn stuck_since(&self) -> Option<u64> {
        self.out.borrow().stuck_since
    }

    /// Writes what waits, up to its end or to a pause.
    fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<Drained> {
        let mut out = self.out.borrow_mut();
        let mut wire = self.hot.wire.borrow_mut();
        loop {
            if out.queue.is_empty() {
                let flushed = wire.poll_flush(cx);
                match flushed {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(())) => self.hot.meter.wrote_tally(out.taken),
                    // Nobody will read it, which the reading side notices.
                    Poll::Ready(Err(_)) => {}
                }
                *out = Outgoing::default();
                self.settle(&out);
                drop((wire, out));
                self.end_raw();
                return Poll::Ready(Drained::Whole);
            }
            if let Some(ms) = out.pop_pause() {
                return Poll::Ready(Drained::UpToPause { ms });
            }
            match wire.poll_write_queue(cx, out.up_to_pause()) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(n)) if n > 0 => {
                    out.advance(n);
                    if !wire.has_unflushed() {
                        self.hot.meter.wrote_tally(std::mem::take(&mut out.taken));
                    }
                }
                Poll::Ready(_) => {
                    *out = Outgoing::default();
                    drop((wire, out));
                    self.cut();
                    return Poll::Ready(Drained::Whole);
                }
            }
        }
    }
}

/// What became of frames given to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Done,
    Queued,
    /// Queued, and the queue is over its bound: the connection is to be closed.
    TooFarBehind,
    NotOpen,
}

/// How far a task that writes out has come.
enum Drained {
    Whole,
    UpToPause { ms: u32 },
}

async fn drain(connection: Rc<Connection>) {
    while let Drained::UpToPause { ms } = poll_fn(|cx| connection.poll_drain(cx)).await {
        tokio::time::sleep(Duration::from_millis(u64::from(ms))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_delivery_touches_fits_a_cache_line() {
        assert_eq!(size_of::<Hot>(), 64);
    }
}
