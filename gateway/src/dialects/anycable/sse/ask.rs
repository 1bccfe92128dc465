//! What a client asks to be sent. Source: spec/anycable.md §9.

use super::text::{LastEvent, is_object, last_event};
use crate::dialects::anycable::{codec::push_string, pubsub::Rejected};
use std::borrow::Cow;

/// Bytes of the commands in a POST.
pub const MAX_COMMAND_BYTES: usize = 64 << 10;

/// The query of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    identifier: Option<String>,
    history_since: Option<String>,
    pub token: Option<String>,
    pub raw: bool,
}

/// Why it cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAsk {
    #[error("{0}")]
    Rejected(Rejected),
    #[error("a connection may have at most {max} subscriptions")]
    TooMany { max: u32 },
    #[error("nothing to subscribe to")]
    Nothing,
    #[error("history_since must be a number of seconds")]
    Since,
    #[error("Last-Event-ID must begin with a number")]
    LastEventId,
    #[error("the body must be commands in JSON, one per line")]
    Commands,
}

/// Ways to say what to subscribe to; the first that a query has counts.
const SUBJECTS: [(&str, Subject); 5] = [
    ("identifier", Subject::Identifier),
    ("channel", Subject::In(r#"{"channel":"#)),
    ("stream", Subject::In(r#"{"channel":"$pubsub","stream_name":"#)),
    ("signed_stream", Subject::Signed(r#"{"channel":"$pubsub","signed_stream_name":"#)),
    (
        "turbo_signed_stream_name",
        Subject::Signed(r#"{"channel":"Turbo::StreamsChannel","signed_stream_name":"#),
    ),
];

#[derive(Clone, Copy)]
enum Subject {
    Identifier,
    In(&'static str),
    Signed(&'static str),
}

impl Query {
    pub fn read(raw: &str) -> Self {
        let mut query = Self::default();
        let mut subjects: [Option<String>; SUBJECTS.len()] = Default::default();
        for (name, value) in raw.split('&').filter_map(|pair| pair.split_once('=')) {
            let (name, value) = (decode(name), decode(value));
            if value.is_empty() {
                continue;
            }
            match &*name {
                "jid" => _ = query.token.get_or_insert(value.into_owned()),
                "raw" => query.raw = matches!(&*value, "1" | "t" | "y" | "true"),
                "history_since" => _ = query.history_since.get_or_insert(value.into_owned()),
                _ => {
                    let at = SUBJECTS.iter().position(|(subject, _)| *subject == name);
                    if let Some(at) = at {
                        subjects[at].get_or_insert(value.into_owned());
                    }
                }
            }
        }
        let found = SUBJECTS.iter().zip(subjects).find_map(|((_, how), text)| Some((how, text?)));
        query.identifier = found.map(|(how, text)| how.identifier(text));
        query
    }

    /// The command that a GET stands for. `last_event_id` is the header of that name.
    pub fn command(&self, last_event_id: Option<&str>) -> Result<String, BadAsk> {
        let identifier = self.identifier.as_deref().ok_or(BadAsk::Nothing)?;
        let left_off =
            last_event_id.map(last_event).transpose().map_err(|_| BadAsk::LastEventId)?.flatten();
        let since = self.history_since.as_deref().map(str::parse).transpose();
        let since: Option<u64> = since.map_err(|_| BadAsk::Since)?;
        let mut command = String::from(r#"{"command":"subscribe","identifier":"#);
        push_string(&mut command, identifier);
        if left_off.is_some() || since.is_some() {
            push_history(&mut command, left_off, since);
        }
        command.push('}');
        Ok(command)
    }
}

fn push_history(out: &mut String, left_off: Option<LastEvent<'_>>, since: Option<u64>) {
    out.push_str(r#","history":{"#);
    if let Some(since) = since {
        out.push_str(r#""since":"#);
        out.push_str(itoa::Buffer::new().format(since));
        out.push(',');
    }
    out.push_str(r#""streams":{"#);
    if let Some(LastEvent { offset, epoch, stream }) = left_off {
        push_string(out, stream);
        out.push_str(r#":{"offset":"#);
        out.push_str(itoa::Buffer::new().format(offset));
        out.push_str(r#","epoch":"#);
        push_string(out, epoch);
        out.push('}');
    }
    out.push_str("}}");
}

impl Subject {
    fn identifier(self, text: String) -> String {
        let (head, text) = match self {
            Self::Identifier => return text,
            Self::In(head) => (head, text),
            // A plus sign that was not escaped reads as a blank, which no signed name has.
            Self::Signed(head) => (head, text.replace(' ', "+")),
        };
        let mut identifier = String::from(head);
        push_string(&mut identifier, &text);
        identifier.push('}');
        identifier
    }
}

/// The commands of a POST, one per line.
pub fn commands(body: &str) -> Result<Vec<&str>, BadAsk> {
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.iter().all(|line| is_object(line)) {
        true if lines.is_empty() => Err(BadAsk::Nothing),
        true => Ok(lines),
        false => Err(BadAsk::Commands),
    }
}

fn decode(raw: &str) -> Cow<'_, str> {
    let spaced = match raw.contains('+') {
        true => Cow::Owned(raw.replace('+', " ")),
        false => Cow::Borrowed(raw),
    };
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy();
    match decoded {
        Cow::Borrowed(same) if same.len() == raw.len() => spaced,
        other => Cow::Owned(other.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(query: &str, last: Option<&str>) -> Result<String, BadAsk> {
        Query::read(query).command(last)
    }

    #[test]
    fn a_query_stands_for_a_subscribe_command() {
        for (query, last, identifier, history) in [
            ("identifier=%7B%22channel%22%3A%22x%22%7D", None, r#"{\"channel\":\"x\"}"#, ""),
            ("channel=Chat", None, r#"{\"channel\":\"Chat\"}"#, ""),
            ("stream=chat/1", None, r#"{\"channel\":\"$pubsub\",\"stream_name\":\"chat/1\"}"#, ""),
            ("stream=a+b%2Bc", None, r#"{\"channel\":\"$pubsub\",\"stream_name\":\"a b+c\"}"#, ""),
            ("stream=a%22b", None, r#"{\"channel\":\"$pubsub\",\"stream_name\":\"a\\\"b\"}"#, ""),
            (
                "signed_stream=ImE+Ig==--ab",
                None,
                r#"{\"channel\":\"$pubsub\",\"signed_stream_name\":\"ImE+Ig==--ab\"}"#,
                "",
            ),
            (
                "turbo_signed_stream_name=ab--cd",
                None,
                r#"{\"channel\":\"Turbo::StreamsChannel\",\"signed_stream_name\":\"ab--cd\"}"#,
                "",
            ),
            ("stream=b&channel=a", None, r#"{\"channel\":\"a\"}"#, ""),
            ("channel=&stream=b", None, r#"{\"channel\":\"$pubsub\",\"stream_name\":\"b\"}"#, ""),
            ("channel=a&channel=b", None, r#"{\"channel\":\"a\"}"#, ""),
            (
                "channel=a&history_since=1795231798",
                None,
                r#"{\"channel\":\"a\"}"#,
                r#","history":{"since":1795231798,"streams":{}}"#,
            ),
            (
                "channel=a",
                Some("42/-J4v/chat/1"),
                r#"{\"channel\":\"a\"}"#,
                r#","history":{"streams":{"chat/1":{"offset":42,"epoch":"-J4v"}}}"#,
            ),
            (
                "channel=a&history_since=7",
                Some(r#"1/e/a"b"#),
                r#"{\"channel\":\"a\"}"#,
                r#","history":{"since":7,"streams":{"a\"b":{"offset":1,"epoch":"e"}}}"#,
            ),
            ("channel=a", Some("something else"), r#"{\"channel\":\"a\"}"#, ""),
            ("channel=a&history_since=", Some(""), r#"{\"channel\":\"a\"}"#, ""),
        ] {
            let expected =
                format!(r#"{{"command":"subscribe","identifier":"{identifier}"{history}}}"#);
            assert_eq!(command(query, last), Ok(expected), "{query}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        for (query, last, expected) in [
            ("", None, BadAsk::Nothing),
            ("stream=", None, BadAsk::Nothing),
            ("streams=a", None, BadAsk::Nothing),
            ("stream", None, BadAsk::Nothing),
            ("stream=a&history_since=x", None, BadAsk::Since),
            ("stream=a&history_since=1.5", None, BadAsk::Since),
            ("stream=a&history_since=-1", None, BadAsk::Since),
            ("stream=a", Some("x/y/z"), BadAsk::LastEventId),
        ] {
            assert_eq!(command(query, last), Err(expected), "{query}");
        }
    }

    #[test]
    fn raw_and_the_token_are_found() {
        for (query, raw) in [
            ("raw=1", true),
            ("raw=t", true),
            ("raw=y", true),
            ("raw=true", true),
            ("raw=0", false),
            ("raw", false),
        ] {
            assert_eq!(Query::read(query).raw, raw, "{query}");
        }
        let token = Query::read("jid=a.b.c&jid=d").token;
        assert_eq!(token.as_deref(), Some("a.b.c"));
    }

    #[test]
    fn a_body_is_a_command_per_line() {
        let two = "{\"command\":\"subscribe\"}\r\n\n {\"command\":\"join\"} \n";
        assert_eq!(commands(two), Ok(vec![r#"{"command":"subscribe"}"#, r#"{"command":"join"}"#]));
        assert_eq!(commands("\n"), Err(BadAsk::Nothing));
        for bad in ["x", "[]", "{\"a\":1}\n{", "{\"a\":1}{}"] {
            assert_eq!(commands(bad), Err(BadAsk::Commands), "{bad}");
        }
    }
}
