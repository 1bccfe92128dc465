//! `bench-load`: one scenario against one server, one line of JSON.

use clap::Parser;
use signalbox_bench::load::{self, Options};
use std::process::ExitCode;

/// The run is over and its line is printed, but something was lost, refused or closed.
const UNSOUND: u8 = 3;

fn main() -> ExitCode {
    let report = match load::run(&Options::parse()) {
        Ok(report) => report,
        Err(e) => {
            eprintln!("bench-load: {e}");
            return ExitCode::FAILURE;
        }
    };
    match serde_json::to_string(&report) {
        Ok(line) => println!("{line}"),
        Err(e) => {
            eprintln!("bench-load: {e}");
            return ExitCode::FAILURE;
        }
    }
    if report.sound { ExitCode::SUCCESS } else { ExitCode::from(UNSOUND) }
}
