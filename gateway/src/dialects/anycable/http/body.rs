//! What a publish request holds, read whole before anything of it is done.
//! Source: spec/anycable.md §4.4, §4.7, §6.5.

use crate::dialects::{
    anycable::codec,
    json::{self, Kind, Value},
};
use contract::ChannelName;
use std::{borrow::Cow, sync::Arc};

/// Publications of one request.
pub const MAX_BATCH: usize = 100;

/// A request that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted<'a> {
    /// In the order in which they are to be published; there may be none.
    Publications(Vec<Publication<'a>>),
    Command(Command<'a>),
}

/// One message for one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication<'a> {
    pub stream: ChannelName,
    /// The text of the JSON value that subscribers get.
    pub message: Arc<str>,
    /// The `sid` of the connection that is not to get it.
    pub except: Option<Cow<'a, str>>,
    /// Goes to whoever listens now, and nowhere else.
    pub transient: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// End the connections of this identity.
    Disconnect { identity: Cow<'a, str>, reconnect: bool },
    /// None that this service knows; has no effect.
    Other,
}

/// Why a body is refused. Nothing of it has been done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    #[error("{0}")]
    Malformed(String),
    #[error("the data of a publication is larger than {limit} bytes")]
    DataTooLarge { limit: usize },
    #[error("a request may hold at most {MAX_BATCH} publications")]
    TooMany,
}

impl BadBody {
    fn new(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }
}

/// Reads a body whose `data` may have up to `max_data` bytes each.
pub fn read(body: &[u8], max_data: usize) -> Result<Posted<'_>, BadBody> {
    let text = simdutf8::basic::from_utf8(body).map_err(|_| BadBody::new("not UTF-8"))?;
    let value = json::parse(text).map_err(|e| BadBody::new(e.to_string()))?;
    match value.kind() {
        Kind::Array => batch(value, max_data).map(Posted::Publications),
        Kind::Object => match value.members().any(|(name, _)| name == "command") {
            true => command(value).map(Posted::Command),
            false => Ok(Posted::Publications(vec![publication(value, max_data)?])),
        },
        _ => Err(BadBody::new("a publication is an object, a batch an array of them")),
    }
}

fn batch(value: Value<'_>, max_data: usize) -> Result<Vec<Publication<'_>>, BadBody> {
    let mut all = Vec::new();
    for (at, item) in value.items().enumerate() {
        if at == MAX_BATCH {
            return Err(BadBody::TooMany);
        }
        let item = publication(item, max_data).map_err(|bad| match bad {
            BadBody::Malformed(what) => BadBody::Malformed(format!("[{at}]: {what}")),
            other => other,
        })?;
        all.push(item);
    }
    Ok(all)
}

fn publication(value: Value<'_>, max_data: usize) -> Result<Publication<'_>, BadBody> {
    if value.kind() != Kind::Object {
        return Err(BadBody::new("a publication must be an object"));
    }
    let [stream, data, meta] = pick(value, ["stream", "data", "meta"])?;
    let stream = text(stream, "stream")?.ok_or_else(|| BadBody::new("stream is missing"))?;
    let data = text(data, "data")?.ok_or_else(|| BadBody::new("data is missing"))?;
    if data.len() > max_data {
        return Err(BadBody::DataTooLarge { limit: max_data });
    }
    let Meta { except, transient } = meta.map(Meta::read).transpose()?.unwrap_or_default();
    let message = codec::message_in(&data).map_err(|e| BadBody::new(format!("data: {e}")))?;
    Ok(Publication { stream: stream_name(&stream)?, message: message.into(), except, transient })
}

/// A stream that back ends may publish to: any channel but a user's own.
fn stream_name(raw: &str) -> Result<ChannelName, BadBody> {
    let stream: ChannelName =
        raw.parse().map_err(|e| BadBody::new(format!("the name of the stream {e}")))?;
    match raw.starts_with(ChannelName::USER_PREFIX) {
        true => Err(BadBody::new("the name of the stream is reserved")),
        false => Ok(stream),
    }
}

#[derive(Default)]
struct Meta<'a> {
    except: Option<Cow<'a, str>>,
    transient: bool,
}

impl<'a> Meta<'a> {
    fn read(value: Value<'a>) -> Result<Self, BadBody> {
        if value.kind() != Kind::Object {
            return Err(BadBody::new("meta must be an object"));
        }
        let [except, transient] = pick(value, ["exclude_socket", "transient"])?;
        let except = text(except, "exclude_socket")?.filter(|sid| !sid.is_empty());
        Ok(Self { except, transient: flag(transient, "transient")? })
    }
}

fn command(value: Value<'_>) -> Result<Command<'_>, BadBody> {
    let [command, payload] = pick(value, ["command", "payload"])?;
    match text(command, "command")?.as_deref() {
        None | Some("") => Err(BadBody::new("command is empty")),
        Some("disconnect") => {
            let payload = payload.filter(|payload| payload.kind() == Kind::Object);
            let payload = payload.ok_or_else(|| BadBody::new("payload must be an object"))?;
            let [identity, reconnect] = pick(payload, ["identifier", "reconnect"])?;
            let identity = text(identity, "identifier")?.filter(|identity| !identity.is_empty());
            let identity = identity.ok_or_else(|| BadBody::new("identifier is missing"))?;
            Ok(Command::Disconnect { identity, reconnect: flag(reconnect, "reconnect")? })
        }
        Some(_) => Ok(Command::Other),
    }
}

fn pick<'a, const N: usize>(
    value: Value<'a>,
    names: [&'static str; N],
) -> Result<[Option<Value<'a>>; N], BadBody> {
    value.pick(names).map_err(|e| BadBody::new(e.to_string()))
}

fn text<'a>(value: Option<Value<'a>>, name: &str) -> Result<Option<Cow<'a, str>>, BadBody> {
    let Some(value) = value else { return Ok(None) };
    value.as_str().map(Some).ok_or_else(|| BadBody::new(format!("{name} must be a string")))
}

