//! One request: who asks, what with, and what is written down about it.

use super::{
    answer::{self, Failure, Success, json},
    body,
};
use crate::{
    admission::{self, Admitted, RequestView},
    directory::App,
    hub::clock,
    state::Gateway,
    telemetry,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Payload},
};
use contract::{ChannelName, live::LiveKind};
use percent_encoding::percent_decode_str;
use realtime::Topic;
use std::{borrow::Cow, sync::Arc};

/// A request whose credential and body are accepted.
pub struct Call<'a> {
    pub request: &'a HttpRequest,
    pub gateway: &'a Gateway,
    pub admitted: Admitted,
    pub body: Bytes,
    /// Unix time.
    pub now_ms: u64,
}

/// Admits the request, has it done, and answers.
pub async fn serve(
    request: &HttpRequest,
    mut payload: Payload,
    gateway: &Gateway,
    work: impl AsyncFnOnce(&Call<'_>) -> Result<Success, Failure>,
) -> HttpResponse {
    let now_ms = clock::unix_ms();
    let (app, bytes_in, outcome) = match admit(request, &mut payload, gateway, now_ms).await {
        Ok(call) => {
            let outcome = work(&call).await;
            (Some(call.admitted.app), call.body.len(), outcome.map_err(|failure| (failure, false)))
        }
        Err(failure) => {
            (named_app(request, gateway), 0, Err((failure, body::is_announced(request))))
        }
    };
    let (status, bytes_out, response) = match outcome {
        Ok(success) => {
            let body = success.body();
            (StatusCode::OK, body.len(), json(StatusCode::OK, body))
        }
        Err((failure, unread)) => {
            if let Failure::Refused(refusal) = &failure {
                telemetry::log_refusal(refusal, "http", app.as_ref().map(|app| &app.id), now_ms);
            }
            if let Some(app) = &app {
                show(app, &failure, now_ms);
            }
            let response = failure.respond(unread);
            let response = match unread {
                true => response.map_body(|_, body| answer::keeping(payload, body)),
                false => response,
            };
            (failure.status(), 0, response)
        }
    };
    if let Some(app) = app {
        app.counters.add_request(status.as_u16(), bytes_in as u64, bytes_out as u64);
    }
    response
}

/// Everything that is decided before the request is looked into. No byte of the body is read
/// before app and credential are known.
async fn admit<'a>(
    request: &'a HttpRequest,
    payload: &mut Payload,
    gateway: &'a Gateway,
    now_ms: u64,
) -> Result<Call<'a>, Failure> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let view = RequestView {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
        authorization: authorization.and_then(|value| value.to_str().ok()),
        peer: request.peer_addr().map(|peer| peer.ip()),
        mount: &gateway.config.mount,
    };
    let pending = admission::http_credential(&gateway.directory, view, now_ms)?;
    let body = body::read(request, payload, pending.body_limit()).await?;
    let admitted = pending.admit(&body)?;
    Ok(Call { request, gateway, admitted, body, now_ms })
}

impl Call<'_> {
    pub fn topic(&self, channel: ChannelName) -> Topic {
        Topic { app: self.admitted.app.id.clone(), channel }
    }

    /// A segment of the path, with its escapes undone once.
    pub fn segment(&self, name: &str) -> Result<Cow<'_, str>, Failure> {
        // The router leaves `%2F`, `%25` and `%2B` escaped and nothing else, so this is the first
        // time that these are undone.
        let raw = self.request.match_info().get(name).unwrap_or_default();
        percent_decode_str(raw)
            .decode_utf8()
            .map_err(|_| Failure::bad_request(format!("the {name} in the path is not UTF-8")))
    }

    /// The channel that the path names.
    pub fn channel(&self) -> Result<ChannelName, Failure> {
        let raw = self.segment("channel")?;
        ChannelName::portable(&raw)
            .map_err(|e| Failure::bad_request(format!("the channel name {e}")))
    }
}

/// The app a refused request was meant for, if its path names one.
fn named_app(request: &HttpRequest, gateway: &Gateway) -> Option<Arc<App>> {
    gateway.directory.app_by_path(request.match_info().get("app")?)
}

fn show(app: &App, failure: &Failure, now_ms: u64) {
    if let Failure::Refused(refusal) = failure {
        app.counters.add_refusal(refusal);
    }
    app.live.emit(now_ms, || LiveKind::Refused {
        source: "http".into(),
        code: failure.code().into(),
        message: failure.message(),
    });
}
