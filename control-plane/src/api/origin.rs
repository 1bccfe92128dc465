//! Which web pages may change something here: only the console's own.

use super::error::ApiError;
use crate::state::State;
use actix_web::{
    Error, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web::Data,
};

/// The origins a browser may send for the console.
#[derive(Clone, Debug)]
pub struct Origins {
    accepted: Vec<String>,
    secure: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrigin {
    #[error("must be scheme://host[:port] without a path")]
    Shape,
    #[error("must be https unless its host is this machine")]
    Insecure,
}

impl Origins {
    /// Takes the console's public origin. On a loopback host its other usual names count as well,
    /// since people type either.
    pub fn new(origin: &str) -> Result<Self, BadOrigin> {
        let (scheme, host) = origin.split_once("://").ok_or(BadOrigin::Shape)?;
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err(BadOrigin::Shape);
        }
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => (name, format!(":{port}")),
            _ => (host, String::new()),
        };
        let loopback = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
        match scheme {
            "https" => Ok(Self { accepted: vec![origin.to_owned()], secure: true }),
            "http" if loopback => {
                let aliases = ["127.0.0.1", "localhost", "[::1]"];
                let accepted = aliases.map(|alias| format!("http://{alias}{port}")).to_vec();
                Ok(Self { accepted, secure: false })
            }
            "http" => Err(BadOrigin::Insecure),
            _ => Err(BadOrigin::Shape),
        }
    }

    /// Whether the console is served over TLS, so that its cookies are `Secure`.
    pub fn secure(&self) -> bool {
        self.secure
    }

    pub fn accepts(&self, origin: &str) -> bool {
        self.accepted.iter().any(|known| known == origin)
    }

    /// Refuses a request that a browser says comes from elsewhere. Programs send neither header.
    pub fn check(&self, headers: &header::HeaderMap) -> Result<(), ApiError> {
        if let Some(origin) = headers.get(header::ORIGIN) {
            let ours = origin.to_str().is_ok_and(|origin| self.accepts(origin));
            return if ours { Ok(()) } else { Err(ApiError::ForeignOrigin) };
        }
        match headers.get("sec-fetch-site").map(|v| v.as_bytes()) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(ApiError::ForeignOrigin),
        }
    }
}

pub fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Stands before every route, so that no handler can forget it.
pub async fn enforce<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // What other services send carries its own proof.
    let elsewhere = ["/internal/", "/webhooks/"];
    let from_browsers = !elsewhere.iter().any(|start| request.path().starts_with(start));
    if is_unsafe(request.method()) && from_browsers {
        let checked = match request.app_data::<Data<State>>() {
            Some(state) => state.origins.check(request.headers()),
            None => Err(ApiError::internal("no state")),
        };
        if let Err(refusal) = checked {
            return Ok(request.into_response(refusal.error_response()));
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    #[track_caller]
    fn check(console: &str, headers: &[(&'static str, &'static str)], accepted: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let origins = Origins::new(console).expect(console);
        assert_eq!(origins.check(&map).is_ok(), accepted, "{console} {headers:?}");
    }

    #[test]
    fn only_the_consoles_own_pages_change_anything() {
        let public = "https://console.example.com";
        check(public, &[], true);
        check(public, &[("origin", "https://console.example.com")], true);
        check(public, &[("origin", "https://console.example.com.evil.test")], false);
        check(public, &[("origin", "http://console.example.com")], false);
        check(public, &[("origin", "null")], false);
        check(public, &[("sec-fetch-site", "same-origin")], true);
        check(public, &[("sec-fetch-site", "cross-site")], false);
        check(public, &[("sec-fetch-site", "same-site")], false);
        let local = "http://127.0.0.1:8000";
        check(local, &[("origin", "http://localhost:8000")], true);
        check(local, &[("origin", "http://127.0.0.1:8000")], true);
        check(local, &[("origin", "http://localhost:9000")], false);
    }

    #[test]
    fn a_console_without_tls_is_for_this_machine_only() {
        assert_eq!(Origins::new("http://10.0.0.1:8000").unwrap_err(), BadOrigin::Insecure);
        for raw in ["", "console", "https://", "https://a/b", "ftp://a", "https://u@a"] {
            assert_eq!(Origins::new(raw).unwrap_err(), BadOrigin::Shape, "{raw}");
        }
    }
}
