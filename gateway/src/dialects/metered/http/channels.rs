//! Who is on a channel, and publishing to it. Source: spec/metered.md §12.1, §12.2; seed 004.

use super::{
    answer::{Failure, Success, object, text},
    channel,
    size::serialized_bytes,
};
use crate::{
    admission::Refusal,
    dialects::{
        Dialect,
        desk::{self, Call},
        json::{self, Kind, Value},
        metered::{codec, names},
        neutral,
    },
};
use contract::{Action, ChannelName, UserId};
use realtime::{Member, Payload, Publish, Sender};
use std::sync::Arc;

/// Bytes of `data` as the shortest JSON.
const MAX_DATA_BYTES: usize = 32_768;
/// Bytes of `peerMetadata` as JSON.
const MAX_PEER_METADATA_BYTES: usize = 4_096;

/// `GET /v1/channels/{channel}/peers`
pub async fn peers(call: &Call<'_>, raw: &str) -> Result<Success, Failure> {
    let channel = channel(raw)?;
    call.admitted.require_channel(Action::Presence, &channel)?;
    call.admitted.charge_read()?;
    let topic = call.topic(channel);
    let members = call.gateway.router.members(&topic).await?;
    let mut answer = String::with_capacity(64 + members.len() * 64);
    push_channel(&mut answer, &topic.channel);
    answer.push_str(r#","peers":["#);
    for (at, member) in members.iter().enumerate() {
        if at > 0 {
            answer.push(',');
        }
        codec::push_peer(&mut answer, member, true);
    }
    answer.push_str("]}");
    Ok(Success(answer))
}

/// `POST /v1/channels/{channel}/publish`
pub async fn publish(call: &Call<'_>, raw: &str) -> Result<Success, Failure> {
    let channel = channel(raw)?;
    call.admitted.require_channel(Action::Publish, &channel)?;
    call.admitted.charge_publish(1)?;
    let max_bytes = call.admitted.state.limits.max_payload_bytes as usize;
    let Fields { data, identity } = Fields::read(&call.body, MAX_DATA_BYTES.min(max_bytes))?;
    let _hold = call.hold(std::iter::once(data.len())).await?;
    let cache_ttl_s = call.admitted.state.settings.cache_ttl_s;
    let message = Publish {
        cache_ttl_ms: channel.kind().is_cache().then(|| u64::from(cache_ttl_s) * 1_000),
        topic: call.topic(channel.clone()),
        name: neutral::name_in(data),
        data: Payload::Json(data.into()),
        sender: Sender::Server { identity },
        except: None,
        idempotency_key: None,
        keep_history: true,
        want_counts: false,
    };
    let published = desk::publish(call, message, Dialect::Metered).await?;
    let mut answer = String::with_capacity(48 + channel.as_str().len());
    push_channel(&mut answer, &channel);
    answer.push_str(r#","delivered":"#);
    answer.push_str(itoa::Buffer::new().format(published.delivered_to));
    answer.push('}');
    Ok(Success(answer))
}

/// `{"channel":"…"`
fn push_channel(out: &mut String, channel: &ChannelName) {
    out.push_str(r#"{"channel":""#);
    json::push_escaped(out, channel.as_str());
    out.push('"');
}

/// What a publish request says.
struct Fields<'a> {
    /// The text of one JSON value, byte for byte.
    data: &'a str,
    /// Whom subscribers see as the sender, where that is not just a server.
    identity: Option<Arc<Member>>,
}

impl<'a> Fields<'a> {
    fn read(body: &'a [u8], max_data_bytes: usize) -> Result<Self, Failure> {
        let body = object(body)?;
        let [from, peer_metadata] =
            body.pick(["from", "peerMetadata"]).map_err(|e| Failure::bad_request(e.to_string()))?;
        // `null` is data like any other; only a missing member is missing.
        let data = body.members().find(|(name, _)| name == "data").map(|(_, value)| value);
        let data = data.ok_or_else(|| Failure::bad_request("data is missing"))?.as_text();
        if serialized_bytes(data) > max_data_bytes {
            return Err(Refusal::EventTooLarge { limit: max_data_bytes }.into());
        }
        let from = match text(from, "from")? {
            Some(from) => {
                Some(names::peer(&from).map_err(|e| Failure::bad_request(format!("from: {e}")))?)
            }
            None => None,
        };
        let info = peer_metadata.map(metadata).transpose()?;
        Ok(Self { data, identity: identity(from, info) })
    }
}

fn metadata(value: Value<'_>) -> Result<Arc<str>, Failure> {
    let bytes = serialized_bytes(value.as_text());
    match value.kind() == Kind::Object && bytes <= MAX_PEER_METADATA_BYTES {
        true => Ok(value.compact().into()),
        false => Err(Failure::bad_request(format!(
            "peerMetadata must be an object of at most {MAX_PEER_METADATA_BYTES} bytes"
        ))),
    }
}

/// A server that says no name is called `server`, also where it has metadata.
fn identity(from: Option<UserId>, info: Option<Arc<str>>) -> Option<Arc<Member>> {
    let user = match (from, &info) {
        (Some(user), _) => user,
        (None, Some(_)) => "server".parse().ok()?,
        (None, None) => return None,
    };
    Some(Arc::new(Member::new(user, info)))
}
