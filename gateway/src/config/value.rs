//! Reading single values, each with the name under which a mistake is reported.

use super::{BadConfig, Flags, LogFormat, TlsFiles};
use serde::Deserialize;
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub(super) fn from_toml(text: &str, path: &Path) -> Result<Flags, BadConfig> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct File {
        gateway: Flags,
    }
    // A message of the parser quotes the line, which may hold a secret: only its place is told.
    toml::from_str::<File>(text).map(|file| file.gateway).map_err(|e| {
        let line = e.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        bad_file(path, format!("line {line}: {}", e.message()))
    })
}

pub(super) fn bad_file(path: &Path, why: impl fmt::Display) -> BadConfig {
    BadConfig::File { path: path.display().to_string(), why: why.to_string() }
}

pub(super) fn value(name: &'static str, why: impl fmt::Display) -> BadConfig {
    BadConfig::Value { name, why: why.to_string() }
}

pub(super) fn parse<T>(
    name: &'static str,
    raw: &Option<String>,
    default: &str,
) -> Result<T, BadConfig>
where
    T: std::str::FromStr<Err: fmt::Display>,
{
    raw.as_deref().unwrap_or(default).trim().parse().map_err(|e| value(name, e))
}

pub(super) fn ranged(
    name: &'static str,
    raw: &Option<String>,
    default: u64,
    (min, max): (u64, u64),
) -> Result<u64, BadConfig> {
    let number: u64 = parse(name, raw, &default.to_string())?;
    match (min..=max).contains(&number) {
        true => Ok(number),
        false => Err(value(name, format!("must be {min} to {max}, is {number}"))),
    }
}

pub(super) fn url(name: &'static str, raw: &str) -> Result<String, BadConfig> {
    let raw = raw.trim().trim_end_matches('/');
    let rest = raw.strip_prefix("http://").or_else(|| raw.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains([' ', '?', '#']) => Ok(raw.to_owned()),
        _ => Err(value(name, "must be an http:// or https:// URL")),
    }
}

pub(super) fn tls(
    cert: &Option<PathBuf>,
    key: &Option<PathBuf>,
) -> Result<Option<TlsFiles>, BadConfig> {
    match (cert.clone(), key.clone()) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(BadConfig::Missing { name: "SIGNALBOX_TLS_KEY" }),
        (None, Some(_)) => Err(BadConfig::Missing { name: "SIGNALBOX_TLS_CERT" }),
    }
}

pub(super) fn cable_domain(raw: Option<&str>) -> Result<Option<String>, BadConfig> {
    let Some(raw) = raw.map(str::trim).filter(|raw| !raw.is_empty()) else { return Ok(None) };
    let is_label = |label: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(allowed)
    };
    match raw.len() <= 190 && raw.split('.').all(is_label) {
        true => Ok(Some(raw.to_ascii_lowercase())),
        false => Err(value("SIGNALBOX_CABLE_DOMAIN", "must be a domain name")),
    }
}

pub(super) fn gateway_id(raw: Option<&str>, listen: SocketAddr) -> Result<String, BadConfig> {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let id = match raw {
        Some(raw) => raw.trim().to_owned(),
        None => format!("{}-{}", host().trim(), listen.port()),
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    match (1..=64).contains(&id.len()) && id.bytes().all(fits) {
        true => Ok(id),
        false => Err(value("SIGNALBOX_GATEWAY_ID", "must be 1 to 64 of A-Z a-z 0-9 _ - .")),
    }
}

pub(super) fn metrics_prefix(raw: Option<&str>) -> Result<String, BadConfig> {
    let raw = raw.unwrap_or("sockudo_");
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    match raw.bytes().all(fits) && !raw.starts_with(|c: char| c.is_ascii_digit()) {
        true => Ok(raw.to_owned()),
        false => Err(value("SIGNALBOX_METRICS_PREFIX", "must be letters, digits and _")),
    }
}

pub(super) fn mount(raw: &str) -> Result<String, BadConfig> {
    let raw = raw.trim_end_matches('/');
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/_-.".contains(&b);
    match raw.is_empty() || (raw.starts_with('/') && raw.bytes().all(fits)) {
        true => Ok(raw.to_owned()),
        false => Err(value("SIGNALBOX_MOUNT", "must be a path such as /realtime")),
    }
}

pub(super) fn log_format(raw: Option<&str>) -> Result<LogFormat, BadConfig> {
    match raw.unwrap_or("text") {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(value("SIGNALBOX_LOG_FORMAT", "must be text or json")),
    }
}
