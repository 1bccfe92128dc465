//! The life of one connection: read, listen, perform, until it ends.

use super::{
    Hub, clock,
    connection::{Connection, Phase, Sent},
};
use crate::{
    dialects::Parting,
    metering::Tally,
    wire::{
        frame,
        reader::{Flow, Inbound, Reader},
    },
};
use bytes::Bytes;
use std::{cell::RefCell, future::poll_fn, rc::Rc, time::Duration};

/// What one read takes at most. Shared by all connections of a worker, so an idle one has none.
const READ_BYTES: usize = 64 << 10;

thread_local!(static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]));

/// After the end of a session so much time is left for what still waits to be sent.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What to do with the next bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Listen,
    /// Read on without looking, so that the close frame is not lost to a reset.
    Discard,
    End,
}

/// What stands before the first message on either side.
#[derive(Default)]
pub struct Opening {
    /// The response to the upgrade; it leaves with the greeting.
    pub head: Bytes,
    /// What the client sent ahead.
    pub early: Vec<u8>,
}

/// Greets, then serves the connection to its end.
pub async fn serve(hub: Rc<Hub>, connection: Rc<Connection>, opening: Opening) {
    let Opening { head, mut early } = opening;
    let mut reader = Reader::default();
    connection.hold(head, clock::now_ms());
    hub.add(&connection);
    hub.converse(&connection, |c, cx, out| c.greeting(cx, out));
    connection.release(clock::now_ms());
    let mut next = match early.is_empty() {
        true => Next::Listen,
        false => hear(&hub, &connection, &mut reader, &mut early),
    };
    drop(early);
    while next != Next::End {
        let read = poll_fn(|cx| BUFFER.with_borrow_mut(|buffer| connection.poll_read(cx, buffer)));
        // No await between the read and the use of what was read: the buffer is shared.
        next = match read.await {
            Ok(0) | Err(_) => Next::End,
            Ok(_) if next == Next::Discard => Next::Discard,
            Ok(n) => {
                let mut buffer = BUFFER.take();
                let next = hear(&hub, &connection, &mut reader, &mut buffer[..n]);
                BUFFER.set(buffer);
                next
            }
        };
    }
    hub.forget(&connection);
    if connection.has_backlog() {
        tokio::time::sleep(LAST_WORDS).await;
        connection.cut();
    }
}

/// Handles the messages in `bytes`.
fn hear(hub: &Hub, connection: &Rc<Connection>, reader: &mut Reader, bytes: &mut [u8]) -> Next {
    let now = clock::now_ms();
    connection.heard(now);
    let max = hub.gateway.config.max_inbound_message_bytes;
    let max = connection.conversation.borrow().max_inbound(max);
    let (mut peer_closed, mut messages, bytes_in) = (false, 0, bytes.len() as u64);
    let result = reader.feed(bytes, max, &mut |message| {
        peer_closed = matches!(message, Inbound::Close(_));
        messages += 1;
        message_in(hub, connection, message, now);
        match peer_closed || connection.phase() == Phase::Cut {
            true => Flow::Stop,
            false => Flow::Continue,
        }
    });
    connection.midway(reader.is_midway(), now);
    connection.meter().heard(messages, bytes_in);
    match result {
        Err(error) => {
            connection.close(&[], error.close_code(), &error.to_string(), now);
            Next::Discard
        }
        Ok(()) if peer_closed || connection.phase() == Phase::Cut => Next::End,
        Ok(()) => Next::Listen,
    }
}

fn message_in(hub: &Hub, connection: &Rc<Connection>, message: Inbound<'_>, now: u64) {
    match message {
        Inbound::Close(code) => connection.close(&[], code.unwrap_or(1000), "", now),
        // After our own close frame nothing is answered.
        _ if connection.phase() != Phase::Open => {}
        _ if connection.is_flooding(now) => {
            hub.converse(connection, |c, cx, out| c.on_part(Parting::Flooding, cx, out));
        }
        Inbound::Text(text) => {
            hub.converse(connection, |c, cx, out| c.on_text(text, cx, out));
        }
        Inbound::Binary => hub.converse(connection, |c, cx, out| c.on_binary(cx, out)),
        Inbound::Ping(payload) => {
            let pong = frame::pong(payload);
            let tally = Tally::of_bytes(pong.len());
            if connection.send_own(&pong, tally, now) == Sent::TooFarBehind {
                hub.too_far_behind(connection, now);
            }
        }
        Inbound::Pong => {}
    }
}
