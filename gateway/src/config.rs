//! Configuration: flags, then `SIGNALBOX_*` environment, then `[gateway]` of `signalbox.toml`.
//!
//! Read once. A value that does not parse, or is missing without a safe default, stops the start
//! by name.

#[cfg(test)]
mod tests;
mod value;

use clap::{Args, Parser, Subcommand};
use contract::{GatewayToken, seal::MasterKey};
use serde::Deserialize;
use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};
use value::{
    bad_file, cable_domain, from_toml, gateway_id, log_format, metrics_prefix, mount, parse,
    ranged, tls, url, value,
};

#[derive(Parser)]
#[command(name = "signalbox-gateway", version, about = "The public HTTP and WebSocket gateway")]
pub struct Cli {
    #[command(flatten)]
    pub flags: Flags,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Writes a disk copy of the directory from a snapshot in newline-delimited JSON. Lines may
    /// have a plain `secret` in place of `sealed_secret`; it is sealed with the master key.
    DirectoryImport { file: PathBuf },
}

/// Every value may also stand, without its prefix, in `[gateway]` of the configuration file.
#[derive(Args, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flags {
    /// Configuration file; `signalbox.toml` is read if it exists.
    #[arg(long, env = "SIGNALBOX_CONFIG", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Public address for HTTP and WebSocket [127.0.0.1:6001]
    #[arg(long, env = "SIGNALBOX_LISTEN", global = true)]
    pub listen: Option<String>,
    /// Internal address for metrics and live events [127.0.0.1:9601]
    #[arg(long, env = "SIGNALBOX_METRICS_LISTEN", global = true)]
    pub metrics_listen: Option<String>,
    /// Where the directory comes from [http://127.0.0.1:8000]
    #[arg(long, env = "SIGNALBOX_CONTROL_PLANE_URL", global = true)]
    pub control_plane_url: Option<String>,
    /// Folder of the directory's disk copy [.signalbox/gateway]
    #[arg(long, env = "SIGNALBOX_STATE_DIR", global = true)]
    pub state_dir: Option<PathBuf>,
    /// Threads that hold sockets [one per core]
    #[arg(long, env = "SIGNALBOX_WORKERS", global = true)]
    pub workers: Option<String>,
    /// Open sockets per worker before new ones wait [250000]
    #[arg(long, env = "SIGNALBOX_MAX_SOCKETS_PER_WORKER", global = true)]
    pub max_sockets_per_worker: Option<String>,
    /// Name of this gateway among all [the host's name and the port]
    #[arg(long, env = "SIGNALBOX_GATEWAY_ID", global = true)]
    pub gateway_id: Option<String>,
    /// Where the control plane reaches the internal address [http://{metrics listen}]
    #[arg(long, env = "SIGNALBOX_ADVERTISED_OPS_URL", global = true)]
    pub advertised_ops_url: Option<String>,
    /// Certificate chain in PEM; with it the public address speaks TLS
    #[arg(long, env = "SIGNALBOX_TLS_CERT", global = true)]
    pub tls_cert: Option<PathBuf>,
    /// Private key in PEM
    #[arg(long, env = "SIGNALBOX_TLS_KEY", global = true)]
    pub tls_key: Option<PathBuf>,
    /// OTLP collector (HTTP, protobuf), for example http://127.0.0.1:4318; off when unset
    #[arg(long, env = "SIGNALBOX_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
    /// First part of the metrics' names [sockudo_]
    #[arg(long, env = "SIGNALBOX_METRICS_PREFIX", global = true)]
    pub metrics_prefix: Option<String>,
    /// Path before every public path, for example /realtime [none]
    #[arg(long, env = "SIGNALBOX_MOUNT", global = true)]
    pub mount: Option<String>,
    /// Domain under which each app has a host of its own, {app key}.{domain}, for AnyCable clients
    /// [none]
    #[arg(long, env = "SIGNALBOX_CABLE_DOMAIN", global = true)]
    pub cable_domain: Option<String>,
    /// Connections on /v1 that one address may open in a minute, 0 for any number [60]
    #[arg(long, env = "SIGNALBOX_METERED_CONNECTS_PER_MINUTE", global = true)]
    pub metered_connects_per_minute: Option<String>,
    /// Proxies before the gateway whose X-Forwarded-For is believed; 0 for none [0]
    #[arg(long, env = "SIGNALBOX_TRUSTED_PROXIES", global = true)]
    pub trusted_proxies: Option<String>,
    /// Seconds in which connections are moved away after SIGTERM [10]
    #[arg(long, env = "SIGNALBOX_DRAIN_SECONDS", global = true)]
    pub drain_seconds: Option<String>,
    /// Largest message from a client, bytes [65536]
    #[arg(long, env = "SIGNALBOX_MAX_INBOUND_MESSAGE_BYTES", global = true)]
    pub max_inbound_message_bytes: Option<String>,
    /// Unsent bytes at which a slow connection is cut [1048576]
    #[arg(long, env = "SIGNALBOX_SLOW_CONSUMER_BYTES", global = true)]
    pub slow_consumer_bytes: Option<String>,
    /// Base64 of the 32 bytes that seal app secrets; required
    #[arg(long, env = "SIGNALBOX_MASTER_KEY", hide_env_values = true, global = true)]
    pub master_key: Option<String>,
    /// Secret shared with the control plane, 16 characters or more; required
    #[arg(long, env = "SIGNALBOX_GATEWAY_TOKEN", hide_env_values = true, global = true)]
    pub gateway_token: Option<String>,
    /// Bytes of usage kept on disk while the control plane is away [2147483648]
    #[arg(long, env = "SIGNALBOX_USAGE_SPOOL_BYTES", global = true)]
    pub usage_spool_bytes: Option<String>,
    /// Bytes of channel events kept on disk while the control plane is away [268435456]
    #[arg(long, env = "SIGNALBOX_WEBHOOK_SPOOL_BYTES", global = true)]
    pub webhook_spool_bytes: Option<String>,
    /// Live events kept for looking back, a second, of all apps together; 0 keeps none [200]
    #[arg(long, env = "SIGNALBOX_LIVE_KEPT_PER_S", global = true)]
    pub live_kept_per_s: Option<String>,
    /// What is logged, for example info or gateway=debug [info]
    #[arg(long, env = "SIGNALBOX_LOG", global = true)]
    pub log: Option<String>,
    /// text or json [text]
    #[arg(long, env = "SIGNALBOX_LOG_FORMAT", global = true)]
    pub log_format: Option<String>,
}

