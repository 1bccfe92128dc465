//! A request in this dialect's hands.

use super::answer::{Failure, Success};
use crate::{
    admission::{self, Refusal},
    dialects::{
        Dialect,
        desk::{self, Door},
    },
    state::Gateway,
};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use contract::{AppLimits, ChannelName};
pub use desk::Call;
use std::borrow::Cow;

/// Admits the request, has it done, and answers.
pub async fn serve(
    request: &HttpRequest,
    payload: Payload,
    gateway: &Gateway,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Success, Failure>,
) -> HttpResponse {
    let view = desk::view(request, gateway);
    let door = Door {
        credential: |now_ms| {
            let pending = admission::http_credential(&gateway.directory, view, now_ms)?;
            match Dialect::Pusher.is_on(&pending.app().load()) {
                true => Ok(pending),
                false => Err(Refusal::DialectDisabled),
            }
        },
        max_body_bytes: AppLimits::max_event_body_bytes,
        dialect: Dialect::Pusher,
    };
    desk::serve(request, payload, gateway, door, work).await
}

/// A segment of the path, with its escapes undone once.
pub fn segment<'a>(call: &'a Call<'_>, name: &str) -> Result<Cow<'a, str>, Failure> {
    call.segment(name)
        .map_err(|_| Failure::bad_request(format!("the {name} in the path is not UTF-8")))
}

/// The channel that the path names.
pub fn channel_in(call: &Call<'_>) -> Result<ChannelName, Failure> {
    let raw = segment(call, "channel")?;
    ChannelName::portable(&raw).map_err(|e| Failure::bad_request(format!("the channel name {e}")))
}
