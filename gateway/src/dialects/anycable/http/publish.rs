//! Publishing, and commands to connections. Source: spec/anycable.md §4.4, §4.7.

use super::{
    answer::{Failure, Success},
    body::{self, Command, Posted, Publication},
};
use crate::dialects::{
    Dialect,
    anycable::sid,
    desk::{self, Call},
    neutral,
};
use contract::{Action, SocketId};
use realtime::{Payload, Publish, Sender};

/// `POST …/api/publish` and `POST …/_broadcast`
pub async fn publish(call: &Call<'_>) -> Result<Success, Failure> {
    let admitted = &call.admitted;
    admitted.require(Action::Publish)?;
    // Whatever the body holds, looking at it is worth one publication.
    admitted.charge_publish(1)?;
    match body::read(&call.body, admitted.state.limits.max_payload_bytes as usize)? {
        Posted::Publications(all) => publish_all(call, all).await?,
        Posted::Command(Command::Disconnect { identity, reconnect }) => {
            call.gateway.disconnect_identity(&admitted.app.id, &identity, reconnect);
        }
        Posted::Command(Command::Other) => {}
    }
    Ok(Success::Done)
}

/// One after the other, so that each stream has them in the order of the request.
async fn publish_all(call: &Call<'_>, all: Vec<Publication<'_>>) -> Result<(), Failure> {
    for publication in &all {
        call.admitted.require_channel(Action::Publish, &publication.stream)?;
    }
    if let rest @ 1.. = all.len().saturating_sub(1) {
        call.admitted.charge_publish(rest as u32)?;
    }
    let _hold = call.hold(all.iter().map(|publication| publication.message.len())).await?;
    for publication in all {
        desk::publish(call, message(call, publication), Dialect::AnyCable).await?;
    }
    Ok(())
}

fn message(call: &Call<'_>, publication: Publication<'_>) -> Publish {
    let Publication { stream, message, except, transient } = publication;
    let ttl_ms = u64::from(call.admitted.state.settings.cache_ttl_s) * 1_000;
    Publish {
        name: neutral::name_in(&message),
        data: Payload::Json(message),
        sender: Sender::server(),
        except: except.as_deref().and_then(|name| left_out(call, name)),
        idempotency_key: None,
        cache_ttl_ms: (stream.kind().is_cache() && !transient).then_some(ttl_ms),
        keep_history: !transient,
        want_counts: false,
        topic: call.topic(stream),
    }
}

/// The connection that a back end means: the one it names, or the one that its client has gone on
/// with since. If nobody has it, or another app, nobody is left out.
fn left_out(call: &Call<'_>, name: &str) -> Option<SocketId> {
    let socket = sid::excluded(name)?;
    Some(call.gateway.resumes.latest(&call.admitted.app.id, socket))
}
