//! Calling the control plane.

use std::time::Duration;

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
