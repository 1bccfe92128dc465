//! The publishing connections: HTTP keep-alive, one request at a time each.

use super::{Io, histogram::Histogram, options::Options, streams::Streams};
use crate::{
    dialect::Post,
    sys::{
        Ready,
        socket::{self, Received},
    },
    wire::{Stamp, http::Answer},
};
use socket2::Socket;
use std::{collections::VecDeque, io};

/// Publishers' sockets are told from subscribers' by this bit of their token.
pub const TOKEN: u64 = 1 << 32;

pub struct Publishers {
    streams: Streams,
    publishers: Vec<Publisher>,
    /// Those without a request under way, the longest idle first.
    idle: VecDeque<u32>,
    /// The last sequence sent, by stream.
    sequences: Vec<u32>,
    pub published: u64,
    pub answered: u64,
    pub refused: u64,
    pub reconnects: u64,
    pub answer_time: Histogram,
}

struct Publisher {
    socket: Socket,
    state: State,
    last_stream: Option<u32>,
    /// The start of an answer whose rest has not come yet.
    held: Vec<u8>,
    request: Vec<u8>,
}

#[derive(Clone, Copy)]
enum State {
    Connecting,
    Idle,
    Waiting { sent_ns: u64, channel: u32 },
}

impl Publishers {
    pub fn new(options: &Options) -> Self {
        let streams = options.streams();
        Self {
            streams,
            publishers: Vec::new(),
            idle: VecDeque::new(),
            sequences: vec![0; streams.count() as usize],
            published: 0,
            answered: 0,
            refused: 0,
            reconnects: 0,
            answer_time: Histogram::new(),
        }
    }

    pub fn open_all(&mut self, options: &Options, io: &Io) -> io::Result<()> {
        for at in 0..options.publishers {
            let socket = connect(at, options, io)?;
            let (held, request) = (Vec::new(), Vec::new());
            let state = State::Connecting;
            self.publishers.push(Publisher { socket, state, last_stream: None, held, request });
        }
        Ok(())
    }

    pub fn are_ready(&self) -> bool {
        self.idle.len() == self.publishers.len()
    }

    /// Publishes the next message of the publisher that was idle longest, stamped as sent at
    /// `sent_ns`; its channel. `None` when none is idle.
    pub fn publish(
        &mut self,
        sent_ns: u64,
        options: &Options,
        io: &mut Io,
    ) -> io::Result<Option<u32>> {
        let Some(at) = self.idle.pop_front() else { return Ok(None) };
        let publisher = &mut self.publishers[at as usize];
        let stream = self.streams.next(at, publisher.last_stream);
        publisher.last_stream = Some(stream);
        let sequence = &mut self.sequences[stream as usize];
        *sequence += 1;
        let channel = self.streams.channel_of(stream);
        let post = Post {
            app: options.app_of(channel),
            channel,
            stamp: Stamp { stream, sequence: *sequence, sent_ns },
            data_bytes: options.data_bytes as usize,
        };
        publisher.request.clear();
        io.posts.append(&post, &mut publisher.request);
        publisher.state = State::Waiting { sent_ns: io.clock.now_ns(), channel };
        socket::send_all(&publisher.socket, &publisher.request)?;
        self.published += 1;
        Ok(Some(channel))
    }

    /// Takes answers in; the channel of a publish that was refused, which nobody will receive.
    pub fn on_ready(
        &mut self,
        at: usize,
        ready: Ready,
        options: &Options,
        io: &mut Io,
    ) -> io::Result<Option<u32>> {
        let publisher = &mut self.publishers[at];
        if matches!(publisher.state, State::Connecting) {
            if let Some(e) = publisher.socket.take_error()? {
                return Err(e);
            }
            if ready.writable() {
                publisher.state = State::Idle;
                self.idle.push_back(at as u32);
            }
        }
        if !ready.readable() {
            return Ok(None);
        }
        let held = publisher.held.len();
        io.scratch[..held].copy_from_slice(&publisher.held);
        let filled = match socket::receive(&publisher.socket, &mut io.scratch[held..])? {
            Received::Bytes(count) => held + count,
            Received::NothingYet => return Ok(None),
            Received::End => return self.reconnect(at, options, io).map(|()| None),
        };
        let Some(answer) = Answer::read(&io.scratch[..filled]).map_err(io::Error::other)? else {
            publisher.held.clear();
            publisher.held.extend_from_slice(&io.scratch[..filled]);
            return Ok(None);
        };
        publisher.held.clear();
        if answer.length != filled {
            return Err(io::Error::other("more than one answer to a publish"));
        }
        let refused = self.on_answer(at, answer, filled, io)?;
        if answer.closes || ready.ended() {
            self.reconnect(at, options, io)?;
        }
        Ok(refused)
    }

    fn on_answer(
        &mut self,
        at: usize,
        answer: Answer,
        length: usize,
        io: &mut Io,
    ) -> io::Result<Option<u32>> {
        let publisher = &mut self.publishers[at];
        let State::Waiting { sent_ns, channel } = publisher.state else {
            return Err(io::Error::other("an answer without a publish"));
        };
        publisher.state = State::Idle;
        self.idle.push_back(at as u32);
        self.answered += 1;
        self.answer_time.record(io.clock.now_ns() - sent_ns);
        if (200..300).contains(&answer.status) {
            return Ok(None);
        }
        self.refused += 1;
        let text = String::from_utf8_lossy(&io.scratch[..length]).into_owned();
        io.troubles.add(|| format!("publish answered {text}"));
        Ok(Some(channel))
    }

    /// A fresh connection in place of one that the server ended between two requests.
    fn reconnect(&mut self, at: usize, options: &Options, io: &Io) -> io::Result<()> {
        let publisher = &mut self.publishers[at];
        if matches!(publisher.state, State::Waiting { .. }) {
            return Err(io::Error::other("the server closed a connection before its answer"));
        }
        self.idle.retain(|idle| *idle != at as u32);
        publisher.state = State::Connecting;
        publisher.socket = connect(at as u32, options, io)?;
        self.reconnects += 1;
        Ok(())
    }
}

fn connect(at: u32, options: &Options, io: &Io) -> io::Result<Socket> {
    let socket = socket::connect(options.server, None)?;
    io.epoll.watch(&socket, TOKEN | u64::from(at))?;
    Ok(socket)
}
