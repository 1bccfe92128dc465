//! What every request handler has at hand. Built once, shared by all workers.

use crate::{
    api::origin::Origins,
    billing::settings::BillingSettings,
    config::Config,
    db::Db,
    feed::FeedHandle,
    live::Viewers,
    mail::Mailer,
    messages::gateway::GatewayClient,
    people::{limits::LoginLimits, password::PasswordHasher},
    telemetry::Telemetry,
    tokens::TokenLimits,
    webhooks::{Webhooks, endpoints::limits::TestLimits, outgoing::Outgoing},
};
use contract::{GatewayToken, seal::MasterKey};
use std::time::Duration;
use tokio::sync::watch;

const LIVE_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

pub struct State {
    pub db: Db,
    pub origins: Origins,
    pub master_key: MasterKey,
    pub gateway_token: GatewayToken,
    pub public_gateway_url: String,
    pub console_origin: String,
    pub trusted_proxies: usize,
    pub mailer: Mailer,
    pub passwords: PasswordHasher,
    pub login_limits: LoginLimits,
    pub token_limits: TokenLimits,
    pub feed: FeedHandle,
    pub gateway: GatewayClient,
    pub billing: BillingSettings,
    pub viewers: Viewers,
    pub webhooks: Webhooks,
    pub webhook_tests: TestLimits,
    pub telemetry: Telemetry,
    /// For streams that do not end: no timeout but for connecting.
    pub live_http: reqwest::Client,
    /// Set when the process is stopping, so that endless answers end.
    pub closing: watch::Sender<bool>,
}

impl State {
    /// Errors: the HTTP client could not be made, or the dummy password could not be hashed.
    pub fn new(config: &Config, db: Db) -> Result<Self, Box<dyn std::error::Error>> {
        install_tls();
        let live_http = reqwest::Client::builder()
            .connect_timeout(LIVE_CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            live_http,
            closing: watch::Sender::new(false),
            feed: FeedHandle::new(),
            origins: config.origins.clone(),
            master_key: config.master_key.clone(),
            gateway_token: config.gateway_token.clone(),
            public_gateway_url: config.public_gateway_url.clone(),
            console_origin: config.console_origin.clone(),
            mailer: Mailer::new(&config.mail),
            trusted_proxies: config.trusted_proxies,
            passwords: PasswordHasher::new()?,
            login_limits: LoginLimits::default(),
            token_limits: TokenLimits::default(),
            gateway: GatewayClient::new(&config.public_gateway_url)?,
            billing: BillingSettings::new(&config.billing, &config.console_origin)?,
            viewers: Viewers::default(),
            webhook_tests: TestLimits::default(),
            telemetry: Telemetry::default(),
            webhooks: Webhooks::new(Outgoing::new(config.webhooks_to_loopback)?),
            db,
        })
    }

    /// A page of the console, for mails. What follows `#` stays in the browser: it is in no log.
    pub fn console_link(&self, path_and_fragment: &str) -> String {
        format!("{}{path_and_fragment}", self.console_origin)
    }
}

/// One TLS implementation for the whole process, before anything asks for it. An error means that
/// it is installed already.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