#[derive(Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub metrics_listen: SocketAddr,
    pub control_plane_url: String,
    pub state_dir: PathBuf,
    pub workers: usize,
    pub max_sockets_per_worker: usize,
    pub gateway_id: String,
    pub advertised_ops_url: String,
    pub tls: Option<TlsFiles>,
    pub otlp_endpoint: Option<String>,
    pub metrics_prefix: String,
    /// Empty, or a path that starts with a slash and does not end with one.
    pub mount: String,
    /// Without a dot at either end.
    pub cable_domain: Option<String>,
    /// 0 for any number.
    pub metered_connects_per_minute: u32,
    /// Each appends the address that it was called from to `X-Forwarded-For`.
    pub trusted_proxies: usize,
    pub drain: Duration,
    pub max_inbound_message_bytes: usize,
    pub slow_consumer_bytes: usize,
    /// Minutes that wait to be reported take no more than this, in bytes.
    pub usage_spool_bytes: u64,
    /// Channel events that wait to be told take no more than this, in bytes.
    pub webhook_spool_bytes: u64,
    /// 0 for none.
    pub live_kept_per_s: u32,
    pub master_key: MasterKey,
    pub gateway_token: GatewayToken,
    pub log: LogConfig,
}

#[derive(Clone, Debug)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Debug)]
pub struct LogConfig {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Names what is wrong in the words of the environment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    #[error("{name} is required")]
    Missing { name: &'static str },
    #[error("{name}: {why}")]
    Value { name: &'static str, why: String },
    #[error("configuration file {path}: {why}")]
    File { path: String, why: String },
}

impl Config {
    /// From the command line, with the file filling in what it does not say.
    pub fn load(flags: Flags) -> Result<Self, BadConfig> {
        flags.with_file()?.resolve()
    }
}

impl Flags {
    /// The same, with the configuration file under it.
    pub fn with_file(self) -> Result<Self, BadConfig> {
        let (path, required) = match &self.config {
            Some(path) => (path.clone(), true),
            None => (PathBuf::from("signalbox.toml"), false),
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(self.over(from_toml(&text, &path)?)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !required => Ok(self),
            Err(e) => Err(bad_file(&path, e)),
        }
    }

    fn over(self, under: Self) -> Self {
        Self {
            config: self.config.or(under.config),
            listen: self.listen.or(under.listen),
            metrics_listen: self.metrics_listen.or(under.metrics_listen),
            control_plane_url: self.control_plane_url.or(under.control_plane_url),
            state_dir: self.state_dir.or(under.state_dir),
            workers: self.workers.or(under.workers),
            max_sockets_per_worker: self.max_sockets_per_worker.or(under.max_sockets_per_worker),
            gateway_id: self.gateway_id.or(under.gateway_id),
            advertised_ops_url: self.advertised_ops_url.or(under.advertised_ops_url),
            tls_cert: self.tls_cert.or(under.tls_cert),
            tls_key: self.tls_key.or(under.tls_key),
            otlp_endpoint: self.otlp_endpoint.or(under.otlp_endpoint),
            metrics_prefix: self.metrics_prefix.or(under.metrics_prefix),
            mount: self.mount.or(under.mount),
            cable_domain: self.cable_domain.or(under.cable_domain),
            metered_connects_per_minute: self
                .metered_connects_per_minute
                .or(under.metered_connects_per_minute),
            trusted_proxies: self.trusted_proxies.or(under.trusted_proxies),
            drain_seconds: self.drain_seconds.or(under.drain_seconds),
            max_inbound_message_bytes: self
                .max_inbound_message_bytes
                .or(under.max_inbound_message_bytes),
            slow_consumer_bytes: self.slow_consumer_bytes.or(under.slow_consumer_bytes),
            usage_spool_bytes: self.usage_spool_bytes.or(under.usage_spool_bytes),
            webhook_spool_bytes: self.webhook_spool_bytes.or(under.webhook_spool_bytes),
            live_kept_per_s: self.live_kept_per_s.or(under.live_kept_per_s),
            master_key: self.master_key.or(under.master_key),
            gateway_token: self.gateway_token.or(under.gateway_token),
            log: self.log.or(under.log),
            log_format: self.log_format.or(under.log_format),
        }
    }

    /// The master key alone, for what needs no more.
    pub fn master_key(&self) -> Result<MasterKey, BadConfig> {
        let name = "SIGNALBOX_MASTER_KEY";
        let raw = self.master_key.as_deref().ok_or(BadConfig::Missing { name })?;
        MasterKey::from_base64(raw).map_err(|e| BadConfig::Value { name, why: e.to_string() })
    }

    pub fn state_dir(&self) -> PathBuf {
        self.state_dir.clone().unwrap_or_else(|| ".signalbox/gateway".into())
    }

    fn resolve(self) -> Result<Config, BadConfig> {
        let listen: SocketAddr = parse("SIGNALBOX_LISTEN", &self.listen, "127.0.0.1:6001")?;
        let metrics_listen: SocketAddr =
            parse("SIGNALBOX_METRICS_LISTEN", &self.metrics_listen, "127.0.0.1:9601")?;
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let name = "SIGNALBOX_GATEWAY_TOKEN";
        let gateway_token: GatewayToken = self
            .gateway_token
            .as_deref()
            .ok_or(BadConfig::Missing { name })?
            .parse()
            .map_err(|_| value(name, "must be 16 or more printable characters"))?;
        Ok(Config {
            listen,
            metrics_listen,
            control_plane_url: url(
                "SIGNALBOX_CONTROL_PLANE_URL",
                self.control_plane_url.as_deref().unwrap_or("http://127.0.0.1:8000"),
            )?,
            state_dir: self.state_dir(),
            workers: ranged("SIGNALBOX_WORKERS", &self.workers, cores.get() as u64, (1, 1_024))?
                as usize,
            max_sockets_per_worker: ranged(
                "SIGNALBOX_MAX_SOCKETS_PER_WORKER",
                &self.max_sockets_per_worker,
                250_000,
                (1, 10_000_000),
            )? as usize,
            gateway_id: gateway_id(self.gateway_id.as_deref(), listen)?,
            advertised_ops_url: url(
                "SIGNALBOX_ADVERTISED_OPS_URL",
                &self.advertised_ops_url.clone().unwrap_or(format!("http://{metrics_listen}")),
            )?,
            tls: tls(&self.tls_cert, &self.tls_key)?,
            otlp_endpoint: match &self.otlp_endpoint {
                Some(raw) => Some(url("SIGNALBOX_OTLP_ENDPOINT", raw)?),
                None => None,
            },
            metrics_prefix: metrics_prefix(self.metrics_prefix.as_deref())?,
            mount: mount(self.mount.as_deref().unwrap_or(""))?,
            cable_domain: cable_domain(self.cable_domain.as_deref())?,
            metered_connects_per_minute: ranged(
                "SIGNALBOX_METERED_CONNECTS_PER_MINUTE",
                &self.metered_connects_per_minute,
                60,
                (0, 1_000_000),
            )? as u32,
            trusted_proxies: ranged("SIGNALBOX_TRUSTED_PROXIES", &self.trusted_proxies, 0, (0, 16))?
                as usize,
            drain: Duration::from_secs(ranged(
                "SIGNALBOX_DRAIN_SECONDS",
                &self.drain_seconds,
                10,
                (0, 3_600),
            )?),
            max_inbound_message_bytes: ranged(
                "SIGNALBOX_MAX_INBOUND_MESSAGE_BYTES",
                &self.max_inbound_message_bytes,
                65_536,
                (1_024, 16 << 20),
            )? as usize,
            slow_consumer_bytes: ranged(
                "SIGNALBOX_SLOW_CONSUMER_BYTES",
                &self.slow_consumer_bytes,
                1 << 20,
                (65_536, 64 << 20),
            )? as usize,
            usage_spool_bytes: ranged(
                "SIGNALBOX_USAGE_SPOOL_BYTES",
                &self.usage_spool_bytes,
                2 << 30,
                (1 << 20, 1 << 50),
            )?,
            webhook_spool_bytes: ranged(
                "SIGNALBOX_WEBHOOK_SPOOL_BYTES",
                &self.webhook_spool_bytes,
                256 << 20,
                (1 << 20, 1 << 50),
            )?,
            live_kept_per_s: ranged(
                "SIGNALBOX_LIVE_KEPT_PER_S",
                &self.live_kept_per_s,
                200,
                (0, 10_000),
            )? as u32,
            master_key: self.master_key()?,
            gateway_token,
            log: LogConfig {
                filter: self.log.unwrap_or_else(|| "info".into()),
                format: log_format(self.log_format.as_deref())?,
            },
        })
    }
}
