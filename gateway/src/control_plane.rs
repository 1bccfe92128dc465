//! Calling the control plane.

use crate::config::Config;
use contract::GatewayToken;
use reqwest::StatusCode;
use serde::Serialize;
use std::{fmt::Display, time::Duration};

/// How long a connection to the control plane may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A client for the control plane's internal routes. Requests bring their own timeouts, since the
/// feed never ends.
pub fn http_client() -> reqwest::Result<reqwest::Client> {
    // Whoever comes second finds it installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .build()
}

/// The control plane answers a report within this, or it counts as not made.
const REPORT_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a report is still to be made; the next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("the control plane cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the control plane answered {0}")]
    Status(StatusCode),
    #[error("what is to be reported could not be gathered: {0}")]
    Gather(#[from] tokio::task::JoinError),
}

/// One internal route of the control plane, to which the gateway reports.
pub struct ReportRoute {
    http: reqwest::Client,
    url: String,
    token: GatewayToken,
}

impl ReportRoute {
    /// Errors: the HTTP client could not be made.
    pub fn new(config: &Config, name: &str) -> reqwest::Result<Self> {
        Ok(Self {
            http: http_client()?,
            url: format!("{}/internal/v1/{name}", config.control_plane_url),
            token: config.gateway_token.clone(),
        })
    }

    /// Whatever the answer is; without one an error that does not name the URL.
    pub async fn post(&self, report: &impl Serialize) -> reqwest::Result<StatusCode> {
        let request = self.http.post(&self.url).bearer_auth(self.token.expose());
        let answer = request.timeout(REPORT_TIMEOUT).json(report).send().await;
        Ok(answer.map_err(reqwest::Error::without_url)?.status())
    }
}

/// Whether the control plane took a report for nonsense, so that it is of no use to try it again.
pub fn is_nonsense(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY)
}

/// Reports for as long as it is polled. Says in the log when that begins to fail, and when it no
/// longer does.
pub async fn report_every<E: Display>(
    every: Duration,
    what: &'static str,
    report: impl AsyncFn() -> Result<(), E>,
) {
    let mut is_failing = false;
    loop {
        tokio::time::sleep(every).await;
        let outcome = report().await;
        match &outcome {
            Ok(()) if is_failing => tracing::info!("{what} are reported again"),
            Ok(()) => {}
            Err(e) if is_failing => tracing::debug!(error = %e, "{what} not reported"),
            Err(e) => tracing::warn!(error = %e, "{what} wait to be reported"),
        }
        is_failing = outcome.is_err();
    }
}
