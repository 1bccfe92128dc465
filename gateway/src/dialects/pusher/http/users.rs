//! Events to a user, and ending a user's connections. Source: spec/pusher.md §16.8, §16.9, §11.3.

use super::{
    answer::{Failure, Success},
    call::{Call, segment},
    fields::Fields,
    publish::{begin, idempotency_key, max_event_bytes, publish},
};
use contract::{Action, ChannelName, UserId};

/// `POST /apps/{app}/users/{user}/events`
pub async fn event(call: &Call<'_>) -> Result<Success, Failure> {
    let (_, channel) = user(call)?;
    let fields = Fields::read(begin(call)?, max_event_bytes(call))?;
    call.admitted.require_channel(Action::Publish, &channel)?;
    let key = idempotency_key(call, &fields)?;
    let _hold = call.hold(std::iter::once(fields.data.len())).await?;
    publish(call, channel, &fields, fields.data.as_ref().into(), key).await?;
    Ok(Success::Done)
}

/// `POST /apps/{app}/users/{user}/terminate_connections`, also without the app.
///
/// A user nobody knows has no connections, which is success. What the body holds does not matter.
pub async fn terminate(call: &Call<'_>) -> Result<Success, Failure> {
    let (user, channel) = user(call)?;
    // A user is a channel of its own, so the key's patterns decide about users as well.
    call.admitted.require_channel(Action::UsersTerminate, &channel)?;
    call.admitted.charge_read()?;
    call.gateway.router.terminate_user(&call.admitted.app.id, &user).await?;
    Ok(Success::Done)
}

/// The user that the path names, and their own channel.
fn user(call: &Call<'_>) -> Result<(UserId, ChannelName), Failure> {
    let raw = segment(call, "user")?;
    let user: UserId = raw.parse().map_err(|e| Failure::bad_request(format!("the user id {e}")))?;
    let channel = ChannelName::portable(ChannelName::of_user(&user).as_str())
        .map_err(|_| Failure::bad_request("the user id has a character that is not allowed"))?;
    Ok((user, channel))
}
