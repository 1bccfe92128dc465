//! One request and what came back, in bounded time and memory.

use super::{
    address::Reach,
    destination::Destination,
    resolver::{Judging, Unresolved},
};
use reqwest::{Client, Response, header, redirect};
use std::{collections::BTreeMap, error::Error, sync::Arc, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::{Instant, timeout_at};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Everything together, however slowly it comes.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter than most servers keep a connection, so that none is closed under a request.
const IDLE: Duration = Duration::from_secs(3);
const IDLE_PER_HOST: usize = 4;
/// An answer is read up to here, and what is shown of it up to there.
const MAX_ANSWER_BYTES: usize = 64 << 10;
const SHOWN_BYTES: usize = 4 << 10;
/// Headers of an answer that are shown, and bytes of each.
const SHOWN_HEADERS: usize = 64;
const SHOWN_HEADER_BYTES: usize = 1 << 10;

/// What is sent: exact bytes, and headers in the case in which they go over the wire.
pub struct Request {
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// How a request went.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub at: OffsetDateTime,
    pub took: Duration,
    pub status: Option<u16>,
    /// Why it was not taken, for people.
    pub error: Option<String>,
    pub headers: Option<BTreeMap<String, String>>,
    pub body: Option<String>,
    /// How long the server asked to be left alone.
    pub retry_after: Option<Duration>,
}

impl Outcome {
    pub fn is_taken(&self) -> bool {
        self.error.is_none()
    }

    /// Nothing was sent, because of this.
    pub fn not_sent(why: impl Into<String>) -> Self {
        Self {
            at: OffsetDateTime::now_utc(),
            took: Duration::ZERO,
            status: None,
            error: Some(why.into()),
            headers: None,
            body: None,
            retry_after: None,
        }
    }
}

/// The way out. Cheap to share.
pub struct Outgoing {
    http: Client,
    reach: Reach,
}

impl Outgoing {
    /// Errors: the client could not be made.
    pub fn new(allow_loopback: bool) -> Result<Self, reqwest::Error> {
        let reach = Reach::of(allow_loopback);
        let http = Client::builder()
            .dns_resolver(Arc::new(Judging(reach)))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .https_only(!allow_loopback)
            .http1_only()
            // Pusher's SDK for PHP asks for `X-Pusher-Key` in exactly this case.
            .http1_title_case_headers()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .user_agent(concat!("Signalbox-Webhooks/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, reach })
    }

    pub fn allows_loopback(&self) -> bool {
        self.reach == Reach::PublicAndLoopback
    }

    /// Sends it once. A status that came decides, however the rest of the answer ended.
    pub async fn post(&self, to: &Destination, request: &Request) -> Outcome {
        let at = OffsetDateTime::now_utc();
        let started = Instant::now();
        let until = started + TIMEOUT;
        let mut post = self.http.post(to.url().clone()).body(request.body.clone());
        for (name, value) in &request.headers {
            post = post.header(*name, value);
        }
        let mut outcome = match timeout_at(until, post.send()).await {
            Ok(Ok(response)) => read(response, until).await,
            Ok(Err(error)) => Outcome::not_sent(reason(&error)),
            Err(_) => Outcome::not_sent("no answer within 10 s"),
        };
        outcome.at = at;
        outcome.took = started.elapsed();
        outcome
    }
}

async fn read(mut response: Response, until: Instant) -> Outcome {
    let status = response.status();
    let headers = shown_headers(&response);
    let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = asked.and_then(|asked| wait_asked_for(asked, OffsetDateTime::now_utc()));
    let (mut body, mut seen) = (Vec::new(), 0);
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = SHOWN_BYTES.saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            seen += chunk.len();
            if seen > MAX_ANSWER_BYTES {
                return;
            }
        }
    };
    // Cut off or not, what is known decides; dropping the answer closes its connection.
    let _ = timeout_at(until, reading).await;
    let error = match status {
        _ if status.is_success() => None,
        _ if status.is_redirection() => {
            Some(format!("answered {}: redirects are not followed", status.as_u16()))
        }
        _ => Some(format!("answered {}", status.as_u16())),
    };
    Outcome {
        status: Some(status.as_u16()),
        error,
        headers: Some(headers),
        body: Some(String::from_utf8_lossy(&body).replace('\0', "\u{fffd}")),
        retry_after,
        ..Outcome::not_sent("")
    }
}

/// `Retry-After`: seconds, or a date.
fn wait_asked_for(asked: &str, now: OffsetDateTime) -> Option<Duration> {
    if let Ok(seconds) = asked.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(asked.trim(), &Rfc2822).ok()?;
    (date - now).try_into().ok()
}

fn shown_headers(response: &Response) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::<String, String>::new();
    for (name, value) in response.headers().iter().take(SHOWN_HEADERS) {
        let value = value.as_bytes();
        let value = String::from_utf8_lossy(&value[..value.len().min(SHOWN_HEADER_BYTES)]);
        shown
            .entry(name.as_str().to_owned())
            .and_modify(|held| {
                held.push_str(", ");
                held.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    shown
}

/// For the owner of the endpoint: what went wrong on the way to it, without the URL.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(inner) = cause {
        if let Some(unresolved) = inner.downcast_ref::<Unresolved>() {
            return unresolved.to_string();
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            match io.kind() {
                std::io::ErrorKind::ConnectionRefused => {
                    return "the connection was refused".into();
                }
                std::io::ErrorKind::ConnectionReset => return "the connection was reset".into(),
                _ => {}
            }
        }
        last = inner.to_string();
        cause = inner.source();
    }
    match () {
        () if error.is_timeout() && error.is_connect() => "could not connect within 5 s".into(),
        () if error.is_timeout() => "no answer within 10 s".into(),
        () if error.is_connect() => format!("could not connect: {last}"),
        () => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_server_asks_to_be_left_alone_in_seconds_or_until_a_date() {
        let now = datetime!(2026-01-01 00:00 UTC);
        let asked = |text| wait_asked_for(text, now).map(|wait| wait.as_secs());
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Thu, 01 Jan 2026 00:01:30 GMT"), Some(90));
        assert_eq!(asked("Wed, 31 Dec 2025 23:59:00 GMT"), None);
        for nonsense in ["", "-1", "soon", "1.5"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }
}
