//! `bench-reference`: serves until it is ended or its time is up.

use clap::Parser;
use signalbox_bench::reference::{Mode, Server};
use std::{
    net::SocketAddrV4,
    process::ExitCode,
    time::{Duration, Instant},
};

/// The reference server that benchmark figures are compared with.
#[derive(Parser)]
#[command(name = "bench-reference")]
struct Options {
    /// Where to listen: a loopback address.
    #[arg(long, default_value = "127.0.0.1:7100")]
    listen: SocketAddrV4,
    #[arg(long, value_enum, default_value_t = Mode::Direct)]
    mode: Mode,
    /// Ends by itself after this many seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.listen.ip().is_loopback() {
        eprintln!("bench-reference: --listen must be a loopback address");
        return ExitCode::FAILURE;
    }
    let until = Instant::now() + Duration::from_secs(options.seconds);
    match Server::bind(options.listen, options.mode).and_then(|server| server.run(until)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("bench-reference: {e}");
            ExitCode::FAILURE
        }
    }
}
