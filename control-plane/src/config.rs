//! Configuration: flags, then environment, then `signalbox.toml`; read once, refused by name.

use crate::{
    api::origin::{BadOrigin, Origins},
    billing::{
        invoices::model::Party,
        settings::{BillingConfig, StripeConfig},
    },
    cli::Tool,
    mail::{BadMailSettings, MailSettings},
};
use clap::Parser;
use contract::{
    GatewayToken,
    seal::{MasterKey, SealError},
};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};
use zeroize::Zeroizing;

/// Signalbox control plane: the management API and the console, on Postgres.
#[derive(Parser)]
#[command(name = "signalbox-control-plane", version)]
pub struct Flags {
    /// TOML file whose [control_plane] section fills what neither flag nor environment sets.
    #[arg(long, env = "SIGNALBOX_CONFIG", default_value = "signalbox.toml")]
    config: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub tool: Option<Tool>,
}

/// One field per setting; the same names serve the file.
#[derive(clap::Args, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Postgres, as postgres://user@host:port/database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Connections to Postgres at most [default: 16].
    #[arg(long, env = "SIGNALBOX_DATABASE_CONNECTIONS")]
    pub database_connections: Option<u32>,
    /// Where console and management API listen [default: 127.0.0.1:8000].
    #[arg(long, env = "SIGNALBOX_CONSOLE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Where Prometheus finds /metrics, for operators only [default: nowhere].
    #[arg(long, env = "SIGNALBOX_CONSOLE_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// The origin browsers reach the console at [default: http:// and the listening address].
    #[arg(long, env = "SIGNALBOX_CONSOLE_ORIGIN")]
    pub console_origin: Option<String>,
    /// The gateway as customers reach it [default: http://127.0.0.1:6001].
    #[arg(long, env = "SIGNALBOX_PUBLIC_GATEWAY_URL")]
    pub public_gateway_url: Option<String>,
    /// Base64 of the 32 bytes that seal app secrets.
    #[arg(long, env = "SIGNALBOX_MASTER_KEY", hide_env_values = true)]
    pub master_key: Option<String>,
    /// The secret shared with the gateways, at least 16 characters.
    #[arg(long, env = "SIGNALBOX_GATEWAY_TOKEN", hide_env_values = true)]
    pub gateway_token: Option<String>,
    /// Worker threads [default: one per core].
    #[arg(long, env = "SIGNALBOX_CONSOLE_WORKERS")]
    pub workers: Option<usize>,
    /// How many proxies in front append to X-Forwarded-For [default: 0, the header is ignored].
    #[arg(long, env = "SIGNALBOX_TRUSTED_PROXIES")]
    pub trusted_proxies: Option<usize>,
    /// Mail server: smtps://user:password@host:465, or smtp://host:587 for STARTTLS; smtp://host:25?tls=none
    /// sends in the open.
    #[arg(long, env = "SIGNALBOX_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// PEM certificates to trust for the mail server besides the system's.
    #[arg(long, env = "SIGNALBOX_SMTP_CA")]
    pub smtp_ca: Option<String>,
    /// Without a mail server: the folder that mail is written to, one .eml file each.
    #[arg(long, env = "SIGNALBOX_MAIL_DIR")]
    pub mail_dir: Option<PathBuf>,
    /// Who mail is from [default: Signalbox <no-reply@localhost>].
    #[arg(long, env = "SIGNALBOX_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// Who sells, on invoices [default: Signalbox].
    #[arg(long, env = "SIGNALBOX_SELLER_NAME")]
    pub seller_name: Option<String>,
    /// The seller's address; `\n` begins another line.
    #[arg(long, env = "SIGNALBOX_SELLER_ADDRESS")]
    pub seller_address: Option<String>,
    /// The seller's country, two letters.
    #[arg(long, env = "SIGNALBOX_SELLER_COUNTRY")]
    pub seller_country: Option<String>,
    /// The seller's VAT id.
    #[arg(long, env = "SIGNALBOX_SELLER_VAT_ID")]
    pub seller_vat_id: Option<String>,
    /// Where customers ask about invoices.
    #[arg(long, env = "SIGNALBOX_SELLER_EMAIL")]
    pub seller_email: Option<String>,
    /// Stripe's secret key; without it, an operator marks invoices as paid.
    #[arg(long, env = "SIGNALBOX_STRIPE_SECRET_KEY", hide_env_values = true)]
    pub stripe_secret_key: Option<String>,
    /// The secret that Stripe signs its events to /webhooks/stripe with.
    #[arg(long, env = "SIGNALBOX_STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub stripe_webhook_secret: Option<String>,
    /// Where Stripe's API is [default: https://api.stripe.com].
    #[arg(long, env = "SIGNALBOX_STRIPE_URL")]
    pub stripe_url: Option<String>,
    /// For development: webhooks may go to this machine, also without TLS.
    #[arg(
        long,
        env = "SIGNALBOX_WEBHOOKS_TO_LOOPBACK",
        num_args = 0..=1,
        default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub webhooks_to_loopback: Option<bool>,
    /// Log filter, for example `info,sqlx=warn` [default: info].
    #[arg(long, env = "SIGNALBOX_LOG")]
    pub log: Option<String>,
    /// `text` or `json` [default: text].
    #[arg(long, env = "SIGNALBOX_LOG_FORMAT")]
    pub log_format: Option<String>,
}

