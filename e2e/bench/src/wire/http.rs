//! As much of HTTP/1.1 as a benchmark needs: heads that come whole, bodies with a length.

use memchr::memmem;

/// Length of the head, with its blank line.
#[inline]
pub fn head_length(bytes: &[u8]) -> Option<usize> {
    memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// A header's value, whatever the case of its name.
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|b| *b == b'\n').skip(1).find_map(|line| {
        let (label, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        label.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}

/// The announced length of the body; 0 when none is announced.
pub fn content_length(head: &[u8]) -> Option<usize> {
    match header(head, "content-length") {
        None => Some(0),
        Some(value) => str::from_utf8(value).ok()?.parse().ok(),
    }
}

/// A whole answer at the start of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Bytes of head and body.
    pub length: usize,
    /// Whether the server closes the connection after it.
    pub closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not HTTP/1.1 with a Content-Length")]
pub struct NotUnderstood;

impl Answer {
    /// `None` while it is not whole yet.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, NotUnderstood> {
        let Some(head_length) = head_length(bytes) else { return Ok(None) };
        let head = &bytes[..head_length];
        let status = head
            .strip_prefix(b"HTTP/1.1 ")
            .and_then(|rest| str::from_utf8(rest.get(..3)?).ok()?.parse().ok())
            .ok_or(NotUnderstood)?;
        if header(head, "transfer-encoding").is_some() {
            return Err(NotUnderstood);
        }
        let length = head_length + content_length(head).ok_or(NotUnderstood)?;
        let closes =
            header(head, "connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
        Ok((bytes.len() >= length).then_some(Self { status, length, closes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Option<(u16, usize, bool)>, NotUnderstood>) {
        let read = Answer::read(text.as_bytes());
        assert_eq!(read.map(|a| a.map(|a| (a.status, a.length, a.closes))), expected, "{text:?}");
    }

    #[test]
    fn answers_end_where_they_say() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP", Ok(Some((200, 40, false))));
        check("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n{", Ok(None));
        check("HTTP/1.1 204 No Content\r\n\r\n", Ok(Some((204, 27, false))));
        check("HTTP/1.1 401 No\r\nConnection: Close\r\n\r\n", Ok(Some((401, 38, true))));
        check("HTTP/1.1 200 OK\r\nContent-", Ok(None));
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Err(NotUnderstood));
        check("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n", Err(NotUnderstood));
        check("SSH-2.0-x\r\n\r\n", Err(NotUnderstood));
    }
}
