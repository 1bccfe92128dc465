//! Refuses line endings that hide requests: a bare LF inside an HTTP head.
//!
//! The HTTP parser takes LF for CRLF. A proxy in front of it may not, and then the two see
//! different requests in the same bytes. The guard watches heads go by and, on a bare LF, turns it
//! into a NUL, which the parser answers with 400 and a closed connection.
//! Source: RFC 9112 §2.2.

/// Follows one connection's requests closely enough to tell heads from bodies.
#[derive(Default)]
pub struct HeadGuard {
    state: State,
    line: Vec<u8>,
    content_length: u64,
    blind_after: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    #[default]
    Head,
    Body {
        left: u64,
    },
    /// A body whose end only the parser knows, WebSocket frames, or a head already refused.
    Blind,
}

/// Only this much of a header line is kept: enough for the two names that matter.
const LINE_KEPT: usize = 64;

impl HeadGuard {
    /// Looks at freshly read bytes; spoils the first bare LF of a head.
    pub fn inspect(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Blind => return,
                State::Body { left } => {
                    let skipped = left.min((bytes.len() - at) as u64);
                    at += skipped as usize;
                    self.state = match left - skipped {
                        0 => State::Head,
                        left => State::Body { left },
                    };
                }
                State::Head => at = self.head(bytes, at),
            }
        }
    }

    /// Goes through head bytes from `at` and says where it stopped.
    fn head(&mut self, bytes: &mut [u8], at: usize) -> usize {
        let Some(lf) = memchr::memchr(b'\n', &bytes[at..]) else {
            self.keep(&bytes[at..]);
            return bytes.len();
        };
        let end = at + lf;
        self.keep(&bytes[at..end]);
        let ended_by_cr = match lf {
            0 => self.line.last() == Some(&b'\r'),
            _ => bytes[end - 1] == b'\r',
        };
        if !ended_by_cr {
            bytes[end] = 0;
            self.state = State::Blind;
            return bytes.len();
        }
        self.line_ended();
        end + 1
    }

    fn keep(&mut self, part: &[u8]) {
        let room = LINE_KEPT.saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        // Past the bound only the last byte matters, to see a CR split from its LF.
        if let (true, Some(last)) = (part.len() > room, part.last()) {
            self.line.pop();
            self.line.push(*last);
        }
    }

    fn line_ended(&mut self) {
        let line = self.line.trim_ascii();
        if line.is_empty() {
            self.head_ended();
        } else if let Some(value) = header(line, b"content-length") {
            let digits = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            self.content_length = digits.unwrap_or(0);
        } else if [&b"transfer-encoding"[..], b"upgrade"].iter().any(|n| header(line, n).is_some())
        {
            self.blind_after = true;
        }
        self.line.clear();
    }

    fn head_ended(&mut self) {
        let left = std::mem::take(&mut self.content_length);
        self.state = match (self.blind_after, left) {
            (true, _) => State::Blind,
            (false, 0) => State::Head,
            (false, left) => State::Body { left },
        };
    }
}

fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    found.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser gets to see when `sent` arrives in pieces of `step` bytes.
    fn seen(sent: &str, step: usize) -> String {
        let mut guard = HeadGuard::default();
        let mut out = Vec::new();
        for piece in sent.as_bytes().chunks(step) {
            let mut piece = piece.to_vec();
            guard.inspect(&mut piece);
            out.extend(piece);
        }
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check(sent: &str, expected: &str) {
        for step in [1, 2, 5, 1_000] {
            assert_eq!(seen(sent, step), expected, "in pieces of {step}");
        }
    }

    #[test]
    fn proper_heads_and_any_body_pass_unchanged() {
        for sent in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\na\nb\ncGET / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\u{1}\n\n",
        ] {
            check(sent, sent);
        }
    }

    #[test]
    fn a_bare_lf_in_a_head_is_spoilt() {
        check("GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\0Host: a\r\n\r\n");
        check("GET / HTTP/1.1\r\nA: b\n\r\n", "GET / HTTP/1.1\r\nA: b\0\r\n");
        check("GET / HTTP/1.1\r\n\n", "GET / HTTP/1.1\r\n\0");
        let second = "POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\n\nGET / HTTP/1.1";
        check(&format!("{second}\n"), &format!("{second}\0"));
        let long = format!("GET /{} HTTP/1.1", "a".repeat(200));
        check(&format!("{long}\n"), &format!("{long}\0"));
        check(&format!("{long}\r\n\r\n"), &format!("{long}\r\n\r\n"));
    }
}
