//! Asking about channels. Source: spec/relay.md §2.3 to §2.5.

use super::answer::{Failure, Success};
use crate::dialects::{
    desk::Call,
    relay::{
        channel,
        member::{push_id, push_text},
    },
};
use contract::{Action, ChannelName};
use realtime::Occupancy;

/// More names than this are not listed; the answer says so.
const MAX_LISTED: usize = 10_000;

/// `GET /apps/{app}/channels`: an array, which the dialect's SDKs iterate.
pub async fn list(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::ChannelsRead)?;
    call.admitted.charge_read()?;
    let list = call.gateway.router.channels(&call.admitted.app.id, "", MAX_LISTED).await?;
    let mut answer = String::with_capacity(32 + list.channels.len() * 128);
    answer.push_str(r#"{"channels":["#);
    for (channel, occupancy) in &list.channels {
        if !call.admitted.covers(channel) {
            continue;
        }
        answer.push_str(if answer.ends_with('[') { "" } else { "," });
        push_channel(&mut answer, call, channel, occupancy);
    }
    answer.push_str(if list.truncated { r#"],"truncated":true}"# } else { "]}" });
    Ok(answer.into())
}

/// `GET /apps/{app}/channels/{channel}`
pub async fn one(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::ChannelsRead)?;
    call.admitted.charge_read()?;
    let (channel, occupancy) = occupied(call, Action::ChannelsRead).await?;
    let mut answer = String::with_capacity(160);
    push_channel(&mut answer, call, &channel, &occupancy);
    Ok(answer.into())
}

/// `GET /apps/{app}/channels/{channel}/users`: each user once, with the id in its own JSON type.
pub async fn users(call: &Call<'_>) -> Result<Success, Failure> {
    call.admitted.require(Action::Presence)?;
    call.admitted.charge_read()?;
    let (channel, _) = occupied(call, Action::Presence).await?;
    let members = match channel.kind().is_presence() {
        true => call.gateway.router.members(&call.topic(channel)).await?,
        false => Vec::new(),
    };
    let mut answer = String::with_capacity(16 + members.len() * 64);
    answer.push_str(r#"{"users":["#);
    for (at, member) in members.iter().enumerate() {
        answer.push_str(if at == 0 { r#"{"id":"# } else { r#",{"id":"# });
        push_id(&mut answer, member);
        if let Some(info) = &member.info {
            answer.push_str(r#","user_info":"#);
            answer.push_str(info);
        }
        answer.push('}');
    }
    answer.push_str("]}");
    Ok(answer.into())
}

/// The channel that the path names, if anybody is on it.
async fn occupied(call: &Call<'_>, action: Action) -> Result<(ChannelName, Occupancy), Failure> {
    for channel in named(call, action)? {
        let topic = call.topic(channel);
        let occupancy = call.gateway.router.occupancy(&topic, call.now_ms).await?;
        if occupancy.is_occupied() {
            return Ok((topic.channel, occupancy));
        }
    }
    Err(Failure::ChannelNotFound)
}

/// What the segment may name, best first: some SDKs write a space as `+`, others mean it.
/// Source: spec/relay.md §2.4.
pub fn named(call: &Call<'_>, action: Action) -> Result<Vec<ChannelName>, Failure> {
    let raw = call.segment("channel").map_err(|_| Failure::ChannelNotFound)?;
    let literal = channel::parse(&raw).map_err(|_| Failure::ChannelNotFound)?;
    call.admitted.require_channel(action, &literal)?;
    let mut names = vec![literal];
    if raw.contains('+') {
        let spaced = channel::parse(&raw.replace('+', " ")).ok();
        names.extend(spaced.filter(|spaced| call.admitted.covers(spaced)));
    }
    Ok(names)
}

fn push_channel(out: &mut String, call: &Call<'_>, name: &ChannelName, occupancy: &Occupancy) {
    let mut number = itoa::Buffer::new();
    let subscribers = number.format(occupancy.subscriptions);
    out.push_str(r#"{"name":"#);
    push_text(out, name.as_str());
    out.push_str(r#","type":""#);
    out.push_str(channel::kind_text(name));
    out.push_str(r#"","subscriber_count":"#);
    out.push_str(subscribers);
    out.push_str(r#","occupied":true,"app_id":"#);
    push_text(out, call.admitted.app.id.as_str());
    out.push_str(r#","subscription_count":"#);
    out.push_str(subscribers);
    if name.kind().is_presence() {
        out.push_str(r#","user_count":"#);
        out.push_str(itoa::Buffer::new().format(occupancy.users));
    }
    out.push('}');
}
