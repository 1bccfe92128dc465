//! May this connection be opened: app, origin, TLS, and a place in the quota.

use crate::{
    admission::{Refusal, Whose},
    directory::App,
    metering::Meter,
};
use contract::{AppKey, AppSettings};
use std::sync::Arc;

/// Proof of a place in the app's connection quota. Dropping it gives the place back.
#[derive(Debug)]
#[must_use]
pub struct ConnectionPermit {
    app: Arc<App>,
    /// Of the credential that the connection was opened with, if it needed one.
    meter: Option<Arc<Meter>>,
    is_counted: bool,
    origin: Option<Box<str>>,
    is_tls: bool,
}

impl ConnectionPermit {
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Whether the app still takes connections from there.
    pub fn is_welcome(&self) -> bool {
        let state = self.app.load();
        welcomes(&state.settings, self.origin.as_deref(), self.is_tls).is_ok()
    }

    /// The connection was opened with `key`, which therefore counts as used, and whose traffic the
    /// connection's is. `now_ms` is Unix time.
    pub fn opened_with(&mut self, key: &AppKey, now_ms: u64) {
        if let Some(credential) = self.app.load().credential(key.as_str()) {
            credential.last_use.note(now_ms / 1_000);
            let meter = self.app.counters.of_key(&credential.meter, key.as_str());
            self.meter = Some(meter.clone());
        }
    }

    /// The same for a credential that knows its meter.
    pub fn opened_by(&mut self, meter: Arc<Meter>) {
        self.meter = Some(meter);
    }

    /// The connection begins; its traffic is counted here.
    pub fn begin(&mut self) -> Arc<Meter> {
        let meter = self.meter.get_or_insert_with(|| self.app.counters.own().clone()).clone();
        if !std::mem::replace(&mut self.is_counted, true) {
            self.app.counters.connection_opened(&meter);
        }
        meter
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.app.connections.give_back();
        if let (Some(meter), true) = (&self.meter, self.is_counted) {
            self.app.counters.connection_closed(meter);
        }
    }
}

/// `origin` is the header of that name, which only browsers send.
pub fn connect(
    app: &Arc<App>,
    origin: Option<&str>,
    tls: bool,
) -> Result<ConnectionPermit, Refusal> {
    connect_within(app, origin, tls, u32::MAX)
}

/// The same for an app that may have no more than `places` here, of those that its organisation's
/// apps share.
pub fn connect_within(
    app: &Arc<App>,
    origin: Option<&str>,
    tls: bool,
    places: u32,
) -> Result<ConnectionPermit, Refusal> {
    may_connect(app, origin, tls)?;
    let limit = app.load().limits.max_connections;
    if !app.connections.take(limit.min(places)) {
        let used = app.connections.open();
        let (whose, limit) = match used >= limit {
            true => (Whose::App, limit),
            false => (Whose::Organisation, places),
        };
        return Err(Refusal::ConnectionLimit { whose, used, limit });
    }
    Ok(ConnectionPermit {
        app: app.clone(),
        meter: None,
        is_counted: false,
        origin: origin.map(Into::into),
        is_tls: tls,
    })
}

/// Whether a connection would be let in now, without a place for it.
pub fn may_connect(app: &App, origin: Option<&str>, tls: bool) -> Result<(), Refusal> {
    let state = app.load();
    if state.deleted {
        return Err(Refusal::AppUnknown);
    }
    if !state.enabled {
        return Err(Refusal::AppDisabled);
    }
    welcomes(&state.settings, origin, tls)?;
    let limit = state.limits.max_connections;
    match app.connections.open() >= limit {
        true => Err(full(app, limit)),
        false => Ok(()),
    }
}

fn full(app: &App, limit: u32) -> Refusal {
    Refusal::ConnectionLimit { whose: Whose::App, used: app.connections.open(), limit }
}

fn welcomes(settings: &AppSettings, origin: Option<&str>, tls: bool) -> Result<(), Refusal> {
    if settings.tls_only && !tls {
        return Err(Refusal::TlsRequired);
    }
    match origin.is_none_or(|origin| origin_allowed(&settings.allowed_origins, origin)) {
        true => Ok(()),
        false => Err(Refusal::OriginRefused),
    }
}

/// Whether `origin` is one of `allowed`; an empty list allows any.
pub fn origin_allowed(allowed: &[String], origin: &str) -> bool {
    allowed.is_empty() || allowed.iter().any(|pattern| pattern == "*" || fits(pattern, origin))
}

/// Scheme, host and port must be the same; `https://*.example.com` fits every host below it.
fn fits(pattern: &str, origin: &str) -> bool {
    let (Some(pattern), Some(origin)) = (Origin::parse(pattern), Origin::parse(origin)) else {
        return false;
    };
    let host = match pattern.host.strip_prefix("*.") {
        None => pattern.host.eq_ignore_ascii_case(origin.host),
        Some(parent) => {
            let at = origin.host.len().checked_sub(parent.len() + 1);
            at.filter(|at| *at > 0).is_some_and(|at| {
                origin.host.as_bytes()[at] == b'.'
                    && origin.host.as_bytes()[at + 1..].eq_ignore_ascii_case(parent.as_bytes())
            })
        }
    };
    host && pattern.scheme.eq_ignore_ascii_case(origin.scheme) && pattern.port == origin.port
}

struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: u16,
}

impl<'a> Origin<'a> {
    fn parse(raw: &'a str) -> Option<Self> {
        let (scheme, rest) = raw.trim_end_matches('/').split_once("://")?;
        let default = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
        let after_brackets = rest.rfind(']').unwrap_or(0);
        let (host, port) = match rest[after_brackets..].rfind(':') {
            Some(at) => {
                (&rest[..after_brackets + at], rest[after_brackets + at + 1..].parse().ok()?)
            }
            None => (rest, default),
        };
        (!host.is_empty()).then_some(Self { scheme, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_by_scheme_host_and_port() {
        for (pattern, origin, expected) in [
            ("https://example.com", "https://example.com", true),
            ("https://example.com", "https://EXAMPLE.com:443", true),
            ("https://example.com/", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com", "https://example.com.evil.test", false),
            ("https://example.com", "https://evil-example.com", false),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("http://localhost:3000", "http://localhost:3000", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("http://[::1]", "http://[::1]:80", true),
            ("*", "https://anything.test", true),
            ("https://example.com", "null", false),
            ("https://example.com", "", false),
            ("example.com", "https://example.com", false),
        ] {
            assert_eq!(origin_allowed(&[pattern.into()], origin), expected, "{pattern} {origin}");
        }
        assert!(origin_allowed(&[], "https://anything.test"));
    }
}
