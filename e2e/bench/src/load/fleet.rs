//! The subscribers: their handshakes, and what they receive.

use super::{Io, histogram::Histogram, ledger::Ledger, options::Options};
use crate::{
    dialect::{Control, Dialect},
    sys::{
        Ready,
        socket::{self, Received},
    },
    wire::{
        Stamp, http,
        websocket::{self, Frame},
    },
};
use socket2::Socket;
use std::io;

pub struct Fleet {
    subscribers: Vec<Subscriber>,
    /// How many take part in the fan-out; those after them stand by.
    receivers: u32,
    subscribe: bool,
    /// Where the last stamp stood in its frame.
    stamp_at: usize,
    pub opening: u32,
    pub live: u32,
    pub closed: u64,
    pub delivered: u64,
    pub reads: u64,
    pub other_frames: u64,
    pub ledger: Ledger,
    pub latency: Histogram,
}

struct Subscriber {
    socket: Option<Socket>,
    phase: Phase,
    channel: u32,
    /// The start of a frame whose rest has not come yet.
    held: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    Upgrading,
    Greeting,
    Subscribing,
    Live,
}

impl Fleet {
    pub fn new(options: &Options, subscribe: bool) -> Self {
        Self {
            subscribers: Vec::with_capacity(options.connections() as usize),
            receivers: options.receivers(),
            subscribe,
            stamp_at: 0,
            opening: 0,
            live: 0,
            closed: 0,
            delivered: 0,
            reads: 0,
            other_frames: 0,
            ledger: Ledger::new(options.streams(), options.receivers()),
            latency: Histogram::new(),
        }
    }

    pub fn opened(&self) -> u32 {
        self.subscribers.len() as u32
    }

    /// Starts one more connection.
    pub fn open(&mut self, options: &Options, io: &Io) -> io::Result<()> {
        let index = self.opened();
        // Bystanders have channels past those that are published to.
        let channel = match index.checked_sub(self.receivers) {
            None => index % options.channels,
            Some(bystander) => options.channels + bystander,
        };
        let source = socket::source_of(index as usize, options.connections() as usize);
        let socket = socket::connect(options.server, source)?;
        io.epoll.watch(&socket, index.into())?;
        let (phase, held) = (Phase::Connecting, Vec::new());
        self.subscribers.push(Subscriber { socket: Some(socket), phase, channel, held });
        self.opening += 1;
        Ok(())
    }

    pub fn on_ready(&mut self, at: usize, ready: Ready, options: &Options, io: &mut Io) {
        let result = self.try_on_ready(at, ready, options, io);
        if let Err(e) = result {
            self.close(at);
            io.troubles.add(|| format!("subscriber {at}: {e}"));
        }
    }

    fn try_on_ready(
        &mut self,
        at: usize,
        ready: Ready,
        options: &Options,
        io: &mut Io,
    ) -> io::Result<()> {
        let subscriber = &mut self.subscribers[at];
        let Some(socket) = &subscriber.socket else { return Ok(()) };
        if subscriber.phase == Phase::Connecting {
            if let Some(e) = socket.take_error()? {
                return Err(e);
            }
            if !ready.writable() {
                return Ok(());
            }
            let target = io.dialect.socket_target(options.app_of(subscriber.channel));
            let request = upgrade_request(&target, io.dialect.subprotocol(), options);
            socket::send_all(socket, request.as_bytes())?;
            subscriber.phase = Phase::Upgrading;
        }
        if ready.readable() { self.read(at, ready.ended(), io) } else { Ok(()) }
    }

    fn read(&mut self, at: usize, to_the_end: bool, io: &mut Io) -> io::Result<()> {
        loop {
            let subscriber = &mut self.subscribers[at];
            let Some(socket) = &subscriber.socket else { return Ok(()) };
            let held = subscriber.held.len();
            io.scratch[..held].copy_from_slice(&subscriber.held);
            let filled = match socket::receive(socket, &mut io.scratch[held..])? {
                Received::Bytes(count) => held + count,
                Received::NothingYet => return Ok(()),
                Received::End => return Err(io::Error::other("ended by the server")),
            };
            let before = self.delivered;
            let now = io.clock.now_ns();
            let used = self.take(at, &io.scratch[..filled], &*io.dialect, now)?;
            self.reads += u64::from(self.delivered > before);
            let held = &mut self.subscribers[at].held;
            held.clear();
            held.extend_from_slice(&io.scratch[used..filled]);
            if held.len() == io.scratch.len() {
                return Err(io::Error::other("a frame longer than the read buffer"));
            }
            if filled < io.scratch.len() && !to_the_end {
                return Ok(());
            }
        }
    }

