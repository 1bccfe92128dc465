//! Server-sent events as text. Source: spec/anycable.md §9; the EventSource section of HTML.

use crate::dialects::json::{self, Kind, Value};

/// How a client wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Data events and nothing else.
    pub raw: bool,
    /// Data events hold the whole frame instead of the bare message.
    pub whole: bool,
}

/// A year, in ms: how long a client that is not to come back is asked to wait.
const NEVER_MS: &str = "31536000000";

/// Writes a frame of the socket dialect as an event; nothing where the client does not want it.
pub fn push_frame(out: &mut String, frame: &str, form: Form) {
    let Ok(value) = json::parse(frame) else { return };
    let names = ["type", "message", "stream_id", "epoch", "offset", "reconnect"];
    let Ok([kind, message, stream, epoch, offset, reconnect]) = value.pick(names) else { return };
    let Some(kind) = kind.and_then(Value::as_str) else {
        match message {
            Some(message) if !form.whole => push_message(out, message),
            _ => push_data(out, frame),
        }
        let position = (offset, epoch.and_then(Value::as_str), stream.and_then(Value::as_str));
        if let (Some(offset), Some(epoch), Some(stream)) = position {
            push_id(out, offset.as_text(), &epoch, &stream);
        }
        return out.push('\n');
    };
    if form.raw {
        // A comment instead, so that a connection whose client has gone is noticed.
        if kind == "ping" {
            out.push_str(":\n\n");
        }
        return;
    }
    out.push_str("event: ");
    out.push_str(&kind);
    out.push('\n');
    push_data(out, frame);
    if kind == "disconnect" && reconnect.is_some_and(|reconnect| reconnect.as_text() == "false") {
        out.push_str("retry: ");
        out.push_str(NEVER_MS);
        out.push('\n');
    }
    out.push('\n');
}

/// The value of a message as `data`: a string without its quotes, anything else as JSON.
pub fn push_message(out: &mut String, message: Value<'_>) {
    match message.as_str() {
        Some(text) => push_data(out, &text),
        None => push_data(out, message.as_text()),
    }
}

/// One `data` line per line of `text`, however its lines end.
pub fn push_data(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        let end = memchr::memchr2(b'\r', b'\n', rest.as_bytes());
        let (line, behind) = rest.split_at(end.unwrap_or(rest.len()));
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
        if behind.is_empty() {
            return;
        }
        rest = behind.strip_prefix("\r\n").unwrap_or(&behind[1..]);
    }
}

/// Trap 32: offset, epoch, stream.
pub fn push_id(out: &mut String, offset: &str, epoch: &str, stream: &str) {
    for part in ["id: ", offset, "/", epoch, "/", stream, "\n"] {
        out.push_str(part);
    }
}

/// Where a client left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastEvent<'a> {
    pub offset: u64,
    pub epoch: &'a str,
    pub stream: &'a str,
}

/// Reads a `Last-Event-ID`; one that is not of ours is nothing.
///
/// Errors: the offset is no number.
pub fn last_event(raw: &str) -> Result<Option<LastEvent<'_>>, std::num::ParseIntError> {
    let mut parts = raw.splitn(3, '/');
    let (Some(offset), Some(epoch), Some(stream)) = (parts.next(), parts.next(), parts.next())
    else {
        return Ok(None);
    };
    Ok(Some(LastEvent { offset: offset.parse()?, epoch, stream }))
}

/// Whether `text` is a JSON object.
pub fn is_object(text: &str) -> bool {
    json::parse(text).is_ok_and(|value| value.kind() == Kind::Object)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Form = Form { raw: false, whole: false };
    const RAW: Form = Form { raw: true, whole: false };
    const WHOLE: Form = Form { raw: false, whole: true };

    #[track_caller]
    fn check(frame: &str, form: Form, expected: &str) {
        let mut out = String::new();
        push_frame(&mut out, frame, form);
        assert_eq!(out, expected, "{frame} {form:?}");
    }

    #[test]
    fn frames_are_events_named_by_their_type() {
        let welcome = r#"{"type":"welcome","sid":"KWHtlzguNqDXlSs8fiD93"}"#;
        check(welcome, PLAIN, &format!("event: welcome\ndata: {welcome}\n\n"));
        let confirm = r#"{"type":"confirm_subscription","identifier":"{\"channel\":\"$pubsub\",\"stream_name\":\"chat/1\"}"}"#;
        check(confirm, PLAIN, &format!("event: confirm_subscription\ndata: {confirm}\n\n"));
        let ping = r#"{"type":"ping","message":1795231721}"#;
        check(ping, PLAIN, &format!("event: ping\ndata: {ping}\n\n"));
        let join = r#"{"type":"presence","identifier":"i","message":{"type":"join","id":"u1"}}"#;
        check(join, PLAIN, &format!("event: presence\ndata: {join}\n\n"));
        for frame in [welcome, confirm, join] {
            check(frame, RAW, "");
        }
        check(ping, RAW, ":\n\n");
    }

    #[test]
    fn only_a_final_disconnect_says_not_to_come_back() {
        let last = r#"{"type":"disconnect","reason":"remote","reconnect":false}"#;
        check(last, PLAIN, &format!("event: disconnect\ndata: {last}\nretry: 31536000000\n\n"));
        let again = r#"{"type":"disconnect","reason":"server_restart","reconnect":true}"#;
        check(again, PLAIN, &format!("event: disconnect\ndata: {again}\n\n"));
        check(last, RAW, "");
    }

    #[test]
    fn messages_are_bare_and_have_their_position() {
        let at = r#","stream_id":"chat/1/2","epoch":"-J4v","offset":1"#;
        let frame =
            |message: &str, at: &str| format!(r#"{{"identifier":"i","message":{message}{at}}}"#);
        for (message, data) in [
            (r#"{"n":1}"#, "data: {\"n\":1}\n"),
            ("{\"n\":\r\n1}", "data: {\"n\":\ndata: 1}\n"),
            (r#""two\nlines""#, "data: two\ndata: lines\n"),
            (r#""a\r\nb\rc\n""#, "data: a\ndata: b\ndata: c\ndata: \n"),
            (r#""\n\r""#, "data: \ndata: \ndata: \n"),
            (r#""""#, "data: \n"),
            ("0", "data: 0\n"),
            ("12345678901234567890", "data: 12345678901234567890\n"),
        ] {
            for form in [PLAIN, RAW] {
                let whole = format!("{data}id: 1/-J4v/chat/1/2\n\n");
                check(&frame(message, at), form, &whole);
                check(&frame(message, ""), form, &format!("{data}\n"));
            }
        }
        let kept = frame("1", at);
        check(&kept, WHOLE, &format!("data: {kept}\nid: 1/-J4v/chat/1/2\n\n"));
        let whisper = frame("null", "");
        check(&whisper, WHOLE, &format!("data: {whisper}\n\n"));
    }

    #[test]
    fn positions_are_split_at_the_first_two_slashes() {
        let at = |offset, epoch, stream| Some(LastEvent { offset, epoch, stream });
        for (raw, expected) in [
            ("1/-J4v/chat/1", at(1, "-J4v", "chat/1")),
            ("12/a/b/c/d", at(12, "a", "b/c/d")),
            ("1/a/", at(1, "a", "")),
            ("1/a", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(last_event(raw), Ok(expected), "{raw}");
        }
        for raw in ["x/a/b", "/a/b", "-1/a/b", "1.5/a/b", "99999999999999999999/a/b"] {
            assert!(last_event(raw).is_err(), "{raw}");
        }
    }
}
