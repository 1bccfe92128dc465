//! The Pusher protocol, as far as the reference server speaks it.

use crate::wire::websocket::{self, TEXT, append_frame, append_head};
use memchr::{memchr, memmem};

const GREETING: &[u8] = br#"{"event":"pusher:connection_established","data":"{\"socket_id\":\"1.1\",\"activity_timeout\":120}"}"#;

pub const ACCEPTED: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
pub const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
pub const UNAUTHORIZED: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
pub const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// The answer to an upgrade, with the first frame behind it.
pub fn welcome(client_key: &[u8]) -> Vec<u8> {
    let accept = websocket::accept(client_key);
    let mut out = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes();
    append_frame(&mut out, TEXT, GREETING);
    out
}

/// The channel a client's frame asks for.
pub fn subscription(text: &[u8]) -> Option<&[u8]> {
    memmem::find(text, b"pusher:subscribe\"")?;
    member(text, b"\"channel\":\"")
}

pub fn subscribed(channel: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    append_text(
        &mut out,
        &[
            br#"{"event":"pusher_internal:subscription_succeeded","channel":""#,
            channel,
            br#"","data":"{}"}"#,
        ],
    );
    out
}

/// What a publish says, with its JSON strings as they were written.
pub struct Event<'a> {
    pub channel: &'a [u8],
    name: &'a [u8],
    data: &'a [u8],
}

impl<'a> Event<'a> {
    pub fn read(body: &'a [u8]) -> Option<Self> {
        Some(Self {
            channel: member(body, b"\"channel\":\"")?,
            name: member(body, b"\"name\":\"")?,
            data: member(body, b"\"data\":\"")?,
        })
    }

    pub fn append(&self, out: &mut Vec<u8>) {
        append_text(
            out,
            &[
                br#"{"event":""#,
                self.name,
                br#"","channel":""#,
                self.channel,
                br#"","data":""#,
                self.data,
                br#""}"#,
            ],
        );
    }
}

fn append_text(out: &mut Vec<u8>, parts: &[&[u8]]) {
    append_head(out, TEXT, parts.iter().map(|part| part.len()).sum(), 0);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// The string after `label`, up to the quote that ends it.
fn member<'a>(json: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let start = memmem::find(json, label)? + label.len();
    let mut end = start;
    loop {
        end += memchr(b'"', &json[end..])?;
        let escapes = json[start..end].iter().rev().take_while(|b| **b == b'\\').count();
        if escapes % 2 == 0 {
            return Some(&json[start..end]);
        }
        end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::websocket::Frame;

    #[test]
    fn an_event_keeps_its_data_as_written() {
        let body = br#"{"name":"m","channel":"c1","data":"a \"b\" \\"}"#;
        let mut out = Vec::new();
        Event::read(body).expect("an event").append(&mut out);
        let frame = Frame::read(&out).expect("a frame");
        assert_eq!(frame.payload(&out), br#"{"event":"m","channel":"c1","data":"a \"b\" \\"}"#);
    }

    #[test]
    fn a_subscription_names_its_channel() {
        let text = br#"{"event":"pusher:subscribe","data":{"channel":"c7"}}"#;
        assert_eq!(subscription(text), Some(b"c7" as &[u8]));
        assert_eq!(subscription(br#"{"event":"pusher:ping"}"#), None);
    }
}
