//! `bench-directory`: prints the directory of the benchmark's apps, for a gateway to import.

use clap::Parser;
use contract::seal::MasterKey;
use signalbox_bench::directory::{self, DirectoryError};
use std::{
    io::{BufWriter, Write},
    process::ExitCode,
};

/// Prints a directory snapshot; the master key is read from SIGNALBOX_MASTER_KEY.
#[derive(Parser)]
#[command(name = "bench-directory")]
struct Options {
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    apps: u32,
    #[arg(long, env = "SIGNALBOX_MASTER_KEY", hide_env_values = true)]
    master_key: String,
}

fn main() -> ExitCode {
    match print(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("bench-directory: {e}");
            ExitCode::FAILURE
        }
    }
}

fn print(options: &Options) -> Result<(), DirectoryError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    directory::write(options.apps, &MasterKey::from_base64(&options.master_key)?, &mut out)?;
    Ok(out.flush()?)
}
