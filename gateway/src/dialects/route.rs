//! Which dialect an upgrade asks for, and which app: by host, path and query, never by content.
//!
//! Source: the addressing table of the architecture; spec/relay.md §5.1, spec/anycable.md §13.

use super::Dialect;
use crate::{state::Gateway, upgrade::Asked};
use contract::AppPathDialect;

/// Where an upgrade leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    pub dialect: Dialect,
    /// The app's key as the URL has it; empty where the credential names the app, and on paths
    /// that lead nowhere.
    pub key: &'a str,
}

impl<'a> Route<'a> {
    pub fn of(gateway: &Gateway, asked: &Asked<'a>) -> Self {
        let mount = gateway.config.mount.as_str();
        let path = asked.path.strip_prefix(mount).unwrap_or(asked.path);
        let label = cable_label(asked.host, gateway.config.cable_domain.as_deref());
        match place(path, label) {
            Place::App(key) => Self { dialect: on_app_path(gateway, key, asked.query), key },
            Place::Cable(key) => Self { dialect: Dialect::AnyCable, key },
            Place::Metered => Self { dialect: Dialect::Metered, key: "" },
            Place::Nowhere => Self { dialect: Dialect::Pusher, key: "" },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    App(&'a str),
    Cable(&'a str),
    Metered,
    Nowhere,
}

fn place<'a>(path: &'a str, label: Option<&'a str>) -> Place<'a> {
    if let (Some(key), "/cable") = (label, path) {
        return Place::Cable(key);
    }
    if path == "/v1" {
        return Place::Metered;
    }
    if let Some(key) = path.strip_prefix("/app/").filter(|rest| !rest.contains('/')) {
        return Place::App(key);
    }
    match path.strip_prefix("/apps/").and_then(|rest| rest.split_once('/')) {
        Some((key, "cable")) => Place::Cable(key),
        _ => Place::Nowhere,
    }
}

fn on_app_path(gateway: &Gateway, key: &str, query: &str) -> Dialect {
    let app = gateway.directory.app_by_key(key);
    let choice = app.map(|app| app.load().settings.relay.app_path).unwrap_or_default();
    match choice {
        AppPathDialect::Pusher => Dialect::Pusher,
        AppPathDialect::Relay => Dialect::Relay,
        AppPathDialect::Auto if names_protocol(query) => Dialect::Pusher,
        AppPathDialect::Auto => Dialect::Relay,
    }
}

/// Whether the query has the parameter `protocol`, with any value: every Pusher client sends it.
fn names_protocol(query: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some("protocol"))
}

/// `{label}` of the host `{label}.{domain}`, with or without a port.
pub fn cable_label<'a>(host: Option<&'a str>, domain: Option<&str>) -> Option<&'a str> {
    let (host, domain) = (host?, domain?);
    let host = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    let at = host.len().checked_sub(domain.len() + 1)?;
    let (label, rest) = (host.get(..at)?, host.get(at + 1..)?);
    let fits = host.as_bytes()[at] == b'.' && rest.eq_ignore_ascii_case(domain);
    (fits && !label.is_empty() && !label.contains('.')).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_and_the_host_decide() {
        for (path, label, expected) in [
            ("/app/abc", None, Place::App("abc")),
            ("/app/", None, Place::App("")),
            ("/app/abc/more", None, Place::Nowhere),
            ("/app", None, Place::Nowhere),
            ("/apps/abc/cable", None, Place::Cable("abc")),
            ("/apps/abc/cable/more", None, Place::Nowhere),
            ("/cable", None, Place::Nowhere),
            ("/cable", Some("abc"), Place::Cable("abc")),
            ("/v1", None, Place::Metered),
            ("/v1/channels", None, Place::Nowhere),
        ] {
            assert_eq!(place(path, label), expected, "{path} {label:?}");
        }
    }

    #[test]
    fn only_the_parameter_protocol_makes_it_pusher() {
        for (query, expected) in [
            ("protocol=7&client=js", true),
            ("client=js&protocol=", true),
            ("client=js", false),
            ("xprotocol=7", false),
            ("", false),
        ] {
            assert_eq!(names_protocol(query), expected, "{query}");
        }
    }

    #[test]
    fn a_label_is_one_name_before_the_domain() {
        let domain = Some("cable.example.com");
        for (host, expected) in [
            ("abc.cable.example.com", Some("abc")),
            ("abc.Cable.Example.com:443", Some("abc")),
            ("a.b.cable.example.com", None),
            ("cable.example.com", None),
            ("abcable.example.com", None),
            (".cable.example.com", None),
        ] {
            assert_eq!(cable_label(Some(host), domain), expected, "{host}");
        }
        assert_eq!(cable_label(Some("abc.cable.example.com"), None), None);
    }
}
