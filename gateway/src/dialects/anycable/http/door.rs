//! How a request gets in: method, Bearer, body, in this order. Source: spec/anycable.md §4.3, §4.4.

use super::{
    answer::{Failure, Success},
    cors,
};
use crate::{
    admission::{self, Pending, Purpose, Refusal},
    dialects::{
        Dialect,
        desk::{self, Answer, Call},
        route::cable_label,
    },
    directory::{App, AppState},
    state::Gateway,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web::Payload,
};
use contract::{AppKey, AppLimits};
use std::sync::Arc;

/// What an endpoint is for.
pub struct Door {
    pub method: Method,
    pub purpose: Purpose,
}

const METHODS: &str = "GET, POST, OPTIONS";

impl Door {
    pub async fn serve(
        self,
        request: &HttpRequest,
        payload: Payload,
        gateway: &Gateway,
        work: impl AsyncFnOnce(&Call<'_>) -> Result<Success, Failure>,
    ) -> HttpResponse {
        let named = Named::by(request, gateway);
        let mut app = named.app().cloned();
        let mut response = match *request.method() {
            Method::OPTIONS => unasked(request, payload, StatusCode::OK),
            // Before anybody is asked who they are.
            ref method if *method != self.method => {
                unasked(request, payload, StatusCode::UNPROCESSABLE_ENTITY)
            }
            _ => {
                let credential = |now_ms| {
                    let pending = self.admit(request, gateway, &named, now_ms)?;
                    app = Some(pending.app().clone());
                    Ok(pending)
                };
                let (max_body_bytes, dialect) = (AppLimits::max_body_bytes, Dialect::AnyCable);
                let door = desk::Door { credential, max_body_bytes, dialect };
                desk::serve(request, payload, gateway, door, work).await
            }
        };
        let state = app.as_ref().map(|app| app.load());
        let allowed = state.as_ref().map_or(&[][..], |state| &state.settings.allowed_origins);
        cors::allow(response.headers_mut(), allowed, origin(request), METHODS);
        response
    }

    fn admit(
        &self,
        request: &HttpRequest,
        gateway: &Gateway,
        named: &Named,
        now_ms: u64,
    ) -> Result<Pending, Refusal> {
        let view = desk::view(request, gateway);
        let directory = &gateway.directory;
        if let Named::Unknown = named {
            return Err(admission::failed(directory, view.peer, None, now_ms));
        }
        let (app, authorization) = (named.app(), view.authorization);
        let pending = admission::derived_bearer(
            directory,
            app,
            self.purpose,
            authorization,
            view.peer,
            now_ms,
        )?;
        match Dialect::AnyCable.is_on(&pending.app().load()) {
            true => Ok(pending),
            false => Err(Refusal::DialectDisabled),
        }
    }
}

/// An answer that does not depend on who asks, nor on the body.
pub fn unasked(request: &HttpRequest, payload: Payload, status: StatusCode) -> HttpResponse {
    let answer = Answer::empty(status);
    match desk::is_announced(request) {
        true => desk::respond_unread(answer, payload),
        false => answer.respond(),
    }
}

pub fn origin(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::ORIGIN)?.to_str().ok()
}

/// Which app a URL names, if any. The first place that names one decides.
pub enum Named {
    Nothing,
    App(Arc<App>),
    Unknown,
}

impl Named {
    /// By the host's label, else by the path. The header says which host, whatever an absolute
    /// target says. Source: §13.
    pub fn by(request: &HttpRequest, gateway: &Gateway) -> Self {
        let found = match label(request, gateway) {
            // Hosts have no case, and keys as they are issued are lower-case.
            Some(label) => (gateway.directory.app_by_key(label))
                .or_else(|| gateway.directory.app_by_key(&label.to_ascii_lowercase())),
            None => match request.match_info().get("app") {
                Some(segment) => gateway.directory.app_by_path(segment),
                None => return Self::Nothing,
            },
        };
        found.map_or(Self::Unknown, Self::App)
    }

    pub fn app(&self) -> Option<&Arc<App>> {
        match self {
            Self::App(app) => Some(app),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

/// The app's key in the host's name.
fn label<'a>(request: &'a HttpRequest, gateway: &Gateway) -> Option<&'a str> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    cable_label(host, gateway.config.cable_domain.as_deref())
}

/// The key by which the URL names its app, if by a key.
pub fn key_in(request: &HttpRequest, gateway: &Gateway, state: &AppState) -> Option<AppKey> {
    let raw = label(request, gateway).or_else(|| request.match_info().get("app"))?;
    let credential = state.credential(raw).or_else(|| state.credential(&raw.to_ascii_lowercase()));
    credential.map(|credential| credential.key.clone())
}
