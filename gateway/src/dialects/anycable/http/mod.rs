//! The dialect's HTTP API: publishing to streams, ending connections, and who is present.
//!
//! Source: spec/anycable.md §4, §13; seed 003. The app is the one that the host or the path names,
//! else the one whose secret the Bearer was derived from; a Bearer is never taken for another app
//! than the URL's. Answers to publishing have no body. A request holds at most 100 publications.

mod answer;
mod body;
pub(super) mod cors;
mod door;
mod path;
mod publish;
#[cfg(test)]
pub(super) mod tests;

use super::codec;
use crate::{admission::Purpose, state::Gateway};
use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{self, Data, Payload, ServiceConfig},
};
use answer::{Failure, Success};
use contract::Action;
use door::Door;
pub(super) use door::{Named, key_in, origin};

/// Every endpoint, with the app in the path or without.
pub fn configure(routes: &mut ServiceConfig) {
    for base in ["", "/apps/{app}"] {
        let at = |path: &str| web::resource(format!("{base}{path}"));
        routes
            .service(at("/api/publish").to(publish))
            .service(at("/_broadcast").to(broadcast))
            .service(at("/api/presence/{rest:.*}").to(presence));
    }
}

async fn publish(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    let door = Door { method: Method::POST, purpose: Purpose::Api };
    door.serve(&request, body, &gateway, async |call| publish::publish(call).await).await
}

/// The older twin of publishing, with a Bearer of its own.
async fn broadcast(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    let door = Door { method: Method::POST, purpose: Purpose::Broadcast };
    door.serve(&request, body, &gateway, async |call| publish::publish(call).await).await
}

async fn presence(request: HttpRequest, body: Payload, gateway: Data<Gateway>) -> HttpResponse {
    let door = Door { method: Method::GET, purpose: Purpose::Api };
    door.serve(&request, body, &gateway, async |call| present(call).await).await
}

/// A stream that nobody ever used, or that none can be called by, has nobody.
async fn present(call: &crate::dialects::desk::Call<'_>) -> Result<Success, Failure> {
    let stream = path::presence_stream(call.request.uri().path()).ok_or(Failure::NoSuchPath)?;
    call.admitted.charge_read()?;
    if !call.admitted.state.settings.anycable.presence {
        return Err(Failure::PresenceOff);
    }
    let members = match super::pubsub::channel(&stream) {
        Ok(channel) => {
            call.admitted.require_channel(Action::Presence, &channel)?;
            call.gateway.router.members(&call.topic(channel)).await?
        }
        Err(_) => Vec::new(),
    };
    Ok(Success::Present(codec::presence_set(&members, true)))
}

#[cfg(test)]
pub(in crate::dialects) fn refuse(
    refusal: crate::admission::Refusal,
) -> crate::dialects::desk::Answer {
    crate::dialects::desk::told(&answer::Failure::Refused(refusal))
}
