//! The generator's command line. Everything is bounded in count and time.

use super::streams::Streams;
use crate::{apps::App, dialect, wire::Stamp};
use clap::{Parser, ValueEnum, value_parser};
use std::{net::SocketAddrV4, time::Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Publishes to channels with subscribers.
    Fanout,
    /// Publishes to channels without subscribers.
    Publish,
    /// Opens connections and holds them idle.
    Connect,
}

/// Puts one scenario to a server and prints what came out as one line of JSON.
#[derive(Clone, Debug, Parser)]
#[command(name = "bench-load")]
pub struct Options {
    #[arg(value_enum)]
    pub scenario: Scenario,
    /// The server: a loopback address.
    #[arg(long, default_value = "127.0.0.1:6001", value_parser = loopback)]
    pub server: SocketAddrV4,
    #[arg(long, value_enum, default_value_t = dialect::Name::Pusher)]
    pub dialect: dialect::Name,
    /// The server's process, whose cost is read.
    #[arg(long)]
    pub pid: Option<u32>,
    #[arg(long, default_value = "")]
    pub label: String,

    /// Connections that receive (fanout) or idle (connect).
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=200_000))]
    pub subscribers: u32,
    /// Further connections, subscribed to channels of their own where nothing is published.
    #[arg(long, default_value_t = 0, value_parser = value_parser!(u32).range(0..=200_000))]
    pub bystanders: u32,
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=2_000_000))]
    pub channels: u32,
    /// Apps that the channels are dealt out to.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub apps: u32,
    /// Publishing connections, each with one request at a time.
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u32).range(1..=1_024))]
    pub publishers: u32,
    /// Messages published and not yet with all their subscribers, at most.
    #[arg(long, default_value_t = 8, value_parser = value_parser!(u32).range(1..=10_000))]
    pub window: u32,
    /// Messages per second, in place of the window. A message's time then counts from when it
    /// was due, so that a server that is late cannot hide it.
    #[arg(long, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// Bytes of data in a message.
    #[arg(long, default_value_t = 128, value_parser = value_parser!(u32).range(Stamp::BYTES as i64..=8_192))]
    pub data_bytes: u32,

    /// Seconds of load before anything is measured.
    #[arg(long, default_value = "0.6", value_parser = seconds)]
    pub warm_up: Duration,
    /// Seconds measured.
    #[arg(long, default_value = "2.5", value_parser = seconds)]
    pub duration: Duration,
    /// Seconds that connections idle before memory is read.
    #[arg(long, default_value = "2", value_parser = seconds)]
    pub hold: Duration,
    /// Warms up until every channel was published to once.
    #[arg(long)]
    pub touch: bool,
    /// Subscribes idle connections, too (connect).
    #[arg(long)]
    pub subscribe: bool,
    /// Never sleeps, so that the server does not pay for waking the generator.
    #[arg(long)]
    pub spin: bool,
    /// Handshakes under way at once.
    #[arg(long, default_value_t = 64, value_parser = value_parser!(u32).range(1..=1_024))]
    pub handshakes: u32,
}

impl Options {
    pub fn streams(&self) -> Streams {
        Streams { channels: self.channels, publishers: self.publishers }
    }

    pub fn receivers(&self) -> u32 {
        if self.scenario == Scenario::Publish { 0 } else { self.subscribers }
    }

    pub fn connections(&self) -> u32 {
        self.receivers() + self.bystanders
    }

    pub fn app_of(&self, channel: u32) -> u32 {
        channel % self.apps
    }

    pub fn apps(&self) -> Vec<App> {
        (0..self.apps).map(App::nth).collect()
    }

    /// No run takes longer, whatever the server does.
    pub fn time_limit(&self) -> Duration {
        const OPENING_AND_DRAINING: Duration = Duration::from_secs(120);
        OPENING_AND_DRAINING + self.warm_up + self.duration + self.hold
    }
}

fn loopback(raw: &str) -> Result<SocketAddrV4, String> {
    let address: SocketAddrV4 =
        raw.parse().map_err(|_| "an IPv4 address with a port".to_owned())?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("loopback addresses only".to_owned()),
    }
}

fn seconds(raw: &str) -> Result<Duration, String> {
    match raw.parse::<f64>() {
        Ok(seconds) if (0.0..=120.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("0 to 120 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(words: &[&str], why: &str) {
        let words = ["bench-load", "fanout"].iter().chain(words);
        let error = Options::try_parse_from(words).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn only_loopback_is_spoken_to() {
        refused(&["--server", "192.0.2.1:80"], "loopback addresses only");
        refused(&["--server", "0.0.0.0:80"], "loopback addresses only");
        refused(&["--server", "localhost"], "an IPv4 address");
    }

    #[test]
    fn count_and_time_are_bounded() {
        refused(&["--subscribers", "200001"], "200000");
        refused(&["--duration", "121"], "0 to 120 seconds");
        refused(&["--duration", "inf"], "0 to 120 seconds");
        refused(&["--data-bytes", "35"], "36");
    }
}
