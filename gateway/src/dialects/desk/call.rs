//! One request: who asks, what with, and what is written down about it.

use super::{
    Answer, Failing,
    answer::respond_unread,
    body::{self, is_announced},
};
use crate::{
    admission::{self, Admitted, KeyRef, Pending, Refusal, RequestView},
    dialects::Dialect,
    directory::App,
    forwarded,
    hub::clock,
    metering::Meter,
    refusals::{Denied, Told},
    state::Gateway,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Payload},
};
use contract::{AppLimits, ChannelName, refusal::Transport};
use percent_encoding::percent_decode_str;
use realtime::Topic;
use std::{borrow::Cow, net::IpAddr, str::Utf8Error, sync::Arc};

/// A request whose credential and body are accepted.
pub struct Call<'a> {
    pub request: &'a HttpRequest,
    pub gateway: &'a Gateway,
    pub admitted: Admitted,
    pub body: Bytes,
    /// Unix time.
    pub now_ms: u64,
}

/// How a dialect lets requests in.
pub struct Door<C> {
    /// Finds and checks the credential, before a byte of the body is read. `now` is Unix
    /// milliseconds.
    pub credential: C,
    /// Bytes beyond which a body is not read; never more than the app's limit for all dialects.
    pub max_body_bytes: fn(&AppLimits) -> usize,
    pub dialect: Dialect,
}

/// What admission looks at of a request.
pub fn view<'a>(request: &'a HttpRequest, gateway: &'a Gateway) -> RequestView<'a> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    RequestView {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
        authorization: authorization.and_then(|value| value.to_str().ok()),
        peer: caller(request, gateway),
        app_secret_bearer: false,
        mount: &gateway.config.mount,
    }
}

/// The address that a request comes from.
pub fn caller(request: &HttpRequest, gateway: &Gateway) -> Option<IpAddr> {
    let proxies = gateway.config.trusted_proxies;
    forwarded::caller(request.peer_addr(), request.headers(), proxies)
}

/// Admits the request, has it done, and answers.
pub async fn serve<C, A, F>(
    request: &HttpRequest,
    mut payload: Payload,
    gateway: &Gateway,
    door: Door<C>,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<A, F>,
) -> HttpResponse
where
    C: FnOnce(u64) -> Result<Pending, Refusal>,
    A: Into<Answer>,
    F: Failing,
{
    let now_ms = clock::unix_ms();
    let dialect = door.dialect;
    let (app, who, bytes_in, outcome) =
        match admit::<C, F>(request, &mut payload, gateway, door, now_ms).await {
            Ok(call) => {
                let outcome = work(&call).await;
                let Admitted { app, key, meter, .. } = call.admitted;
                let outcome = outcome.map_err(|failure| (failure, false));
                (Some(app), Some((Some(key), meter)), call.body.len(), outcome)
            }
            Err((app, failure)) => {
                let app = app.or_else(|| named_app(request, gateway));
                let who = app.as_ref().map(|app| (None, app.counters.own().clone()));
                (app, who, 0, Err((failure, is_announced(request))))
            }
        };
    let (status, bytes_out, response) = match outcome {
        Ok(success) => {
            let answer: Answer = success.into();
            (answer.status, answer.body.len(), answer.respond())
        }
        Err((failure, unread)) => {
            let (key, meter) = match &who {
                Some((key, meter)) => (key.as_ref(), Some(meter.as_ref())),
                None => (None, None),
            };
            let who = Who { dialect, app: app.as_deref(), key, meter };
            let told = note(&failure, request, gateway, who);
            let answer = failure.answer().told(&told);
            let status = answer.status;
            let response = match unread {
                true => respond_unread(answer, payload),
                false => answer.respond(),
            };
            (status, 0, response)
        }
    };
    if let Some((_, meter)) = who {
        meter.request(status.as_u16(), bytes_in as u64, bytes_out as u64);
    }
    response
}

/// Everything that is decided before the request is looked into. No byte of the body is read
/// before app and credential are known.
async fn admit<'a, C, F>(
    request: &'a HttpRequest,
    payload: &mut Payload,
    gateway: &'a Gateway,
    door: Door<C>,
    now_ms: u64,
) -> Result<Call<'a>, (Option<Arc<App>>, F)>
where
    C: FnOnce(u64) -> Result<Pending, Refusal>,
    F: Failing,
{
    let pending = (door.credential)(now_ms).map_err(|refusal| (None, refusal.into()))?;
    let app = pending.app().clone();
    let limit = (door.max_body_bytes)(&app.load().limits).min(pending.body_limit());
    let body = match body::read(request, payload, limit).await {
        Ok(body) => body,
        Err(e) => return Err((Some(app), e.into())),
    };
    let admitted = pending.admit(&body).map_err(|refusal| (Some(app), refusal.into()))?;
    Ok(Call { request, gateway, admitted, body, now_ms })
}

impl Call<'_> {
    pub fn topic(&self, channel: ChannelName) -> Topic {
        Topic { app: self.admitted.app.id.clone(), channel }
    }

    /// A segment of the path that a route named, with its escapes undone once.
    ///
    /// The router leaves `%2F`, `%25` and `%2B` escaped and nothing else, so this is the first time
    /// that these are undone.
    pub fn segment(&self, name: &str) -> Result<Cow<'_, str>, Utf8Error> {
        percent_decode_str(self.request.match_info().get(name).unwrap_or_default()).decode_utf8()
    }
}

/// The app a refused request was meant for, if its path or its key names one.
fn named_app(request: &HttpRequest, gateway: &Gateway) -> Option<Arc<App>> {
    let directory = &gateway.directory;
    match request.match_info().get("app") {
        Some(segment) => directory.app_by_path(segment),
        None => admission::app_of_bearer(directory, view(request, gateway).authorization),
    }
}

/// Whose request failed, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    pub dialect: Dialect,
    pub app: Option<&'a App>,
    pub key: Option<&'a KeyRef>,
    /// Of the credential, if one was accepted.
    pub meter: Option<&'a Meter>,
}

/// Writes down that a request failed: in the log, in the counters of its credential or else of the
/// app, in the app's live view, and for the control plane.
pub fn note(
    failure: &impl Failing,
    request: &HttpRequest,
    gateway: &Gateway,
    Who { dialect, app, key, meter }: Who<'_>,
) -> Told {
    let refusal = failure.refusal();
    if let (Some(app), Some(refusal)) = (app, refusal) {
        meter.unwrap_or_else(|| app.counters.own()).refused(refusal);
    }
    let route = request.match_pattern().unwrap_or_else(|| request.path().to_owned());
    let denied = Denied {
        refusal,
        dialect,
        transport: Transport::Http,
        key: key.map(KeyRef::public_half),
        action: &format!("{} {route}", request.method()),
        channel: request.match_info().get("channel"),
        code: failure.code(),
        message: &failure.message(),
    };
    gateway.deny(app, denied).masked(failure.mask())
}