fn flag(value: Option<Value<'_>>, name: &str) -> Result<bool, BadBody> {
    match value.map(Value::as_text) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(BadBody::new(format!("{name} must be true or false"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;

    fn one(body: &str) -> Publication<'_> {
        match read(body.as_bytes(), LIMIT) {
            Ok(Posted::Publications(all)) if all.len() == 1 => all.into_iter().next().unwrap(),
            other => panic!("{body}: {other:?}"),
        }
    }

    /// Trap 7: the value of `data` is the message, byte for byte.
    #[test]
    fn data_becomes_the_value_it_says() {
        for (data, expected) in [
            (r#"{\"t\":1}"#, r#"{"t":1}"#),
            ("plain text", r#""plain text""#),
            ("42", "42"),
            ("false", "false"),
            (r#"\"\""#, r#""""#),
            ("null", r#""null""#),
            (" null ", r#"" null ""#),
            ("", r#""""#),
            (
                r#"{\"n\":12345678901234567890,\"f\":1.0,\"b\":1,\"a\":2}"#,
                r#"{"n":12345678901234567890,"f":1.0,"b":1,"a":2}"#,
            ),
            (r#" [1 , 2]\n"#, "[1 , 2]"),
            (r#"{\"a\":1} x"#, r#""{\"a\":1} x""#),
            (r#"a\"b\\c\nd\u0001"#, r#""a\"b\\c\nd\u0001""#),
            ("комната", "\"комната\""),
            ("{", "\"{\""),
            ("NaN", "\"NaN\""),
            ("01", "\"01\""),
        ] {
            let body = format!(r#"{{"stream":"a","data":"{data}"}}"#);
            assert_eq!(&*one(&body).message, expected, "{data}");
        }
    }

    #[test]
    fn all_fields_are_read() {
        let body = r#"{"stream":"chat/1","data":"1","meta":{"exclude_socket":"pconpOF0JVn7vUEvTvCLd","transient":true,"broadcast_type":"disconnect"},"extra":[]}"#;
        let read = one(body);
        assert_eq!(read.stream.as_str(), "chat/1");
        assert_eq!(read.except.as_deref(), Some("pconpOF0JVn7vUEvTvCLd"));
        assert!(read.transient);
        for meta in ["null", "{}", r#"{"exclude_socket":null}"#, r#"{"exclude_socket":""}"#] {
            let body = format!(r#"{{"stream":"a","data":"1","meta":{meta}}}"#);
            assert_eq!((one(&body).except, one(&body).transient), (None, false), "{meta}");
        }
    }

    /// Trap 1: what is malformed is refused, and a batch as a whole.
    #[test]
    fn malformed_bodies_are_refused() {
        let deep = format!(r#"{{"stream":"a","data":"{}"}}"#, "[".repeat(33));
        let good = r#"{"stream":"a","data":"1"}"#;
        for body in [
            "",
            " ",
            "{",
            "not JSON",
            "1",
            "null",
            "\"a\"",
            "{}",
            r#"{"data":"1"}"#,
            r#"{"stream":"","data":"1"}"#,
            r#"{"stream":1,"data":"1"}"#,
            r#"{"stream":null,"data":"1"}"#,
            r##"{"stream":"#server-to-user-ann","data":"1"}"##,
            r#"{"stream":"a\u0000b","data":"1"}"#,
            r#"{"stream":"a"}"#,
            r#"{"stream":"a","data":null}"#,
            r#"{"stream":"a","data":1}"#,
            r#"{"stream":"a","data":{"x":1}}"#,
            r#"{"stream":"a","data":"\"\\ud800\""}"#,
            r#"{"stream":"a","data":"1","meta":1}"#,
            r#"{"stream":"a","data":"1","meta":[]}"#,
            r#"{"stream":"a","data":"1","meta":{"exclude_socket":1}}"#,
            r#"{"stream":"a","data":"1","meta":{"transient":"yes"}}"#,
            r#"{"stream":"a","stream":"b","data":"1"}"#,
            r#"{"command":1}"#,
            r#"{"command":""}"#,
            r#"{"command":"disconnect"}"#,
            r#"{"command":"disconnect","payload":"x"}"#,
            r#"{"command":"disconnect","payload":{}}"#,
            r#"{"command":"disconnect","payload":{"identifier":{}}}"#,
            r#"{"command":"disconnect","payload":{"identifier":"x","reconnect":1}}"#,
            &deep,
            &format!("[{good},{{}}]"),
            &format!("[[],{good}]"),
            &format!("[{good},null]"),
            &format!("[{good}]x"),
            r#"[{"command":"disconnect","payload":{"identifier":"x"}}]"#,
        ] {
            let outcome = read(body.as_bytes(), LIMIT);
            assert!(matches!(outcome, Err(BadBody::Malformed(_))), "{body}: {outcome:?}");
        }
        assert!(read(b"{\"stream\":\"\xff\"}", LIMIT).is_err(), "not UTF-8");
    }

    #[test]
    fn batches_keep_their_order_and_may_be_empty() {
        assert_eq!(read(b"[]", LIMIT), Ok(Posted::Publications(Vec::new())));
        let body = r#"[{"stream":"b","data":"1"},{"stream":"a","data":"2"}]"#;
        let Ok(Posted::Publications(all)) = read(body.as_bytes(), LIMIT) else { panic!("{body}") };
        let streams: Vec<&str> = all.iter().map(|one| one.stream.as_str()).collect();
        assert_eq!(streams, ["b", "a"]);
    }

    #[test]
    fn limits_hold_at_the_edge_and_fail_one_past_it() {
        let of = |bytes: usize| format!(r#"{{"stream":"a","data":"{}"}}"#, "é".repeat(bytes / 2));
        assert_eq!(one(&of(LIMIT)).message.len(), LIMIT + 2);
        let too_large = Err(BadBody::DataTooLarge { limit: LIMIT });
        assert_eq!(read(of(LIMIT + 2).as_bytes(), LIMIT), too_large);
        let items = |n: usize| format!("[{}]", vec![of(2); n].join(","));
        assert!(read(items(MAX_BATCH).as_bytes(), LIMIT).is_ok());
        assert_eq!(read(items(MAX_BATCH + 1).as_bytes(), LIMIT), Err(BadBody::TooMany));
        let named =
            |n: usize| format!(r#"{{"stream":"{}","data":""}}"#, "s".repeat(n)).into_bytes();
        assert!(read(&named(256), LIMIT).is_ok());
        assert!(read(&named(257), LIMIT).is_err());
    }

    #[test]
    fn commands_stand_alone() {
        let of = |body: &'static str| match read(body.as_bytes(), LIMIT) {
            Ok(Posted::Command(command)) => command,
            other => panic!("{body}: {other:?}"),
        };
        let disconnect =
            |reconnect| Command::Disconnect { identity: r#"{"user_id":42}"#.into(), reconnect };
        let plain = r#"{"command":"disconnect","payload":{"identifier":"{\"user_id\":42}"}}"#;
        assert_eq!(of(plain), disconnect(false));
        let back = r#"{"command":"disconnect","payload":{"identifier":"{\"user_id\":42}","reconnect":true}}"#;
        assert_eq!(of(back), disconnect(true));
        assert_eq!(of(r#"{"command":"resurrect","payload":[]}"#), Command::Other);
    }
}
