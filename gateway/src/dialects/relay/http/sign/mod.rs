//! `POST /apps/{app}/auth`: having a channel signed without a back end of one's own.
//!
//! As the original has it, this endpoint signs whatever it is given, for anybody. Here it is off
//! unless the app's owner says for whom, and it signs only what it has looked at: a connection that
//! is open, a channel that is listed, a user that was proved or that it names itself.
//! Source: spec/relay.md §2.6, §7.

mod ask;
mod caller;

use super::{
    answer::{Failure, Success},
    cors,
};
use crate::{
    admission::{self, Refusal, Rule},
    dialects::{
        Dialect,
        desk::{self, Answer, Failing},
        relay::{member::push_text, pace::SigningPace},
    },
    directory::{App, AppState},
    hub::clock,
    state::Gateway,
};
use actix_web::{HttpRequest, HttpResponse, web::Payload};
use ask::Ask;
use caller::Caller;
use contract::{AppKey, AuthEndpoint};
use std::sync::Arc;

/// Room for the largest `channel_data`, however it is escaped.
const MAX_BODY_BYTES: usize = 32 << 10;

/// Answers, and writes down what was asked.
pub async fn answer(
    request: &HttpRequest,
    mut payload: Payload,
    gateway: &Gateway,
) -> HttpResponse {
    let now_ms = clock::unix_ms();
    let Some(app) = named_app(request, gateway) else {
        let failure = Failure::from(Refusal::AppUnknown);
        return refuse(request, payload, gateway, None, &failure);
    };
    let state = app.state();
    let mut response = match sign(request, &mut payload, gateway, &app, &state, now_ms).await {
        Ok(signed) => {
            let answer: Answer = signed.into();
            app.counters.add_request(answer.status.as_u16(), 0, answer.body.len() as u64);
            answer.respond()
        }
        Err(failure) => refuse(request, payload, gateway, Some(&app), &failure),
    };
    cors::listed(request, &state, &mut response);
    response
}

/// Callers may bring headers of their own, if their page is listed.
pub fn preflight(request: &HttpRequest, gateway: &Gateway) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    cors::reflect_headers(request, &mut response);
    if let Some(app) = named_app(request, gateway) {
        cors::listed(request, &app.load(), &mut response);
    }
    response
}

fn named_app(request: &HttpRequest, gateway: &Gateway) -> Option<Arc<App>> {
    gateway.directory.app_by_path(request.match_info().get("app")?)
}

fn refuse(
    request: &HttpRequest,
    payload: Payload,
    gateway: &Gateway,
    app: Option<&App>,
    failure: &Failure,
) -> HttpResponse {
    let who = desk::Who { dialect: Dialect::Relay, app, key: None, meter: None };
    let answer = failure.answer().told(&desk::note(failure, request, gateway, who));
    if let Some(app) = app {
        app.counters.add_request(answer.status.as_u16(), 0, 0);
    }
    match desk::is_announced(request) {
        true => desk::respond_unread(answer, payload),
        false => answer.respond(),
    }
}

async fn sign(
    request: &HttpRequest,
    payload: &mut Payload,
    gateway: &Gateway,
    app: &App,
    state: &AppState,
    now_ms: u64,
) -> Result<Success, Failure> {
    may_ask(request, gateway, app, state, now_ms)?;
    let caller = Caller::of(request, gateway, state, now_ms)?;
    let body = desk::read_body(request, payload, MAX_BODY_BYTES).await?;
    let caller = caller.complete(&body, &app.id)?;
    let ask = Ask::read(request, &body)?;
    caller.may_have(&ask.channel, state)?;
    let data = caller.channel_data(&ask, state)?;
    match gateway.holds(&app.id, ask.socket).await {
        Some(true) => {}
        Some(false) => {
            let why = "socket_id is not an open connection of this app";
            return Err(Failure::unprocessable(why));
        }
        None => return Err(Refusal::Overloaded { retry_after_ms: 1_000 }.into()),
    }
    let auth = admission::sign_channel(
        state,
        caller.key().map(AppKey::as_str),
        ask.socket,
        &ask.channel,
        data.as_deref(),
    );
    let auth = auth.ok_or(Refusal::Internal)?;
    let (socket, channel) = (ask.socket.to_string(), ask.channel.as_str());
    tracing::info!(app = %app.id, socket, channel, caller = caller.kind(), "channel signed");
    let mut answer = String::from(r#"{"auth":"#);
    push_text(&mut answer, &auth);
    if let Some(data) = data {
        answer.push_str(r#","channel_data":"#);
        push_text(&mut answer, &data);
    }
    answer.push('}');
    Ok(answer.into())
}

/// What is decided before anything of the request is looked at.
fn may_ask(
    request: &HttpRequest,
    gateway: &Gateway,
    app: &App,
    state: &AppState,
    now_ms: u64,
) -> Result<(), Failure> {
    if state.deleted {
        return Err(Refusal::AppUnknown.into());
    }
    if !state.enabled {
        return Err(Refusal::AppDisabled.into());
    }
    if !Dialect::Relay.is_on(state) {
        return Err(Refusal::DialectDisabled.into());
    }
    if state.settings.relay.auth_endpoint == AuthEndpoint::Off {
        return Err(Failure::Signing("channel auth endpoint is disabled for this app"));
    }
    let peer = desk::caller(request, gateway);
    gateway.relay.signing.take(peer, &app.id, now_ms).map_err(|retry_after_ms| {
        let (rule, limit) = (Rule::ChannelSignatures, SigningPace::BURST);
        Failure::Refused(Refusal::RateLimited { retry_after_ms, rule, limit })
    })
}