    /// Takes whole frames; how many bytes that were.
    fn take(
        &mut self,
        at: usize,
        bytes: &[u8],
        dialect: &dyn Dialect,
        now: u64,
    ) -> io::Result<usize> {
        let mut used = 0;
        if self.subscribers[at].phase == Phase::Upgrading {
            let Some(head) = http::head_length(bytes) else { return Ok(0) };
            check_upgrade(&bytes[..head], dialect.subprotocol())?;
            self.subscribers[at].phase = Phase::Greeting;
            used = head;
        }
        while let Some(frame) = Frame::read(&bytes[used..]) {
            let payload = frame.payload(&bytes[used..]);
            used += frame.length();
            if frame.opcode != websocket::TEXT || !frame.is_final {
                self.on_other_frame(at, frame, payload)?;
            } else if let Some(stamp) = Stamp::find(payload, &mut self.stamp_at) {
                self.delivered += 1;
                self.latency.record(now.saturating_sub(stamp.sent_ns));
                self.ledger.heard(at, self.subscribers[at].channel, stamp);
            } else {
                self.on_control(at, payload, dialect)?;
            }
        }
        Ok(used)
    }

    fn on_other_frame(&mut self, at: usize, frame: Frame, payload: &[u8]) -> io::Result<()> {
        match frame.opcode {
            websocket::PING => self.reply(at, websocket::PONG, payload),
            websocket::CLOSE => {
                let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                Err(io::Error::other(format!("closed with {code}")))
            }
            websocket::PONG => Ok(()),
            opcode => {
                Err(io::Error::other(format!("a frame of opcode {opcode}, or a part of one")))
            }
        }
    }

    fn on_control(&mut self, at: usize, text: &[u8], dialect: &dyn Dialect) -> io::Result<()> {
        let subscriber = &mut self.subscribers[at];
        match (dialect.read(text), subscriber.phase) {
            (Control::Greeting, Phase::Greeting) if self.subscribe => {
                subscriber.phase = Phase::Subscribing;
                let text = dialect.subscribe(subscriber.channel);
                self.reply(at, websocket::TEXT, text.as_bytes())?;
            }
            (Control::Greeting, Phase::Greeting) | (Control::Subscribed, Phase::Subscribing) => {
                subscriber.phase = Phase::Live;
                self.opening -= 1;
                self.live += 1;
            }
            (Control::Ping, _) => self.reply(at, websocket::TEXT, dialect.pong().as_bytes())?,
            (Control::Refusal, _) => {
                let text = String::from_utf8_lossy(text);
                return Err(io::Error::other(format!("refused: {text}")));
            }
            _ => self.other_frames += 1,
        }
        Ok(())
    }

    fn reply(&self, at: usize, opcode: u8, payload: &[u8]) -> io::Result<()> {
        match &self.subscribers[at].socket {
            Some(socket) => socket::send_all(socket, &websocket::client_frame(opcode, payload)),
            None => Ok(()),
        }
    }

    fn close(&mut self, at: usize) {
        let subscriber = &mut self.subscribers[at];
        if subscriber.socket.take().is_some() {
            match subscriber.phase {
                Phase::Live => self.live -= 1,
                _ => self.opening -= 1,
            }
            self.closed += 1;
        }
    }
}

fn upgrade_request(target: &str, subprotocol: Option<&str>, options: &Options) -> String {
    let offer = subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
        options.server,
        websocket::CLIENT_KEY,
        offer.unwrap_or_default()
    )
}

fn check_upgrade(head: &[u8], subprotocol: Option<&str>) -> io::Result<()> {
    let accepted = head.starts_with(b"HTTP/1.1 101 ")
        && http::header(head, "sec-websocket-accept")
            == Some(websocket::accept(websocket::CLIENT_KEY.as_bytes()).as_bytes())
        && http::header(head, "sec-websocket-protocol") == subprotocol.map(str::as_bytes);
    if accepted {
        return Ok(());
    }
    let text = String::from_utf8_lossy(head);
    Err(io::Error::other(format!("upgrade answered {}", text.lines().next().unwrap_or("nothing"))))
}
