//! An address that somebody wants to be told at.

use super::address::Reach;
use reqwest::Url;
use std::{fmt, net::IpAddr, time::Duration};

/// How long a name may take to be resolved while somebody waits.
const LOOKUP: Duration = Duration::from_secs(3);

/// A URL that may be asked: `https`, no credentials, no address that is not public.
///
/// With loopback allowed also `http`, to this machine only. Errors: `BadDestination`, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    url: Url,
    reach: Reach,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDestination {
    #[error("is longer than {} bytes", Destination::MAX_BYTES)]
    TooLong,
    #[error("must be a URL like https://example.com/webhooks")]
    NotAUrl,
    #[error("must begin with https://")]
    NotHttps,
    #[error("must not contain a user name or a password")]
    Credentials,
    #[error("leads to {0}, which is not an address on the public internet")]
    NotPublic(IpAddr),
    #[error("is a name of this machine, not of a server on the public internet")]
    Localhost,
}

impl Destination {
    pub const MAX_BYTES: usize = 2048;

    pub fn parse(raw: &str, allow_loopback: bool) -> Result<Self, BadDestination> {
        if raw.len() > Self::MAX_BYTES {
            return Err(BadDestination::TooLong);
        }
        let mut url = Url::parse(raw).map_err(|_| BadDestination::NotAUrl)?;
        url.set_fragment(None);
        if url.as_str().len() > Self::MAX_BYTES {
            return Err(BadDestination::TooLong);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadDestination::NotHttps);
        }
        if url.host_str().is_none_or(str::is_empty) || url.port() == Some(0) {
            return Err(BadDestination::NotAUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadDestination::Credentials);
        }
        let destination = Self { url, reach: Reach::of(allow_loopback) };
        let is_here = destination.is_this_machine();
        if let Some(address) = destination.literal().filter(|a| !destination.reach.allows(*a)) {
            return Err(BadDestination::NotPublic(address));
        }
        if is_here && !allow_loopback {
            return Err(BadDestination::Localhost);
        }
        if destination.url.scheme() == "http" && !is_here {
            return Err(BadDestination::NotHttps);
        }
        Ok(destination)
    }

    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The address, where the host is one. The parser has brought every spelling into one form.
    fn literal(&self) -> Option<IpAddr> {
        let host = self.host();
        host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host).parse().ok()
    }

    fn is_this_machine(&self) -> bool {
        let name = self.host().trim_end_matches('.');
        name == "localhost"
            || name.ends_with(".localhost")
            || self.literal().is_some_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Resolves the name as well. One that has no address yet passes: it may have one tomorrow, and
/// addresses are judged again at every connection.
pub async fn check(destination: &Destination) -> Result<(), BadDestination> {
    if destination.literal().is_some() {
        return Ok(());
    }
    let lookup = tokio::net::lookup_host((destination.host(), 0));
    let Ok(Ok(addresses)) = tokio::time::timeout(LOOKUP, lookup).await else {
        return Ok(());
    };
    let mut refused = None;
    for address in addresses {
        if destination.reach.allows(address.ip()) {
            return Ok(());
        }
        refused = Some(address.ip());
    }
    refused.map_or(Ok(()), |address| Err(BadDestination::NotPublic(address)))
}

#[cfg(test)]
mod tests {
    use super::{BadDestination::*, *};

    fn parse(raw: &str, allow_loopback: bool) -> Result<String, BadDestination> {
        Destination::parse(raw, allow_loopback).map(|d| d.as_str().to_owned())
    }

    #[track_caller]
    fn refused(raw: &str, expected: BadDestination) {
        assert_eq!(parse(raw, false), Err(expected), "{raw}");
    }

    fn not_public(address: &str) -> BadDestination {
        NotPublic(address.parse().unwrap())
    }

    #[test]
    fn a_destination_is_https_to_a_public_address() {
        for raw in ["https://example.com/hook?a=b", "https://example.com:8443/", "https://1.1.1.1/"]
        {
            assert_eq!(parse(raw, false), Ok(raw.to_owned()));
        }
        assert_eq!(parse("https://example.com/a#b", false), Ok("https://example.com/a".into()));
        refused("http://example.com/", NotHttps);
        refused("ftp://example.com/", NotHttps);
        refused("file:///etc/passwd", NotHttps);
        refused("example.com/hook", NotAUrl);
        refused("https://", NotAUrl);
        refused("https://example.com:0/", NotAUrl);
        refused("", NotAUrl);
        refused("https://user@example.com/", Credentials);
        refused("https://:word@example.com/", Credentials);
        refused(&format!("https://example.com/{}", "a".repeat(2048)), TooLong);
        refused(&format!("https://example.com/{}", "ä".repeat(900)), TooLong);
    }

    #[test]
    fn every_spelling_of_an_address_is_seen_through() {
        for raw in [
            "https://127.0.0.1/",
            "https://127.0.0.1./",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https://１２７.0.0.1/",
        ] {
            refused(raw, not_public("127.0.0.1"));
        }
        refused("https://[::1]/", not_public("::1"));
        refused("https://[::ffff:10.0.0.1]/", not_public("::ffff:10.0.0.1"));
        refused("https://169.254.169.254/latest", not_public("169.254.169.254"));
        refused("https://localhost/", Localhost);
        refused("https://LOCALHOST./", Localhost);
        refused("https://a.localhost/", Localhost);
    }

    #[test]
    fn development_goes_to_this_machine_without_tls_and_nowhere_else() {
        for raw in ["http://127.0.0.1:9/", "http://localhost:9/", "https://[::1]:9/"] {
            assert_eq!(parse(raw, true), Ok(raw.to_owned()));
        }
        assert_eq!(parse("http://example.com/", true), Err(NotHttps));
        assert_eq!(parse("http://10.0.0.1/", true), Err(not_public("10.0.0.1")));
        assert_eq!(parse("https://192.168.0.1/", true), Err(not_public("192.168.0.1")));
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_leads_to() {
        let here = Destination::parse("http://localhost:9/", true).unwrap();
        assert_eq!(check(&here).await, Ok(()));
        let elsewhere = Destination { reach: Reach::Public, ..here };
        assert!(matches!(check(&elsewhere).await, Err(NotPublic(_))));
        let nowhere = Destination::parse("https://nobody.invalid/", false).unwrap();
        assert_eq!(check(&nowhere).await, Ok(()), "it may be there tomorrow");
    }
}
