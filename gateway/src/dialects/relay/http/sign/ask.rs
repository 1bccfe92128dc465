//! What is to be signed. Source: spec/relay.md §2.6, §7.3.

use super::super::{
    answer::Failure,
    fields::{channel_name, object},
};
use crate::dialects::json::Value;
use actix_web::{HttpRequest, http::header};
use contract::{ChannelName, SocketId};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Bytes of `channel_data`.
const MAX_DATA_BYTES: usize = 4 << 10;

/// A request whose every part is of its shape.
#[derive(Debug)]
pub struct Ask<'a> {
    pub socket: SocketId,
    /// Private or presence.
    pub channel: ChannelName,
    pub channel_data: Option<Cow<'a, str>>,
}

impl<'a> Ask<'a> {
    /// The body is JSON, or a form as Pusher's clients send it.
    pub fn read(request: &HttpRequest, body: &'a [u8]) -> Result<Self, Failure> {
        let [socket_id, channel, channel_data] = match is_form(request) {
            true => form(body)?,
            false => json(body)?,
        };
        let given = |text: Option<Cow<'a, str>>| text.filter(|text| !text.is_empty());
        let (Some(socket_id), Some(channel)) = (given(socket_id), given(channel)) else {
            return Err(Failure::unprocessable("socket_id and channel_name are required"));
        };
        // Nothing but digits and a dot, so that what is signed can be read in one way only.
        let socket =
            socket_id.parse().map_err(|e| Failure::unprocessable(format!("socket_id {e}")))?;
        let channel = channel_name(&channel)?;
        if !channel.kind().needs_authorisation() {
            let why = "only private- and presence- channels are signed";
            return Err(Failure::unprocessable(why));
        }
        let channel_data = given(channel_data);
        if channel_data.as_ref().is_some_and(|data| data.len() > MAX_DATA_BYTES) {
            let why = format!("channel_data must be at most {MAX_DATA_BYTES} bytes");
            return Err(Failure::unprocessable(why));
        }
        Ok(Self { socket, channel, channel_data })
    }
}

const NAMES: [&str; 3] = ["socket_id", "channel_name", "channel_data"];
type Texts<'a> = [Option<Cow<'a, str>>; 3];

fn json(body: &[u8]) -> Result<Texts<'_>, Failure> {
    let fields = object(body)?.pick(NAMES)?;
    if fields.iter().flatten().any(|value| value.as_str().is_none()) {
        return Err(Failure::unprocessable(
            "socket_id, channel_name and channel_data must be strings",
        ));
    }
    Ok(fields.map(|value| value.and_then(Value::as_str)))
}

fn is_form(request: &HttpRequest) -> bool {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    let content_type = request.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|t| {
        t.as_bytes().get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM))
    })
}

fn form(body: &[u8]) -> Result<Texts<'_>, Failure> {
    let text = std::str::from_utf8(body).map_err(|_| Failure::NotJson)?;
    let mut texts: Texts<'_> = [None, None, None];
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        let Some(at) = NAMES.iter().position(|wanted| *wanted == name) else { continue };
        let spaced = value.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8();
        let decoded =
            decoded.map_err(|_| Failure::unprocessable(format!("{name} is not UTF-8")))?;
        if texts[at].replace(decoded.into_owned().into()).is_some() {
            return Err(Failure::unprocessable(format!("{name} is given twice")));
        }
    }
    Ok(texts)
}
