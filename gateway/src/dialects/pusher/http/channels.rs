//! Asking about channels. Source: spec/pusher.md §16.5 to §16.7.

use super::{
    answer::{Failure, Success},
    call::{Call, channel_in},
    info::{Endpoint, Info, push_cache, push_name},
};
use crate::dialects::json::push_escaped;
use contract::{Action, ChannelKind};
use percent_encoding::percent_decode_str;

/// More names than this are not listed; the answer says so.
const MAX_LISTED: usize = 10_000;

/// `GET /apps/{app}/channels`
pub async fn list(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::ChannelsRead)?;
    call.admitted.charge_read()?;
    let asked = Asked::read(call, Endpoint::Channels)?;
    if asked.info.user_count && !asked.prefix.starts_with("presence-") {
        let error = "user_count is only available for presence channels: \
                     filter_by_prefix must start with presence-";
        return Err(Failure::bad_request(error));
    }
    let app = &call.admitted.app.id;
    let list = call.gateway.router.channels(app, &asked.prefix, MAX_LISTED).await?;
    let mut answer = String::with_capacity(32 + list.channels.len() * 32);
    answer.push_str(r#"{"channels":{"#);
    for (channel, occupancy) in &list.channels {
        if !call.admitted.covers(channel) {
            continue;
        }
        push_name(&mut answer, channel.as_str());
        answer.push('{');
        asked.info.push_counts(&mut answer, channel.kind(), occupancy);
        answer.push('}');
    }
    answer.push_str(if list.truncated { r#"},"truncated":true}"# } else { "}}" });
    Ok(Success::Object(answer))
}

/// `GET /apps/{app}/channels/{channel}`
pub async fn one(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::ChannelsRead)?;
    call.admitted.charge_read()?;
    let channel = channel_in(call)?;
    let kind = channel.kind();
    if kind == ChannelKind::User {
        return Err(Failure::bad_request("a user's own channel cannot be asked about"));
    }
    call.admitted.require_channel(Action::ChannelsRead, &channel)?;
    let info = Asked::read(call, Endpoint::Channel)?.info;
    if info.user_count && !kind.is_presence() {
        return Err(Failure::bad_request("user_count is only available for presence channels"));
    }
    let occupancy = call.gateway.router.occupancy(&call.topic(channel), call.now_ms).await?;
    let occupied = occupancy.is_occupied();
    let mut answer = format!(r#"{{"occupied":{occupied}"#);
    info.push_counts(&mut answer, kind, &occupancy);
    if info.cache && kind.is_cache() {
        push_cache(&mut answer, occupancy.cached.as_ref());
    }
    answer.push('}');
    Ok(Success::Object(answer))
}

/// `GET /apps/{app}/channels/{channel}/users`
pub async fn users(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::Presence)?;
    call.admitted.charge_read()?;
    let channel = channel_in(call)?;
    if !channel.kind().is_presence() {
        return Err(Failure::bad_request("Only presence channels support this endpoint"));
    }
    call.admitted.require_channel(Action::Presence, &channel)?;
    let members = call.gateway.router.members(&call.topic(channel)).await?;
    let mut answer = String::with_capacity(16 + members.len() * 32);
    answer.push_str(r#"{"users":["#);
    for (at, member) in members.iter().enumerate() {
        answer.push_str(if at == 0 { r#"{"id":""# } else { r#",{"id":""# });
        push_escaped(&mut answer, member.user.as_str());
        answer.push_str("\"}");
    }
    answer.push_str("]}");
    Ok(Success::Object(answer))
}

/// What the query asks for.
#[derive(Debug, Default)]
struct Asked {
    info: Info,
    prefix: String,
}

impl Asked {
    /// `info` may be an array in the form of Ruby (`info[]`) or PHP (`info[0]`).
    fn read(call: &Call<'_>, endpoint: Endpoint) -> Result<Self, Failure> {
        let mut asked = Self::default();
        for pair in call.request.query_string().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            match name.split_once('[').map_or(name.as_str(), |(name, _)| name) {
                "info" => asked.info.note(&decode(value)?, endpoint)?,
                "filter_by_prefix" => asked.prefix = decode(value)?,
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn decode(raw: &str) -> Result<String, Failure> {
    let spaced = raw.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Into::into).map_err(|_| Failure::bad_request("the query is not UTF-8"))
}