#[derive(Default, Deserialize)]
struct File {
    control_plane: Option<Settings>,
}

/// Everything the control plane needs, checked.
#[derive(Clone)]
pub struct Config {
    pub database_url: String,
    pub database_connections: u32,
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub origins: Origins,
    /// What the links in mails start with; no slash at its end.
    pub console_origin: String,
    /// Without a trailing slash.
    pub public_gateway_url: String,
    pub master_key: MasterKey,
    pub gateway_token: GatewayToken,
    pub workers: usize,
    pub trusted_proxies: usize,
    pub mail: MailSettings,
    pub billing: BillingConfig,
    pub webhooks_to_loopback: bool,
    pub log: String,
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{path}: {error}")]
    Toml { path: String, error: toml::de::Error },
    #[error("{0} is not set")]
    Missing(&'static str),
    #[error("SIGNALBOX_MASTER_KEY: {0}")]
    MasterKey(SealError),
    #[error("SIGNALBOX_GATEWAY_TOKEN: must be at least 16 printable ASCII characters")]
    GatewayToken,
    #[error("SIGNALBOX_CONSOLE_ORIGIN: {0}")]
    ConsoleOrigin(BadOrigin),
    #[error("SIGNALBOX_PUBLIC_GATEWAY_URL: must be http:// or https:// and a host")]
    PublicGatewayUrl,
    #[error("SIGNALBOX_DATABASE_CONNECTIONS: must be 2 to 500")]
    DatabaseConnections,
    #[error("SIGNALBOX_CONSOLE_WORKERS: must be 1 to 256")]
    Workers,
    #[error(transparent)]
    Mail(#[from] BadMailSettings),
    #[error("SIGNALBOX_STRIPE_SECRET_KEY and SIGNALBOX_STRIPE_WEBHOOK_SECRET: set both or neither")]
    Stripe,
    #[error("SIGNALBOX_STRIPE_URL: must be https://, or http:// on this machine")]
    StripeUrl,
    #[error("SIGNALBOX_LOG_FORMAT: must be text or json")]
    LogFormat,
    #[error("SIGNALBOX_CONSOLE_METRICS_LISTEN: must be another address than the console's")]
    MetricsListen,
}

impl Config {
    pub fn read(flags: Flags) -> Result<Self, ConfigError> {
        let path = flags.config.display().to_string();
        let file = match std::fs::read_to_string(&flags.config) {
            Ok(text) => {
                toml::from_str::<File>(&text).map_err(|error| ConfigError::Toml { path, error })?
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => File::default(),
            Err(error) => return Err(ConfigError::Read { path, error }),
        };
        Self::build(flags.settings.or(file.control_plane.unwrap_or_default()))
    }

    pub fn build(s: Settings) -> Result<Self, ConfigError> {
        let required = |value: Option<String>, name| {
            value.filter(|v| !v.is_empty()).ok_or(ConfigError::Missing(name))
        };
        let listen = s.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8000)));
        let origin = s.console_origin.unwrap_or_else(|| format!("http://{listen}"));
        let gateway = s.public_gateway_url.unwrap_or_else(|| "http://127.0.0.1:6001".into());
        let gateway = reqwest::Url::parse(&gateway)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or(ConfigError::PublicGatewayUrl)?;
        let master_key = required(s.master_key, "SIGNALBOX_MASTER_KEY")?;
        let gateway_token = required(s.gateway_token, "SIGNALBOX_GATEWAY_TOKEN")?;
        let billing = BillingConfig {
            seller: Party {
                name: s.seller_name.unwrap_or_else(|| "Signalbox".into()),
                address: s.seller_address.unwrap_or_default().replace("\\n", "\n"),
                country: s.seller_country.unwrap_or_default(),
                vat_id: s.seller_vat_id,
                email: s.seller_email,
            },
            stripe: stripe(s.stripe_secret_key, s.stripe_webhook_secret, s.stripe_url)?,
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let config = Self {
            database_url: required(s.database_url, "DATABASE_URL")?,
            database_connections: s.database_connections.unwrap_or(16),
            listen,
            metrics_listen: s.metrics_listen,
            origins: Origins::new(&origin).map_err(ConfigError::ConsoleOrigin)?,
            console_origin: origin,
            public_gateway_url: gateway.as_str().trim_end_matches('/').to_owned(),
            master_key: MasterKey::from_base64(&master_key).map_err(ConfigError::MasterKey)?,
            gateway_token: gateway_token.parse().map_err(|_| ConfigError::GatewayToken)?,
            workers: s.workers.unwrap_or(cores),
            trusted_proxies: s.trusted_proxies.unwrap_or(0),
            mail: MailSettings::new(
                s.smtp_url.as_deref().filter(|url| !url.is_empty()),
                s.smtp_ca.as_deref(),
                s.mail_dir,
                s.mail_from.as_deref(),
            )?,
            billing,
            webhooks_to_loopback: s.webhooks_to_loopback.unwrap_or(false),
            log: s.log.unwrap_or_else(|| "info".into()),
            log_format: match s.log_format.as_deref() {
                None | Some("text") => LogFormat::Text,
                Some("json") => LogFormat::Json,
                Some(_) => return Err(ConfigError::LogFormat),
            },
        };
        if config.metrics_listen == Some(config.listen) && config.listen.port() != 0 {
            return Err(ConfigError::MetricsListen);
        }
        if !(2..=500).contains(&config.database_connections) {
            return Err(ConfigError::DatabaseConnections);
        }
        if !(1..=256).contains(&config.workers) {
            return Err(ConfigError::Workers);
        }
        Ok(config)
    }
}

fn stripe(
    secret_key: Option<String>,
    webhook_secret: Option<String>,
    url: Option<String>,
) -> Result<Option<StripeConfig>, ConfigError> {
    let filled = |value: Option<String>| value.filter(|v| !v.is_empty()).map(Zeroizing::new);
    let (secret_key, webhook_secret) = match (filled(secret_key), filled(webhook_secret)) {
        (None, None) => return Ok(None),
        (Some(secret_key), Some(webhook_secret)) => (secret_key, webhook_secret),
        _ => return Err(ConfigError::Stripe),
    };
    let url = url.unwrap_or_else(|| "https://api.stripe.com".into());
    let here = |url: &reqwest::Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    let base_url = reqwest::Url::parse(&url)
        .ok()
        .filter(|url| url.scheme() == "https" || (url.scheme() == "http" && here(url)))
        .ok_or(ConfigError::StripeUrl)?;
    Ok(Some(StripeConfig { secret_key, webhook_secret, base_url }))
}

impl Settings {
    fn or(self, file: Self) -> Self {
        Self {
            database_url: self.database_url.or(file.database_url),
            database_connections: self.database_connections.or(file.database_connections),
            listen: self.listen.or(file.listen),
            metrics_listen: self.metrics_listen.or(file.metrics_listen),
            console_origin: self.console_origin.or(file.console_origin),
            public_gateway_url: self.public_gateway_url.or(file.public_gateway_url),
            master_key: self.master_key.or(file.master_key),
            gateway_token: self.gateway_token.or(file.gateway_token),
            workers: self.workers.or(file.workers),
            trusted_proxies: self.trusted_proxies.or(file.trusted_proxies),
            smtp_url: self.smtp_url.or(file.smtp_url),
            smtp_ca: self.smtp_ca.or(file.smtp_ca),
            mail_dir: self.mail_dir.or(file.mail_dir),
            mail_from: self.mail_from.or(file.mail_from),
            seller_name: self.seller_name.or(file.seller_name),
            seller_address: self.seller_address.or(file.seller_address),
            seller_country: self.seller_country.or(file.seller_country),
            seller_vat_id: self.seller_vat_id.or(file.seller_vat_id),
            seller_email: self.seller_email.or(file.seller_email),
            stripe_secret_key: self.stripe_secret_key.or(file.stripe_secret_key),
            stripe_webhook_secret: self.stripe_webhook_secret.or(file.stripe_webhook_secret),
            stripe_url: self.stripe_url.or(file.stripe_url),
            webhooks_to_loopback: self.webhooks_to_loopback.or(file.webhooks_to_loopback),
            log: self.log.or(file.log),
            log_format: self.log_format.or(file.log_format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete() -> Settings {
        Settings {
            database_url: Some("postgres://localhost/x".into()),
            master_key: Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
            gateway_token: Some("0123456789abcdef".into()),
            ..Settings::default()
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Settings), named: &str) {
        let mut settings = complete();
        change(&mut settings);
        let error = Config::build(settings).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.starts_with(named), "{named}: {error}");
    }

    #[test]
    fn a_value_that_does_not_parse_stops_the_boot_by_name() {
        assert!(Config::build(complete()).is_ok());
        check(|s| s.database_url = None, "DATABASE_URL");
        check(|s| s.master_key = None, "SIGNALBOX_MASTER_KEY");
        check(|s| s.master_key = Some("short".into()), "SIGNALBOX_MASTER_KEY");
        check(|s| s.gateway_token = Some(String::new()), "SIGNALBOX_GATEWAY_TOKEN");
        check(|s| s.gateway_token = Some("short".into()), "SIGNALBOX_GATEWAY_TOKEN");
        check(|s| s.console_origin = Some("http://a.test".into()), "SIGNALBOX_CONSOLE_ORIGIN");
        check(|s| s.public_gateway_url = Some("nowhere".into()), "SIGNALBOX_PUBLIC_GATEWAY_URL");
        check(|s| s.log_format = Some("xml".into()), "SIGNALBOX_LOG_FORMAT");
        check(|s| s.smtp_url = Some("mail.example.com".into()), "SIGNALBOX_SMTP_URL");
        check(|s| s.mail_from = Some("nobody".into()), "SIGNALBOX_MAIL_FROM");
        check(|s| s.workers = Some(0), "SIGNALBOX_CONSOLE_WORKERS");
        let console = SocketAddr::from(([127, 0, 0, 1], 8000));
        check(|s| s.metrics_listen = Some(console), "SIGNALBOX_CONSOLE_METRICS_LISTEN");
        check(|s| s.stripe_secret_key = Some("sk".into()), "SIGNALBOX_STRIPE_SECRET_KEY");
        let elsewhere = |s: &mut Settings| {
            s.stripe_secret_key = Some("sk".into());
            s.stripe_webhook_secret = Some("whsec".into());
            s.stripe_url = Some("http://10.0.0.1".into());
        };
        check(elsewhere, "SIGNALBOX_STRIPE_URL");
    }

    #[test]
    fn the_command_line_makes_sense() {
        use clap::CommandFactory;
        Flags::command().debug_assert();
        let told = ["signalbox-control-plane", "person", "reset-link", "ann@example.com"];
        assert!(Flags::try_parse_from(told).is_ok_and(|flags| flags.tool.is_some()));
    }

    #[test]
    fn flags_and_environment_come_before_the_file() {
        let file: File = toml::from_str(
            "[control_plane]\nlisten = \"127.0.0.1:9000\"\nlog = \"debug\"\n[gateway]\nx = 1",
        )
        .unwrap();
        let ours = Settings { log: Some("warn".into()), ..complete() };
        let config = Config::build(ours.or(file.control_plane.unwrap())).unwrap();
        assert_eq!((config.listen.port(), config.log.as_str()), (9000, "warn"));
        assert!(toml::from_str::<File>("[control_plane]\nlisten_on = 1").is_err());
    }
}
