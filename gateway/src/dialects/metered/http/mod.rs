//! The dialect's HTTP API: decode, ask admission, publish or ask the owner, encode.
//!
//! Source: spec/metered.md §12; seed 004.

mod answer;
mod channels;
mod path;
mod peers;
mod period;
mod size;
#[cfg(test)]
mod tests;
mod tokens;
mod usage;

use crate::{
    admission::{self, Pending, Refusal},
    dialects::{
        Dialect,
        desk::{self, Call, Door, Failing},
    },
    state::Gateway,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Data, Payload, ServiceConfig},
};
use answer::{Failure, Success};
use contract::ChannelName;
use path::{Route, decoded};

/// A request's whole body: the largest data and metadata, as encoders write them that escape
/// everything beyond ASCII, and slack. Source: spec/metered.md §12.2.
const MAX_BODY_BYTES: usize = 128 << 10;

/// Everything below `/v1`, which has one handler because channels' names may hold slashes.
pub fn configure(routes: &mut ServiceConfig) {
    routes.route("/v1", web::to(answer_to)).route("/v1/{rest:.*}", web::to(answer_to));
}

async fn answer_to(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    let path = request.uri().path();
    let path = path.strip_prefix(&gateway.config.mount).unwrap_or(path);
    let path = path.strip_prefix("/v1").unwrap_or_default();
    let Some(route) = path::route(request.method().as_str(), path) else {
        return Failure::from(Refusal::RouteUnknown).answer().respond();
    };
    let view = desk::view(&request, &gateway);
    let credential = |now_ms| {
        let found =
            admission::bearer_credential(&gateway.directory, view.authorization, view.peer, now_ms);
        found.and_then(speaks_this)
    };
    let (max_body_bytes, dialect) = (|_: &_| MAX_BODY_BYTES, Dialect::Metered);
    let door = Door { credential, max_body_bytes, dialect };
    desk::serve(&request, body, &gateway, door, async |call| work(call, route).await).await
}

fn speaks_this(pending: Pending) -> Result<Pending, Refusal> {
    match Dialect::Metered.is_on(&pending.app().load()) {
        true => Ok(pending),
        false => Err(Refusal::DialectDisabled),
    }
}

async fn work(call: &Call<'_>, route: Route<'_>) -> Result<Success, Failure> {
    match route {
        Route::Peers(raw) => channels::peers(call, raw).await,
        Route::Publish(raw) => channels::publish(call, raw).await,
        Route::Tokens => tokens::mint(call),
        Route::Disconnect(raw) => peers::disconnect(call, raw).await,
        Route::Usage => usage::report(call),
    }
}

/// A name in the path, with its escapes undone.
fn name(raw: &str) -> Result<std::borrow::Cow<'_, str>, Failure> {
    decoded(raw).ok_or_else(|| Failure::bad_request("the name in the path is not UTF-8"))
}

fn channel(raw: &str) -> Result<ChannelName, Failure> {
    Ok(super::names::channel(&name(raw)?)?)
}

#[cfg(test)]
pub(in crate::dialects) fn refuse(
    refusal: crate::admission::Refusal,
) -> crate::dialects::desk::Answer {
    crate::dialects::desk::told(&answer::Failure::Refused(refusal))
}
